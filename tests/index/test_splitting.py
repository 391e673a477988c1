from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.splitting import PASSAGE_CHARACTERS, Fits, split
from index.values import Document
from tests.index.documents import (
    document_of,
    everything_fits,
    exact,
    hidden_offsets,
    sentence_texts,
    sentences_of,
    text_document_of,
)
from tests.index.strategies import texts

documents = st.one_of(texts.map(document_of), texts.map(text_document_of))


@given(documents)
@settings(max_examples=150, deadline=None)
def test_sentences_stand_in_text_order_and_do_not_overlap(document: Document) -> None:
    spans = [sentence.span for sentence in sentences_of(document)]

    assert all(0 <= start < end <= len(document.text) for start, end in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))


@given(documents)
@settings(max_examples=150, deadline=None)
def test_every_visible_character_that_is_not_blank_lies_in_exactly_one_sentence(document: Document) -> None:
    hidden = hidden_offsets(document)

    covered = [offset for sentence in sentences_of(document) for offset in range(*sentence.span)]

    visible = {
        offset for offset, character in enumerate(document.text) if not character.isspace() and offset not in hidden
    }
    assert len(covered) == len(set(covered))
    assert visible <= set(covered)


@given(documents)
@settings(max_examples=100, deadline=None)
def test_a_sentence_begins_and_ends_with_a_character_that_people_see(document: Document) -> None:
    hidden = hidden_offsets(document)

    edges = [edge for sentence in sentences_of(document) for edge in (sentence.span.start, sentence.span.end - 1)]

    assert [edge for edge in edges if edge in hidden or document.text[edge].isspace()] == []


@given(documents)
@settings(max_examples=100, deadline=None)
def test_no_passage_crosses_a_section(document: Document) -> None:
    passages = split(document, fits=everything_fits)

    for passage in passages:
        inside = [
            block.section
            for block in document.blocks
            if block.span.start < passage.span.end and block.span.end > passage.span.start
        ]
        assert set(inside) == {passage.section}


@given(documents, st.integers(min_value=1, max_value=60))
@settings(max_examples=100, deadline=None)
def test_no_sentence_and_no_passage_is_longer_than_the_model_reads(document: Document, limit: int) -> None:
    passages = split(document, fits=lambda text: len(text) <= limit)

    assert all(len(document.plain(sentence.span)) <= limit for sentence in sentences_of(document, passages))
    assert all(len(document.plain(passage.span)) <= limit for passage in passages)


@given(documents, st.integers(min_value=1, max_value=60))
@settings(max_examples=100, deadline=None)
def test_a_sentence_that_is_cut_for_the_model_loses_no_word(document: Document, limit: int) -> None:
    passages = split(document, fits=lambda text: len(text) <= limit)

    pieces = "".join(document.plain(sentence.span) for sentence in sentences_of(document, passages))

    whole = "".join(document.plain(sentence.span) for sentence in sentences_of(document))
    assert pieces.replace(" ", "") == whole.replace(" ", "")


@given(documents)
@settings(max_examples=100, deadline=None)
def test_the_same_text_gives_the_same_passages(document: Document) -> None:
    assert split(document, fits=everything_fits) == split(document, fits=everything_fits)


def test_a_long_sentence_is_cut_between_words() -> None:
    document = text_document_of("the quick brown fox jumps over the lazy dog and runs away")

    pieces = [exact(document, sentence.span) for sentence in sentences_of(document, split(document, fits=short_of(20)))]

    assert " ".join(pieces) == document.text
    assert len(pieces) > 2


def test_a_long_word_is_cut_where_it_must_be() -> None:
    document = text_document_of("a" * 50)

    pieces = [exact(document, sentence.span) for sentence in sentences_of(document, split(document, fits=short_of(20)))]

    assert pieces == ["a" * 20, "a" * 20, "a" * 10]


def short_of(limit: int) -> Fits:
    return lambda text: len(text) <= limit


@pytest.mark.parametrize(
    "sentence",
    [
        "He told U.S. officials about it.",
        "It was Mr. Blinken who read it first.",
        "The policy stands in 2 FAM 071.1 and nowhere else.",
        "They wrote after Oct. 7 of that year.",
        "The cable was sent by E. Wayne Merry himself.",
        "Telegram No. 34 went to every post.",
        "The cost rose to $3.5 million in a year.",
        "Dr. Smith and Mrs. Jones agreed with Sen. Church.",
    ],
)
def test_an_abbreviation_ends_no_sentence(sentence: str) -> None:
    document = document_of(f"Something came before. {sentence} Something came after.")

    assert sentence_texts(document) == ["Something came before.", sentence, "Something came after."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who wrote it? Nobody knows! That is all.", ["Who wrote it?", "Nobody knows!", "That is all."]),
        ('He said "No." Then he left.', ['He said "No."', "Then he left."]),
        ("It ended in 1971. Then it began again.", ["It ended in 1971.", "Then it began again."]),
    ],
)
def test_a_sentence_ends_at_its_closing_mark(text: str, expected: list[str]) -> None:
    assert sentence_texts(document_of(text)) == expected


