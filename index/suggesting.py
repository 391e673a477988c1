"""What a person may be about to ask, from what is typed so far; no model is needed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from index.errors import QuestionsError
from index.keywords import terms
from index.questions import GOLDEN_QUESTIONS, read_golden_questions
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
        """Read a corpus's golden questions, and take its documents' headings.

        Golden questions that cannot be read are left out: `corpus check` says so.
        """
        documents = list(documents)
        try:
            texts = {document.id: document.text for document in documents}
            golden, _ = read_golden_questions(corpus / GOLDEN_QUESTIONS, texts)
        except QuestionsError:
            golden = []
        return cls([*(question.text for question in golden if question.is_answerable), *_headings(documents)])

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


def _headings(documents: Iterable[Document]) -> Iterable[str]:
    for document in documents:
        yield document.title
        for section in document.sections:
            if section:
                heading = section[-1]
                yield heading if len(terms(heading)) > FEW_WORDS else f"{heading}: {document.title}"
