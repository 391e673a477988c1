"""A quote as people see it: its characters without markup, highlights strong, emphasis kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from index import Quote, Span

_SPECIAL = re.compile(r"([\\*_~`|<>\[\]@#:])")
_LIST_START = re.compile(r"^(\s*(?:\d+(?=[.)]))?)([-+.)])", re.MULTILINE)


class Piece(NamedTuple):
    """A stretch of a quote that is shown in one style."""

    text: str
    is_strong: bool
    is_emphasis: bool


def pieces(quote: Quote) -> Iterator[Piece]:
    """The visible characters of a quote in order, in stretches of one style.

    What is shown differs from `quote.text` in markup alone; runs of white space become one blank or one line break.
    """
    start, end = quote.citation.span
    cuts = sorted(
        {start, end}
        | {edge for spans in (quote.hidden, quote.emphasis, quote.highlights) for span in spans for edge in span}
    )
    previous = "\n"
    for left, right in zip(cuts, cuts[1:], strict=False):
        if _covers(quote.hidden, left):
            continue
        text = re.sub(r"\s+", _fold, quote.text[left - start : right - start])
        if previous.isspace():
            text = text.lstrip()
        if text:
            previous = text[-1]
            yield Piece(text, _covers(quote.highlights, left), _covers(quote.emphasis, left))


def plain(quote: Quote) -> str:
    """The quote without markup and without styles."""
    return "".join(piece.text for piece in pieces(quote)).strip()


def markdown(quote: Quote) -> str:
    """The quote in Discord's Markdown: everything escaped but the styles that we give it."""
    shown = []
    for text, is_strong, is_emphasis in pieces(quote):
        body = text.strip()
        if not body:
            shown.append(text)
            continue
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        styled = escape(body)
        if is_emphasis:
            styled = f"*{styled}*"
        if is_strong:  # bold ends at a line break, so each line gets its own
            styled = "\n".join(f"**{line}**" for line in styled.split("\n"))
        shown.append(before + styled + after)
    joined = "".join(shown).strip()
    return joined.replace("****", "")  # two strong stretches that touch are one


def block_quote(text: str) -> str:
    """Text as a Discord block quote."""
    return "\n".join(f"> {line}" for line in text.split("\n"))


def escape(text: str) -> str:
    """Text that Discord shows as it is: no Markdown, no mentions, no custom emoji, no masked links."""
    return _LIST_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))


def _covers(spans: Sequence[Span], position: int) -> bool:
    return any(start <= position < end for start, end in spans)


def _fold(match: re.Match[str]) -> str:
    return "\n" if "\n" in match[0] else " "
