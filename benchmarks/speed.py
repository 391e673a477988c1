"""Measure the time to an answer, cold and warm, beside what cannot be avoided.

    python -m benchmarks.speed [FOLDER OF DOCUMENTS]

Cold is `python -m bot ask` from the shell, with an index on disk, until the answer's first line is there; beside it the
same interpreter importing PyTorch, or sentence-transformers, and printing a line. Warm is a question to a running bot;
beside it the question's own embedding. Times are medians over rounds in which both take turns: machines are noisy,
ratios are less so.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.results import write_results
from bot.settings import default_corpus
from index import Library, SentenceTransformerEmbedder

COLD_ROUNDS = 5
WARM_ROUNDS = 40
QUESTIONS = (
    "who may use the dissent channel",
    "how long does a reply take",
    "what did the blood telegram say",
    "can i be punished for dissenting",
    "how many people signed the travel ban memo",
    "best sourdough recipe",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=default_corpus(), help="folder of documents")
    corpus: Path = parser.parse_args().corpus
    with tempfile.TemporaryDirectory() as data:
        embedder = SentenceTransformerEmbedder()
        embedder.load()
        library = Library(corpus=corpus, data=Path(data), embedder=embedder)
        built = library.reload()
        size = sum(path.stat().st_size for path in Path(data).rglob("*") if path.is_file())
        answering, embedding = warm(library)
        asking, torch, transformers = cold(corpus, Path(data))
    rows = [
        ["what", "time", "beside it", "ratio"],
        _row("first answer, `python -m bot ask`", asking, "importing sentence-transformers", transformers, "s"),
        _row("first answer, `python -m bot ask`", asking, "importing PyTorch alone", torch, "s"),
        _row("answer of a running bot", answering * 1000, "the question's own embedding", embedding * 1000, "ms"),
        [
            f"building the index: {built.passages} passages, {built.golden_questions} golden questions",
            f"{built.elapsed_s:.1f} s",
            "",
            "",
        ],
        ["index on disk, a passage", f"{size / built.passages / 1024:.1f} KiB", "", ""],
    ]
    write_results("speed", "Speed", "python -m benchmarks.speed", rows)


def _row(what: str, value: float, beside: str, baseline: float, unit: str) -> list[str]:
    digits = 1 if unit == "s" else 0
    return [what, f"{value:.{digits}f} {unit}", f"{beside}: {baseline:.{digits}f} {unit}", f"{value / baseline:.2f}"]


def warm(library: Library) -> tuple[float, float]:
    """Medians, in seconds, of an answer and of the question's embedding alone."""
    answering: list[float] = []
    embedding: list[float] = []
    for number in range(WARM_ROUNDS + 5):
        question = QUESTIONS[number % len(QUESTIONS)]
        embedded = _time(partial(library.embedder.embed_query, question))
        answered = _time(partial(library.ask, question))
        if number >= 5:  # the first ones warm the caches
            embedding.append(embedded)
            answering.append(answered)
    return statistics.median(answering), statistics.median(embedding)


def cold(corpus: Path, data: Path) -> tuple[float, float, float]:
    """Medians, in seconds, of a first answer and of two imports, each in a fresh process."""
    ask = ["-m", "bot", "--corpus", str(corpus), "--data", str(data), "ask", QUESTIONS[0]]
    imports = [["-c", f"import {name}; print('done', flush=True)"] for name in ("torch", "sentence_transformers")]
    commands = (ask, *imports)
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(COLD_ROUNDS):
        for command, measured in zip(commands, times, strict=True):
            measured.append(seconds_to_first_line(command))
    asking, torch, transformers = (statistics.median(measured) for measured in times)
    return asking, torch, transformers


def seconds_to_first_line(command: list[str]) -> float:
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        is_there = any(line.strip() for line in process.stdout)
        elapsed = time.perf_counter() - started
        process.stdout.read()
    if not is_there or process.returncode:
        raise RuntimeError(f"{command} failed")
    return elapsed


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
