"""From scores to quotes: pure functions over numpy arrays.

A sentence is found by its own score and by that of its passage (two levels), each the sum of a cosine and of BM25 as a
share of what the question could reach. Both parts have a fixed scale, so a score means the same in any corpus and for
any pool of candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KEYWORD_WEIGHT = 1.6
"""How much BM25's share counts beside the cosine; chosen by `benchmarks/retrieval.py` on both sets."""

QUOTE_FLOOR = 0.7
"""A sentence is shown only if it scores at least this share of the best one."""

HIGHLIGHT_FLOOR = 0.92
"""Within a quote, sentences that score at least this share of its best are what answers."""

REPEAT_COSINE = 0.9
"""Sentences nearer to each other than this say the same."""

Scores = NDArray[np.float32]


def fuse(cosines: Scores, keyword_shares: Scores) -> Scores:
    """Join dense and sparse scores of the same texts; six decimals, so that order does not hang on the last bit."""
    return np.round(cosines + np.float32(KEYWORD_WEIGHT) * keyword_shares, 6).astype(np.float32)


def best_first(scores: Scores) -> NDArray[np.int64]:
    """Positions by falling score; equal scores in order of position."""
    return np.argsort(-scores, kind="stable")


@dataclass(slots=True)
class Run:
    """Neighbouring sentences of one passage, `first` to `last` inclusive, with the score of its best."""

    passage: int
    first: int
    last: int
    score: float


def choose_runs(
    scores: Scores,
    passages: NDArray[np.int64],
    lengths: Sequence[int],
    vectors: NDArray[np.float32],
    places: NDArray[np.int64],
    *,
    room: int,
    limit: int,
    gaps: Sequence[int] = (),
) -> list[Run]:
    """Choose the sentences to show and join neighbours into runs.

    Sentences are taken best first while they fit the room. One that says what a chosen one says already is left out.
    With a limit, so are those that score far below the best; without one the room is filled.

    Args:
        scores: One a sentence, in text order.
        passages: The passage of each sentence.
        lengths: Characters of each sentence.
        vectors: Unit vectors of the sentences, `(n, dim)`.
        places: Where each sentence stands among all; only those with consecutive places are neighbours.
        room: Characters for all of them together.
        limit: How many runs at most; 0 for as many as fit.
        gaps: Characters between each sentence and the one before it; one by default.

    Returns:
        Runs, best first.
    """
    order = best_first(scores)
    if not len(order):
        return []
    floor = _share_of(float(scores[order[0]]), QUOTE_FLOOR) if limit else -np.inf
    runs: list[Run] = []
    chosen: list[int] = []
    left = room
    for number in order:
        if scores[number] < floor or left <= 0:
            break
        passage = int(passages[number])
        beside = [run for run in runs if run.passage == passage and _touches(run, int(number), places)]
        joints = [max(int(number), run.first) for run in beside]
        cost = lengths[number] + sum(gaps[joint] if gaps else 1 for joint in joints)
        if cost > left and chosen:
            continue
        if not beside and limit and len(runs) == limit:
            continue
        others = [other for other in chosen if passages[other] != passage]
        if others and (vectors[others] @ vectors[number]).max() >= REPEAT_COSINE:
            continue
        joined = Run(
            passage,
            min([int(number), *(run.first for run in beside)]),
            max([int(number), *(run.last for run in beside)]),
            max([float(scores[number]), *(run.score for run in beside)]),
        )
        runs = [run for run in runs if run not in beside] + [joined]
        chosen.append(int(number))
        left -= cost
    return sorted(runs, key=lambda run: (-run.score, run.first))


def _touches(run: Run, number: int, places: NDArray[np.int64]) -> bool:
    return bool(places[run.first] - 1 <= places[number] <= places[run.last] + 1)


def _share_of(score: float, share: float) -> float:
    """What is left of a score by a share, also of one below zero."""
    return score - (1 - share) * abs(score)


def highlighted(scores: Scores, run: Run) -> list[int]:
    """The sentences of a run that answer: those that come close to its best."""
    floor = _share_of(run.score, HIGHLIGHT_FLOOR)
    return [number for number in range(run.first, run.last + 1) if scores[number] >= floor]
