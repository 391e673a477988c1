"""What two documents say on the same points."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from index.embedding import Vectors
from index.generation import Generation
from index.keywords import terms
from index.ranking import REPEAT_COSINE, Scores, best_first
from index.summaries.extracting import OPENING_WEIGHT, centrality, choose_units
from index.summaries.standing import Unit
from index.summaries.summarizing import DEFAULT_ROOM, Sentences, worth_reading
from index.values import Comparison, Pair, Quote

SAME_POINT = 0.6
"""Sentences more alike than this speak of the same point, see `_likeness`: chosen for precision on some of the pairs
that were judged by hand, measured on the others (`benchmarks/results/summaries.md`)."""

OWN_POINT = 0.45
"""What is less like anything in the other document is said by one alone; what is in between is shown as neither."""

CENTRALITY_WEIGHT = 0.1
"""How much it counts for a pair that its sentences are central to their documents, beside that they are alike: where
there are more pairs than lines."""


def compare(generation: Generation, a: str, b: str, *, room: int = DEFAULT_ROOM, base_url: str = "") -> Comparison:
    """Put sentences of two documents beside each other: first what both speak of, then what only one says.

    Each side keeps to single sentences that can be read alone; no sentence is shown twice. Where the documents have
    fewer points in common than there are lines, the rest sums up, in turn, what one says and the other does not.

    Args:
        generation: Where they are.
        a: Id of a document.
        b: Id of another.
        room: For how many lines.
        base_url: See `index.answering.ask`.

    Raises:
        UnknownDocumentError: There is no such document.
    """
    started = time.perf_counter()
    sentences = Sentences(generation)
    sides = [_units_of(sentences, document) for document in (a, b)]
    vectors = [sentences.vectors_of(units) for units in sides]
    central = [centrality(rows) for rows in vectors]
    likeness = _likeness(vectors, _word_vectors(generation, [sentences.texts_of(units) for units in sides]))
    points = likeness + CENTRALITY_WEIGHT * (central[0][:, None] + central[1][None, :]) / 2
    matched = sorted(_matches(np.round(points, 6), np.round(likeness, 6), vectors, room))
    pairs = [(sides[0][left], sides[1][right], float(likeness[left, right])) for left, right in matched]
    left = room - len(pairs)
    alone = [
        _alone(sentences, units, likeness.max(axis=1 - side, initial=0.0), left) for side, units in enumerate(sides)
    ]
    from_a = alone[0][: max(-(-left // 2), left - len(alone[1]))]
    from_b = alone[1][: left - len(from_a)]

    def quote(unit: Unit, score: float) -> Quote:
        return sentences.quotes_of([unit], [score], base_url)[0]

    return Comparison(
        titles=(generation.segment(a).document.title, generation.segment(b).document.title),
        pairs=(
            *(Pair(quote(one, score), quote(other, score)) for one, other, score in pairs),
            *(Pair(quote(unit, score), None) for unit, score in sorted(from_a)),
            *(Pair(None, quote(unit, score)) for unit, score in sorted(from_b)),
        ),
        generation=generation.id,
        elapsed_ms=(time.perf_counter() - started) * 1000,
    )


def _units_of(sentences: Sentences, document: str) -> list[Unit]:
    numbers = worth_reading(sentences, sentences.numbers_of(document))
    return [unit for unit in sentences.units_of(numbers.tolist()) if len(unit.sentences) == 1]


def _word_vectors(generation: Generation, texts: Sequence[Sequence[str]]) -> list[Scores]:
    """A unit vector of each text by its words, for each side `(texts, words)`: the rarer in the corpus, the more."""
    found = [[sorted(set(terms(text))) for text in side] for side in texts]
    columns = {
        word: column for column, word in enumerate(sorted({word for side in found for row in side for word in row}))
    }
    # so the product of two of a word is how rare it is
    weights = np.sqrt([min(part.sentence_keywords.weight(word) for part in generation.parts) for word in columns])
    sides = []
    for side in found:
        rows = np.zeros((len(side), len(columns)), dtype=np.float32)
        for row, words in enumerate(side):
            places = [columns[word] for word in words]
            rows[row, places] = weights[places]
        sides.append(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))
    return sides


def _likeness(vectors: Sequence[Vectors], words: Sequence[Scores]) -> Scores:
    """How alike sentences of two documents are, `(a, b)`: the mean of the cosines of their vectors and of their words.

    Vectors alone take one subject for one point: two cables on two wars are as near as two sentences on one cable.
    """
    if not (len(vectors[0]) and len(vectors[1])):
        return np.zeros((len(vectors[0]), len(vectors[1])), dtype=np.float32)
    return np.asarray((vectors[0] @ vectors[1].T + words[0] @ words[1].T) / 2, dtype=np.float32)


def _matches(points: Scores, likeness: Scores, vectors: Sequence[Vectors], count: int) -> list[tuple[int, int]]:
    """Pairs of sentences on the same point, best first: each is the other's nearest, and none repeats another pair."""
    matched: list[tuple[int, int]] = []
    if not points.size:
        return matched
    is_nearest = (likeness == likeness.max(axis=1, keepdims=True)) & (likeness == likeness.max(axis=0, keepdims=True))
    for place in best_first(points.ravel()).tolist():
        left, right = divmod(place, points.shape[1])
        if likeness[left, right] < SAME_POINT or not is_nearest[left, right]:
            continue
        near = [
            float(vectors[0][one] @ vectors[0][left]) >= REPEAT_COSINE
            or float(vectors[1][other] @ vectors[1][right]) >= REPEAT_COSINE
            for one, other in matched
        ]
        if not any(near):
            matched.append((left, right))
            if len(matched) == count:
                break
    return matched


def _alone(sentences: Sentences, units: Sequence[Unit], nearest: Scores, count: int) -> list[tuple[Unit, float]]:
    """A summary of what is far from all of the other document, best first."""
    own = [unit for unit, likeness in zip(units, nearest.tolist(), strict=True) if likeness < OWN_POINT]
    merits = np.array([OPENING_WEIGHT * sentences.opens_section(unit) for unit in own], dtype=np.float32)
    chosen = choose_units(own, sentences.texts_of(own), sentences.vectors_of(own), merits, sentences=count)
    return [(own[position], 1 / (1 + rank)) for rank, position in enumerate(chosen)]
