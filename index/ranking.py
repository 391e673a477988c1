"""From scores to quotes: pure functions over numpy arrays.

A sentence is found by what it says itself, by what it says together with its surroundings, and by the words of its
passage. Each is a sum of parts on fixed scales: the cosine of vectors, BM25 as a share of what the question could
reach, and how well the question's tokens find their match. So a score means the same in any corpus and for any pool of
candidates.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PASSAGE_COSINE_WEIGHT = 0.5
PASSAGE_KEYWORD_WEIGHT = 1.1
PASSAGE_TOKEN_WEIGHT = 2.0
SENTENCE_COSINE_WEIGHT = 0.7
SENTENCE_KEYWORD_WEIGHT = 1.0
SENTENCE_TOKEN_WEIGHT = 1.0
SURROUNDINGS_COSINE_WEIGHT = 1.0
SURROUNDINGS_TOKEN_WEIGHT = 2.0
"""How much the cosine, BM25's share and the matches of tokens count for each. Where they come from: a listwise fit
(Cao et al. 2007, "Learning to Rank"), learned on some documents and measured on others, then grids around it; it is a
broad plateau (`docs/decisions.md`)."""

PERFECT_SCORE = (
    PASSAGE_KEYWORD_WEIGHT
    + SENTENCE_COSINE_WEIGHT
    + SENTENCE_KEYWORD_WEIGHT
    + SENTENCE_TOKEN_WEIGHT
    + SURROUNDINGS_COSINE_WEIGHT
    + SURROUNDINGS_TOKEN_WEIGHT
)
"""Of a sentence that has all that the question asks for, among others that have it too."""

SURROUNDINGS = 2
"""So many sentences before and behind a sentence are what it stands among."""

RELEVANCE_WEIGHT = 2.0
"""How much a reranker's relevance counts beside those: as much as the matches of tokens. No such model comes with this
project, so it was not searched for."""

QUOTE_FLOOR = 0.75
"""A sentence is shown only if it scores at least this share of the best one."""

HIGHLIGHT_FLOOR = 0.8
"""Sentences that rise this share of the best one's way above the background are what answers."""

HIGHLIGHT_CHARACTERS = 300
"""What is bold in one quote stays short enough to be read at a glance, about six lines on a phone."""

BACKGROUND_RANK = 30
"""The sentence of this rank is taken for one that has nothing to say to the question."""

USUAL_BACKGROUND = 0.38
"""What such a sentence scores as a share of a perfect one, on average over the answerable questions of three sets."""

REPEAT_COSINE = 0.9
"""Sentences nearer to each other than this say the same."""

Scores = NDArray[np.float32]


def score_passages(cosines: Scores, keyword_shares: Scores, token_matches: Scores) -> Scores:
    """Scores of passages; six decimals, so that order does not hang on the last bit."""
    sums: Scores = (
        PASSAGE_COSINE_WEIGHT * cosines + PASSAGE_KEYWORD_WEIGHT * keyword_shares + PASSAGE_TOKEN_WEIGHT * token_matches
    )
    return np.round(sums, 6).astype(np.float32)


def add_relevance(passage_scores: Scores, relevance: Scores) -> Scores:
    """Scores of passages with what a reranker makes of the best of them; six decimals.

    It only adds: what was not reranked keeps its score, and so never comes before a passage that was before it.

    Args:
        passage_scores: As from `score_passages`, the same for all.
        relevance: From 0 to 1; not a number where a passage was not reranked.
    """
    sums: Scores = passage_scores + RELEVANCE_WEIGHT * np.nan_to_num(relevance, nan=0.0)
    return np.round(sums, 6).astype(np.float32)


