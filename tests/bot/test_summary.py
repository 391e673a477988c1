"""Summaries on Discord: whatever the texts, they fit; nothing is lost between pages; numbers count on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.localisation import dated, speaking
from bot.render.buttons import summary_buttons
from bot.render.limits import CUSTOM_ID, length
from bot.render.summary import (
    comparison_blocks,
    comparison_lead,
    comparison_quotes,
    in_pages,
    page_body,
    summary_blocks,
    summary_lead,
    without_quotes,
)
from bot.render.wording import NO_DATES, NO_SAME_POINTS, NO_SENTENCES, SAME_POINTS, UNCERTAIN_TOPIC
from bot.summaries import Kind, Request
from index import Comparison, Correction, DocumentEntry, Length, Pair, Source, Summary, Theme, Verdict
from tests.bot.discord_markdown import read, styled, text_of
from tests.bot.quotes import letters, lines, quote_of, quotes, texts
from tests.bot.test_passages import LARGEST_ID, payload_of
from tests.wire.limits import check_message

AT = datetime(2026, 11, 25, tzinfo=UTC)


def summary_of(*shown: Any, **more: Any) -> Summary:
    values: dict[str, Any] = {
        "subject": "The lighthouse",
        "verdict": Verdict.ANSWERED if shown else Verdict.NOT_COVERED,
        "generation": "3f9a2c41d07b",
        "elapsed_ms": 14.4,
    }
    return Summary(quotes=shown, **(values | more))


@st.composite
def summaries(draw: st.DrawFn) -> Summary:
    """Summaries of each kind, with any texts."""
    shown = draw(st.lists(quotes(), min_size=1, max_size=12))
    kind = draw(st.sampled_from(["document", "topic", "corpus", "timeline"]))
    more: dict[str, Any] = {}
    if kind == "corpus":
        first = draw(st.integers(0, len(shown)))
        more["themes"] = tuple(
            Theme(tuple(draw(st.lists(lines, min_size=1, max_size=5))), count) for count in (first, len(shown) - first)
        )
    elif kind != "document":
        more["confidence"] = draw(st.floats(0, 1))
        more["verdict"] = draw(st.sampled_from([Verdict.ANSWERED, Verdict.UNCERTAIN]))
        more["corrections"] = tuple(draw(st.lists(st.builds(Correction, letters, letters), max_size=3)))
    if kind == "timeline":
        more["dates"] = tuple(draw(st.sampled_from(["1971-11-04", "1971-11", "1971", "1970s"])) for _ in shown)
    return summary_of(*shown, subject=draw(texts), **more)


@settings(max_examples=60, deadline=None)
@given(summaries())
def test_every_page_of_a_summary_fits_discords_limits_and_none_of_its_lines_is_lost(summary: Summary):
    lead = summary_lead(summary)
    pages = in_pages(summary_blocks(summary, AT.date()), lead=lead)

    for number in range(1, len(pages) + 1):
        buttons = summary_buttons(LARGEST_ID, is_private=number == 1, next_page="2.document.medium." + "k" * 16)
        check_message(
            payload_of(page_body(summary, pages, number, lead=lead, at=AT, buttons=buttons, has_changed=True))
        )
    assert [quote for page in pages for quote in page.quotes] == list(summary.quotes)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(quotes() | st.none(), quotes() | st.none()).filter(any), min_size=1, max_size=12), lines, lines
)
def test_every_page_of_a_comparison_fits_discords_limits_and_none_of_its_lines_is_lost(
    pairs: list[Any], left: str, right: str
):
    comparison = Comparison((left, right), tuple(Pair(*pair) for pair in pairs), "3f9a2c41d07b", 1.0)
    lead = comparison_lead(comparison)
    pages = in_pages(comparison_blocks(comparison, AT.date()), lead=lead)

    for number in range(1, len(pages) + 1):
        check_message(payload_of(page_body(comparison, pages, number, lead=lead, at=AT, buttons=())))
    assert [quote for page in pages for quote in page.quotes] == list(comparison_quotes(comparison))


def test_what_one_message_holds_is_one_page_with_numbers_in_order():
    summary = summary_of(*(quote_of(f"Sentence {number}.", start=20 * number, section="Part") for number in range(6)))
    lead = summary_lead(summary)

    [page] = in_pages(summary_blocks(summary, AT.date()), lead=lead)

    body = page_body(summary, [page], 1, lead=lead, at=AT, buttons=())
    shown = text_of(read(body.content))
    assert shown.startswith("The lighthouse\n")
    assert [shown.index(f"[{number}] Part") for number in range(1, 7)] == sorted(
        shown.index(f"[{number}] Part") for number in range(1, 7)
    )
    assert body.embed is not None
    assert body.embed.description is None
    assert body.embed.footer.text == "generation 3f9a2c41d07b \u00b7 14 ms"


def test_what_the_text_does_not_hold_goes_on_in_the_embed_and_then_on_the_next_page():
    summary = summary_of(*(quote_of("word " * 160, start=900 * number) for number in range(12)))
    lead = summary_lead(summary)

    pages = in_pages(summary_blocks(summary, AT.date()), lead=lead)

    assert [len(page.content) for page in pages] == [2, 2]
    assert [len(page.embed) for page in pages] == [4, 4]
    second = page_body(summary, pages, 2, lead=lead, at=AT, buttons=())
    assert "**[7]**" in second.content
    assert second.embed is not None
    assert second.embed.footer.text is not None
    assert second.embed.footer.text.startswith("page 2 of 2")


@pytest.mark.parametrize("count", [12, 24])
def test_every_line_of_a_long_summary_says_where_its_words_are_from(count: int):
    title, day = "An article with a title of some length", "2023-11-20"
    sources = [Source(title, "A newspaper", day, f"https://example.org/{n:02}" + "a" * 78) for n in range(count)]
    quotes = tuple(replace(quote_of("Many words. " * 20), sources=(source,)) for source in sources)
    pairs = tuple(Pair(a, b) for a, b in zip(quotes[::2], quotes[1::2], strict=True))
    made: list[Summary | Comparison] = [summary_of(*quotes), Comparison(("A", "B"), pairs, "3f9a2c41d07b", 1.0)]

    for one in made:
        blocks = summary_blocks(one, AT.date()) if isinstance(one, Summary) else comparison_blocks(one, AT.date())
        pages = in_pages(blocks, lead="")
        bodies = [page_body(one, pages, number, lead="", at=AT, buttons=()) for number in range(1, len(pages) + 1)]
        shown = "\n".join(str(field.value) for body in bodies if body.embed for field in body.embed.fields)
        assert [int(number) for number in re.findall(r"\*\*\[(\d+)\]\*\* \[An article", shown)] == list(
            range(1, count + 1)
        )
        for body in bodies:
            check_message(payload_of(body))


def test_a_timeline_has_its_dates_above_its_lines():
    quote = quote_of("It was built in November 1971.", highlights=[(16, 29)])
    summary = summary_of(quote, confidence=0.9, dates=("1971-11",))

    [block] = summary_blocks(summary, AT.date())

    assert block.text.startswith("**November 1971**\n> ")
    assert styled(read(block.text), "strong").startswith("November 1971")


def test_a_documents_own_date_is_said_once_and_not_beside_the_dates_of_events():
    lines = ("It was built.", "It burned down.")
    quotes = [
        quote_of(text, document=document, title=document, published="2020-05-01")
        for document in ("sea", "land")
        for text in lines
    ]
    summary = summary_of(*quotes, confidence=0.9)
    timeline = replace(summary, dates=("1971", "1972", "1973", "1974"))

    dated_lines = ["May 1, 2020" in block.text for block in summary_blocks(summary, AT.date())]
    timeline_text = "".join(block.text for block in summary_blocks(timeline, AT.date()))
    assert dated_lines == [True, False, True, False]
    assert "2020" not in timeline_text


def test_a_theme_stands_above_its_first_line_alone():
    shown = [quote_of(f"Sentence {number}.", start=20 * number) for number in range(3)]
    summary = summary_of(*shown, subject="", themes=(Theme(tuple("ABDEF"), 2), Theme(("C",), 1)))

    blocks = summary_blocks(summary, AT.date())

    firsts = [text_of(read(block.text)).split("\n")[0] for block in blocks]
    assert firsts == ["A \u00b7 B \u00b7 D and 2 more documents", "Sentence 1.", "C"]
    assert summary_lead(summary) == "**What the documents are about**\n"


def test_an_uncertain_topic_and_a_misspelled_word_are_said_on_top():
    summary = summary_of(
        quote_of("A."), confidence=0.3, verdict=Verdict.UNCERTAIN, corrections=(Correction("lihgt", "light"),)
    )

    lead = summary_lead(summary)

    assert "I read *lihgt* as *light*." in lead
    assert UNCERTAIN_TOPIC in lead


def test_what_cannot_be_shown_is_said_in_words():
    assert NO_SENTENCES in without_quotes(summary_of(), ()).content
    assert NO_DATES in without_quotes(summary_of(confidence=0.9, verdict=Verdict.ANSWERED), ()).content


def test_a_comparison_numbers_its_quotes_one_after_the_other():
    a, b, c = (quote_of(f"Sentence {number}.", start=20 * number) for number in range(3))
    comparison = Comparison(("Red", "Grey"), (Pair(a, b), Pair(None, c)), "g", 1.0)

    both, alone = comparison_blocks(comparison, AT.date())

    assert both.text.startswith(f"**{SAME_POINTS}**\n> Sentence 0.")
    assert both.text.index("[1]") < both.text.index("[2]")
    assert text_of(read(alone.text)).startswith("Only in: Grey\n")
    assert "[3]" in alone.text
    assert comparison_lead(comparison) == "**Red \u00b7 Grey**\n"
    assert NO_SAME_POINTS in comparison_lead(Comparison(("Red", "Grey"), (Pair(None, c),), "g", 1.0))


@pytest.mark.parametrize("kind", Kind)
def test_the_button_of_the_next_page_fits(kind: Kind):
    entry = DocumentEntry("d" * 300, "k" * 16, "T", "d.md", "", 1, 1)

    request = Request(kind, Length.MEDIUM, (entry, entry))

    for row in summary_buttons(LARGEST_ID, is_private=True, next_page=request.page(12)):
        assert all(length(button.custom_id) <= CUSTOM_ID for button in row)


@pytest.mark.parametrize(
    ("date", "english", "spanish"),
    [
        ("1971-11-04", "November 4, 1971", "4 de noviembre de 1971"),
        ("1971-11", "November 1971", "noviembre de 1971"),
        ("1971", "1971", "1971"),
        ("1970s", "1970s", "1970s"),
    ],
)
def test_a_date_is_written_as_the_language_writes_it(date: str, english: str, spanish: str):
    assert dated(date) == english
    with speaking("es-ES"):
        assert dated(date) == spanish
