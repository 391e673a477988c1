"""Measure how surely a question in another language is told apart from one in the corpus's own.

    python -m benchmarks.languages [FOLDER]

English questions are those of the question sets in FOLDER, the bundled corpus's golden ones, and names, abbreviations
and borrowed words of `languages.jsonl`; none of them may be taken for foreign. The others there are foreign: the limits
in `index/languages.py` were set with those of *other languages* in view, and not with those of *further languages*,
which were written afterwards. All are asked of the bundled corpus, and of one that knows no word at all. What an answer
would have been is left out: a question that is answered is never refused for its language.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from benchmarks.results import write_results
from bot.settings import default_corpus
from index.keywords import terms
from index.languages import foreign_language

QUESTIONS = Path(__file__).parent / "languages.jsonl"
FOREIGN_GOLDEN = frozenset(f"o0{number}" for number in range(23, 31))
"""Golden questions off the topic that are in other languages, each in another."""

Asked = dict[str, list[tuple[str, str]]]
"""By set: language, where it matters which, and question."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Tell questions in other languages apart.")
    parser.add_argument("sets", nargs="?", type=Path, help="folder of question sets")
    folder: Path | None = parser.parse_args().sets

    known = corpus_words(default_corpus())
    rows = [["questions", "count", "taken for foreign", "and named right", "by a corpus without a word"]]
    for name, questions in {**english_questions(folder), **listed_questions()}.items():
        found = [guess(question, known) for _, question in questions]
        right = sum(bool(code) and code == language for code, (language, _) in zip(found, questions, strict=True))
        strictest = sum(bool(guess(question, frozenset())) for _, question in questions)
        is_foreign = questions[0][0] != "en"
        cells = [str(sum(map(bool, found))), str(right) if is_foreign else "", str(strictest)]
        rows.append([name, str(len(questions)), *cells])
    write_results("languages", "Questions in other languages", "python -m benchmarks.languages FOLDER", rows)


def guess(question: str, known: frozenset[str]) -> str:
    """The language that a question is refused for by an English corpus with these stems; empty: it is not."""
    return foreign_language(question, lambda: ("en",), _knows(known))


def corpus_words(corpus: Path) -> frozenset[str]:
    """The stems of all words of a corpus."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(corpus.rglob("*.md")))
    return frozenset(stem for text in texts for stem in terms(text))


def english_questions(folder: Path | None) -> Asked:
    """Questions that are in English, by set."""
    paths = {path.parent.name: path for path in sorted(folder.glob("*/questions.jsonl"))} if folder else {}
    found: Asked = {}
    for name, path in {**paths, "golden": default_corpus() / "questions.jsonl"}.items():
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        found[name] = [("en", line["question"]) for line in lines if line["id"] not in FOREIGN_GOLDEN]
    return found


def listed_questions() -> Asked:
    """The questions of `languages.jsonl`, by set."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        found[item["set"]].append((item["language"], item["question"]))
    return found


def _knows(known: frozenset[str]) -> Callable[[str], bool]:
    return lambda word: all(stem in known for stem in terms(word))


if __name__ == "__main__":
    main()
