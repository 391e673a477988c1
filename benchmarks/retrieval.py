"""Measure how much of the evidence the quotes show, on question sets whose evidence is marked.

    python -m benchmarks.retrieval FOLDER

The folder holds sets in the layout that `benchmarks/README.md` describes, which also says where public ones come from.
Every question is asked of its whole set, with room for 600 and for 1,200 characters:

- *evidence recall*: evidence characters shown / evidence characters, averaged over questions;
- *hit*: any one evidence span shown whole, for sets whose spans are alternatives;
- *product*: the same at the shipped defaults, where a refused question counts 0.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import write_results
from index import DEFAULT_LIMIT, DEFAULT_ROOM, Library, Quote, SentenceTransformerEmbedder, Verdict
from index.answering import retrieve, score_and_quote
from index.confidence import confidence, verdict
from index.keywords import terms

ROOMS = (600, 1200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, help="folder of question sets")
    sets = sorted(folder for folder in parser.parse_args().sets.iterdir() if (folder / "questions.jsonl").is_file())
    measures = ["recall, 600", "recall, 1,200", "hit, 600", "hit, 1,200", "product recall", "product hit"]
    rows = [["set", "questions", *measures]]
    embedder = SentenceTransformerEmbedder()
    with tempfile.TemporaryDirectory() as data:
        for folder in sets:
            library = Library(corpus=folder / "corpus", data=Path(data), embedder=embedder)
            library.reload()
            rows.append([folder.name, *_measure(library, folder / "questions.jsonl")])
    write_results("retrieval", "Retrieval", "python -m benchmarks.retrieval FOLDER", rows)


def _measure(library: Library, path: Path) -> list[str]:
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    questions = [question for question in lines if question["answerable"]]
    sums = np.zeros(2 * len(ROOMS) + 2)
    for question in questions:
        words = terms(question["question"])
        query = library.embedder.embed_query(question["question"])  # once: it takes most of the time
        found = retrieve(library.generation, query, words)
        shown = [
            score_and_quote(library.generation, query, words, found, room=room, limit=limit)
            for room, limit in (*((room, 0) for room in ROOMS), (DEFAULT_ROOM, DEFAULT_LIMIT))
        ]
        if verdict(confidence(found.signs)) is Verdict.NOT_COVERED:
            shown[-1] = ()
        figures = [_shown(quotes, question) for quotes in shown]
        ranked, product = figures[:-1], figures[-1]
        sums += [*(recall for recall, _ in ranked), *(hit for _, hit in ranked), *product]
    return [str(len(questions)), *(f"{total / len(questions):.3f}" for total in sums)]


def _shown(quotes: Sequence[Quote], question: dict[str, Any]) -> tuple[float, float]:
    """Share of the evidence's characters that the quotes hold, and whether they hold one span whole."""
    spans = [quote.citation.span for quote in quotes if quote.citation.document == question["document"]]
    shown = {position for start, end in spans for position in range(start, end)}
    evidence: Sequence[tuple[int, int]] = question["evidence"]
    wanted = {position for start, end in evidence for position in range(start, end)}
    is_hit = any(all(position in shown for position in range(start, end)) for start, end in evidence)
    return len(wanted & shown) / len(wanted), float(is_hit)


if __name__ == "__main__":
    main()
