from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Answer, Library, Source, Span, UnknownDocumentError, Verdict
from index.embedding import Embedding
from index.ranking import HIGHLIGHT_CHARACTERS
from tests.conftest import CORPUS, write_corpus
from tests.fakes import WordEmbedder
from tests.index.strategies import any_text, markdown_text

LIGHTHOUSE = "When was the lighthouse on Grey Skerry built from granite?"

corpus_words = st.sampled_from(sorted({word for text in CORPUS.values() for word in text.split()}))
word_questions = st.lists(corpus_words, min_size=1, max_size=12).map(" ".join)
questions = st.one_of(word_questions, any_text, word_questions.map(lambda words: f"What about {words} and zeppelins?"))
rooms = st.integers(min_value=1, max_value=1500)
limits = st.integers(min_value=0, max_value=6)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A library that is only asked, never changed."""
    folder = tmp_path_factory.mktemp("asked")
    library = Library(corpus=write_corpus(folder / "corpus", CORPUS), data=folder / "data", embedder=WordEmbedder())
    library.reload()
    return library


def made_of(tmp_path: Path, files: dict[str, str], **options: Any) -> Library:
    library = Library(
        corpus=write_corpus(tmp_path / "corpus", files), data=tmp_path / "data", embedder=WordEmbedder(), **options
    )
    library.reload()
    return library


def without_time(answer: Answer) -> dict[str, Any]:
    return answer.as_dict() | {"elapsed_ms": None}


@pytest.mark.parametrize(
    ("question", "document", "words"),
    [
        (LIGHTHOUSE, "sea/lighthouse", "built from granite in 1862"),
        ("How many eggs does the queen lay a day?", "garden/bees", "two thousand eggs"),
        ("What is the belly of a violin carved from?", "crafts/violins", "carved from spruce"),
        ("Who pays for the new clocks?", "games/chess-club", "treasurer pays"),
        ("Where do finished vessels cool overnight?", "crafts/glass", "annealing oven"),
        ("What is the sourdough starter fed with?", "food/bread", "rye flour"),
    ],
)
def test_the_sentence_that_answers_is_quoted_first(asked: Library, question: str, document: str, words: str) -> None:
    answer = asked.ask(question)

    assert answer.verdict is not Verdict.NOT_COVERED
    assert answer.quotes[0].citation.document == document
    assert words in answer.quotes[0].text


@given(questions, rooms, limits)
@settings(max_examples=100, deadline=None)
def test_a_quote_is_the_documents_text_at_its_span_to_the_character(
    asked: Library, question: str, room: int, limit: int
) -> None:
    answer = asked.ask(question, room=room, limit=limit, nearest=True)

    for quote in answer.quotes:
        start, end = quote.citation.span
        assert asked.document(quote.citation.document).text[start:end] == quote.text
        assert quote.text == quote.text.strip() != ""


@given(questions, rooms, limits)
@settings(max_examples=100, deadline=None)
def test_quotes_keep_to_the_room_and_the_limit(asked: Library, question: str, room: int, limit: int) -> None:
    answer = asked.ask(question, room=room, limit=limit, nearest=True)

    assert sum(len(quote.text) for quote in answer.quotes) <= room
    assert not limit or len(answer.quotes) <= limit


@given(questions, rooms, limits)
@settings(max_examples=100, deadline=None)
def test_quotes_do_not_overlap(asked: Library, question: str, room: int, limit: int) -> None:
    citations = [quote.citation for quote in asked.ask(question, room=room, limit=limit, nearest=True).quotes]

    for one, other in combinations(citations, 2):
        assert one.document != other.document or one.span.end <= other.span.start or other.span.end <= one.span.start


@given(questions, rooms, limits)
@settings(max_examples=100, deadline=None)
def test_highlights_lie_within_their_quote_in_order(asked: Library, question: str, room: int, limit: int) -> None:
    for quote in asked.ask(question, room=room, limit=limit, nearest=True).quotes:
        edges = [edge for span in quote.highlights for edge in span]

        assert edges == sorted(edges)
        assert len(edges) == len(set(edges))
        assert all(quote.citation.span.start <= edge <= quote.citation.span.end for edge in edges)


@given(questions)
@settings(max_examples=100, deadline=None)
def test_the_first_quote_has_a_highlight(asked: Library, question: str) -> None:
    answer = asked.ask(question, nearest=True)

    assert all(quote.highlights for quote in answer.quotes[:1])


@given(word_questions, rooms, limits)
@settings(max_examples=60, deadline=None)
def test_the_same_question_gives_the_same_answer(asked: Library, question: str, room: int, limit: int) -> None:
    first = asked.ask(question, room=room, limit=limit)

    asked.ask("something else in between")

    assert without_time(asked.ask(question, room=room, limit=limit)) == without_time(first)


@given(questions)
@settings(max_examples=100, deadline=None)
def test_a_library_opened_again_gives_the_same_answer(asked: Library, question: str) -> None:
    reopened = Library(corpus=asked.corpus, data=asked.folder.parents[1], embedder=WordEmbedder())
    reopened.open()

    assert without_time(reopened.ask(question)) == without_time(asked.ask(question))


@given(questions.filter(lambda question: any(character.isalnum() for character in question)), limits)
@settings(max_examples=150, deadline=None)
def test_nearest_gives_quotes_to_every_question_with_a_word(asked: Library, question: str, limit: int) -> None:
    assert asked.ask(question, limit=limit, nearest=True).quotes


@given(questions)
@settings(max_examples=100, deadline=None)
def test_quotes_are_shown_exactly_where_the_verdict_says_so(asked: Library, question: str) -> None:
    answer = asked.ask(question)

    assert bool(answer.quotes) == (answer.verdict is not Verdict.NOT_COVERED)
    assert 0 <= answer.confidence <= 1


@pytest.mark.parametrize("question", ["", " ", "\n\t", "?", "...!?", "🤷", "-- --", "\u200b", "“ ”", "*_*"])
@pytest.mark.parametrize("nearest", [False, True])
def test_a_question_without_a_word_is_not_covered(asked: Library, question: str, nearest: bool) -> None:
    answer = asked.ask(question, nearest=nearest)

    assert (answer.verdict, answer.quotes, answer.confidence) == (Verdict.NOT_COVERED, (), 0.0)


def test_a_question_of_unknown_words_is_not_covered_and_names_them(asked: Library) -> None:
    answer = asked.ask("Do quasars emit gravitons, Wolfgang?")

    assert (answer.verdict, answer.quotes) == (Verdict.NOT_COVERED, ())
    assert answer.unknown_words == ("quasars", "emit", "gravitons", "Wolfgang")


@pytest.mark.parametrize("document", ["garden/bees", "sea/lighthouse", "crafts/glass"])
def test_within_searches_one_document_only(asked: Library, document: str) -> None:
    answer = asked.ask(LIGHTHOUSE, within=document, limit=0, nearest=True)

    assert {quote.citation.document for quote in answer.quotes} == {document}


@given(questions, st.sampled_from(["garden/bees", "food/bread"]))
@settings(max_examples=60, deadline=None)
def test_no_question_leaves_the_document_it_is_asked_within(asked: Library, question: str, document: str) -> None:
    answer = asked.ask(question, within=document, limit=0, nearest=True)

    assert {quote.citation.document for quote in answer.quotes} <= {document}


@pytest.mark.parametrize("document", ["no/such", "", "README", "garden/bees.md", "../corpus/garden/bees"])
@pytest.mark.parametrize("question", [LIGHTHOUSE, "?"])
def test_an_unknown_document_is_an_error_that_names_it(asked: Library, question: str, document: str) -> None:
    with pytest.raises(UnknownDocumentError) as caught:
        asked.ask(question, within=document)

    assert repr(document) in caught.value.user_message


def test_files_that_are_no_documents_are_never_quoted(asked: Library) -> None:
    answer = asked.ask("What is the password swordfish?", limit=0, room=100_000, nearest=True)

    assert "swordfish" not in " ".join(quote.text for quote in answer.quotes)
    assert "swordfish" in answer.unknown_words


def test_headings_footnotes_and_comments_are_never_quoted(asked: Library) -> None:
    answer = asked.ask(
        "keepers feeding check the amount of Log book Lights of the North", limit=0, room=100_000, nearest=True
    )

    shown = [quote.text for quote in answer.quotes]
    assert not [text for text in shown if text in ("The keepers", "Feeding", "How the lamp works")]
    assert "Log book of the keepers" not in " ".join(shown)
    assert "Lights of the North" not in " ".join(shown)


def test_a_citation_says_where_the_quote_stands(asked: Library) -> None:
    citation = asked.ask("How many weeks could the boat not land in the winter of 1894?").quotes[0].citation

    assert (citation.document, citation.title) == ("sea/lighthouse", "The lighthouse of Grey Skerry")
    assert (citation.section, citation.page) == ("The keepers", None)
    assert (citation.publisher, citation.published, citation.updated) == ("Harbour Museum", "1998-05-17", "2026-11-01")
    assert citation.url == "https://example.org/grey-skerry"


def test_a_quote_gives_the_sources_of_its_sentences(asked: Library) -> None:
    lamp, gulls, prisms = (
        asked.ask(question).quotes[0]
        for question in (
            "lamp burned whale oil until 1904 then paraffin",
            "keepers ate gulls nine weeks",
            "36 prisms lens mercury",
        )
    )

    log = Source("Log book of the keepers, 1890 to 1899")
    harbour = Source("Lights of the North", "Harbour Museum", "1987-03", "https://example.org/lights")
    assert set(lamp.sources) == {harbour, log}
    assert set(gulls.sources) == {log}
    assert log not in prisms.sources


def test_a_document_without_an_address_gets_one_from_the_base(tmp_path: Path) -> None:
    library = made_of(
        tmp_path,
        {
            "far/own words.md": "---\nurl: https://example.org/own\n---\nZebras are striped.\n",
            "far/ä b.md": "Giraffes are tall.\n",
        },
        base_url="https://example.com/docs/",
    )

    assert library.ask("striped zebras").quotes[0].citation.url == "https://example.org/own"
    assert library.ask("tall giraffes").quotes[0].citation.url == "https://example.com/docs/far/%C3%A4%20b.md"


def test_without_a_base_a_document_has_no_address(asked: Library) -> None:
    assert asked.ask("violin carved from spruce").quotes[0].citation.url is None


def test_a_sentence_longer_than_the_room_is_cut_at_a_word(tmp_path: Path) -> None:
    sentence = " ".join(f"zebra{number}" for number in range(60)) + "."
    library = made_of(tmp_path, {"a.md": f"{sentence}\n", "b.md": "Something else is here.\n"})

    quote = library.ask("zebra1 zebra2 zebra3", room=100, nearest=True).quotes[0]

    assert len(quote.text) <= 100
    assert sentence.startswith(quote.text + " ")


def test_a_quote_goes_on_where_a_passage_ends(tmp_path: Path) -> None:
    sentences = [f"Zebra alpha{number} beta{number} gamma{number} delta{number}." for number in range(40)]
    library = made_of(tmp_path, {"a.md": " ".join(sentences) + "\n", "b.md": "Something else is here.\n"})
    before, behind = library.generation.segments[0].passages[:2]
    last, first = sentences[len(before.sentences) - 1], sentences[len(before.sentences)]

    quotes = library.ask(f"{last} {first}", limit=1).quotes

    assert behind.span.start == before.span.end + 1
    assert f"{last} {first}" in quotes[0].text


def test_of_a_sentence_too_long_for_bold_the_clauses_that_answer_are_bold(tmp_path: Path) -> None:
    filling = ", ".join(f"[filling](https://example.org/{number}) number {number}" for number in range(12))
    sentence = f"The storm came, {filling}, and the **zebra** ran home, {filling}."
    library = made_of(tmp_path, {"a.md": f"{sentence}\n", "b.md": "Something else is here.\n"})

    [quote] = library.ask("Where did the zebra run?", nearest=True, limit=1, room=3000).quotes

    assert quote.text == sentence
    [bold] = [sentence[start:end] for start, end in quote.highlights]
    assert "and the **zebra** ran home" in bold
    assert len(bold) <= HIGHLIGHT_CHARACTERS


def test_sentences_that_answer_are_one_highlight_where_no_other_parts_them(tmp_path: Path) -> None:
    lines = [
        "Zebras are striped in summer.",
        "Zebras are striped in winter.",
        "Gulls cry.",
        "Zebras are striped in May.",
    ]
    library = made_of(tmp_path, {"a.md": "\n".join(lines) + "\n"})

    [quote] = library.ask("striped zebras", limit=0).quotes

    assert [quote.text[start:end] for start, end in quote.highlights] == ["\n".join(lines[:2]), lines[3]]


def test_the_three_documents_that_come_nearest_are_named_best_first(tmp_path: Path) -> None:
    texts = ["Nothing of it.", "Zebras rest.", "Striped zebras rest.", "Striped zebras run home."]
    library = made_of(tmp_path, {f"{number}.md": f"# Part {number}\n\n{text}\n" for number, text in enumerate(texts)})

    answer = library.ask("Do striped zebras run?")

    assert answer.nearest_titles == ("Part 3", "Part 2", "Part 1")


@given(markdown_text.filter(lambda text: any(character.isalnum() for character in text)), rooms)
@settings(max_examples=40, deadline=None)
def test_quotes_of_any_markdown_are_exact_and_keep_to_the_room(
    tmp_path_factory: pytest.TempPathFactory, text: str, room: int
) -> None:
    library = made_of(
        tmp_path_factory.mktemp("any"), {"any.md": text, "other.md": "# Another\n\nA word. Another sentence! Plain.\n"}
    )

    answer = library.ask("another plain word", room=room, limit=0, nearest=True)

    assert answer.quotes
    assert sum(len(quote.text) for quote in answer.quotes) <= room
    for quote in answer.quotes:
        start, end = quote.citation.span
        assert library.document(quote.citation.document).text[start:end] == quote.text


def test_a_document_of_headings_only_gives_no_answer_without_a_quote(tmp_path: Path) -> None:
    library = made_of(tmp_path, {"a.md": "# Zebras\n\n## Striped zebras\n"})

    answer = library.ask("striped zebras")

    assert bool(answer.quotes) == (answer.verdict is not Verdict.NOT_COVERED)


def test_nearest_gives_quotes_even_where_everything_points_away_from_the_question(tmp_path: Path) -> None:
    library = made_of(tmp_path, {"a.md": "Zebras are striped.\n"})

    answers = [library.ask(f"zeppelin{number}", nearest=True) for number in range(30)]

    assert [answer.question for answer in answers if not answer.quotes or not answer.quotes[0].highlights] == []


@pytest.mark.parametrize("question", ["When did the lamp burn whale oil?", "What did the keepers eat?"])
def test_in_one_document_an_answer_is_no_surer_than_in_all_of_them(library: Library, question: str):
    everywhere, within = library.ask(question), library.ask(question, within="sea/lighthouse")

    assert everywhere.signs is not None
    assert within.signs is not None
    assert within.quotes[0].citation == everywhere.quotes[0].citation
    assert within.signs.standout == pytest.approx(everywhere.signs.standout)
    assert within.confidence == pytest.approx(everywhere.confidence, abs=1e-4)


def test_the_only_sentence_of_a_corpus_can_be_an_answer(tmp_path: Path):
    corpus = write_corpus(tmp_path / "corpus", {"office.txt": "The office opens at nine in the morning."})
    library = Library(corpus=corpus, data=tmp_path / "data", embedder=WordEmbedder())
    library.reload()

    answer = library.ask("In the morning the office opens at nine?")

    assert answer.verdict is Verdict.ANSWERED
    assert library.ask("How many bees live in a hive?").verdict is Verdict.NOT_COVERED


class ContextEmbedder(WordEmbedder):
    """The vector of a sentence says mostly what stands around it."""

    def embed_passages(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedding]:
        found = []
        for passage in super().embed_passages(passages):
            vectors = passage.vectors + 2 * passage.vectors[:1]
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            found.append(replace(passage, vectors=vectors))
        return found


def test_what_two_documents_say_word_for_word_is_quoted_once(tmp_path: Path):
    said = "The lamp of the harbour burned whale oil."
    files = {
        "history.txt": f"The harbour was dug in 1820. {said} Ships came from the north.",
        "lamps.txt": "Most lamps give little light.\nTHE LAMP of the harbour burned whale oil.\nGas came later.",
        "harbour.txt": "Whales came into the harbour in winter. The lamp of the harbour could be seen from far.",
    }
    corpus = write_corpus(tmp_path / "corpus", files)
    library = Library(corpus=corpus, data=tmp_path / "data", embedder=ContextEmbedder())
    library.reload()

    quotes = library.ask("What did the lamp of the harbour burn?", nearest=True).quotes

    assert len(quotes) > 1
    assert sum(said.casefold() in quote.text.casefold() for quote in quotes) == 1
