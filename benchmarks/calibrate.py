"""Learn the numbers of `index/confidence.json` from question sets whose answers are known.

    python benchmarks/calibrate.py ../shared/eval [--write]

The folder holds question sets in the layout `<set>/corpus/*.md`, `<set>/questions.jsonl`: here a part of Chroma's
chunking_evaluation (MIT) as `excerpts` and a part of the SQuAD 2.0 development set (CC BY-SA 4.0) as `paragraphs`.
Only the learned numbers are kept.

Every question is asked three times: of its own corpus, where the label is whether one of the first three quotes holds
the evidence; of its own corpus with the evidence's passages masked, which makes a true "not covered" that is close to
the topic; and of the other sets' corpora, which makes one that is far from it. Figures are cross-fitted: learned on some documents, measured on others.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from index import Library, SentenceTransformerEmbedder
from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, retrieve, score_and_quote
from index.generation import Generation
from index.keywords import terms
from index.values import Signs

ROOT = Path(__file__).resolve().parent.parent
CONFIDENCE = ROOT / "index" / "confidence.json"
QUESTIONS_A_SET = 600
REFUSED_AT_MOST = 0.02
"""Share of questions with a shown answer that may be refused; the lower limit follows from it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, help="folder of question sets")
    parser.add_argument("--write", action="store_true", help="put the numbers into index/confidence.json")
    arguments = parser.parse_args()
    embedder = SentenceTransformerEmbedder()
    rows: list[tuple[float, ...]] = []
    labels: list[bool] = []
    groups: list[str] = []
    kinds: list[str] = []
    with tempfile.TemporaryDirectory() as data:
        sets = {folder.name: _read_set(folder) for folder in sorted(arguments.sets.iterdir()) if folder.is_dir()}
        libraries = {name: _library(folder, Path(data), embedder) for name, (folder, _) in sets.items()}
        for name, (_, questions) in sets.items():
            for question in questions:
                vector = embedder.embed_query(question["question"])
                for other, library in libraries.items():
                    generation = library.generation
                    masked = [None, _passages_without(generation, question)] if other == name else [None]
                    for only in masked:
                        signs, is_hit = _ask(generation, vector, question, only, is_own=other == name)
                        rows.append(tuple(signs.features().values()))
                        labels.append(is_hit and only is None)
                        groups.append(question["document"])
                        kinds.append("own" if other == name and only is None else "masked" if other == name else "far")
    features, truth, kind = np.array(rows), np.array(labels), np.array(kinds)
    predicted = np.zeros(len(truth))
    for train, test in GroupKFold(n_splits=5).split(features, truth, groups):
        model = LogisticRegression(C=10.0).fit(features[train], truth[train])
        predicted[test] = model.predict_proba(features[test])[:, 1]
    lower = float(np.floor(1000 * np.quantile(predicted[truth], REFUSED_AT_MOST)) / 1000)
    near = kind != "far"
    print(f"questions asked           {len(truth)}")
    print(f"answered, base rate       {truth.mean():.3f}")
    print(f"Brier score               {brier_score_loss(truth, predicted):.3f} (base rate's {truth.mean() * (1 - truth.mean()):.3f})")
    print(f"area under the curve      {roc_auc_score(truth, predicted):.3f} (own and masked only {roc_auc_score(truth[near], predicted[near]):.3f})")
    print(f"lower limit               {lower:.3f}")
    for name in ("own", "masked", "far"):
        part = predicted[kind == name]
        print(f"{name:8} answered {np.mean(part >= 0.5):.3f}  not covered {np.mean(part < lower):.3f}")
    final = LogisticRegression(C=10.0).fit(features, truth)
    numbers = {"intercept": float(final.intercept_[0])}
    numbers |= {name: float(value) for name, value in zip(Signs(0, 0).features(), final.coef_[0], strict=True)}
    numbers |= {"answered_from": 0.5, "not_covered_below": lower, "strictness_step": round(lower / 2, 3)}
    content = {
        "made_by": "benchmarks/calibrate.py on parts of Chroma's chunking_evaluation and SQuAD 2.0; see there",
        "model": {key: round(value, 4) for key, value in numbers.items()},
    }
    print(json.dumps(content, indent=2))
    if arguments.write:
        CONFIDENCE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _read_set(folder: Path) -> tuple[Path, list[dict[str, Any]]]:
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [question for question in map(json.loads, lines) if question["answerable"]]
    return folder / "corpus", random.Random(7).sample(questions, min(QUESTIONS_A_SET, len(questions)))


def _library(corpus: Path, data: Path, embedder: SentenceTransformerEmbedder) -> Library:
    library = Library(corpus=corpus, data=data, embedder=embedder)
    library.reload()
    return library


def _passages_without(generation: Generation, question: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    kept = [
        number
        for number, (owner, passage) in enumerate(generation.passages)
        if generation.segments[owner].document.id != question["document"]
        or not any(start < passage.span.end and end > passage.span.start for start, end in question["evidence"])
    ]
    return np.array(kept, dtype=np.int64)


def _ask(
    generation: Generation,
    vector: np.ndarray[Any, np.dtype[np.float32]],
    question: dict[str, Any],
    only: np.ndarray[Any, np.dtype[np.int64]] | None,
    *,
    is_own: bool,
) -> tuple[Signs, bool]:
    words = terms(question["question"])
    found = retrieve(generation, vector, words, only)
    if not is_own:
        return found.signs, False
    quotes = score_and_quote(generation, vector, words, found, room=DEFAULT_ROOM, limit=DEFAULT_LIMIT)
    is_hit = any(
        quote.citation.document == question["document"]
        and quote.citation.span.start <= start
        and end <= quote.citation.span.end
        for quote in quotes
        for start, end in question["evidence"]
    )
    return found.signs, is_hit


if __name__ == "__main__":
    main()
