"""Measure how much of the evidence the quotes show, on question sets whose evidence is marked.

    python -m benchmarks.retrieval FOLDER

The folder holds sets in the layout that `benchmarks/README.md` describes, which also says where public ones come from.
The figures are those of `python -m bot evaluate`, of which this writes the main ones for every set and for the golden
questions of the bundled corpus, with and without its documents tagged `faq`:

- *evidence recall*: evidence characters shown / evidence characters, averaged over questions;
- *hit*: any one evidence span shown whole, for sets whose spans are alternatives;
- *hit@3*: one of the three quotes of an answer holds an evidence span whole;
- *product*: the same at the shipped defaults, where a refused question counts 0.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.results import write_results
from bot.settings import default_corpus
from index import (
    Evaluation,
    Library,
    SentenceTransformerEmbedder,
    evaluate,
    evaluate_golden,
    read_question_set,
)

FIGURES = {
    "recall@600": "recall, 600",
    "recall@1200": "recall, 1,200",
    "hit@600": "hit, 600",
    "hit@1200": "hit, 1,200",
    "hit@3": "hit@3",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, help="folder of question sets")
    sets = sorted(folder for folder in parser.parse_args().sets.iterdir() if (folder / "questions.jsonl").is_file())
    rows = [["set", "questions", *FIGURES.values(), "product recall", "product hit"]]
    embedder = SentenceTransformerEmbedder()
    with tempfile.TemporaryDirectory() as data:
        for folder in sets:
            library = Library(corpus=folder / "corpus", data=Path(data), embedder=embedder)
            questions = [question for question in read_question_set(folder) if question.is_answerable]
            rows.append(_row(folder.name, evaluate(library.draft(), embedder, questions)))
        corpus = default_corpus()
        library = Library(corpus=corpus, data=Path(data), embedder=embedder)
        golden = evaluate_golden(library.draft(), corpus, embedder)
    rows.append(_row("golden", golden.all_documents))
    if golden.without_faq:
        rows.append(_row("golden, without FAQ", golden.without_faq))
    write_results("retrieval", "Retrieval", "python -m benchmarks.retrieval FOLDER", rows)


def _row(name: str, evaluation: Evaluation) -> list[str]:
    count = sum(evaluation.counts.get(kind, 0) for kind in ("answerable", "paraphrase"))
    product = (evaluation.product["recall"], evaluation.product["hit"])
    return [name, f"{count:,}", *(f"{figure:.3f}" for figure in (*map(evaluation.retrieval.get, FIGURES), *product))]


if __name__ == "__main__":
    main()
