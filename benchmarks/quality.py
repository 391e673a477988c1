"""Measure how much of the evidence is shown, by this bot and by its peers, on question sets whose evidence is marked.

    python -m benchmarks.quality FOLDER [--peers FOLDER]

The first folder holds sets in the layout that `benchmarks/README.md` describes, which also says where public ones come
from. The peers are installed into an environment of their own, which is kept for the next time; `peers/run.py` says how
each is set up. All use the same weights and are asked the same questions, one after another, in the same run; questions
that the documents do not answer are left out.

- *evidence recall at N*: evidence characters shown / evidence characters, when the best pieces are shown until N
  characters are, each counted once and the last piece cut;
- *hit at N*: one evidence span shown whole; this is what counts where spans are alternatives;
- *precision* and *MRR* at 1,200 characters: evidence shown / shown; 1 / rank of the first piece that touches evidence;
- *Chroma's measures* on the five best pieces as they are: recall, precision, intersection over union;
- *time*: medians of a question's milliseconds, and of their ratio to the plain embedding of the same question by
  sentence-transformers in the same process, right before. The bot's own is the time of a whole answer.

A peer that cannot be installed or run is named in the results with the reason, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.results import Table, write_results
from index import EvaluationQuestion, Library, SentenceTransformerEmbedder, Span, read_question_set
from index.embedding import DEFAULT_WEIGHTS_PACKAGE
from index.evaluation import CHROMA_LIMIT, ROOMS, ask_with_all_rooms, bootstrap_intervals
from index.evidence import (
    Evidence,
    evidence_recall,
    is_shown_whole,
    length,
    overlap_measures,
    places_of,
    shared_characters,
)
from index.generation import Generation

ROOT = Path(__file__).resolve().parent.parent
RUNNER = Path(__file__).parent / "peers" / "run.py"
REQUIREMENTS = RUNNER.with_name("requirements.txt")
COMMAND = "python -m benchmarks.quality FOLDER"
OURS = "this bot"
PEERS = {
    "txtai": "txtai {txtai}: hybrid, sentences",
    "langchain": "LangChain {langchain-text-splitters}: recursive 1,000/200, FAISS",
    "llamaindex": "LlamaIndex {llama-index-core}: defaults",
    "chroma": "Chroma {chromadb}: recursive 200 tokens",
    "bm25": "BM25 (bm25s {bm25s}): passages of 400",
}
"""Names of `peers/run.py`, as they are shown."""

FIGURES = {
    **{f"recall@{room}": f"recall, {room:,}" for room in ROOMS},
    **{f"hit@{room}": f"hit, {room:,}" for room in ROOMS},
    "precision": "precision",
    "mrr": "MRR",
    "chroma recall": "Chroma's recall",
    "chroma precision": "Chroma's precision",
    "chroma iou": "Chroma's IoU",
}
WARM_UP = 10


class PeerError(Exception):
    """A peer cannot be installed or run."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a system shows for one question, best first, and how long it takes."""

    rooms: Mapping[int, Sequence[Evidence]]
    """What fills each of `ROOMS`."""
    best: Sequence[Evidence]
    """The best pieces as they are."""
    elapsed_ms: float
    embedding_ms: float
    """Of the question's embedding alone, right before."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All systems on one set."""

    name: str
    questions: Sequence[EvaluationQuestion]
    shown: Mapping[str, Sequence[Shown]]
    """By system, for each question; systems that failed are not in it."""

    @property
    def measure(self) -> str:
        """The measure that counts: overlapping spans of one question are alternatives, of which one answers."""
        pairs = (pair for question in self.questions for pair in combinations(question.evidence, 2))
        return "hit" if any(shared_characters([one], [other]) for one, other in pairs) else "recall"

    def figures(self, system: str) -> dict[str, list[float]]:
        """One number a question for each of `FIGURES`."""
        rows = [
            measure(shown, question.evidence)
            for shown, question in zip(self.shown[system], self.questions, strict=True)
        ]
        return {name: [row[name] for row in rows] for name in FIGURES}

    def differences(self, system: str) -> dict[str, str]:
        """Ours less the system's, with 95% intervals of the paired differences."""
        ours, theirs = self.figures(OURS), self.figures(system)
        paired = {name: [one - other for one, other in zip(ours[name], theirs[name], strict=True)] for name in FIGURES}
        intervals = bootstrap_intervals(paired, [question.evidence[0].document for question in self.questions])
        return {
            name: f"{statistics.fmean(paired[name]):+.3f} [{low:+.3f}, {high:+.3f}]"
            for name, (low, high) in intervals.items()
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, help="folder of question sets")
    parser.add_argument(
        "--peers", type=Path, default=ROOT / "data" / "peers", help="folder of the peers' environment, kept"
    )
    arguments = parser.parse_args()
    failures: dict[str, str] = {}
    try:
        python = install_peers(arguments.peers)
    except PeerError as error:
        failures = dict.fromkeys(PEERS, f"cannot be installed: {error}")
    embedder = SentenceTransformerEmbedder()
    comparisons: list[Comparison] = []
    with tempfile.TemporaryDirectory() as data:
        for folder in sorted(path for path in arguments.sets.iterdir() if (path / "questions.jsonl").is_file()):
            generation = Library(corpus=folder / "corpus", data=Path(data), embedder=embedder).draft()
            questions = [question for question in read_question_set(folder) if question.is_answerable]
            _say(f"{folder.name}: {OURS}")
            shown = {OURS: ask_ours(generation, embedder, questions)}
            for peer in PEERS:
                if peer not in failures:
                    _say(f"{folder.name}: {peer}")
                    try:
                        shown[peer] = ask_peer(python, peer, generation, questions)
                    except PeerError as error:
                        failures[peer] = f"failed on {folder.name}: {error}"
            comparisons.append(Comparison(folder.name, questions, shown))
    report(comparisons, failures)
    sys.exit(1 if failures else 0)