def score_sentences(
    cosines: Scores,
    keyword_shares: Scores,
    token_matches: Scores,
    surroundings_cosines: Scores,
    surroundings_token_matches: Scores,
    passage_keyword_shares: Scores,
) -> Scores:
    """Scores of sentences by themselves, by what stands around them, and by their passages' words; six decimals."""
    sums: Scores = (
        SENTENCE_COSINE_WEIGHT * cosines
        + SENTENCE_KEYWORD_WEIGHT * keyword_shares
        + SENTENCE_TOKEN_WEIGHT * token_matches
        + SURROUNDINGS_COSINE_WEIGHT * surroundings_cosines
        + SURROUNDINGS_TOKEN_WEIGHT * surroundings_token_matches
        + PASSAGE_KEYWORD_WEIGHT * passage_keyword_shares
    )
    return np.round(sums, 6).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Which of some sentences stand around each of them: up to `SURROUNDINGS` before and behind it, in its section.

    Passages end somewhere; what belongs to a sentence may stand in the next one, and what is far off in its own does
    not belong to it.
    """

    is_near: tuple[NDArray[np.bool_], ...]
    """For each distance from 1 on, and each sentence that has one at that distance behind it: whether it is near."""

    @classmethod
    def of(cls, places: NDArray[np.int64], sections: NDArray[np.int64]) -> Surroundings:
        """Find what stands around sentences among those given.

        Args:
            places: Where each sentence stands among all, rising.
            sections: The section of each.
        """
        distances = range(1, min(SURROUNDINGS, len(places) - 1) + 1)
        return cls(
            tuple(
                (places[distance:] - places[:-distance] <= SURROUNDINGS) & (sections[distance:] == sections[:-distance])
                for distance in distances
            )
        )

    def best(self, matches: Scores) -> Scores:
        """For each row and sentence, the best number of the sentence and those around it; `(rows, sentences)`."""
        best = matches.copy()
        for distance, is_near in enumerate(self.is_near, 1):
            earlier, later = best[:, :-distance], best[:, distance:]
            np.maximum(earlier, matches[:, distance:], out=earlier, where=is_near)
            np.maximum(later, matches[:, :-distance], out=later, where=is_near)
        return best

    def sums(self, rows: Scores) -> Scores:
        """For each sentence, the sum of its row and of those right beside it; `(sentences, dim)`."""
        sums = rows.copy()
        for is_near in self.is_near[:1]:
            sums[:-1] += rows[1:] * is_near[:, np.newaxis]
            sums[1:] += rows[:-1] * is_near[:, np.newaxis]
        return sums


def ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """All numbers of some half-open ranges, one range after the other."""
    sizes = ends - starts
    offsets = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
    numbers: NDArray[np.int64] = offsets + np.arange(len(offsets))
    return numbers


def best_first(scores: Scores, count: int | None = None) -> NDArray[np.int64]:
    """Positions by falling score, the first `count` of them; equal scores in order of position."""
    if count is None or count >= len(scores):
        return np.argsort(-scores, kind="stable")
    floor = np.partition(scores, len(scores) - count)[len(scores) - count]  # of many scores, few have to be sorted
    positions = np.flatnonzero(scores >= floor)
    return positions[np.argsort(-scores[positions], kind="stable")[:count]]


@dataclass(slots=True)
class Run:
    """Neighbouring sentences of one section, `first` to `last` inclusive, with the score of its best."""

    first: int
    last: int
    score: float


def choose_runs(
    scores: Scores,
    passages: NDArray[np.int64],
    sections: NDArray[np.int64],
    lengths: Sequence[int],
    vectors: NDArray[np.floating[Any]],
    places: NDArray[np.int64],
    *,
    room: int,
    limit: int,
    words_of: Callable[[int], object] = int,
    gaps: Sequence[int] = (),
) -> list[Run]:
    """Choose the sentences to show and join neighbours into runs, also where one passage ends and the next begins.

    Sentences are taken best first while they fit the room and the limit; what the limit kept out is tried again where
    two runs become one. A sentence that says what one of another passage says already is left out. With a limit, so
    are those that score far below the best; without one the room is filled.

    Args:
        scores: One a sentence, in text order.
        passages: The passage of each sentence.
        sections: The section of each; no run leaves it.
        lengths: Characters of each sentence.
        vectors: Unit vectors of the sentences, `(n, dim)`, in 16 or 32 bits.
        places: Where each sentence stands among all; only those with consecutive places are neighbours.
        room: Characters for all of them together.
        limit: How many runs at most; 0 for as many as fit.
        words_of: What two sentences in the same words have in common; by default no two are.
        gaps: Characters between each sentence and the one before it; one by default.

    Returns:
        Runs, best first.
    """
    order = best_first(scores)
    if not len(order):
        return []
    floor = share_of(float(scores[order[0]]), QUOTE_FLOOR) if limit else -np.inf
    runs: list[Run] = []
    chosen: list[int] = []
    left = room
    waiting = deque(order[scores[order] >= floor].tolist())
    kept_out: list[int] = []
    """By the limit, best first; all of them score at least what those that wait do."""
    while waiting and left > 0:
        number = waiting.popleft()
        beside = [run for run in runs if sections[run.first] == sections[number] and _touches(run, number, places)]
        joints = [max(number, run.first) for run in beside]
        cost = lengths[number] + sum(gaps[joint] if gaps else 1 for joint in joints)
        if cost > left and chosen:
            continue
        if not beside and limit and len(runs) == limit:
            kept_out.append(number)
            continue
        others = [other for other in chosen if passages[other] != passages[number]]
        if is_repeat(number, others, vectors, words_of):
            continue
        joined = Run(
            min([number, *(run.first for run in beside)]),
            max([number, *(run.last for run in beside)]),
            max([float(scores[number]), *(run.score for run in beside)]),
        )
        runs = [run for run in runs if run not in beside] + [joined]
        chosen.append(number)
        left -= cost
        if len(beside) > 1:
            waiting.extendleft(reversed(kept_out))
            kept_out.clear()
    return sorted(runs, key=lambda run: (-run.score, run.first))


def is_repeat(
    number: int, others: Sequence[int], vectors: NDArray[np.floating[Any]], words_of: Callable[[int], object]
) -> bool:
    """Whether a sentence says what one of others says: in nearly the same meaning, or in the same words.

    The same words need not have nearly the same vector, which also says what stands around them.
    """
    if not others:
        return False
    cosines = vectors[list(others)].astype(np.float32) @ vectors[number].astype(np.float32)
    return bool(cosines.max() >= REPEAT_COSINE) or words_of(number) in map(words_of, others)


def _touches(run: Run, number: int, places: NDArray[np.int64]) -> bool:
    return bool(places[run.first] - 1 <= places[number] <= places[run.last] + 1)


def share_of(score: float, share: float) -> float:
    """What is left of a score by a share, also of one below zero."""
    return score - (1 - share) * abs(score)


def best_score(scores: Scores) -> float:
    """That of the best sentence; 0 where there is none."""
    return float(scores.max()) if len(scores) else 0.0


def background(scores: Scores) -> float:
    """The score of sentences that only share the subject; the usual one where there are too few to tell."""
    if len(scores) <= BACKGROUND_RANK:
        return USUAL_BACKGROUND * PERFECT_SCORE
    return float(-np.partition(-scores, BACKGROUND_RANK)[BACKGROUND_RANK])


def highlight_floor(scores: Scores) -> float:
    """The score from which on a sentence answers: it depends on how far the best one stands out.

    Args:
        scores: Of all sentences that could be shown.
    """
    best = best_score(scores)
    usual = min(best, background(scores))
    return usual + HIGHLIGHT_FLOOR * (best - usual)


def highlighted(scores: Scores, lengths: Sequence[int], run: Run, floor: float) -> list[int]:
    """The sentences of a run that answer, in text order; none in a run that is only near.

    Args:
        scores: One a sentence, in text order.
        lengths: Characters of each sentence.
        run: What is shown.
        floor: See `highlight_floor`.
    """
    strong = [number for number in range(run.first, run.last + 1) if scores[number] >= floor]
    chosen: list[int] = []
    left = HIGHLIGHT_CHARACTERS
    for number in sorted(strong, key=lambda number: (-scores[number], number)):
        if not chosen or lengths[number] <= left:
            chosen.append(number)
            left -= lengths[number] + 1  # neighbours are joined by a blank
    return sorted(chosen)
