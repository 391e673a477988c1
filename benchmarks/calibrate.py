"""Learn the numbers of `index/confidence.json` from questions whose answers are known.

    python -m benchmarks.calibrate FOLDER [--reader MODEL] [--write]

The folder holds question sets in the layout of `benchmarks/README.md`, which says where public ones come from; the
bundled corpus's golden questions take part too. Only the learned numbers are kept.

Every question is asked of its own corpus, where the label is whether one of the first three quotes holds the evidence;
of its own corpus with the evidence's passages masked, which makes a true "not covered" close to the topic; and of the
other corpora, which makes one far from it. Figures are cross-fitted: learned on some documents, measured on others.

With a reader, all that is learned is how much its word counts beside the other numbers, which stay as they are.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from benchmarks.results import write_results
from bot.settings import default_corpus
from index import DEFAULT_LIMIT, DEFAULT_ROOM, Library, QuestionAnsweringReader, SentenceTransformerEmbedder
from index.answering import choose_quotes, quote, read_quotes, with_answer
from index.confidence import confidence
from index.evidence import Evidence, holds, shared_characters
from index.query import read_query
from index.questions import (
    GOLDEN_QUESTIONS,
    EvaluationQuestion,
    read_golden_questions,
    read_question_set,
)
from index.retrieval import retrieve
from index.values import Signs

CONFIDENCE = Path(__file__).resolve().parent.parent / "index" / "confidence.json"
QUESTIONS_A_SET = 300
READER_WEIGHTS = np.linspace(0, 5, 101)
ANSWERED_FROM = 0.5
REFUSED_AT_MOST = 0.02
"""Share of questions whose answer is shown that may be refused; the lower limit follows from it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking a question showed: one row of the training data."""

    corpus: str
    kind: str
    group: str
    signs: Signs
    is_hit: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, help="folder of question sets")
    parser.add_argument("--reader", metavar="MODEL", help="learn what this reader's word counts, and nothing else")
    parser.add_argument("--write", action="store_true", help="put the numbers into index/confidence.json")
    arguments = parser.parse_args()
    folders = {folder.name: folder / "corpus" for folder in sorted(arguments.sets.iterdir()) if folder.is_dir()}
    embedder = SentenceTransformerEmbedder()
    reader = QuestionAnsweringReader(arguments.reader) if arguments.reader else None
    with tempfile.TemporaryDirectory() as data:
        libraries: dict[str, Library] = {}
        for name, corpus in (folders | {"golden": default_corpus()}).items():
            libraries[name] = Library(corpus=corpus, data=Path(data), embedder=embedder, reader=reader)
            libraries[name].reload()
        asked = list(_ask_all(libraries, folders))
    numbers = _learn(asked) if reader is None else _learn_reader(asked)
    content = json.loads(CONFIDENCE.read_text(encoding="utf-8"))
    content["model"] |= {key: round(value, 4) for key, value in numbers.items()}
    content["reader"] = arguments.reader or content["reader"]
    print(json.dumps(content, indent=2))
    if arguments.write:
        CONFIDENCE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _ask_all(libraries: dict[str, Library], folders: dict[str, Path]) -> Iterator[Asked]:
    for name, library in libraries.items():
        for number, question in enumerate(_golden(library) if name == "golden" else _marked(folders[name].parent)):
            group = question.evidence[0].document if question.evidence else f"part {number % 5}"
            kind = str(question.kind).replace("_", "-").replace("paraphrase", "answerable")
            for other in libraries:
                if other != name:
                    signs, _ = _ask(libraries[other], question, None)
                    yield Asked(other, "off-topic", group, signs, False)
            signs, is_hit = _ask(library, question, None)
            yield Asked(name, kind, group, signs, is_hit)
            if question.evidence:
                signs, _ = _ask(library, question, _masked(library, question))
                yield Asked(name, "masked", group, signs, False)


def _marked(folder: Path) -> list[EvaluationQuestion]:
    questions = [question for question in read_question_set(folder) if question.is_answerable]
    return random.Random(7).sample(questions, min(QUESTIONS_A_SET, len(questions)))


def _golden(library: Library) -> list[EvaluationQuestion]:
    texts = {segment.document.id: segment.document.text for segment in library.generation.segments}
    questions, problems = read_golden_questions(library.corpus / GOLDEN_QUESTIONS, texts)
    if problems:
        raise ValueError(problems[0])
    return questions


def _masked(library: Library, question: EvaluationQuestion) -> NDArray[np.int64]:
    """All passages but those that hold evidence."""
    generation = library.generation
    kept = [
        number
        for number, (owner, passage) in enumerate(generation.passages)
        if not shared_characters([Evidence(generation.segments[owner].document.id, passage.span)], question.evidence)
    ]
    return np.array(kept, dtype=np.int64)


def _ask(library: Library, question: EvaluationQuestion, only: NDArray[np.int64] | None) -> tuple[Signs, bool]:
    generation = library.generation
    query = read_query(question.text, generation, library.embedder)
    found = retrieve(generation, query, only)
    runs = choose_quotes(generation, found, room=DEFAULT_ROOM, limit=DEFAULT_LIMIT)
    signs = found.signs
    if library.reader is not None:
        signs = with_answer(signs, read_quotes(generation, query, found, runs, library.reader))
    quotes = quote(generation, found, runs, room=DEFAULT_ROOM)
    return signs, any(holds(quote, question.evidence) for quote in quotes)


def _learn(asked: list[Asked]) -> dict[str, float]:
    """Learn all numbers but a reader's, and write the page of results."""
    names = [name for name in asdict(asked[0].signs) if name != "answer"]
    features = np.array([[getattr(item.signs, name) for name in names] for item in asked])
    truth = np.array([item.is_hit for item in asked])
    corpora = np.array([item.corpus for item in asked])
    kinds = np.array([item.kind for item in asked])
    predicted = np.zeros(len(asked))
    groups = [item.group for item in asked]
    for train, test in GroupKFold(n_splits=5).split(features, truth, groups):
        model = LogisticRegression(C=1000.0).fit(features[train], truth[train])
        predicted[test] = model.predict_proba(features[test])[:, 1]
    lower = float(np.floor(1000 * np.quantile(predicted[truth], REFUSED_AT_MOST)) / 1000)
    rows = [["corpus", "questions", "asked", "answered", "uncertain", "not covered"]]
    for corpus in np.unique(corpora):
        for kind in ("answerable", "near-topic", "off-topic", "masked"):
            part = predicted[(corpora == corpus) & (kinds == kind)]
            if len(part):
                shares = (part >= ANSWERED_FROM, (part < ANSWERED_FROM) & (part >= lower), part < lower)
                rows.append([str(corpus), kind, str(len(part)), *(f"{np.mean(share):.3f}" for share in shares)])
    base = float(truth.mean())
    brier = brier_score_loss(truth, predicted)
    near = kinds != "off-topic"
    notes = (
        f"Brier score {brier:.3f} (base rate's {base * (1 - base):.3f}); area under the curve "
        f"{roc_auc_score(truth, predicted):.3f}, without off-topic questions "
        f"{roc_auc_score(truth[near], predicted[near]):.3f}."
    )
    write_results("confidence", "Confidence and refusal", "python -m benchmarks.calibrate FOLDER", rows, notes)
    print(notes)
    final = LogisticRegression(C=1000.0).fit(features, truth)
    numbers = {"intercept": float(final.intercept_[0])}
    numbers |= {name: float(value) for name, value in zip(names, final.coef_[0], strict=True)}
    return numbers | {"answered_from": ANSWERED_FROM, "not_covered_below": lower, "strictness_step": lower / 2}


