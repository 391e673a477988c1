from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings

from index.reading.markdown import read_markdown, source_of
from index.values import BlockKind, Source
from tests.index.documents import document_of, hidden_offsets, sentence_texts
from tests.index.strategies import markdown_text, texts


def plain_of(text: str) -> str:
    document = document_of(text)
    return " / ".join(document.plain(block.span) for block in document.blocks)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_reading_never_fails_and_all_offsets_lie_in_the_text_in_order(text: str) -> None:
    outline = read_markdown(text)

    for spans in (outline.hidden, outline.emphasis, [block.span for block in outline.blocks]):
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert all(before.end <= after.start for before, after in pairwise(spans))
    assert all(0 <= mark.position < len(text) and mark.source < len(outline.sources) for mark in outline.marks)
    assert all(block.section < len(outline.sections) for block in outline.blocks)


@given(texts)
@settings(max_examples=150, deadline=None)
def test_what_no_block_shows_is_hidden_and_every_block_shows_something(text: str) -> None:
    document = document_of(text)
    hidden = hidden_offsets(document)

    shown = {
        offset
        for block in document.blocks
        for start, end in document.visible(block.span)
        for offset in range(start, end)
    }

    assert [
        offset for offset in range(len(text)) if not text[offset].isspace() and (offset in shown) == (offset in hidden)
    ] == []
    assert all(document.plain(block.span) for block in document.blocks)


@given(texts)
@settings(max_examples=100, deadline=None)
def test_a_word_before_and_after_any_text_is_not_hidden_with_it(text: str) -> None:
    document = document_of(f"Firstword\n\n{without_openings(text)}\n\nLastword\n")

    shown = "".join(document.plain(block.span) for block in document.blocks)

    assert "Firstword" in shown
    assert "Lastword" in shown


def without_openings(text: str) -> str:
    """A text without what rightly swallows all that follows: an open comment, fence, block of HTML, or definition."""
    return re.sub(r"<|`|~|\[\^|\]:", "", text)


@given(markdown_text)
@settings(max_examples=100, deadline=None)
def test_the_visible_text_is_the_text_itself_in_order(text: str) -> None:
    document = document_of(text)
    hidden = hidden_offsets(document)

    shown = "".join(text[start:end] for block in document.blocks for start, end in document.visible(block.span))

    left = "".join(character for offset, character in enumerate(text) if offset not in hidden)
    assert "".join(shown.split()) == "".join(left.split())


@given(texts, texts)
@settings(max_examples=100, deadline=None)
def test_no_comment_is_ever_shown(before: str, after: str) -> None:
    document = document_of(f"{before}<!-- swordfish -->{after}")

    assert "swordfish" not in "".join(document.plain(block.span) for block in document.blocks)


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("A **bold** and *slanted* word.", "A bold and slanted word."),
        ("An __underlined__ and _other_ word.", "An underlined and other word."),
        ("All ***three*** marks.", "All three marks."),
        ("**Bold with *slanted* inside.**", "Bold with slanted inside."),
        ("A snake_case_name and 2 * 3 * 4.", "A snake_case_name and 2 * 3 * 4."),
        ("One * alone and ** two.", "One * alone and ** two."),
        (r"Not \*slanted\* and not \# a heading.", "Not *slanted* and not # a heading."),
        ("Call `index.open()` or `` a`b ``.", "Call index.open() or a`b ."),
        ("No *slant in `code *` here*.", "No slant in code * here."),
        ('See [the page](https://example.org/a_(b) "Title").', "See the page."),
        ("See [**the** page](https://example.org).", "See the page."),
        ("See [the page][1].\n\n[1]: https://example.org", "See the page."),
        ("See [the page][unknown].", "See [the page][unknown]."),
        ("An array[0] and a [note].", "An array[0] and a [note]."),
        ("At <https://example.org/x>.", "At https://example.org/x."),
        ("A picture ![of a cat](cat.png) here.", "A picture here."),
        ("A <b>bold</b> tag, and 1 < 2 > 0.", "A bold tag, and 1 < 2 > 0."),
        ("Before <!-- hidden --> after.", "Before after."),
        ("Before <!-- hidden\n\nstill hidden --> after.", "Before / after."),
        ("Before\n[^1]: Source\n    of two lines\n# After", "Before / After"),
        ("A claim.[^1] Another.\n\n[^1]: Source", "A claim. Another."),
        ("A mark[^nowhere] without a definition.", "A mark[^nowhere] without a definition."),
        ("> A quoted line\n> and another.", "A quoted line and another."),
        ("> > Deeply quoted.", "Deeply quoted."),
        ("Heading\n=======\n\nText.", "Heading / Text."),
        ("# Heading #\n\nText.", "Heading / Text."),
        ("One.\n\n---\n\nTwo.", "One. / Two."),
        ("- one\n  - two\n    - three", "one / two / three"),
        ("* one\n+ two\n1) three", "one / two / three"),
        ("    indented code *as it is*", "indented code *as it is*"),
        ("```python\nx = *y*\n```", "x = *y*"),
        ("| a | **b** |\n|---|:-:|\n| c | d |", "a | b / c | d"),
        ("\tTabbed *code*\n", "Tabbed *code*"),
        ("- one\n\n  second paragraph\n", "one / second paragraph"),
    ],
)
def test_the_plain_reading_leaves_out_markup_and_nothing_else(markdown: str, plain: str) -> None:
    assert plain_of(markdown) == plain


def test_emphasis_is_kept_as_spans_of_the_text_inside_the_marks() -> None:
    text = "A **bold** and *slanted* word in `code`."

    outline = read_markdown(text)

    assert [text[start:end] for start, end in outline.emphasis] == ["bold", "slanted"]


