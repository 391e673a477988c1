"""A quote as people see it: its characters without markup, highlights strong, emphasis kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
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
    gap, has_break, is_first = "", False, True
    for left, right in pairwise(cuts):
        text = quote.text[left - start : right - start]
        if _covers(quote.hidden, left):
            has_break = has_break or "\n" in text
            continue
        gap += text[: len(text) - len(text.lstrip())]
        words = text.strip()
        if not words:  # white space on both sides of something hidden is one
            continue
        if gap and has_break:  # what is hidden may reach from one line to the next, as a footnote's mark and a dash
            gap = "\n"
        yield Piece(
            ("" if is_first else re.sub(r"\s+", _fold, gap)) + re.sub(r"\s+", _fold, words),
            _covers(quote.highlights, left),
            _covers(quote.emphasis, left),
        )
        gap, has_break, is_first = text[len(text.rstrip()) :], False, False


def plain(quote: Quote) -> str:
    """The quote without markup and without styles."""
    return "".join(piece.text for piece in pieces(quote)).strip()


def markdown(quote: Quote) -> str:
    """The quote in Discord's Markdown: everything escaped but the styles that we give it."""
    lines: list[list[Piece]] = [[]]
    for piece in pieces(quote):
        first, *more = piece.text.split("\n")
        lines[-1].append(piece._replace(text=first))
        lines.extend([piece._replace(text=text)] for text in more)
    return "\n".join(_styled(line) for line in lines).strip()


def _styled(line: Sequence[Piece]) -> str:
    """One line, bold around emphasis; Discord ends both with the line.

    Where emphasis touches bold from outside, Discord reads `**a***b*` as a bold "a*": there it is left out.
    """
    runs = [Piece("".join(text for text, *_ in same), *style) for style, same in groupby(line, lambda piece: piece[1:])]
    runs = [run for run in runs if run.text]
    blank = Piece(" ", False, False)
    clear = [
        run if run.is_strong or not (_touch(before, run) or _touch(run, after)) else run._replace(is_emphasis=False)
        for before, run, after in zip([blank, *runs], runs, [*runs[1:], blank], strict=False)
    ]
    shown = ""
    for is_strong, group in groupby(clear, lambda piece: piece.is_strong):
        inner = "".join(_within(escape(text), "*" if is_emphasis else "") for text, _, is_emphasis in group)
        shown += _within(inner, "**" if is_strong else "")
    return shown


def _touch(left: Piece, right: Piece) -> bool:
    return left.is_strong != right.is_strong and not left.text[-1].isspace() and not right.text[0].isspace()


def _within(text: str, mark: str) -> str:
    """A text between two marks, its outer white space outside of them."""
    body = text.strip()
    return text.replace(body, f"{mark}{body}{mark}") if body else text


def block_quote(text: str) -> str:
    """Text as a Discord block quote."""
    return "\n".join(f"> {line}" for line in text.split("\n"))


def escape(text: str) -> str:
    """Text that Discord shows as it is: no Markdown, no mentions, no custom emoji, no masked links."""
    return _LIST_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))


def without_mention(text: str, person_id: int) -> str:
    """What a person wrote, in one line, without the mentions that only address somebody."""
    return " ".join(re.sub(rf"<@!?{person_id}>", " ", text).split())


def _covers(spans: Sequence[Span], position: int) -> bool:
    return any(start <= position < end for start, end in spans)


def _fold(match: re.Match[str]) -> str:
    return "\n" if "\n" in match[0] else " "
