"""The part of a long sentence that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from index.values import Span

_BREAK = re.compile(r"(?<=[;:,)\]])\s+|(?<!\s)(?:\s+(?=[(\[])|\s+[\u2013\u2014]\s+|\u2014)")
"""Where a clause may end: at marks alone, since which words begin one is a matter of the language."""


def main_stretch(text: str, says: Callable[[str], float], room: int) -> Span:
    """The stretch of whole clauses that says most; of equal ones the longest, of those the first.

    Args:
        text: Of a sentence.
        says: How much a stretch says; never less than any part of it.
        room: Characters. A clause that is longer is cut at white space, where there is any.
    """
    return max(_stretches(text, room), key=lambda span: (round(says(text[slice(*span)]), 6), span.end - span.start))


def _stretches(text: str, room: int) -> Iterator[Span]:
    """From each clause on, the longest stretch that fits: one that is part of another says no more."""
    breaks = list(_BREAK.finditer(text))
    ends = [*(match.start() for match in breaks), len(text)]
    first = len(text) - len(text.lstrip())
    for start in (first, *(match.end() for match in breaks)):
        fitting = [end for end in ends if start < end <= start + room]
        if not fitting:
            blank = text.rfind(" ", start + 1, start + room + 1)
            fitting = [blank if blank > 0 else start + room]
        yield Span(start, start + len(text[start : fitting[-1]].rstrip()))
