"""What a format's reader finds in a text, and how it is put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from index.values import Block, BlockKind, Mark, Source, Span, merge_spans


@dataclass(frozen=True, slots=True)
class Outline:
    """The structure of a text: the part of a `Document` that depends on its format."""

    title: str | None
    blocks: tuple[Block, ...]
    sections: tuple[tuple[str, ...], ...]
    hidden: tuple[Span, ...] = ()
    emphasis: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of a file's bytes: all of a `Document` but its name."""

    text: str
    outline: Outline
    metadata: Mapping[str, Any] = field(default_factory=dict)
    pages: tuple[int, ...] = ()
    """Where each page begins, of a format that has pages."""
    sketch: tuple[int, ...] = ()
    """See `index.twins.sketch_of`."""


@dataclass(slots=True)
class OutlineBuilder:
    """Collects blocks in text order; what no block shows becomes hidden."""

    text: str
    title: str | None = None
    blocks: list[Block] = field(default_factory=list)
    sections: list[tuple[str, ...]] = field(default_factory=lambda: [()])
    visible: list[Span] = field(default_factory=list)
    emphasis: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    _headings: list[tuple[int, str]] = field(default_factory=list)

    def add(self, kind: BlockKind, parts: list[Span]) -> None:
        """Add a block of visible parts; one that shows nothing is dropped."""
        filled = [part for part in parts if self.text[part.start : part.end].strip()]
        if filled:
            self.blocks.append(Block(kind, Span(filled[0].start, filled[-1].end), len(self.sections) - 1))
            self.visible += parts

    def open_section(self, level: int, heading: str) -> None:
        """Begin the section of a heading of level 1 to 6; the first heading of level 1 is the title."""
        if level == 1 and self.title is None and not self._headings:
            self.title = heading
            return
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._headings.append((level, heading))
        self.sections.append(tuple(text for _, text in self._headings))

    def build(self, sources: tuple[Source, ...] = ()) -> Outline:
        hidden, position = [], 0
        for start, end in merge_spans([*self.visible, Span(len(self.text), len(self.text) + 1)]):
            gap = self.text[position:start]
            if gap.strip():  # the white space at its edges stays: it parts what is shown
                hidden.append(Span(position + len(gap) - len(gap.lstrip()), position + len(gap.rstrip())))
            position = end
        return Outline(
            title=self.title,
            blocks=tuple(self.blocks),
            sections=tuple(self.sections),
            hidden=tuple(hidden),
            emphasis=merge_spans(self.emphasis),
            marks=tuple(self.marks),
            sources=sources,
        )
