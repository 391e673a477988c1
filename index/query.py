"""A question as the retrievers read it: slips mended, abbreviations written out, near words beside its own."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import DamerauLevenshtein

from index.embedding import Embedder, Vectors
from index.generation import Generation
from index.keywords import KeywordIndex, NearTerms, terms
from index.tokens import compress
from index.values import Correction
from index.vocabulary import Vocabulary

FOREIGN_WORDS = 8
"""How many words that the corpus does not have are embedded for a question; one with more is no question of this
corpus, and each takes as long as the question itself."""

_WORD = re.compile(r"([^\W\d_]+(?:['\u2019](?!s\b)[^\W\d_]+)*)((?:['\u2019]s\b)?)", re.IGNORECASE)
"""A word, and behind it what makes it a possessive."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the two retrievers are given."""

    text: str
    """The question with misspelled words mended and abbreviations written out."""
    vector: Vectors
    """Of the text, `(dim,)`."""
    terms: tuple[str, ...]
    tokens: NDArray[np.int8]
    """Of the text's words but function words, compressed as generations keep tokens, `(tokens, kept)`."""
    token_weights: NDArray[np.float32]
    """How much each token says: the inverse document frequency of its word; together 1."""
    near_in_parts: tuple[NearTerms, ...] = ({},)
    """For each part of the generation: for each term, the part's terms that lie near it in meaning."""
    corrections: tuple[Correction, ...] = ()

    def read_as(self, words: str) -> str:
        """Words of the question with what was mended in them."""
        meant = {correction.typed: correction.read_as for correction in self.corrections}
        return _WORD.sub(lambda match: _possessive(meant[match[1]], match[2]) if match[1] in meant else match[0], words)

    @property
    def near(self) -> NearTerms:
        """For each term, those of the corpus that lie near it in meaning."""
        near: defaultdict[str, dict[str, float]] = defaultdict(dict)
        for part in self.near_in_parts:
            for term, others in part.items():
                near[term] |= {other: weight for other, weight in others if other not in near[term]}
        return {term: tuple(others.items()) for term, others in near.items()}


def read_query(question: str, generation: Generation, embedder: Embedder) -> Query:
    """Read a question for one generation.

    A word that neither the corpus nor the model knows is taken for the abbreviation of a name that the corpus has, or
    else for a misspelling of a word that it has. How much a word says is a matter of the first part alone.
    """
    parts = generation.parts
    corrections: dict[str, Correction] = {}

    def mend(match: re.Match[str]) -> str:
        word, possessive = match.groups()
        if all(generation.has_word(stem) for stem in terms(word)) or embedder.knows_word(word):
            return match[0]
        names = [name for part in parts if (name := part.vocabulary.name(word)) is not None]
        likely = names[:1] or [meant for part in parts if (meant := part.vocabulary.correction(word)) is not None]
        if not likely:
            return match[0]
        meant = min(likely, key=lambda other: DamerauLevenshtein.distance(word.casefold(), other))
        if word[0].isupper() and not names:
            meant = meant.upper() if word.isupper() else meant.capitalize()
        corrections[word] = Correction(word, meant)
        return _possessive(meant, possessive)

    text = _WORD.sub(mend, question)
    words = tuple(dict.fromkeys(terms(text)))
    embedding = embedder.embed_query(text)
    token_weights = _token_weights(text, embedding.token_spans, parts[0].passage_keywords)
    says = token_weights > 0
    return Query(
        text=text,
        vector=embedding.vector,
        terms=words,
        tokens=compress(embedding.tokens, parts[0].projection)[says],
        token_weights=token_weights[says],
        near_in_parts=tuple(_near_words(text, words, part.vocabulary, embedder) for part in parts),
        corrections=tuple(corrections.values()),
    )


def _possessive(word: str, ending: str) -> str:
    """A word with the ending of a possessive, if any: after an "s" its apostrophe alone."""
    return word + (ending[:1] if word.endswith("s") else ending)


def _token_weights(text: str, spans: NDArray[np.int64], keywords: KeywordIndex) -> NDArray[np.float32]:
    """What each token's word weighs for BM25; function words nothing, unless there are no others."""
    weights = np.zeros(len(spans), dtype=np.float32)
    for match in re.finditer(r"\S+", text):
        stems = terms(match[0])
        if stems:
            inside = (spans[:, 0] >= match.start()) & (spans[:, 1] <= match.end())
            weights[inside] = max(keywords.weight(stem) for stem in stems)
    total = weights.sum()
    if not total:
        return np.full(len(spans), 1 / max(1, len(spans)), dtype=np.float32)
    return np.asarray(weights / total)


def _near_words(text: str, words: Sequence[str], vocabulary: Vocabulary, embedder: Embedder) -> NearTerms:
    """Near words of each word of the text that is one of its terms; the letters of "S/P" are none."""
    near: dict[str, tuple[tuple[str, float], ...]] = {}
    foreign = 0
    for match in _WORD.finditer(text):
        parts = terms(match[1])
        if len(parts) != 1 or parts[0] in near or parts[0] not in words:
            continue
        if not vocabulary.has_vector(parts[0]):
            foreign += 1
            if foreign > FOREIGN_WORDS:
                continue
        near[parts[0]] = vocabulary.near(match[1], embedder)
    return near
