from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.vectors import EXACT_AT_MOST, FaissIndex, Rows, in_32_bits


def unit_vectors(count: int, seed: int, dimension: int = 16) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 1000), st.data())
@settings(max_examples=60, deadline=None)
def test_search_finds_what_comparing_every_vector_finds(
    count: int, wanted: int, seed: int, data: st.DataObject
) -> None:
    vectors = unit_vectors(count, seed)
    query = unit_vectors(1, seed + 1)[0]
    allowed = data.draw(st.one_of(st.none(), st.lists(st.integers(0, count - 1), unique=True)))
    within = None if allowed is None else np.array(allowed, dtype=np.int64)

    cosines, numbers = FaissIndex.build(vectors).search(query, wanted, vectors, within=within)

    pool = np.arange(count) if within is None else np.sort(within)
    expected = pool[np.argsort(-(vectors[pool] @ query), kind="stable")][:wanted]
    assert numbers.tolist() == expected.tolist()
    assert np.allclose(cosines, vectors[numbers] @ query, atol=1e-5)


def test_equal_vectors_come_in_order_of_number() -> None:
    vectors = np.repeat(unit_vectors(2, 0), 5, axis=0)

    _, numbers = FaissIndex.build(vectors).search(vectors[7], 7, vectors)

    assert numbers.tolist()[:5] == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("within", [[], [3]])
def test_nothing_outside_of_within_is_found(within: list[int]) -> None:
    vectors = unit_vectors(10, 0)

    _, numbers = FaissIndex.build(vectors).search(vectors[0], 5, vectors, within=np.array(within, dtype=np.int64))

    assert numbers.tolist() == within


@pytest.mark.parametrize("make", [FaissIndex.flat, FaissIndex.quantised])
def test_a_saved_index_answers_as_before(tmp_path: Path, make: Callable[[Rows], FaissIndex]) -> None:
    vectors = unit_vectors(700, 3)
    index = make(vectors)

    index.save(tmp_path / "x.faiss")
    loaded = FaissIndex.load(tmp_path / "x.faiss")

    assert (loaded.count, loaded.dimension) == (700, 16)
    for query in unit_vectors(5, 4):
        assert [part.tolist() for part in loaded.search(query, 10, vectors)] == [
            part.tolist() for part in index.search(query, 10, vectors)
        ]


def test_every_finite_number_of_16_bits_is_the_same_in_32() -> None:
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)].reshape(-1, 16)

    numbers = in_32_bits(finite)

    assert numbers.dtype == np.float32
    assert np.array_equal(numbers, finite.astype(np.float32))
    assert np.array_equal(np.signbit(numbers), np.signbit(finite))
    assert np.array_equal(in_32_bits(finite.T), numbers.T)


def test_numbers_of_32_bits_are_not_copied() -> None:
    vectors = unit_vectors(3, 0)

    assert in_32_bits(vectors) is vectors


# ----------------------------------------------------------- many vectors


@pytest.fixture(scope="module")
def many() -> NDArray[np.float16]:
    """Vectors in clusters, as those of passages are."""
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((200, 64))
    rows = np.repeat(centres, 120, axis=0) + generator.standard_normal((24_000, 64)) * 0.7
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float16)


def test_among_many_vectors_nearly_all_of_the_nearest_are_found_with_their_exact_cosines(
    many: NDArray[np.float16],
) -> None:
    assert len(many) > EXACT_AT_MOST
    index, flat = FaissIndex.build(many), FaissIndex.flat(many)

    shares = []
    for query in many[::2000].astype(np.float32):
        cosines, numbers = index.search(query, 50, many)
        _, nearest = flat.search(query, 50, many)
        shares.append(len(np.intersect1d(numbers, nearest)) / 50)
        assert np.allclose(cosines, many[numbers].astype(np.float32) @ query, atol=1e-6)
        assert cosines.tolist() == sorted(cosines.tolist(), reverse=True)

    assert np.mean(shares) > 0.98


def test_an_index_of_many_vectors_is_the_same_each_time_it_is_built(many: NDArray[np.float16], tmp_path: Path) -> None:
    for name in ("one", "other"):
        FaissIndex.build(many).save(tmp_path / name)

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("dimension", [15, 16])
def test_codes_miss_nothing_where_only_some_are_allowed_or_all_are_wanted(dimension: int) -> None:
    vectors = unit_vectors(700, 1, dimension)
    index = FaissIndex.quantised(vectors)

    for number, query in enumerate(unit_vectors(10, 2, dimension)):
        within = np.random.default_rng(number).permutation(700)[: 60 * number] if number else None
        wanted = 40 if number else 700
        cosines, numbers = index.search(query, wanted, vectors, within=within)

        pool = np.arange(700) if within is None else np.sort(within)
        assert numbers.tolist() == pool[np.argsort(-(vectors[pool] @ query), kind="stable")][:wanted].tolist()
        assert np.allclose(cosines, vectors[numbers] @ query, atol=1e-6)


def test_equal_vectors_among_many_come_in_order_of_number() -> None:
    vectors = np.repeat(unit_vectors(140, 0), 5, axis=0)

    _, numbers = FaissIndex.quantised(vectors).search(vectors[7], 5, vectors)

    assert numbers.tolist() == [5, 6, 7, 8, 9]
