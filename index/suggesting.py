"""What a person may be about to ask, from what is typed so far; no model is needed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from index.keywords import terms
from index.questions import GOLDEN_QUESTIONS, QuestionKind
from index.values import Document

SUGGESTIBLE_AT_MOST = 5_000
"""So that a keystroke takes milliseconds in a large corpus, too."""

FEW_WORDS = 2
"""A heading with no more words than this does not say what it is about without its document's title."""


class Suggestions:
    """Questions that the corpus answers: its golden ones, then its headings."""

    def __init__(self, texts: Iterable[str]) -> None:
        distinct = dict.fromkeys(" ".join(text.split()) for text in texts)
        self._texts = [(text, text.casefold().split()) for text in distinct if text][:SUGGESTIBLE_AT_MOST]

    @classmethod
    def of(cls, corpus: Path, documents: Iterable[Document]) -> Suggestions:
        """Read a corpus's golden questions, and take its documents' headings."""
        return cls([*_golden(corpus / GOLDEN_QUESTIONS), *_headings(documents)])

    def matching(self, typed: str, *, count: int) -> list[str]:
        """The texts in which each typed word begins one, those that begin like it first.

        Args:
            typed: What stands in the field; the last word may be unfinished.
            count: How many at most.
        """
        words = typed.casefold().split()
        if not words:
            return [text for text, _ in self._texts[:count]]
        start = " ".join(words)
        found = [
            (not " ".join(known).startswith(start), position)
            for position, (_, known) in enumerate(self._texts)
            if all(any(word.startswith(begin) for word in known) for begin in words)
        ]
        return [self._texts[position][0] for _, position in sorted(found)[:count]]


def _golden(path: Path) -> list[str]:
    """The golden questions that have an answer; none where the file is missing or damaged: `corpus check` says so."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        contents = [json.loads(line) for line in lines if line.strip()]
        asked: Sequence[tuple[str, str]] = [
            (content["question"], content.get("kind", QuestionKind.ANSWERABLE)) for content in contents
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    kinds = (QuestionKind.ANSWERABLE, QuestionKind.PARAPHRASE)
    return [question for question, kind in asked if kind in kinds and isinstance(question, str)]


def _headings(documents: Iterable[Document]) -> Iterable[str]:
    for document in documents:
        yield document.title
        for section in document.sections:
            if section:
                heading = section[-1]
                yield heading if len(terms(heading)) > FEW_WORDS else f"{heading}: {document.title}"
