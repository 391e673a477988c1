"""Summaries are the documents' own sentences, chosen, in order; what is not covered is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from index import Length, Library, UnknownDocumentError, Verdict, summarize_texts
from index.summaries.summarizing import BARE_TOPICS, Sentences
from tests.fakes import WordEmbedder
from tests.index.documents import library_of


def texts(library: Library, document: str, length: Length = Length.LONG) -> list[str]:
    return [quote.text for quote in library.summarize_document(document, length=length).quotes]


@pytest.mark.parametrize("length", Length)
def test_every_line_equals_its_source_and_none_is_a_heading(library: Library, length: Length):
    for entry in library.documents():
        summary = library.summarize_document(entry.id, length=length)

        document = library.document(entry.id)
        sentences = Sentences(library.generation)
        headings = [document.plain(sentence.span) for sentence in library.generation.sentences if sentence.is_heading]
        for quote in summary.quotes:
            start, end = quote.citation.span
            assert document.text[start:end] == quote.text
            assert document.plain(quote.citation.span) not in headings
        assert len(summary.quotes) <= length.sentences
        assert sentences.numbers_of(entry.id).size


def test_lines_stand_in_the_order_of_the_text(library: Library):
    starts = [
        quote.citation.span.start for quote in library.summarize_document("sea/lighthouse", length=Length.LONG).quotes
    ]

    assert len(starts) > 5
    assert starts == sorted(starts)


def test_a_longer_summary_has_more_lines(library: Library):
    counts = [len(library.summarize_document("sea/lighthouse", length=length).quotes) for length in Length]

    assert counts == sorted(counts)
    assert counts[0] < counts[1] < counts[2]


def test_a_sentence_that_leans_is_shown_with_the_one_before_or_not_at_all(tmp_path: Path):
    leans = "It burns whale oil through a wick, and the keeper trims the wick and fills in oil."
    library = library_of(
        tmp_path,
        light=f"# Light\n\nGrey Skerry is a rock.\n\n## Lamp\n\nThe lamp is old. {leans}\n\n## Oil\n\n"
        "The keeper buys whale oil. The wick floats in oil. Whale oil burns. The keeper burns oil by the wick.\n",
    )

    assert f"The lamp is old. {leans}" in texts(library, "light")
    assert leans not in texts(library, "light")


def test_labels_of_a_table_are_no_summary(tmp_path: Path):
    library = library_of(tmp_path, table="# Months\n\n| Month | Work |\n| --- | --- |\n| April | Look |\n")

    summary = library.summarize_document("table")

    assert (summary.verdict, summary.quotes) == (Verdict.NOT_COVERED, ())


def test_what_is_said_twice_is_shown_once(tmp_path: Path):
    same = "The keeper winds the weight up again every two hours."
    library = library_of(
        tmp_path, twice=f"# Lamp\n\n{same} The lens has many prisms.\n\n## Again\n\n{same} Mercury carries it well.\n"
    )

    assert texts(library, "twice").count(same) == 1


def test_the_shortest_summary_begins_as_the_document_does_even_with_what_it_never_comes_back_to(tmp_path: Path):
    parts = [
        f"## Part {number}\n\nThe bees of hive {number} store honey. Bees of it feed the queen." for number in (1, 2)
    ]
    library = library_of(tmp_path, a="# Film\n\nLamp is a film of 1931 by Ada Bell.\n\n" + "\n\n".join(parts))

    assert texts(library, "a", Length.SHORT)[0] == "Lamp is a film of 1931 by Ada Bell."


def test_a_topic_is_left_before_sentences_that_have_none_of_its_words(tmp_path: Path):
    library = library_of(
        tmp_path,
        a="# Storms\n\nThe storm of 1894 tore the roof off. Keepers knit scarves. Rye flour feeds the starter well.\n",
    )

    found = [quote.text for quote in library.summarize_topic("the storm of 1894").quotes]

    assert found == ["The storm of 1894 tore the roof off."]


def test_a_document_that_is_not_there_is_named(library: Library):
    with pytest.raises(UnknownDocumentError, match="nowhere"):
        library.summarize_document("nowhere")


def test_the_openings_and_the_heart_of_a_long_document_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("index.summaries.summarizing.READ_AT_MOST", 4)
    parts = [
        f"## Part {number}\n\nPart {number} is about the bees of the hive. Something else is said of cats {number}."
        for number in range(3)
    ]
    opening = "# Bees\n\nBees keep honey in the hive. Owls sleep by day in trees."
    library = library_of(tmp_path, long="\n\n".join([opening, *parts]))

    found = texts(library, "long")

    assert [text for text in found if "Part" in text] == [
        f"Part {number} is about the bees of the hive." for number in range(3)
    ]
    assert not any("cats" in text for text in found)


def test_a_topic_is_summed_up_from_all_documents_that_speak_of_it(tmp_path: Path):
    library = library_of(
        tmp_path,
        one="# Storms\n\nThe storm of 1894 cut the lighthouse off for weeks. Keepers like to knit scarves.\n",
        two="# Boats\n\nA boat sank in the storm of 1894 near the lighthouse. Oars are made of ash wood.\n",
        three="# Bread\n\nSourdough rises by wild yeast all night. Rye flour feeds the starter well.\n",
    )

    summary = library.summarize_topic("the storm of 1894 at the lighthouse")

    assert {quote.citation.document for quote in summary.quotes} == {"one", "two"}
    assert summary.verdict is not Verdict.NOT_COVERED
    for quote in summary.quotes:
        start, end = quote.citation.span
        assert library.document(quote.citation.document).text[start:end] == quote.text


def test_lines_of_one_document_stay_together(library: Library):
    documents = [
        quote.citation.document
        for quote in library.summarize_topic("keepers and bees in winter", length=Length.LONG).quotes
    ]

    changes = sum(left != right for left, right in pairwise(documents))
    assert changes == len(set(documents)) - 1


@pytest.mark.parametrize("topic", ["What is the price of bitcoin?", "", "?!", "\U0001f355"])
def test_a_topic_that_is_not_covered_is_refused_as_a_question_is(library: Library, topic: str):
    summary, answer, dated = library.summarize_topic(topic), library.ask(topic), library.timeline(topic)

    assert (summary.verdict, summary.quotes) == (Verdict.NOT_COVERED, ())
    assert (dated.verdict, dated.quotes) == (Verdict.NOT_COVERED, ())
    assert summary.unknown_words == answer.unknown_words == dated.unknown_words
    assert summary.nearest_titles == answer.nearest_titles


@pytest.mark.parametrize("strictness", ["low", "normal", "high"])
def test_the_verdict_on_a_topic_that_is_a_question_is_that_on_the_question(library: Library, strictness):
    library.strictness = strictness

    for topic in ("what is the lighthouse of Grey Skerry", "Do bees sleep in autumn", "Glass and mercury?"):
        summary, answer = library.summarize_topic(topic), library.ask(topic)
        assert (summary.verdict, summary.confidence) == (answer.verdict, answer.confidence)


def test_a_topic_on_which_there_is_much_is_covered_though_no_sentence_stands_out(tmp_path: Path):
    hives = " ".join(f"Bees of hive {number} store honey." for number in range(40))
    library = library_of(tmp_path, bees=f"# Hives\n\n{hives}\n")

    assert library.ask("bees").verdict is Verdict.UNCERTAIN
    assert library.summarize_topic("bees").verdict is Verdict.ANSWERED
    assert library.timeline("bees").verdict is Verdict.ANSWERED


def test_a_topic_of_which_the_corpus_has_no_word_is_not_covered(library: Library, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("index.summaries.summarizing.BARE_TOPICS", replace(BARE_TOPICS, not_covered_below=0.0))

    assert library.summarize_topic("zebra crossings").verdict is Verdict.NOT_COVERED
    assert library.summarize_topic("zebra lighthouse").verdict is not Verdict.NOT_COVERED


def test_a_misspelled_topic_is_read_as_it_was_meant(library: Library):
    summary = library.summarize_topic("the lighthuose of Grey Skerry")

    assert [(item.typed, item.read_as) for item in summary.corrections] == [("lighthuose", "lighthouse")]
    assert summary.quotes


def test_the_same_again_is_the_same(library: Library):
    def made() -> list[object]:
        return [
            library.summarize_document("sea/lighthouse").as_dict(),
            library.summarize_topic("the lighthouse").as_dict(),
            library.summarize_corpus().as_dict(),
            library.timeline("the lighthouse").as_dict(),
            library.compare("sea/lighthouse", "garden/bees").as_dict(),
        ]

    assert made() == made()


def test_messages_are_summed_up_by_their_own_sentences():
    messages = [
        "hi all",
        "I think the meeting should move to Friday because the hall is booked. It is also cheaper then.",
        "ok",
        "The treasurer said that Friday costs 40 dollars less.",
        "",
        "We need somebody to bring chairs and tables on Friday.",
    ]

    extracts = summarize_texts(messages, WordEmbedder(), room=3)

    found = [(item.text, messages[item.text][item.span.start : item.span.end]) for item in extracts]
    assert found == [
        (1, "I think the meeting should move to Friday because the hall is booked."),
        (3, messages[3]),
        (5, messages[5]),
    ]


CHAT = (
    "so the server move is planned for saturday night",
    "we move from the old box to a new box in helsinki",
    "Good morning everybody!",
    "who makes the backup before the move",
    "ok",
    "i will do the backup on friday evening :)",
    "nice",
    "I wish all of you a wonderful weekend.",
    "the dump takes an hour, so downtime is two hours",
    "it was one hour last time",
    "lol",
    "You are always so very kind.",
    "somebody has to announce the downtime before saturday",
    "see https://example.org/a/b/c",
)


@pytest.mark.parametrize("length", Length)
def test_people_who_write_without_capitals_and_full_stops_are_summed_up(length: Length):
    chosen = [CHAT[item.text] for item in summarize_texts(CHAT, WordEmbedder(), room=length.sentences)]

    assert len(chosen) >= 3
    assert all(text[0].islower() and len(text.split()) > 5 for text in chosen)
    assert "it was one hour last time" not in chosen


def test_a_summary_of_messages_has_no_more_than_half_of_them():
    messages = [f"keeper {number} lit the lamp of the {place}" for number, place in enumerate("abcdefgh")]

    assert 1 <= len(summarize_texts(messages, WordEmbedder(), room=Length.LONG.sentences)) <= 4


def test_what_nobody_else_speaks_of_is_left_out():
    messages = ["my cat sleeps on a purple cushion", *CHAT[:4]]

    assert 0 not in [item.text for item in summarize_texts(messages, WordEmbedder(), room=5)]
    assert [item.text for item in summarize_texts(messages[:1], WordEmbedder(), room=5)] == [0]


def test_cries_and_single_words_are_no_summary():
    assert (
        summarize_texts(["ok", "lol", "hi all", "so nice!!! :) :) :)", "https://example.org/a-b-c/d/e"], WordEmbedder())
        == ()
    )
    assert summarize_texts([], WordEmbedder()) == ()
    assert summarize_texts(["", " \n"], WordEmbedder()) == ()
