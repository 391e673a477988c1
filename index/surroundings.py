"""A quote among the text that surrounds it, in a document as it is now."""

from __future__ import annotations

import re
from dataclasses import replace

from index.values import Document, Quote, Span, clip_spans

SURROUNDINGS_ROOM = 1500

PARAGRAPH = re.compile(r"\S(?:.|\n(?!\s*\n))*")
LINE = re.compile(r"\S.*")


def in_surroundings(document: Document, quote: Quote, *, room: int = SURROUNDINGS_ROOM) -> Quote | None:
    """The quote with whole paragraphs before and after it, as far as the room takes them, itself highlighted.

    Args:
        document: What the quote is from; it may have changed since.
        quote: As it was shown.
        room: Characters of the text together; a quote that is longer is given alone.

    Returns:
        None where the document no longer holds the quote's text. Where it has moved, the place nearest to the old one.
    """
    start = _nearest(document.text, quote.text, quote.citation.span.start)
    if start is None:
        return None
    own = Span(start, start + len(quote.text))
    wide = _widened(document, own, room)
    return replace(
        quote,
        citation=replace(quote.citation, span=wide),
        text=document.text[wide.start : wide.end],
        highlights=(own,),
        hidden=clip_spans(document.hidden, wide),
        emphasis=clip_spans(document.emphasis, wide),
    )


def _nearest(text: str, wanted: str, position: int) -> int | None:
    """Where a text stands that is nearest to a position."""
    if text.startswith(wanted, position):
        return position
    before, after = text.rfind(wanted, 0, position + len(wanted)), text.find(wanted, position)
    found = [place for place in (before, after) if place >= 0]
    return min(found, key=lambda place: abs(place - position)) if found else None


def _widened(document: Document, own: Span, room: int) -> Span:
    """A span with its neighbours: whole paragraphs, or whole lines where its own paragraph is too long."""
    for unit in (PARAGRAPH, LINE):
        spans = [Span(*match.span()) for match in unit.finditer(document.text)]
        units = [span for span in spans if document.plain(span)]
        wide = _without_last_heading(document, units, own, _with_neighbours(units, own, room))
        if wide != own:
            return wide
    return own


def _without_last_heading(document: Document, units: list[Span], own: Span, wide: Span) -> Span:
    """A span without the headings that it ends in, if it does: their sections lie outside."""
    headings = {path[-1] for path in document.sections if path}
    inside = [unit for unit in units if own.end <= unit.start and unit.end <= wide.end]
    while inside and " ".join(document.plain(inside[-1]).split()) in headings:
        inside.pop()
        before = max((unit.end for unit in units if unit.end < wide.end), default=own.end)
        wide = Span(wide.start, max(before, own.end))
    return wide


def _with_neighbours(units: list[Span], own: Span, room: int) -> Span:
    """A span, the units that it touches whole, and those next to them, on either side in turn, while they fit."""
    inside = [number for number, unit in enumerate(units) if unit.start < own.end and unit.end > own.start]
    if not inside:
        return own
    first, last = inside[0], inside[-1]
    wide = Span(min(own.start, units[first].start), max(own.end, units[last].end))
    if wide.end - wide.start > room:
        return own
    may_grow = {-1: True, 1: True}
    while any(may_grow.values()):
        for side in (-1, 1):
            number = first - 1 if side < 0 else last + 1
            may_grow[side] = may_grow[side] and 0 <= number < len(units)
            if not may_grow[side]:
                continue
            wider = Span(min(wide.start, units[number].start), max(wide.end, units[number].end))
            may_grow[side] = wider.end - wider.start <= room
            if may_grow[side]:
                wide = wider
                first, last = min(first, number), max(last, number)
    return wide
