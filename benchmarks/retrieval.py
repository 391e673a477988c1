"""Measure how much of the evidence the quotes show, on question sets whose evidence is marked.

    python -m benchmarks.retrieval FOLDER

The folder holds sets in the layout that `benchmarks/README.md` describes, which also says where public ones come from.
The figures are those of `python -m bot evaluate`, of which this writes the main ones for every set:

- *evidence recall*: evidence characters shown / evidence characters, averaged over questions;
- *hit*: any one evidence span shown whole, for sets whose spans are alternatives;
- *product*: the same at the shipped defaults, where a refused question counts 0.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.results import write_results
from index import Library, SentenceTransformerEmbedder, evaluate, read_question_set

FIGURES = {"recall@600": "recall, 600", "recall@1200": "recall, 1,200", "hit@600": "hit, 600", "hit@1200": "hit, 1,200"}


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
            evaluation = evaluate(library.draft(), embedder, questions)
            figures = [
                *(evaluation.retrieval[name] for name in FIGURES),
                *map(evaluation.product.get, ("recall", "hit")),
            ]
            rows.append([folder.name, str(len(questions)), *(f"{figure:.3f}" for figure in figures)])
    write_results("retrieval", "Retrieval", "python -m benchmarks.retrieval FOLDER", rows)


if __name__ == "__main__":
    main()
