from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.keywords import KeywordIndex, terms
from tests.index.strategies import texts

words = st.sampled_from(["apple", "pear", "fig", "plum", "quince"])
word_lists = st.lists(words, max_size=8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kissinger's", "kissinger"),
        ("Kissinger’s", "Kissinger's"),
        ("naïve CAFÉ", "naive cafe"),
        ("dissenting messages", "dissent message"),
        ("S/P", "SP"),
        ("A.F.S.A.", "AFSA"),
        ("the cable", "cable"),
        ("the fifties", "1950s"),
        ("the '90s", "the nineties"),
    ],
)
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    assert terms(one) == terms(other) != []


def test_a_hyphenated_word_meets_its_joined_and_its_parted_form() -> None:
    assert {*terms("ceasefire"), *terms("cease fire")} <= set(terms("cease-fire"))


def test_function_words_are_no_terms() -> None:
    assert terms("What is it that they did to him, and why?") == []
    assert terms("whats this, dont they, isn't he, aren’t we") == []


@given(texts)
@settings(deadline=None)
def test_any_text_has_terms_that_hold_no_blank(text: str) -> None:
    assert all(term and not any(character.isspace() for character in term) for term in terms(text))


def test_the_text_that_holds_the_rarer_word_scores_higher() -> None:
    index = KeywordIndex.build([terms("the common stone"), terms("the common lens"), terms("the common bird")])

    scores = index.scores(terms("which common lens"))

    assert np.argmax(scores) == 1
    assert index.weight(terms("lens")[0]) > index.weight(terms("common")[0])


def test_a_word_that_no_text_has_weighs_most_and_lowers_every_score() -> None:
    index = KeywordIndex.build([terms("a granite lighthouse"), terms("a wooden boat")])

    known, unknown = index.scores(terms("lighthouse")), index.scores(terms("lighthouse zeppelin"))

    assert not index.has("zeppelin")
    assert index.weight("zeppelin") >= index.weight(terms("lighthouse")[0])
    assert 0 < unknown[0] < known[0]


@given(st.lists(word_lists, min_size=1, max_size=8), st.lists(st.one_of(words, st.just("unknown")), max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_score_is_a_share_and_is_zero_exactly_where_no_word_is_shared(
    corpus: list[list[str]], query: list[str]
) -> None:
    scores = KeywordIndex.build(corpus).scores(query)

    assert scores.shape == (len(corpus),)
    assert scores.dtype == np.float32
    assert all(0 <= score < 1 for score in scores)
    assert [score > 0 for score in scores] == [bool(set(text) & set(query)) for text in corpus]


@given(st.lists(word_lists, min_size=1, max_size=12), word_lists, st.data())
@settings(max_examples=60, deadline=None)
def test_scores_of_some_texts_are_those_that_they_have_among_all(
    corpus: list[list[str]], query: list[str], data: st.DataObject
) -> None:
    index = KeywordIndex.build(corpus)
    near = {"apple": [("pear", 0.8), ("fig", 0.6), ("unknown", 0.5)]}
    wanted = data.draw(st.lists(st.integers(0, len(corpus) - 1), unique=True))
    some = np.array(sorted(wanted), dtype=np.int64)

    assert index.scores(query, near, of=some).tolist() == index.scores(query, near)[some].tolist()


def test_a_word_counts_once_however_often_it_is_asked() -> None:
    index = KeywordIndex.build([["apple", "pear"], ["fig"]])

    assert index.scores(["apple", "apple", "apple"]).tolist() == index.scores(["apple"]).tolist()


@given(st.lists(word_lists, min_size=1, max_size=6), word_lists)
@settings(max_examples=25, deadline=None)
def test_a_saved_index_scores_as_before(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[list[str]], query: list[str]
) -> None:
    index = KeywordIndex.build(corpus)
    folder: Path = tmp_path_factory.mktemp("keywords")

    index.save(folder)
    loaded = KeywordIndex.load(folder)

    assert loaded.scores(query).tolist() == index.scores(query).tolist()
    assert [loaded.weight(word) for word in query] == [index.weight(word) for word in query]


def test_saved_files_hold_no_pickle(tmp_path: Path) -> None:
    KeywordIndex.build([["apple"], ["pear", "fig"]]).save(tmp_path)

    for path in tmp_path.iterdir():
        assert path.suffix in (".json", ".npy")
        if path.suffix == ".npy":
            np.load(path, allow_pickle=False)


def test_a_near_word_counts_in_place_of_the_words_own_and_for_less() -> None:
    index = KeywordIndex.build([terms("he resigned"), terms("he quit"), terms("he slept"), terms("he ate")])

    scores = index.scores(["resign"], {"resign": [("quit", 0.5), ("missing", 0.9)]})

    assert scores[0] == index.scores(["resign"])[0]
    assert scores[1] == pytest.approx(0.5 * scores[0])
    assert scores[2] == scores[3] == 0


def test_a_rare_near_word_counts_for_no_more_than_the_word_itself_could() -> None:
    texts = [terms("the cable"), terms("the cable"), terms("the cable"), terms("the telegram")]
    index = KeywordIndex.build(texts)

    scores = index.scores(["cabl"], {"cabl": [("telegram", 1.0)]})

    assert scores[3] == pytest.approx(scores[0], rel=0.01)


@given(st.lists(word_lists, min_size=1, max_size=6), word_lists)
@settings(max_examples=50)
def test_an_index_counts_rare_words_itself_where_no_other_does(texts: list[list[str]], query: list[str]) -> None:
    index = KeywordIndex.build(texts)

    assert np.array_equal(index.scores(query, statistics=index), index.scores(query))


@given(st.lists(word_lists, min_size=1, max_size=6), st.lists(word_lists, min_size=1, max_size=6), word_lists)
@settings(max_examples=50)
def test_shares_stay_shares_whichever_index_counts_rare_words(
    texts: list[list[str]], others: list[list[str]], query: list[str]
) -> None:
    scores = KeywordIndex.build(texts).scores(query, statistics=KeywordIndex.build(others))

    assert ((scores >= 0) & (scores <= 1 + 1e-6)).all()


def test_how_much_a_word_counts_is_a_matter_of_the_index_that_counts_rare_words() -> None:
    index = KeywordIndex.build([["apple", "pear"], ["apple", "fig"], ["apple", "plum"]])
    everyday = KeywordIndex.build([["pear"]] * 50 + [["apple"]])

    alone = index.scores(["apple", "pear"])
    counted = index.scores(["apple", "pear"], statistics=everyday)

    assert alone[0] - alone[1] > alone[1]  # pear is what tells the texts apart
    assert counted[0] - counted[1] < counted[1]  # pear is on everybody's lips
