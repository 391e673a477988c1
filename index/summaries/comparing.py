"""What two documents say on the same points."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from index.embedding import Vectors
from index.generation import Generation
from index.ranking import REPEAT_COSINE, Scores, best_first
from index.summaries.extracting import centrality
from index.summaries.standing import Unit
from index.summaries.summarizing import DEFAULT_ROOM, Sentences, worth_reading
from index.values import Comparison, Pair, Quote

SAME_POINT = 0.38
"""Sentences more alike than this speak of the same; see `_likeness`."""

OWN_POINT = 0.3
"""What is less like anything in the other document is said by one alone."""

CENTRALITY_WEIGHT = 0.1
"""How much it counts for a pair that its sentences are central to their documents, beside that they are alike."""


def compare(generation: Generation, a: str, b: str, *, room: int = DEFAULT_ROOM, base_url: str = "") -> Comparison:
    """Put sentences of two documents beside each other: first what both speak of, then what only one says.

    Each side keeps to single sentences that can be read alone; no sentence is shown twice. Where the documents have
    fewer points in common than there are lines, the rest is what is central to one and far from the other, in turn.

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
    likeness = _likeness(*vectors)
    points = likeness + CENTRALITY_WEIGHT * (central[0][:, None] + central[1][None, :]) / 2
    matched = sorted(_matches(np.round(points, 6), likeness, vectors, room))
    pairs = [(sides[0][left], sides[1][right], float(likeness[left, right])) for left, right in matched]
    alone = [
        _alone(units, shares, likeness.max(axis=1 - side, initial=0.0), room)
        for side, (units, shares) in enumerate(zip(sides, central, strict=True))
    ]
    left = room - len(pairs)
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


def _likeness(a: Vectors, b: Vectors) -> Scores:
    """How alike sentences of two documents are, `(a, b)`: the mean of two cosines, of the vectors as they are and of
    what sets each apart from the rest of its document. Two votes are alike, whatever the votes were on.
    """
    if not (len(a) and len(b)):
        return np.zeros((len(a), len(b)), dtype=np.float32)
    return np.asarray((a @ b.T + _apart(a) @ _apart(b).T) / 2, dtype=np.float32)


def _apart(vectors: Vectors) -> Vectors:
    rest = vectors - vectors.mean(axis=0)
    apart: Vectors = rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-6)
    return apart


def _matches(points: Scores, likeness: Scores, vectors: Sequence[Vectors], count: int) -> list[tuple[int, int]]:
    """Pairs of sentences on the same point, best first; none repeats another on both sides."""
    matched: list[tuple[int, int]] = []
    if not points.size:
        return matched
    for place in best_first(points.ravel()).tolist():
        left, right = divmod(place, points.shape[1])
        if likeness[left, right] < SAME_POINT or any(left == one or right == other for one, other in matched):
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


def _alone(units: Sequence[Unit], central: Scores, nearest: Scores, count: int) -> list[tuple[Unit, float]]:
    """What is central to one document and far from all of the other, best first."""
    order = [position for position in best_first(central).tolist() if nearest[position] < OWN_POINT]
    return [(units[position], float(central[position])) for position in order[:count]]
