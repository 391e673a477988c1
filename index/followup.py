"""A question that leans on the one before it: "and when was that?"."""

from __future__ import annotations

import re

from index.keywords import terms

LEANING_WORDS = 2
"""A question with more words of its own has a subject of its own, whatever pronouns it holds."""

_POINTS_BACK = re.compile(
    r"\b(?:it|its|that|this|those|these|they|them|their|he|him|his|she|her|hers|there|then|one|ones|same)\b"
)
_GOES_ON = re.compile(r"\W*(?:and|but|or|so|also|what about|how about|what else|who else|why not)\b")
_EMPTY = frozenset(terms("happen mean long often many else again exactly really first last go say tell come"))
"""Words that ask without saying about what."""


def borrows_subject(question: str) -> bool:
    """Whether a question has no subject of its own, so that an earlier one has to lend it.

    It has none if its content words are few and it points back or goes on ("what about bees?"), or if none of them says
    what it is about ("how long?").
    """
    folded = question.casefold().replace("\u2019", "'")
    content = set(terms(question))
    if not content - _EMPTY:
        return True
    leans = _POINTS_BACK.search(folded) is not None or _GOES_ON.match(folded) is not None
    return leans and len(content - _EMPTY) <= LEANING_WORDS and not _names(question)


def with_subject(question: str, earlier: str, *, limit: int) -> str:
    """The text to search for: the earlier question, then this one.

    Args:
        question: One that borrows its subject.
        earlier: The last question before it that has one.
        limit: Characters of the result; the earlier one gives way.
    """
    room = max(0, limit - len(question) - 1)
    return f"{earlier.strip()[:room]} {question.strip()}".strip()


def _names(question: str) -> bool:
    """Whether it holds a name: a capital letter within the sentence, or a number."""
    return re.search(r"\d|(?<=[a-z,;] )[A-Z][a-z]", question) is not None and not _GOES_ON.match(question.casefold())
