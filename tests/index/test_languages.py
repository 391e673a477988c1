"""A question in a language that the corpus does not speak is told apart, and an English one never taken for one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.languages import corpus_words, english_questions, guess, listed_questions
from bot.settings import default_corpus
from index import LanguageGap, Library, Verdict, answering
from index.answering import language_gap
from index.languages import foreign_language, languages_of
from tests.index.documents import document_of

GERMAN = "Wie lange dauert es, bis man eine Antwort bekommt?"
FRENCH_TEXT = (
    "Le phare a été construit en granit au dix-neuvième siècle. Trois gardiens vivaient sur le rocher, et un bateau "
    "leur apportait du charbon et des lettres tous les quinze jours."
)


@pytest.fixture(scope="module")
def known() -> frozenset[str]:
    """The words of the bundled corpus."""
    return corpus_words(default_corpus())


def nothing(word: str) -> bool:
    return False


# ---- questions


@pytest.mark.parametrize("words", ["known", "none"])
def test_no_english_question_is_taken_for_a_foreign_one_whatever_the_corpus_knows(words: str, known: frozenset[str]):
    asked = english_questions(None)["golden"] + listed_questions()["names and borrowed words"]

    assert len(asked) > 370
    assert [text for _, text in asked if guess(text, known if words == "known" else frozenset())] == []


@pytest.mark.parametrize("name", ["other languages", "further languages"])
def test_most_questions_in_other_languages_are_told_apart_and_never_named_wrongly(name: str, known: frozenset[str]):
    asked = listed_questions()[name]
    found = [guess(text, known) for _, text in asked]

    assert all(code in ("", language) for code, (language, _) in zip(found, asked, strict=True))
    assert sum(map(bool, found)) / len(asked) > 0.85


def test_a_question_whose_words_the_corpus_knows_is_not_even_looked_at():
    def spoken() -> tuple[str, ...]:
        raise AssertionError("the languages of the corpus were asked for")

    assert foreign_language(GERMAN, spoken, lambda word: True) == ""
    assert foreign_language("Weltanschauung?", spoken, nothing) == ""
    assert foreign_language("Dissent Channel Vietnam", spoken, nothing) == ""


@pytest.mark.parametrize(
    ("spoken", "found"),
    [(("en",), "de"), (("en", "fr"), "de"), (("de", "en"), ""), ((), ""), (("en", "la"), "")],
    ids=["english", "two others", "german too", "unknown", "one that is not told apart"],
)
def test_a_question_is_foreign_only_where_every_language_of_the_corpus_is_known_and_another(
    spoken: tuple[str, ...], found: str
):
    assert foreign_language(GERMAN, lambda: spoken, nothing) == found


# ---- documents


def test_a_document_speaks_what_it_declares_and_else_what_its_text_is_in():
    declared = replace(document_of("Short."), metadata={"language": "pt-BR"})
    french = document_of(FRENCH_TEXT)
    no_language = document_of("1998 2001")

    assert languages_of([declared, french, no_language]) == ("fr", "pt")
    assert languages_of([replace(document_of(FRENCH_TEXT), metadata={"language": "French"})]) == ("fr",)
    assert languages_of([no_language]) == ()


# ---- answers


def test_a_corpus_speaks_the_language_of_its_documents(library: Library):
    assert library.generation.languages == ("en",)
    assert language_gap(library.generation, GERMAN) == LanguageGap("de", ("en",))


def test_a_foreign_question_is_not_covered_for_its_language_and_quotes_only_what_is_asked_for(library: Library):
    answer = library.ask(GERMAN)

    assert (answer.verdict, answer.quotes) == (Verdict.NOT_COVERED, ())
    assert answer.language_gap == LanguageGap("de", ("en",))
    assert (answer.diagnoses, answer.corrections) == ((), ())
    assert set(answer.as_dict()) == set(library.ask("When was the lighthouse built?").as_dict())


def test_a_foreign_topic_is_not_covered_for_its_language_either(library: Library):
    for summary in (library.summarize_topic(GERMAN), library.timeline(GERMAN)):
        assert (summary.verdict, summary.quotes, summary.corrections) == (Verdict.NOT_COVERED, (), ())
        assert summary.language_gap == LanguageGap("de", ("en",))


def test_a_question_that_is_answered_is_never_refused_for_its_language(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    uncertain = library.ask("Who kept the keepers?")
    monkeypatch.setattr(answering, "foreign_language", lambda *args: "fr")
    answer = library.ask("When was the lighthouse built?")
    refused = library.ask("Who kept the keepers?")

    assert (answer.verdict, answer.language_gap) == (Verdict.ANSWERED, None)
    assert (uncertain.verdict, refused.verdict) == (Verdict.UNCERTAIN, Verdict.NOT_COVERED)
    assert refused.confidence == uncertain.confidence
    assert library.ask("Who kept the keepers?", nearest=True).quotes == uncertain.quotes
