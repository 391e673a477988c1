"""Whether a sentence can be read without the one before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

LEAST_WORDS = 4
"""Shorter ones are labels and cries."""

CONTEXT_SENTENCES = 2
"""How many sentences before one are shown with it at most."""

_PRONOUNS = "he|she|it|they|him|them|his|her|hers|its|their|theirs|this|that|these|those|such"
_LINKS = (
    "then|thus|therefore|hence|however|but|and|or|so|also|yet|still|moreover|furthermore|besides|instead|otherwise|"
    "meanwhile|nevertheless|nonetheless|similarly|likewise|consequently|accordingly|indeed|afterwards?|finally|"
    "yes|no|another|others?|neither|here|which|who|one such|the former|the latter|the same|the other|the others|"
    "in addition|in contrast|by contrast|in turn|as a result|for example|for instance|in other words|"
    "on the (?:other hand|contrary)|at the same time|(?:soon |shortly |long )?(?:after|before) (?:that|this)|since then"
)
_OPENS_DEPENDENT = re.compile(rf"\W*(?:{_PRONOUNS}|{_LINKS})\b(?!-)", re.IGNORECASE)
_GOES_ON = re.compile(r"\W*(?:\S+\s+){1,5}(?:also|too|likewise)\b", re.IGNORECASE)
"""'Perry also wrote': something was said of Perry before."""
_EXPLETIVE = re.compile(
    r"\W*it (?:is|was|has been|will be|would be|may be|seems|takes|took)\b[^.]*?\b(?:that|to|for|whether)\b",
    re.IGNORECASE,
)
"""'It is an offence to retaliate': here 'it' stands for nothing before it."""
_PRONOUN_AFTER_OPENING = re.compile(
    r"(?:In|On|By|At|After|Before|During|Since|From|With|Until|For|To|As)\s[^,]{0,40}?,?\s(?:he|she|it|they)\s"
)
"""'In 1975 she testified'; a name before the pronoun has a comma behind it more often than not."""
_NAMES_SOMEBODY = re.compile(r"\b[A-Z]\w+")
_WHOLE = re.compile(r"""[^a-z].*[.!?\u2026]["'\u201d\u2019)\]*_]*""", re.DOTALL)


class Unit(NamedTuple):
    """Neighbouring sentences that can be read by themselves: `first` to `last`, the last for its own sake."""

    first: int
    last: int

    @property
    def sentences(self) -> range:
        return range(self.first, self.last + 1)


def stands_alone(text: str) -> bool:
    """Whether a sentence says by itself whom and what it speaks of, as far as its opening tells."""
    if _EXPLETIVE.match(text):
        return True
    if _OPENS_DEPENDENT.match(text) or _GOES_ON.match(text):
        return False
    opening = _PRONOUN_AFTER_OPENING.match(text)
    return opening is None or bool(_NAMES_SOMEBODY.search(opening[0].split(maxsplit=1)[1]))


def is_whole(text: str) -> bool:
    """Whether a text reads as a sentence of prose: begun and ended as one, and no label."""
    return len(text.split()) >= LEAST_WORDS and _WHOLE.fullmatch(text) is not None


def units_of(numbers: Iterable[int], text_of: Callable[[int], str], follows: Callable[[int], bool]) -> list[Unit]:
    """What can be shown for some sentences: each alone, or with what it needs before it; the rest is left out.

    Args:
        numbers: Of the sentences, in text order.
        text_of: The plain text of the sentence with a number.
        follows: Whether the sentence before it is one that belongs with it: no heading, the same section.
    """
    found = (_unit_of(number, text_of, follows) for number in numbers)
    return [unit for unit in found if unit is not None]


def _unit_of(number: int, text_of: Callable[[int], str], follows: Callable[[int], bool]) -> Unit | None:
    for first in range(number, number - CONTEXT_SENTENCES - 1, -1):
        text = text_of(first)
        if not is_whole(text):
            return None
        if stands_alone(text):
            return Unit(first, number)
        if not follows(first):
            return None
    return None