# --------------------------------------------------------------------- asking


def install_peers(folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """Make the peers' environment, or bring the one that is there up to date.

    Args:
        folder: Where it is.
        requirements: What it has.

    Returns:
        Its Python.

    Raises:
        PeerError: A package cannot be installed.
    """
    python = folder / "bin" / "python"
    if not python.is_file():
        _run([sys.executable, "-m", "venv", str(folder)])
    _say("installing the peers; the first time this takes some minutes")
    _run([str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-r", str(requirements)])
    return python


def ask_ours(
    generation: Generation, embedder: SentenceTransformerEmbedder, questions: Sequence[EvaluationQuestion]
) -> list[Shown]:
    """Ask the bot's index each question."""
    from sentence_transformers import SentenceTransformer  # takes seconds; what needs no model is tested without it

    spec = importlib.util.find_spec(DEFAULT_WEIGHTS_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    model = SentenceTransformer(str(Path(spec.origin).parent / "model"))
    for question in questions[:WARM_UP]:
        model.encode(question.text)
        ask_with_all_rooms(generation, embedder, question)
    shown = []
    for question in questions:
        started = time.perf_counter()
        model.encode(question.text)
        embedding_ms = 1000 * (time.perf_counter() - started)
        asked = ask_with_all_rooms(generation, embedder, question)
        rooms = {room: cut(places_of(quotes), room) for room, quotes in asked.shown.items()}
        shown.append(Shown(rooms, places_of(asked.chroma), asked.answer.elapsed_ms, embedding_ms))
    return shown


def ask_peer(python: Path, peer: str, generation: Generation, questions: Sequence[EvaluationQuestion]) -> list[Shown]:
    """Ask a peer each question, in its own process.

    Raises:
        PeerError: It ends with an error.
    """
    documents = {segment.document.id: segment.document.text for segment in generation.segments}
    content = {"documents": documents, "questions": [question.text for question in questions]}
    rows = run_peer(python, RUNNER, peer, content)
    shown = []
    for row in rows:
        pieces = [Evidence(document, Span(start, end)) for document, start, end in row["pieces"]]
        rooms = {room: cut(pieces, room) for room in ROOMS}
        shown.append(Shown(rooms, pieces[:CHROMA_LIMIT], row["elapsed_ms"], row["embedding_ms"]))
    return shown


def run_peer(python: Path, runner: Path, what: str, content: Any) -> Any:
    """Run a script of the peers' environment on JSON values.

    Returns:
        What it writes.

    Raises:
        PeerError: It ends with an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "input.json", Path(folder) / "output"
        source.write_text(json.dumps(content), encoding="utf-8")
        _run([str(python), str(runner), what, str(source), str(target)])
        return json.loads(target.read_text(encoding="utf-8"))


def cut(pieces: Sequence[Evidence], room: int) -> list[Evidence]:
    """The first pieces that fill a room of characters, the last of them cut; what overlaps takes room once."""
    kept: list[Evidence] = []
    for piece in pieces:
        if length([*kept, piece]) > room:
            beginnings = [Evidence(piece.document, Span(piece.span.start, end)) for end in range(*piece.span)[1:]]
            fitting = bisect_right(beginnings, room, key=lambda beginning: length([*kept, beginning]))
            return [*kept, *beginnings[:fitting][-1:]]
        kept.append(piece)
    return kept


def measure(shown: Shown, evidence: Sequence[Evidence]) -> dict[str, float]:
    """The numbers of one question for each of `FIGURES`."""
    most = shown.rooms[max(ROOMS)]
    ranks = (rank for rank, piece in enumerate(most, 1) if shared_characters([piece], evidence))
    rank = next(ranks, None)
    return {
        **{f"recall@{room}": evidence_recall(pieces, evidence) for room, pieces in shown.rooms.items()},
        **{f"hit@{room}": float(is_shown_whole(pieces, evidence)) for room, pieces in shown.rooms.items()},
        "precision": overlap_measures(most, evidence)["precision"],
        "mrr": 1 / rank if rank else 0.0,
        **{f"chroma {name}": figure for name, figure in overlap_measures(shown.best, evidence).items()},
    }


def _run(command: list[str]) -> None:
    # sumy's LSA depends on the order of a set
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = [line for line in done.stderr.splitlines() if line.strip()]
        raise PeerError(reason[-1] if reason else f"exit status {done.returncode}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# ------------------------------------------------------------------ reporting


def report(comparisons: Sequence[Comparison], failures: Mapping[str, str]) -> None:
    """Write the result file: what counts first, then each set's figures and differences."""
    names = {OURS: OURS, **_labels()}
    counting = [(comparison, f"{comparison.measure}@{room}") for comparison in comparisons for room in ROOMS]
    rows = [
        [
            "system",
            *(f"{comparison.name}: {FIGURES[figure]}" for comparison, figure in counting),
            "time / embedding",
        ]
    ]
    for system in names:
        if system in failures:
            continue
        means = (statistics.fmean(comparison.figures(system)[figure]) for comparison, figure in counting)
        everything = [shown for comparison in comparisons for shown in comparison.shown[system]]
        rows.append([names[system], *(f"{mean:.3f}" for mean in means), _ratio(everything)])
    details: dict[str, Table] = {}
    for comparison in comparisons:
        count = f"{len(comparison.questions):,} questions, {comparison.measure} counts"
        details[f"{comparison.name}: {count}"] = _figures_table(comparison, names)
        details[f"{comparison.name}: ours less theirs, with 95% intervals"] = _differences_table(comparison, names)
    notes = [f"**{names[peer]}** {reason}" for peer, reason in failures.items()]
    write_results("quality", "Quality beside peers", COMMAND, rows, "\n\n".join(notes), details)


def _figures_table(comparison: Comparison, names: Mapping[str, str]) -> Table:
    rows = [["system", *FIGURES.values(), "ms", "time / embedding"]]
    for system, shown in comparison.shown.items():
        figures = comparison.figures(system)
        milliseconds = statistics.median(item.elapsed_ms for item in shown)
        means = (f"{statistics.fmean(figures[name]):.3f}" for name in FIGURES)
        rows.append([names[system], *means, f"{milliseconds:.1f}", _ratio(shown)])
    return rows


def _ratio(shown: Sequence[Shown]) -> str:
    return f"{statistics.median(item.elapsed_ms / item.embedding_ms for item in shown):.2f}"


def _differences_table(comparison: Comparison, names: Mapping[str, str]) -> Table:
    rows = [["peer", *FIGURES.values()]]
    for system in comparison.shown:
        if system != OURS:
            rows.append([names[system], *comparison.differences(system).values()])
    return rows


def _labels() -> dict[str, str]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    versions = dict(line.split("==") for line in lines if "==" in line)
    return {peer: label.format_map(versions) for peer, label in PEERS.items()}


if __name__ == "__main__":
    main()
