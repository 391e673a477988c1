"""Elements of HTML, and of the XML that trafilatura makes of it, to blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from index.reading.flow import Flow, Piece
from index.values import BlockKind

SOURCE = "data-source"
"""Attribute of an element that stands for a footnote's mark: the position of its source."""

HEADINGS = {f"h{level}": level for level in range(1, 7)}
EMPHASIS = frozenset("em i strong b hi".split())
UNREAD = frozenset("script style template noscript svg math iframe object audio video select title".split())
BLOCKS = frozenset(
    "p div section article main body blockquote quote ul ol list dl dt dd table thead tbody tfoot figure figcaption "
    "caption address aside header footer nav hr form fieldset".split()
)
ITEMS = frozenset("li item".split())
ROWS = frozenset("tr row".split())
CELLS = frozenset("td th cell".split())
BREAKS = frozenset("br lb".split())


@dataclass(slots=True)
class _Walk:
    """Where a walk through a tree is, and the pieces of the block that it is in."""

    flow: Flow
    pieces: list[Piece] = field(default_factory=list)
    level: int = 0
    items: int = 0
    rows: int = 0
    emphasis: int = 0
    has_break: bool = False

    def text(self, text: str | None) -> None:
        if text:
            self.pieces.append(Piece(text, is_emphasis=self.emphasis > 0 and not self.level))

    def flush(self) -> None:
        if self.level:
            self.flow.add(BlockKind.HEADING, self.pieces, level=self.level)
        elif self.items or self.rows or self.has_break:
            self.flow.add(BlockKind.LINES, self.pieces)
        else:
            self.flow.add(BlockKind.PARAGRAPH, self.pieces)
        self.pieces = []

    def part(self) -> None:
        """Begin or end a block; within a table's row and a heading it is only a blank."""
        if self.rows or self.level:
            self.pieces.append(Piece(" "))
        else:
            self.flush()
            self.has_break = False

    def open(self, tag: str, element: Any) -> None:
        level = HEADINGS.get(element.get("rend", "") if tag == "head" else tag, 0)
        if level and not self.rows:
            self.part()
            self.level = level
        elif tag in ROWS:
            self.part()
            self.rows += 1
        elif tag in CELLS:
            if any(piece.text.strip() for piece in self.pieces):
                self.pieces.append(Piece(" | "))
        elif tag in ITEMS:
            self.part()
            self.items += 1
        elif tag in BREAKS:
            self.has_break = self.has_break or not (self.level or self.rows)
            if self.has_break:
                self.flush()
            else:
                self.pieces.append(Piece(" "))
        elif tag in BLOCKS:
            self.part()
        elif tag in EMPHASIS:
            self.emphasis += 1
        if element.get(SOURCE):
            self.pieces.append(Piece("", source=int(element.get(SOURCE))))

    def close(self, tag: str, element: Any) -> None:
        level = HEADINGS.get(element.get("rend", "") if tag == "head" else tag, 0)
        if level and not self.rows:
            self.flush()
            self.level = 0
        elif tag in ROWS:
            self.rows -= 1
            if not self.rows:
                self.rows = 1  # what is flushed is still the row
                self.flush()
                self.rows = 0
        elif tag in ITEMS:
            self.part()
            self.items -= 1
        elif tag in BLOCKS:
            self.part()
        elif tag in EMPHASIS:
            self.emphasis -= 1


def read_tree(root: Any, flow: Flow) -> None:
    """Add the blocks of an element to a flow: headings, paragraphs, list items, table rows."""
    walk = _Walk(flow)
    unread: Any = None
    for event, element in _events(root):
        tag = etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""
        if event == "start" and unread is None:
            if tag in UNREAD or element.get("hidden") is not None:
                unread = element
                continue
            walk.open(tag, element)
            walk.text(element.text)
        elif event != "start":
            if unread is None and tag:
                walk.close(tag, element)
            if unread is element:
                unread = None
            if unread is None and element is not root:
                walk.text(element.tail)
    walk.flush()


def _events(root: Any) -> Iterator[tuple[str, Any]]:
    events: Any = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    yield from events
