from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.vectors import FaissIndex


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

    cosines, numbers = FaissIndex.build(vectors).search(query, wanted, within=within)

    pool = np.arange(count) if within is None else np.sort(within)
    expected = pool[np.argsort(-(vectors[pool] @ query), kind="stable")][:wanted]
    assert numbers.tolist() == expected.tolist()
    assert np.allclose(cosines, vectors[numbers] @ query, atol=1e-5)


def test_equal_vectors_come_in_order_of_number() -> None:
    vectors = np.repeat(unit_vectors(2, 0), 5, axis=0)

    _, numbers = FaissIndex.build(vectors).search(vectors[7], 7)

    assert numbers.tolist()[:5] == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("within", [[], [3]])
def test_nothing_outside_of_within_is_found(within: list[int]) -> None:
    vectors = unit_vectors(10, 0)

    _, numbers = FaissIndex.build(vectors).search(vectors[0], 5, within=np.array(within, dtype=np.int64))

    assert numbers.tolist() == within


def test_a_saved_index_answers_as_before(tmp_path: Path) -> None:
    vectors = unit_vectors(30, 3)
    index = FaissIndex.build(vectors)

    index.save(tmp_path / "x.faiss")
    loaded = FaissIndex.load(tmp_path / "x.faiss")

    assert (loaded.count, loaded.dimension) == (30, 16)
    for query in unit_vectors(5, 4):
        assert [part.tolist() for part in loaded.search(query, 10)] == [
            part.tolist() for part in index.search(query, 10)
        ]
