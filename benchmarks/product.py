"""Measure what a person is shown at the shipped defaults, and what of it is highlighted.

    python -m benchmarks.product FOLDER

The folder holds question sets in the layout of `benchmarks/README.md`. Each is asked its answerable questions, with the
shipped numbers of the confidence; the bundled corpus its golden questions, with those fitted to the other half of them.

- *hit@k*: one of the first k quotes holds an evidence span whole;
- *recall, hit at 1,200*: of retrieval alone, which refuses nothing and fills a message's room to the last character;
- *product recall, hit*: of what is shown, where a refused question counts 0;
- *word precision, recall and F1* of the highlights: over all questions together; a word counts where it shares a
  character with the evidence, and evidence that is not shown is missed;
- *share of the quotes*: how much of a quote is highlighted;
- *first ones hold a span*: the first quote's highlights hold an evidence span whole, in at most 300 characters.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.results import Table, write_results
from bot.settings import default_corpus
from index import (
    Evaluation,
    Library,
    SentenceTransformerEmbedder,
    evaluate,
    evaluate_golden,
    read_question_set,
)

COMMAND = "python -m benchmarks.product FOLDER"

PRODUCT = {
    "hit@1": ("retrieval", "hit@1"),
    "hit@3": ("retrieval", "hit@3"),
    "recall, 1,200": ("retrieval", "recall@1200"),
    "product recall": ("product", "recall"),
    "hit, 1,200": ("retrieval", "hit@1200"),
    "product hit": ("product", "hit"),
}
HIGHLIGHTS = {
    "word precision": ("highlights", "precision"),
    "word recall": ("highlights", "recall"),
    "word F1": ("highlights", "f1"),
    "share of the quotes": ("highlights", "share"),
    "first ones hold a span": ("highlights", "first_holds"),
}
"""Figures of an `Evaluation`, as they are shown."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, help="folder of question sets")
    arguments = parser.parse_args()
    embedder = SentenceTransformerEmbedder()
    evaluations: dict[str, Evaluation] = {}
    with tempfile.TemporaryDirectory() as data:
        for folder in sorted(path for path in arguments.sets.iterdir() if (path / "questions.jsonl").is_file()):
            generation = Library(corpus=folder / "corpus", data=Path(data), embedder=embedder).draft()
            questions = [question for question in read_question_set(folder) if question.is_answerable]
            evaluations[folder.name] = evaluate(generation, embedder, questions)
        corpus = default_corpus()
        generation = Library(corpus=corpus, data=Path(data), embedder=embedder).draft()
        golden = evaluate_golden(generation, corpus, embedder)
    evaluations["golden"] = golden.all_documents
    if golden.without_faq:
        evaluations["golden, without FAQ"] = golden.without_faq
    report(evaluations)


def report(evaluations: Mapping[str, Evaluation]) -> None:
    """Write the result file: what is shown, then what of it is highlighted."""
    shown, highlights = _table(evaluations, PRODUCT), _table(evaluations, HIGHLIGHTS)
    characters = (f"{evaluation.product['characters_shown']:.0f}" for evaluation in evaluations.values())
    shown = [[*row, cell] for row, cell in zip(shown, ("characters shown", *characters), strict=True)]
    write_results("product", "Answers at the shipped defaults", COMMAND, shown, details={"Highlights": highlights})


def _table(evaluations: Mapping[str, Evaluation], figures: Mapping[str, tuple[str, str]]) -> Table:
    rows = [["set", "questions", *figures]]
    for name, evaluation in evaluations.items():
        count = sum(evaluation.counts.get(kind, 0) for kind in ("answerable", "paraphrase"))
        values = (getattr(evaluation, group)[figure] for group, figure in figures.values())
        rows.append([name, f"{count:,}", *(f"{value:.3f}" for value in values)])
    return rows


if __name__ == "__main__":
    main()
