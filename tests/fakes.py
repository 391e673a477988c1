"""Stand-ins of our own for what tests should not need: no model is loaded, and texts still differ in meaning."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.answer_spans import AnswerSpan
from index.embedding import Embedding, Vectors
from index.keywords import terms
from index.values import Span

DIMENSION = 256


class WordEmbedder:
    """An `Embedder` without a model: a text's vector comes from its words, so texts that share words lie close.

    Args:
        character_limit: Texts longer than this do not fit, as with a model that reads only so much.
        name: What the model is called; models of different names have different digests and vectors.
    """

    def __init__(self, *, character_limit: int = 1000, name: str = "words") -> None:
        self.name = name
        self.digest = hashlib.sha256(name.encode()).hexdigest()
        self.character_limit = character_limit
        self.embedded_passages = 0
        """How many passages were embedded so far."""

    def load(self) -> None:
        """Nothing to load."""

    def fits(self, text: str) -> bool:
        return len(text) <= self.character_limit

    def embed_query(self, question: str) -> Embedding:
        return self._embed(question, ())

    def embed_passages(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedding]:
        self.embedded_passages += sum(1 for _, sentences in passages if sentences)
        return [self._embed(text, sentences) for text, sentences in passages]

    def _embed(self, text: str, sentences: Sequence[Span]) -> Embedding:
        """The vectors of a text and its sentences; its words are its tokens."""
        parts = (text, *(text[start:end] for start, end in sentences))
        words = list(re.finditer(r"\w+", text))
        return Embedding(
            np.stack([_vector_of(part, self.name) for part in parts]),
            self.embed_words([word[0] for word in words]),
            np.array([word.span() for word in words], dtype=np.int64).reshape(-1, 2),
        )

    def embed_words(self, words: Sequence[str]) -> Vectors:
        return np.array([_vector_of(word, self.name) for word in words], dtype=np.float32).reshape(-1, DIMENSION)

    def knows_word(self, word: str) -> bool:
        return False


class WordReranker:
    """A `Reranker` without a model: a passage is relevant if it has a word.

    Args:
        word: What it looks for.
    """

    def __init__(self, word: str) -> None:
        self.name = f"reranker of {word}"
        self.word = word
        self.read: list[tuple[str, Sequence[tuple[str, Sequence[Span]]]]] = []
        """The questions and passages that it was given."""

    def load(self) -> None:
        """Nothing to load."""

    def relevance(self, question: str, passages: Sequence[tuple[str, Sequence[Span]]]) -> NDArray[np.float32]:
        self.read.append((question, passages))
        return np.array([self.word in text for text, _ in passages], dtype=np.float32)


class WordReader:
    """A `Reader` without a model: a word is the answer, wherever it stands.

    Args:
        word: What it looks for.
        probability: What it says of a text with the word; of one without it is that much less sure than even.
    """

    def __init__(self, word: str, *, probability: float = 1.0) -> None:
        self.name = f"reader of {word}"
        self.word = word
        self.probability = probability
        self.texts: list[tuple[str, Span]] = []
        """What it was given."""

    def load(self) -> None:
        """Nothing to load."""

    def read(self, question: str, texts: Sequence[tuple[str, Span]]) -> list[AnswerSpan | None]:
        self.texts += texts
        return [self._read(text, within) for text, within in texts]

    def _read(self, text: str, within: Span) -> AnswerSpan:
        start = text.find(self.word, *within)
        if start < 0:
            return AnswerSpan(Span(within.start, within.start + 1), 1 - self.probability)
        return AnswerSpan(Span(start, start + len(self.word)), self.probability)


def _vector_of(text: str, salt: str) -> Vectors:
    """The sum of the directions of a text's words; a text without words has a direction of its own."""
    words = terms(text) or [text]
    total = np.sum([_direction_of(word, salt) for word in words], axis=0)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


@lru_cache(maxsize=100_000)
def _direction_of(word: str, salt: str) -> Vectors:
    seed = hashlib.sha256(f"{salt}\0{word}".encode()).digest()
    direction = np.random.default_rng(list(seed)).standard_normal(DIMENSION).astype(np.float32)
    return np.asarray(direction / np.linalg.norm(direction), dtype=np.float32)
