"""A text that a reader puts together block by block, for formats whose own text has no use for people.

What comes out is plain: paragraphs parted by a blank line, list items and table rows by a line break, no markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from index.reading.outline import OutlineBuilder, Reading
from index.values import BlockKind, Mark, Source, Span

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff]"
)
_HALF = re.compile("[\ud800-\udfff]")
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
)


class Piece(NamedTuple):
    """Part of a block's text; white space in it counts as one blank."""

    text: str
    is_emphasis: bool = False
    source: int | None = None
    """Position in the sources of one that is named here."""
    page: int | None = None
    """Counted from 1."""


@dataclass(slots=True)
class Flow:
    """Blocks in reading order."""

    title: str | None = None
    """Known beforehand; else the first heading of level 1 is the title."""
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _blocks: list[tuple[BlockKind, Span, int]] = field(default_factory=list)
    _emphasis: list[Span] = field(default_factory=list)
    _marks: list[Mark] = field(default_factory=list)
    _pages: list[int] = field(default_factory=list)

    def add(self, kind: BlockKind, pieces: Iterable[Piece], *, level: int = 1) -> None:
        """Add a block; one without a visible character leaves no trace.

        Args:
            kind: What it is.
            pieces: Its text.
            level: Of a heading, from 1.
        """
        folded = _folded(pieces)
        if not folded:
            return
        if self._blocks:
            is_list = kind is BlockKind.LINES and self._blocks[-1][0] is BlockKind.LINES
            self._write("\n" if is_list else "\n\n")
        begin = self._length
        for piece in folded:
            while piece.page is not None and len(self._pages) < piece.page:
                self._pages.append(self._length)
            if piece.source is not None:
                self._marks.append(Mark(self._length, piece.source))
            if piece.is_emphasis and piece.text.strip():
                self._emphasis.append(Span(self._length, self._length + len(piece.text)))
            self._write(piece.text)
        self._blocks.append((kind, Span(begin, self._length), level))

    def build(self, sources: Iterable[Source] = (), **metadata: str | None) -> Reading:
        """What was put together.

        Args:
            sources: What the pieces' `source` counts in.
            metadata: What the file says of itself; unknown is None or empty.
        """
        text = "".join(self._parts)
        builder = OutlineBuilder(text, title=self.title)
        for kind, span, level in self._blocks:
            heading = text[span.start : span.end]
            if kind is BlockKind.HEADING and not (level == 1 and heading == self.title):
                builder.open_section(level, heading)
            builder.add(kind, [span])
        builder.emphasis, builder.marks = self._emphasis, self._marks
        known = {name: value for name, value in metadata.items() if value}
        return Reading(text, builder.build(tuple(sources)), known, tuple(self._pages))

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def cleaned(text: str) -> str:
    """A text without characters that nobody sees, and with ligatures as letters."""
    return _HALF.sub("\ufffd", _UNSEEN.sub("", text)).translate(_LIGATURES)


def one_line(text: str) -> str:
    """A cleaned text with its white space folded."""
    return " ".join(cleaned(text).split())


def _folded(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces with single blanks, none at either end."""
    folded: list[Piece] = []
    is_blank = True
    for piece in pieces:
        text = re.sub(r"\s+", " ", cleaned(piece.text))
        if is_blank:
            text = text.lstrip()
        if text:
            is_blank = text.endswith(" ")
        if text or piece.source is not None:
            folded.append(piece._replace(text=text))
    for number in range(len(folded) - 1, -1, -1):
        folded[number] = folded[number]._replace(text=folded[number].text.rstrip())
        if folded[number].text:
            return folded
    return []
