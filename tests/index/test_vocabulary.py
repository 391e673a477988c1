from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index import StaleGenerationError
from index.embedding import Vectors
from index.vocabulary import (
    NEAR_COSINE,
    NEAR_COUNT,
    NEAR_FILE,
    NEAR_WEIGHT,
    NEIGHBOURS_FILE,
    WORDS_AT_ONCE,
    Vocabulary,
    near_words,
)
from tests.fakes import WordEmbedder

LETTERS = "bcdfghklmn"
TEXTS = ["The keepers kept the lamp. Keepers oiled a lamp.", "A lighthouse keeper resigned."]


class MeaningEmbedder(WordEmbedder):
    """Words of the same meaning have the same direction, but for a little of their own."""

    MEANINGS = ({"resigned", "quit"}, {"lamp", "light", "lantern"})

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def embed_words(self, words: Sequence[str]) -> Vectors:
        self.words += words
        own = super().embed_words(words)
        for number, word in enumerate(words):
            for meaning in self.MEANINGS:
                if word in meaning:
                    own[number] += 2 * super().embed_words([min(meaning)])[0]
        return np.asarray(own / np.linalg.norm(own, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.build(TEXTS, MeaningEmbedder())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("resinged", "resigned"),
        ("Keepr", "keeper"),
        ("keepers", "keepers"),
        ("lighthuose", "lighthouse"),
        ("lightouses", "lighthouse"),
        ("lmap", None),  # four letters are any other word's neighbours
        ("beekeeper", None),
        ("keeps", None),
        ("zzzzz", None),
    ],
)
def test_a_misspelled_word_is_the_corpuss_word_one_edit_away_or_two_where_it_is_long(
    vocabulary: Vocabulary, typed: str, meant: str | None
):
    assert vocabulary.correction(typed) == meant


def test_a_word_with_another_first_letter_is_another_word(vocabulary: Vocabulary):
    assert vocabulary.correction("resignet") == "resigned"
    assert vocabulary.correction("designed") is None


def test_of_two_corrections_the_more_frequent_word_is_meant():
    vocabulary = Vocabulary.build(["A stone. The store of a store."], WordEmbedder())

    assert vocabulary.correction("stoje") == "store"


def test_words_of_like_meaning_are_near_by_how_like_they_are(vocabulary: Vocabulary):
    [(stem, weight)] = vocabulary.near("quit", MeaningEmbedder())

    assert stem == "resign"
    assert NEAR_WEIGHT * NEAR_COSINE <= weight <= NEAR_WEIGHT


def test_a_word_is_not_near_itself_and_strange_words_are_near_none(vocabulary: Vocabulary):
    assert vocabulary.near("resigned", MeaningEmbedder()) == ()
    assert vocabulary.near("zeppelin", MeaningEmbedder()) == ()


def test_a_word_of_questions_is_embedded_once_and_one_of_the_corpus_never(vocabulary: Vocabulary):
    embedder = MeaningEmbedder()

    for word in ("quit", "Quit", "resigns", "lamps"):
        vocabulary.near(word, embedder)

    assert embedder.words == ["quit"]


def test_the_near_words_of_each_word_are_the_nearest_of_all_and_the_more_frequent_of_equals():
    generator = np.random.default_rng(0)
    meanings = generator.standard_normal((WORDS_AT_ONCE // 2, 48))
    words = np.repeat(meanings, generator.integers(1, 9, len(meanings)), axis=0)
    rows = generator.permutation(words + 0.4 * generator.standard_normal(words.shape))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = (np.round(16 * rows) / 16).astype(np.float32)  # so that products are exact on any machine

    near = near_words(vectors)

    hundredths = np.round(100 * (vectors @ vectors.T))
    np.fill_diagonal(hundredths, 0)
    best = np.argsort(-hundredths, axis=1, kind="stable")[:, :NEAR_COUNT]
    cosines = np.take_along_axis(hundredths, best, axis=1)
    is_near = cosines >= 100 * NEAR_COSINE
    assert 0 < is_near[:, -1].sum() < is_near[:, 0].sum() < len(vectors)
    assert np.array_equal(near[..., 0], np.where(is_near, best, 0))
    assert np.array_equal(near[..., 1], np.where(is_near, cosines, 0))


def test_words_that_are_known_are_not_embedded_again(vocabulary: Vocabulary):
    embedder = MeaningEmbedder()

    again = Vocabulary.build([*TEXTS, "A new lantern."], embedder, known=vocabulary)

    assert sorted(embedder.words) == ["lantern", "new"]
    fresh = Vocabulary.build([*TEXTS, "A new lantern."], MeaningEmbedder())
    assert again.near("lamp", embedder) == fresh.near("lamp", embedder)
    assert again.near("lamp", embedder)[0][0] == "lantern"


def test_a_saved_vocabulary_is_as_before(tmp_path: Path):
    vocabulary = Vocabulary.build([*TEXTS, "The North Keepers Board met."], MeaningEmbedder())
    vocabulary.save(tmp_path)
    loaded = Vocabulary.load(tmp_path)

    for word in ("quit", "lamps", "keeper"):
        assert loaded.near(word, MeaningEmbedder()) == vocabulary.near(word, MeaningEmbedder())
    assert loaded.near("quit", MeaningEmbedder()) != ()
    assert loaded.correction("resinged") == "resigned"
    assert loaded.name("NKB") == loaded.name("nkbs") == "North Keepers Board"


def test_a_text_without_words_has_a_vocabulary_too(tmp_path: Path):
    vocabulary = Vocabulary.build(["1, 2, 3"], WordEmbedder())

    vocabulary.save(tmp_path)

    assert Vocabulary.load(tmp_path).correction("resinged") is None
    assert vocabulary.near("resign", WordEmbedder()) == ()


def test_files_that_are_no_vocabulary_are_refused(vocabulary: Vocabulary, tmp_path: Path):
    vocabulary.save(tmp_path)
    (tmp_path / "words.json").write_text("{}", encoding="utf-8")

    with pytest.raises(StaleGenerationError):
        Vocabulary.load(tmp_path)


def test_near_words_of_another_vocabulary_are_refused(vocabulary: Vocabulary, tmp_path: Path):
    vocabulary.save(tmp_path)
    np.save(tmp_path / NEAR_FILE, near_words(np.eye(3, dtype=np.float32)))

    with pytest.raises(StaleGenerationError):
        Vocabulary.load(tmp_path)


def test_the_near_words_of_a_large_vocabulary_are_found_by_its_index_and_after_loading_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    texts = [
        *TEXTS,
        "He quit.",
        " ".join(f"{one}{two}{three}" for one in LETTERS for two in LETTERS for three in LETTERS),
    ]
    embedder = MeaningEmbedder()
    small = Vocabulary.build(texts, embedder)
    for module in ("index.vocabulary", "index.vectors.faiss_index"):
        monkeypatch.setattr(f"{module}.EXACT_AT_MOST", 500)

    large = Vocabulary.build(texts, embedder)
    large.save(tmp_path)
    loaded = Vocabulary.load(tmp_path)

    assert (tmp_path / NEIGHBOURS_FILE).is_file()
    for word in ("resigned", "lantern"):
        assert small.near(word, embedder) == large.near(word, embedder) == loaded.near(word, embedder) != ()
