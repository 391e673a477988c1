"""Plain text: paragraphs between blank lines, no markup."""

from __future__ import annotations

import re

from index.reading.outline import Outline, OutlineBuilder
from index.values import BlockKind, Span

_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")


def read_text(text: str) -> Outline:
    """Read plain text; every character that is not blank can be quoted."""
    builder = OutlineBuilder(text)
    for paragraph in _PARAGRAPH.finditer(text):
        builder.add(BlockKind.PARAGRAPH, [Span(*paragraph.span())])
    return builder.build()
