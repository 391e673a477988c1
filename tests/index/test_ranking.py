"""What holds whatever the weights are; how good the ranking is, the benchmarks measure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.ranking import (
    BACKGROUND_RANK,
    HIGHLIGHT_CHARACTERS,
    PERFECT_SCORE,
    RELEVANCE_WEIGHT,
    SURROUNDINGS,
    USUAL_BACKGROUND,
    Run,
    Surroundings,
    add_relevance,
    background,
    best_first,
    choose_runs,
    highlight_floor,
    highlighted,
    ranges,
    score_passages,
    score_sentences,
)

shares = st.floats(0, 1, width=32)
cosines = st.floats(-1, 1, width=32)


def orthogonal(count: int) -> np.ndarray:
    return np.eye(max(1, count), dtype=np.float32)[:count]


@st.composite
def pools(draw: st.DrawFn) -> dict[str, Any]:
    """Scored sentences of a few passages in a few sections, some with gaps between them."""
    count = draw(st.integers(1, 12))
    scores = draw(st.lists(st.floats(0.125, 3, width=32), min_size=count, max_size=count))
    steps = st.sampled_from([(0, 0, 1), (0, 0, 2), (1, 0, 1), (1, 0, 3), (1, 1, 1), (1, 1, 2)])
    passages, sections, places = np.cumsum(draw(st.lists(steps, min_size=count, max_size=count)), axis=0).T
    lengths = draw(st.lists(st.integers(1, 200), min_size=count, max_size=count))
    return {
        "scores": np.array(scores, dtype=np.float32),
        "passages": passages.astype(np.int64),
        "sections": sections.astype(np.int64),
        "lengths": lengths,
        "vectors": orthogonal(count),
        "places": places.astype(np.int64),
    }


@given(
    st.lists(st.tuples(cosines, shares, cosines, cosines, cosines, shares), min_size=1, max_size=20),
    st.integers(0, 19),
    st.floats(0.01, 0.5),
)
def test_a_text_that_is_closer_or_shares_more_words_never_scores_lower(
    parts: list[tuple[float, ...]], number: int, more: float
) -> None:
    number %= len(parts)
    columns = [np.array(column, dtype=np.float32) for column in zip(*parts, strict=True)]
    raised = np.zeros(len(parts), dtype=np.float32)
    raised[number] = more

    for which in range(len(columns)):
        higher = [column + raised if position == which else column for position, column in enumerate(columns)]
        assert score_passages(*higher[:3])[number] >= score_passages(*columns[:3])[number]
        assert score_sentences(*higher)[number] >= score_sentences(*columns)[number]


@given(st.lists(st.tuples(st.sampled_from([1, 1, 1, 2, 5]), st.booleans()), max_size=12))
def test_around_a_sentence_stand_those_within_two_places_in_its_section(steps: list[tuple[int, bool]]) -> None:
    places = np.cumsum([step for step, _ in steps]).astype(np.int64)
    sections = np.cumsum([is_new for _, is_new in steps]).astype(np.int64)
    near = (np.abs(places[:, None] - places) <= SURROUNDINGS) & (sections[:, None] == sections)
    beside = near & (np.abs(np.subtract.outer(np.arange(len(places)), np.arange(len(places)))) <= 1)

    around = Surroundings.of(places, sections)

    numbers = np.eye(len(places), dtype=np.float32)
    assert (around.best(numbers) == near).all()
    assert (around.sums(numbers) == beside).all()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 6)), max_size=10))
def test_ranges_are_all_their_numbers_in_order(pairs: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in pairs], dtype=np.int64)
    ends = np.array([start + size for start, size in pairs], dtype=np.int64)

    assert ranges(starts, ends).tolist() == [number for start, size in pairs for number in range(start, start + size)]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), max_size=20))
def test_best_first_orders_all_by_score_and_equal_ones_by_position(scores: list[float]) -> None:
    order = best_first(np.array(scores, dtype=np.float32)).tolist()

    assert order == sorted(range(len(scores)), key=lambda number: (-scores[number], number))


@given(pools(), st.integers(1, 600), st.integers(0, 4))
@settings(max_examples=100, deadline=None)
def test_runs_are_apart_within_one_section_each_and_at_most_as_many_as_asked(
    pool: dict[str, Any], room: int, limit: int
) -> None:
    runs = choose_runs(**pool, room=room, limit=limit)

    numbers = [number for run in runs for number in range(run.first, run.last + 1)]
    assert len(numbers) == len(set(numbers))
    assert all(len(set(pool["sections"][run.first : run.last + 1])) == 1 for run in runs)
    assert all(
        after - before == 1 for run in runs for before, after in pairwise(pool["places"][run.first : run.last + 1])
    )
    assert not limit or len(runs) <= limit
    assert [run.score for run in runs] == sorted((run.score for run in runs), reverse=True)


@given(pools(), st.integers(1, 600), st.integers(0, 4))
@settings(max_examples=100, deadline=None)
def test_the_best_sentence_is_always_among_the_runs(pool: dict[str, Any], room: int, limit: int) -> None:
    runs = choose_runs(**pool, room=room, limit=limit)

    best = int(np.argmax(pool["scores"]))
    assert any(run.first <= best <= run.last for run in runs)
    assert runs[0].score == pool["scores"][best]


@given(pools(), st.integers(1, 600), st.integers(0, 4))
@settings(max_examples=100, deadline=None)
def test_only_a_first_sentence_that_is_longer_than_the_room_exceeds_it(
    pool: dict[str, Any], room: int, limit: int
) -> None:
    runs = choose_runs(**pool, room=room, limit=limit)

    shown = sum(pool["lengths"][number] for run in runs for number in range(run.first, run.last + 1))
    assert shown <= room or [run.first for run in runs] == [run.last for run in runs] == [np.argmax(pool["scores"])]


@given(pools(), st.integers(1, 600), st.integers(0, 4))
@settings(deadline=None)
def test_the_best_sentence_is_highlighted_and_others_that_score_high_as_far_as_they_can_be_read_at_a_glance(
    pool: dict[str, Any], room: int, limit: int
) -> None:
    scores, lengths, floor = pool["scores"], pool["lengths"], highlight_floor(pool["scores"])
    runs = choose_runs(**pool, room=room, limit=limit)

    for run in runs:
        numbers = highlighted(scores, lengths, run, floor)
        others = set(range(run.first, run.last + 1)) - set(numbers)
        bold = sum(lengths[number] + 1 for number in numbers)
        assert set(numbers) <= set(range(run.first, run.last + 1))
        assert all(scores[number] >= floor for number in numbers)
        assert len(numbers) <= 1 or bold - 1 <= HIGHLIGHT_CHARACTERS
        assert all(scores[other] < floor or bold + lengths[other] > HIGHLIGHT_CHARACTERS for other in others)
    assert int(np.argmax(scores)) in highlighted(scores, lengths, runs[0], floor)


def test_sentences_on_the_same_subject_are_background() -> None:
    scores = np.array([3.0, 2.9, 2.0, *[1.9] * 40], dtype=np.float32)

    assert highlighted(scores, [80] * len(scores), Run(0, 3, 3.0), highlight_floor(scores)) == [0, 1]


def test_nothing_to_choose_from_or_no_room_gives_no_run() -> None:
    nothing = np.empty(0, dtype=np.float32)
    numbers = np.empty(0, dtype=np.int64)

    assert choose_runs(nothing, numbers, numbers, [], orthogonal(0), numbers, room=100, limit=3) == []


def test_a_run_goes_on_where_a_passage_ends_within_its_section() -> None:
    scores = np.array([3.0, 2.9, 2.8, 2.7], dtype=np.float32)
    passages, sections = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 1])

    runs = choose_runs(scores, passages, sections, [9] * 4, orthogonal(4), np.arange(4), room=100, limit=3)

    assert [(run.first, run.last) for run in runs] == [(0, 2), (3, 3)]


def runs_of_three(vectors: np.ndarray, *, passages: Sequence[int] = (0, 1, 2), **options: Any) -> list[tuple[int, int]]:
    """The first and the last sentence of each run of three sentences that stand apart, the first one the best."""
    scores = np.array([1.0, 0.99, 0.98], dtype=np.float32)
    sections = np.zeros(3, dtype=np.int64)
    places = np.array([0, 5, 10])
    runs = choose_runs(scores, np.array(passages), sections, [10] * 3, vectors, places, room=100, limit=3, **options)
    return [(run.first, run.last) for run in runs]


def test_a_sentence_that_repeats_a_chosen_one_of_another_passage_is_left_out() -> None:
    assert runs_of_three(orthogonal(3)[[0, 0, 1]]) == [(0, 0), (2, 2)]


def test_a_sentence_that_repeats_a_chosen_one_of_its_own_passage_is_shown() -> None:
    vectors = np.array([[1, 0, 0], [0.96, 0.28, 0], [0, 0, 1]], dtype=np.float32)

    assert runs_of_three(vectors, passages=(0, 0, 1)) == [(0, 0), (1, 1), (2, 2)]


def test_a_sentence_in_the_words_of_a_chosen_one_of_another_passage_is_left_out() -> None:
    texts = ["Oil burned.", "Oil burned.", "Gulls were eaten."]

    assert runs_of_three(orthogonal(3), words_of=texts.__getitem__) == [(0, 0), (2, 2)]


def test_what_the_limit_kept_out_is_tried_again_where_two_runs_become_one() -> None:
    scores = np.array([3.0, 2.6, 2.9, 2.8, 2.7, 2.5], dtype=np.float32)  # the second one joins its neighbours
    numbers = np.arange(6)

    runs = choose_runs(
        scores,
        numbers,
        np.zeros(6, dtype=np.int64),
        [9] * 6,
        orthogonal(6),
        np.array([0, 1, 2, 10, 20, 30]),
        room=100,
        limit=3,
    )

    assert [(run.first, run.last) for run in runs] == [(0, 2), (3, 3), (4, 4)]


@pytest.mark.parametrize("count", [1, BACKGROUND_RANK, BACKGROUND_RANK + 1, 100])
def test_the_background_of_few_sentences_is_the_usual_one(count: int) -> None:
    scores = np.linspace(5, 4, count, dtype=np.float32)[::-1]

    expected = USUAL_BACKGROUND * PERFECT_SCORE if count <= BACKGROUND_RANK else np.sort(scores)[::-1][BACKGROUND_RANK]
    assert background(scores) == pytest.approx(expected)


part = st.floats(0, 1, width=32)


@given(st.lists(part, min_size=1, max_size=40), st.lists(part, min_size=40, max_size=40), st.integers(0, 40))
def test_relevance_adds_to_the_best_and_none_of_the_others_overtakes_them(
    totals: list[float], shares: list[float], count: int
) -> None:
    scores = np.round(totals, 6).astype(np.float32)
    best = best_first(scores)[:count]
    relevance = np.full(len(scores), np.nan, dtype=np.float32)
    relevance[best] = shares[: len(best)]

    fused = add_relevance(scores, relevance)

    others = np.setdiff1d(np.arange(len(scores)), best)
    assert fused.dtype == np.float32
    assert np.allclose(fused[best], scores[best] + RELEVANCE_WEIGHT * relevance[best], atol=1e-5)
    assert np.array_equal(fused[others], scores[others])
    assert set(best_first(fused)[: len(best)]) == set(best) or (
        fused[others].max() == fused[best].min()  # equal scores are in text order
    )


def test_sentences_below_three_quarters_of_the_best_are_shown_only_without_a_limit() -> None:
    scores, numbers = np.array([2.9, 4.0, 3.0], dtype=np.float32), np.arange(3)

    limited, unlimited = (
        choose_runs(scores, numbers, numbers, [10] * 3, orthogonal(3), numbers, room=100, limit=limit)
        for limit in (3, 0)
    )

    assert [run.first for run in limited] == [1, 2]
    assert [run.first for run in unlimited] == [1, 2, 0]
