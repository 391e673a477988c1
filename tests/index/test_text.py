from __future__ import annotations

from hypothesis import given, settings

from index.reading.text import read_text
from index.values import BlockKind
from tests.index.strategies import texts


@given(texts)
@settings(max_examples=100, deadline=None)
def test_nothing_of_a_plain_text_is_hidden(text: str) -> None:
    outline = read_text(text)

    shown = "".join(text[block.span.start : block.span.end] for block in outline.blocks)

    assert outline.hidden == ()
    assert "".join(shown.split()) == "".join(text.split())


def test_blank_lines_part_paragraphs() -> None:
    text = "First line\nsecond line\n\n  \n\nNext paragraph\n"

    outline = read_text(text)

    assert [text[start:end] for start, end in (block.span for block in outline.blocks)] == [
        "First line\nsecond line",
        "Next paragraph",
    ]
    assert {block.kind for block in outline.blocks} == {BlockKind.PARAGRAPH}


def test_markup_in_a_plain_text_is_text() -> None:
    text = "# No heading *here*.[^1]\n\n[^1]: No source\n"

    outline = read_text(text)

    assert (outline.title, outline.sections, outline.emphasis, outline.sources) == (None, ((),), (), ())
    assert len(outline.blocks) == 2