LONG_LINE = "Anna: has anybody seen the memo from the embassy in Dacca"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- first item\n- second item\n- third item\n", ["first item", "second item", "third item"]),
        ("1. one thing\n2. another thing\n", ["one thing", "another thing"]),
        ("| Month | Work |\n| --- | --- |\n| May | Sow |\n", ["Month | Work", "May | Sow"]),
        ("Anna: hello there\nBoris: hello Anna\nAnna: bye\n", ["Anna: hello there", "Boris: hello Anna", "Anna: bye"]),
        ("```\nfirst line\nsecond line\n```\n", ["first line", "second line"]),
        (f"```\n{LONG_LINE}\nshort\n```\n", [LONG_LINE, "short"]),
        (f"> ```\n> {LONG_LINE}\n> short\n> ```\n", [LONG_LINE, "short"]),
        (f"{LONG_LINE}\nBoris: yes\nAnna: where is it\n", [LONG_LINE, "Boris: yes", "Anna: where is it"]),
        ("12 Long Lane\nOld Town\nNorth Shire\n", ["12 Long Lane", "Old Town", "North Shire"]),
    ],
    ids=["list", "numbered list", "table", "chat log", "code", "long code", "quoted code", "long chat log", "address"],
)
def test_a_line_break_ends_a_sentence_where_the_author_broke_the_line(text: str, expected: list[str]) -> None:
    assert sentence_texts(document_of(text)) == expected


def test_a_chat_log_in_a_text_file_has_a_sentence_a_line() -> None:
    lines = [
        "Anna: The tournament moves to Saturday, and everybody has to know it soon.",
        "Boris: Then the clocks must be mended.",
        "Anna: The treasurer pays.",
    ]

    assert sentence_texts(text_document_of("\n".join(lines))) == lines


@pytest.mark.parametrize("make", [document_of, text_document_of])
def test_a_line_break_in_a_wrapped_paragraph_ends_no_sentence(make: Callable[[str], Document]) -> None:
    document = make(
        "The members of the commission travelled for three days through the\n"
        "mountains before they came to the village. Nobody had expected them, so\n"
        "they slept in the school.\n"
    )

    assert sentence_texts(document) == [
        "The members of the commission travelled for three days through the mountains before they came to the village.",
        "Nobody had expected them, so they slept in the school.",
    ]


def test_a_heading_is_one_sentence_and_says_so() -> None:
    document = document_of("## Mr. X. What now? Nothing.\n\nText follows.\n")

    heading, text = sentences_of(document)

    assert (heading.is_heading, text.is_heading) == (True, False)
    assert document.plain(heading.span) == "Mr. X. What now? Nothing."


def cited_titles(text: str) -> list[tuple[str, list[str]]]:
    document = document_of(text + "\n\n[^a]: Source A\n[^b]: Source B\n[^c]: Source C\n")
    return [
        (exact(document, sentence.span), [document.sources[source].title for source in sentence.sources])
        for sentence in sentences_of(document)
    ]


def test_marks_at_a_sentences_end_give_its_sources_and_lie_outside_its_span() -> None:
    cited = cited_titles("First claim.[^a] Second claim.[^b][^c] Third claim.[^a]")

    assert cited == [
        ("First claim.", ["Source A"]),
        ("Second claim.", ["Source B", "Source C"]),
        ("Third claim.", ["Source A"]),
    ]


def test_marks_only_at_a_paragraphs_end_give_the_sources_of_all_its_sentences() -> None:
    cited = cited_titles("Before.\n\nFirst claim. Second claim. Third claim.[^a][^b]\n\nAfter.")

    assert cited == [
        ("Before.", []),
        ("First claim.", ["Source A", "Source B"]),
        ("Second claim.", ["Source A", "Source B"]),
        ("Third claim.", ["Source A", "Source B"]),
        ("After.", []),
    ]


def test_a_mark_before_the_full_stop_is_its_sentences() -> None:
    cited = cited_titles("First claim[^a]. Second claim.")

    assert cited == [("First claim[^a].", ["Source A"]), ("Second claim.", [])]


def test_a_mark_ahead_of_a_paragraph_is_not_the_one_befores() -> None:
    cited = cited_titles("First paragraph.\n\n[^a] Second paragraph.")

    assert cited == [("First paragraph.", []), ("Second paragraph.", ["Source A"])]


def test_a_repeated_mark_names_its_source_once() -> None:
    assert cited_titles("A claim.[^a][^a]") == [("A claim.", ["Source A"])]


def test_each_list_item_has_its_own_sources() -> None:
    assert cited_titles("- One.[^a]\n- Two.\n- Three.[^b]") == [
        ("One.", ["Source A"]),
        ("Two.", []),
        ("Three.", ["Source B"]),
    ]


def test_passages_of_a_long_section_are_of_about_equal_length_and_none_is_too_long() -> None:
    sentence = "This sentence has exactly sixty characters, as you can see. "
    document = document_of("# Title\n\n" + sentence * 30)

    passages = split(document, fits=everything_fits)

    lengths = [passage.span.end - passage.span.start for passage in passages]
    assert len(passages) == 3
    assert max(lengths) <= PASSAGE_CHARACTERS
    assert min(lengths) > PASSAGE_CHARACTERS / 2


def test_a_heading_stays_with_the_text_below_it() -> None:
    document = document_of("## One\n\nText of one.\n\n## Two\n\nText of two.\n")

    passages = split(document, fits=everything_fits)

    assert [document.plain(passage.span) for passage in passages] == ["One Text of one.", "Two Text of two."]
    assert [document.sections[passage.section] for passage in passages] == [("One",), ("Two",)]
