from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index import Library
from index.query import FOREIGN_WORDS, Query, read_query
from index.values import Correction
from index.vocabulary import Vocabulary
from tests.conftest import write_corpus
from tests.fakes import WordEmbedder

TEXT = (
    "The keeper resigned over the whale oil. The boat could not land. The Storm Warden Office had none. "
    "The Whale Trade Organisation did. Barrels stood there."
)


class ReadingEmbedder(WordEmbedder):
    """Knows some words whole, as a model's vocabulary does."""

    def knows_word(self, word: str) -> bool:
        return word.lower() in {"kepper", "whales", "wto"}


@pytest.fixture
def query_of(tmp_path: Path) -> Callable[[str], Query]:
    """Reads a question for a corpus of one text."""
    corpus = write_corpus(tmp_path / "corpus", {"log.txt": TEXT})
    library = Library(corpus=corpus, data=tmp_path / "data", embedder=ReadingEmbedder())
    library.reload()
    return lambda question: read_query(question, library.generation, library.embedder)


def test_misspelled_words_are_mended_for_both_retrievers(query_of: Callable[[str], Query]):
    query = query_of("why did the keeper resgined?")

    assert query.text == "why did the keeper resigned?"
    assert query.terms == ("keeper", "resign")
    assert query.corrections == (Correction("resgined", "resigned"),)
    assert np.array_equal(query.vector, WordEmbedder().embed_query("why did the keeper resigned?").vector)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("did the keepre's boat land", "did the keeper's boat land"),
        ("did the RESGINED\u2019S boat land", "did the RESIGNED\u2019S boat land"),
        ("did the barrles's boat land", "did the barrels' boat land"),
        ("a keepre-resgined boat", "a keeper-resigned boat"),
    ],
)
def test_slips_are_mended_in_possessives_and_compounds(query_of: Callable[[str], Query], typed: str, meant: str):
    query = query_of(typed)

    assert query.text == meant
    assert query.read_as(typed) == meant


def test_a_slip_that_is_made_twice_is_told_once(query_of: Callable[[str], Query]):
    query = query_of("did keepre after keepre land")

    assert query.text == "did keeper after keeper land"
    assert query.corrections == (Correction("keepre", "keeper"),)


@pytest.mark.parametrize(
    "question", ["who is kepper", "any whales?", "did the zeppelin land", "2 FAM 070?", "the WTO", ""]
)
def test_words_that_are_no_slips_stay_as_they_are(query_of: Callable[[str], Query], question: str):
    query = query_of(question)

    assert query.text == question
    assert query.corrections == ()


@pytest.mark.parametrize("typed", ["swo", "SWO"])
def test_an_abbreviation_that_the_corpus_only_spells_out_is_written_out(query_of: Callable[[str], Query], typed: str):
    query = query_of(f"what did {typed} have")

    assert query.text == "what did Storm Warden Office have"
    assert query.corrections == (Correction(typed, "Storm Warden Office"),)
    assert np.array_equal(query.vector, WordEmbedder().embed_query(query.text).vector)


def test_each_word_has_its_near_words(query_of: Callable[[str], Query]):
    query = query_of("did the keeper land a zeppelin")

    assert set(query.near) == set(query.terms) == {"keeper", "land", "zeppelin"}


def test_what_is_no_term_of_the_question_has_no_near_words(query_of: Callable[[str], Query]):
    query = query_of("did the whale/land keeper resign in the U.S.")

    assert query.terms == ("whale", "land", "keeper", "resign", "us")
    assert set(query.near) == {"whale", "land", "keeper", "resign"}


def test_rare_words_weigh_most_among_the_tokens_and_function_words_are_left_out(query_of: Callable[[str], Query]):
    query = query_of("did the keeper zzzz")

    keeper, unknown = query.token_weights.tolist()

    assert 0 < keeper < unknown
    assert keeper + unknown == pytest.approx(1)
    assert np.array_equal(query.tokens, query_of("keeper zzzz").tokens)


def test_a_question_of_function_words_alone_weighs_them_all_alike(query_of: Callable[[str], Query]):
    assert query_of("who is it").token_weights.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3])


def test_a_long_question_of_foreign_words_embeds_only_some_of_them(
    query_of: Callable[[str], Query], monkeypatch: pytest.MonkeyPatch
):
    looked_up: list[str] = []
    real = Vocabulary.near

    def near(self: Vocabulary, word: str, embedder: WordEmbedder) -> tuple[tuple[str, float], ...]:
        looked_up.append(word)
        return real(self, word, embedder)

    monkeypatch.setattr(Vocabulary, "near", near)

    query_of(" ".join(f"{first}{second}mm" for first in "bcdfghjkl" for second in "aeiou") + " the keeper")

    assert len(looked_up) == FOREIGN_WORDS + 1
    assert looked_up[-1] == "keeper"
