"""Which sentences sum up the others: pure functions over texts and vectors.

A summary is grown sentence by sentence. What one adds is how central it is (Erkan and Radev 2004, "LexRank: Graph-based
Lexical Centrality as Salience in Text Summarization", here on embeddings), whether it opens the text or a section, how
well it fits a topic, whether its side or its time has not been heard of yet, and how many of the frequent words it has
that no chosen sentence has, a submodular objective (Lin and Bilmes 2011, "A Class of Submodular Functions for Document
Summarization"; words as concepts: Gillick and Favre 2009, "A Scalable Global Model for Summarization"). What is like a
chosen sentence loses (maximal marginal relevance, Carbonell and Goldstein 1998), a long one has to bring more than a
short one, and so has one that cannot stand without others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from index.embedding import Vectors
from index.keywords import terms
from index.ranking import Scores
from index.summaries.standing import Unit

CENTRALITY_WEIGHT = 1.0
OPENING_WEIGHT = 1.0
LEAD_WEIGHT = 3.0
RELEVANCE_WEIGHT = 3.0
SIDE_WEIGHT = 0.5
TIME_WEIGHT = 0.5
COVERAGE_WEIGHT = 15.0
REDUNDANCY_WEIGHT = 0.4
"""How much each counts; the coverage of words counts whole when `FULL_COVERAGE` words are covered. Chosen on half of
the reference summaries, measured on the other half (`benchmarks/results/summaries.md`); a broad plateau."""

LENGTH_POWER = 0.3
"""How much more a longer sentence has to bring; at 1 it would be twice as much for twice the length."""

CONTEXT_POWER = 0.4
"""How much more a sentence has to bring that takes others with it because it leans on them; at 1, as much as others
would bring in their place, and hardly any is shown then."""

FULL_COVERAGE = 60
"""About as many words as a summary of six sentences has."""

SAME_COSINE = 0.85
"""Nearer than this, two sentences tell the same; a summary has less use for that than an answer, whose quotes may be a
little nearer."""

RETOLD_COSINE = 0.7
"""Nearer than this, two sides tell the same; within one document, all sentences are near each other."""

ALIKE_COSINE = 0.5
"""Sentences no nearer than this to each other do not repeat each other at all."""

SAME_WORDS = 0.8
"""Two texts that have so many of their words in common tell the same, in whatever surroundings their vectors are."""

DAMPING = 0.85
ROUNDS = 50


def centrality(vectors: Vectors) -> Scores:
    """How central each of some unit vectors is, the most central 1: PageRank on their cosines."""
    cosines = np.maximum(vectors @ vectors.T, 0)
    np.fill_diagonal(cosines, 0)
    steps = cosines / np.maximum(cosines.sum(axis=1, keepdims=True), 1e-9)
    rank = np.full(len(vectors), 1 / max(1, len(vectors)), dtype=np.float32)
    for _ in range(ROUNDS):
        rank = (1 - DAMPING) / len(vectors) + DAMPING * (rank @ steps)
    shares: Scores = np.round(rank / rank.max(initial=1e-9), 6).astype(np.float32)
    return shares


def choose_units(
    units: Sequence[Unit],
    texts: Sequence[str],
    vectors: Vectors,
    merits: Scores,
    *,
    sentences: int,
    sides: Sequence[int] = (),
    times: Sequence[Collection[int]] = (),
) -> list[int]:
    """Choose what sums up all of it.

    Args:
        units: What there is to choose from, in text order; a unit may hold another one.
        texts: The plain text of each.
        vectors: A unit vector of each, `(units, dim)`.
        merits: What each deserves beside being central: as the opening of a section, or for a topic.
        sentences: How many sentences together at most.
        sides: Which side each is on, the document it is from say: one that has said nothing yet goes before.
        times: Which years each speaks of: one of which nothing was said yet goes before.

    Returns:
        Positions of units, best first; none overlaps another.
    """
    if not len(units):
        return []
    has_word, weights = _words(texts)
    cosines = vectors @ vectors.T
    deserved = CENTRALITY_WEIGHT * centrality(vectors) + merits
    sizes = np.array([len(unit.sentences) for unit in units])
    costs = np.array([max(1, len(text.split())) for text in texts]) ** LENGTH_POWER * sizes**CONTEXT_POWER
    chosen: list[int] = []
    shown: set[int] = set()
    is_open = np.ones(len(units), dtype=bool)
    while is_open.any():
        is_open &= sizes <= sentences - len(shown)
        gains = deserved + COVERAGE_WEIGHT * (has_word @ weights)
        if sides:
            heard = {sides[position] for position in chosen}
            gains = gains + SIDE_WEIGHT * np.array([side not in heard for side in sides])
        if times:
            told = {year for position in chosen for year in times[position]}
            gains = gains + TIME_WEIGHT * np.array([not told.issuperset(years) for years in times])
        if chosen:
            nearest = cosines[:, chosen].max(axis=1)
            gains = gains - REDUNDANCY_WEIGHT * np.maximum(0, (nearest - ALIKE_COSINE) / (1 - ALIKE_COSINE))
            is_open &= nearest < SAME_COSINE
            if sides:
                is_other = np.array([[sides[position] != side for position in chosen] for side in sides])
                is_open &= np.where(is_other, cosines[:, chosen], 0).max(axis=1) < RETOLD_COSINE
        if not is_open.any():
            break
        gains = np.round(gains / costs, 6)  # so that order does not hang on the last bit
        best = int(np.argmax(np.where(is_open, gains, -np.inf)))
        chosen.append(best)
        is_open &= _shared(has_word, best) < SAME_WORDS
        shown |= set(units[best].sentences)
        is_open &= [not set(unit.sentences) & shown for unit in units]
        weights = np.where(has_word[best] > 0, 0, weights)
    return chosen


def _shared(has_word: Scores, which: int) -> Scores:
    """Of the words of each text and of a certain one, the share that both have; a text without words shares none."""
    both = has_word @ has_word[which]
    either = has_word.sum(axis=1) + has_word[which].sum() - both
    return np.asarray(both / np.maximum(either, 1), dtype=np.float32)


def _words(texts: Sequence[str]) -> tuple[Scores, Scores]:
    """Which words each text has, `(texts, words)`, and what each word weighs: the more texts have it, the more."""
    found = [sorted(set(terms(text))) for text in texts]
    counts = Counter(word for words in found for word in words)
    columns = {word: column for column, word in enumerate(sorted(counts))}
    has_word = np.zeros((len(texts), len(columns)), dtype=np.float32)
    for row, words in enumerate(found):
        has_word[row, [columns[word] for word in words]] = 1
    # a word of one text alone may be what sets it apart, or a chance
    weights = np.array([np.log1p(counts[word]) if counts[word] > 1 else np.log(2) / 2 for word in columns])
    heaviest = np.sort(weights)[::-1][:FULL_COVERAGE].sum() or 1.0
    return has_word, (weights / heaviest).astype(np.float32)