def _learn_reader(asked: list[Asked]) -> dict[str, float]:
    """Learn the number of a reader's sign: that with the least log loss beside the others."""
    truth = np.array([item.is_hit for item in asked])
    alone = np.array([confidence(replace(item.signs, answer=None)) for item in asked])
    logits = np.log(alone / (1 - alone))
    answers = np.array([item.signs.answer or 0.0 for item in asked])

    def predicted(weight: float) -> NDArray[np.float64]:
        return np.asarray(1 / (1 + np.exp(-(logits + weight * answers))))

    def best(part: NDArray[np.int64]) -> float:
        losses = [log_loss(truth[part], predicted(weight)[part], labels=[False, True]) for weight in READER_WEIGHTS]
        return float(READER_WEIGHTS[int(np.argmin(losses))])

    with_reader = np.zeros(len(asked))
    for train, test in GroupKFold(n_splits=5).split(logits, truth, [item.group for item in asked]):
        with_reader[test] = predicted(best(train))[test]
    print(
        f"Brier score with the reader {brier_score_loss(truth, with_reader):.3f}, without it "
        f"{brier_score_loss(truth, alone):.3f}; area under the curve {roc_auc_score(truth, with_reader):.3f} and "
        f"{roc_auc_score(truth, alone):.3f}."
    )
    return {"answer": best(np.arange(len(asked)))}


if __name__ == "__main__":
    main()
