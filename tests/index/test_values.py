from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.values import (
    Answer,
    Citation,
    Document,
    Passage,
    Quote,
    Sentence,
    Source,
    Span,
    Verdict,
    clip_spans,
    merge_spans,
)

TEXT = "The lamp burned whale oil until 1904, then paraffin."
spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: Span(min(pair), max(pair)))


def offsets_of(parts: Iterable[Span]) -> list[int]:
    return [offset for start, end in parts for offset in range(start, end)]


@pytest.fixture
def quote() -> Quote:
    return Quote(
        citation=Citation(
            document="sea/lighthouse",
            title="The lighthouse",
            section="How it began > 1862",
            page=None,
            span=Span(4, 25),
            publisher="Museum",
            published="1998-05-17",
            updated=None,
            url="https://example.org",
        ),
        text=TEXT[4:25],
        highlights=(Span(4, 8),),
        hidden=(),
        emphasis=(),
        sources=(Source("Log book", "Harbour", "1890", "https://example.org/log"),),
        score=1.23456,
    )


def test_a_quote_that_does_not_fill_its_span_cannot_be_made(quote: Quote) -> None:
    with pytest.raises(ValueError, match="does not fill its span"):
        replace(quote, text=quote.text + " ")


def test_an_answer_as_json_has_the_form_that_scripts_rely_on(quote: Quote) -> None:
    answer = Answer("What burned?", Verdict.ANSWERED, 0.98765, (quote,), "3f9a2c41d07b", 14.234)

    content = json.loads(json.dumps(answer.as_dict()))

    assert {key: content[key] for key in ("question", "verdict", "confidence", "generation", "elapsed_ms")} == {
        "question": "What burned?",
        "verdict": "answered",
        "confidence": 0.988,
        "generation": "3f9a2c41d07b",
        "elapsed_ms": 14.2,
    }
    assert content["quotes"] == [
        {
            "document": "sea/lighthouse",
            "title": "The lighthouse",
            "section": "How it began > 1862",
            "page": None,
            "start": 4,
            "end": 25,
            "text": "lamp burned whale oil",
            "highlights": [[4, 8]],
            "score": 1.235,
            "publisher": "Museum",
            "published": "1998-05-17",
            "url": "https://example.org",
            "sources": [
                {"title": "Log book", "publisher": "Harbour", "date": "1890", "url": "https://example.org/log"}
            ],
        }
    ]


def test_a_passage_spans_from_its_first_sentence_to_its_last() -> None:
    passage = Passage(0, (Sentence(Span(3, 9)), Sentence(Span(10, 12)), Sentence(Span(20, 31))))

    assert passage.span == Span(3, 31)


@given(st.lists(spans))
def test_merged_spans_cover_the_same_and_do_not_touch(parts: list[Span]) -> None:
    merged = merge_spans(parts)

    assert offsets_of(merged) == sorted(set(offsets_of(parts)))
    assert all(before.end < after.start for before, after in pairwise(merged))
    assert all(start < end for start, end in merged)


@given(st.lists(spans), spans)
def test_clipped_spans_cover_what_lies_within(parts: list[Span], within: Span) -> None:
    clipped = clip_spans(merge_spans(parts), within)

    assert offsets_of(clipped) == sorted(set(offsets_of(parts)) & set(range(*within)))


@given(st.lists(spans), spans)
def test_what_is_visible_is_what_is_not_hidden(hidden: list[Span], span: Span) -> None:
    text = "".join(chr(ord("A") + offset) for offset in range(31))
    document = Document("a", "a.md", "A", text, "", blocks=(), sections=((),), hidden=merge_spans(hidden))

    visible = document.visible(span)

    assert offsets_of(visible) == sorted(set(range(*span)) - set(offsets_of(hidden)))
    assert document.plain(span) == "".join(text[offset] for offset in offsets_of(visible))


def test_the_plain_reading_folds_white_space() -> None:
    document = Document("a", "a.md", "A", "two\n  words\t here ", "", blocks=(), sections=((),))

    assert document.plain(Span(0, len(document.text))) == "two words here"
