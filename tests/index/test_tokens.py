from __future__ import annotations

import numpy as np
import pytest

from index.embedding import Embedding
from index.tokens import DIMENSIONS, best_matches, compress, learn_projection
from tests.fakes import DIMENSION, WordEmbedder


def vectors_of(*words: str) -> np.ndarray:
    return WordEmbedder().embed_words(words)


def test_the_projection_has_orthogonal_directions_and_is_the_same_for_every_corpus():
    projection = learn_projection(WordEmbedder())

    assert projection.shape == (DIMENSION, DIMENSIONS)
    assert np.allclose(projection.T @ projection, np.eye(DIMENSIONS), atol=1e-4)
    assert np.array_equal(projection, learn_projection(WordEmbedder()))


def test_compressed_tokens_keep_who_is_near_whom():
    projection = learn_projection(WordEmbedder())
    words = compress(vectors_of("bridge", "bridges", "ocean"), projection)

    [[bridges, ocean]] = best_matches(words[:1], words[1:], np.array([1, 1])).tolist()

    assert bridges == pytest.approx(1, abs=0.01)
    assert ocean < 0.5


def test_each_token_of_a_question_finds_its_best_match_in_each_sentence():
    tokens = np.array([[127, 0], [0, 127], [60, 80]], dtype=np.int8)
    query = np.array([[127, 0], [0, 100]], dtype=np.int8)

    matches = best_matches(query, tokens, np.array([2, 0, 1, 0]))

    assert matches.tolist() == [[1, 0, pytest.approx(0.6), 0], [1, 0, pytest.approx(0.8), 0]]


def test_without_tokens_nothing_matches():
    empty = np.empty((0, 2), dtype=np.int8)

    assert best_matches(empty, empty, np.array([0, 0])).shape == (0, 2)
    assert best_matches(np.ones((1, 2), dtype=np.int8), empty, np.array([0])).tolist() == [[0]]


def test_a_model_without_token_vectors_keeps_none():
    class Bare(WordEmbedder):
        def embed_passages(self, passages):
            return [
                Embedding(one.vectors, np.empty((0, DIMENSION), dtype=np.float32), np.empty((0, 2), dtype=np.int64))
                for one in super().embed_passages(passages)
            ]

    projection = learn_projection(Bare(name="bare"))

    assert projection.shape == (DIMENSION, 0)
    assert compress(np.empty((0, DIMENSION), dtype=np.float32), projection).shape == (0, 0)