def test_headings_open_sections_that_nest_by_level() -> None:
    text = "# Title\n\nIntro.\n\n## One\n\nA.\n\n### Inner\n\nB.\n\n## Two\n\nC.\n\n# Late\n\nD.\n"

    outline = read_markdown(text)

    places = [(text[block.span.start : block.span.end], outline.sections[block.section]) for block in outline.blocks]
    assert outline.title == "Title"
    assert dict(places) == {
        "Title": (),
        "Intro.": (),
        "One": ("One",),
        "A.": ("One",),
        "Inner": ("One", "Inner"),
        "B.": ("One", "Inner"),
        "Two": ("Two",),
        "C.": ("Two",),
        "Late": ("Late",),
        "D.": ("Late",),
    }


def test_the_title_and_the_sections_are_plain_text() -> None:
    outline = read_markdown("# The *real* `title`[^1]\n\n## A [linked](https://x.org) part\n\nText.\n\n[^1]: Source\n")

    assert outline.title == "The real title"
    assert outline.sections == ((), ("A linked part",))


def test_blocks_know_whether_a_line_break_ends_a_sentence() -> None:
    outline = read_markdown("# Heading\n\nParagraph.\n\n- item\n\n| a |\n|---|\n| b |\n\n```\ncode\n```\n")

    assert [block.kind for block in outline.blocks] == [
        BlockKind.HEADING,
        BlockKind.PARAGRAPH,
        BlockKind.LINES,
        BlockKind.LINES,
        BlockKind.LINES,
        BlockKind.LINES,
    ]


def test_footnote_definitions_are_sources_and_never_text() -> None:
    document = document_of(
        "A claim.[^a]\n\n[^a]: [A page](https://example.org/a). Paper. 2020-01-02.\n"
        "[^b]: A book,\n    second line\n\nMore.\n"
    )

    assert sentence_texts(document) == ["A claim.", "More."]
    assert document.sources == (
        Source("A page", "Paper", "2020-01-02", "https://example.org/a"),
        Source("A book, second line"),
    )


@pytest.mark.parametrize("following", ["# Heading\n", "- item\n", "> quote\n", "```\ncode\n```\n", "| a |\n|---|\n"])
def test_a_definition_does_not_swallow_the_block_below_it(following: str) -> None:
    document = document_of(f"A claim.[^a]\n\n[^a]: Source\n{following}")

    assert [source.title for source in document.sources] == ["Source"]
    assert len(document.blocks) > 1


def test_of_two_definitions_of_a_mark_the_first_counts() -> None:
    document = document_of("A claim.[^a]\n\n[^a]: First\n\n[^a]: Second\n")

    assert [document.sources[mark.source].title for mark in document.marks] == ["First"]


@pytest.mark.parametrize(
    ("definition", "source"),
    [
        (
            "[Title](https://example.org/x). Publisher. 2020-01-02.",
            Source("Title", "Publisher", "2020-01-02", "https://example.org/x"),
        ),
        ("[Title](https://example.org/x). Publisher. undated.", Source("Title", "Publisher", None, "https://example.org/x")),
        ("[Title](https://example.org/x). 1971.", Source("Title", None, "1971", "https://example.org/x")),
        ("[Title](https://example.org/x). Publisher.", Source("Title", "Publisher", None, "https://example.org/x")),
        ("[Title](https://example.org/x)", Source("Title", None, None, "https://example.org/x")),
        ("[A [nested] title](https://example.org/x_(y)). 2020-01.", Source("A [nested] title", None, "2020-01", "https://example.org/x_(y)")),
        (
            "[Title](https://example.org/x). U.S. Department of State, Press. 2020-01-02.",
            Source("Title", "U.S. Department of State, Press", "2020-01-02", "https://example.org/x"),
        ),
        ("A book, page 3", Source("A book, page 3")),
        ("A page at https://example.org/x.", Source("A page at", url="https://example.org/x")),
        ("https://example.org/x", Source("https://example.org/x", url="https://example.org/x")),
    ],
)  # fmt: skip
def test_a_footnote_is_taken_apart_into_title_publisher_date_and_address(definition: str, source: Source) -> None:
    assert source_of(definition) == source


@given(texts)
@settings(max_examples=100, deadline=None)
def test_any_footnote_text_is_a_source(text: str) -> None:
    source_of(text)


def test_a_comment_sign_in_code_hides_nothing() -> None:
    assert plain_of("Write `<!--` to open a comment.\n\nThis stays.") == "Write <!-- to open a comment. / This stays."


def test_an_open_comment_at_a_lines_start_hides_the_rest() -> None:
    assert plain_of("This stays.\n\n<!-- This goes.\n\nThis too.") == "This stays."


def test_text_in_many_nested_quotes_is_read() -> None:
    assert plain_of(">" * 60 + " deep inside") == "deep inside"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "*a " * 20_000,
        "_" * 20_000,
        "`a``b" * 8_000,
        "<a" * 20_000,
        "[a](" * 10_000,
        "[a](" + " " * 3_000,
        "> " * 5_000,
        "- " * 3_000,
        "[^a]: x\n" * 3_000,
        "<!--" * 10_000,
        "a\n" * 10_000,
        "| a " * 5_000 + "\n|---|\n",
    ],
    ids=lambda text: text[:8],
)
def test_hostile_markdown_does_not_hang(text: str) -> None:
    started = time.perf_counter()

    read_markdown(text)

    assert time.perf_counter() - started < 20
