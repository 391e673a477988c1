"""Inner-product search by FAISS (Douze et al. 2024, "The Faiss library")."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from index.vectors.precision import in_32_bits
from index.vectors.protocol import Rows

EXACT_AT_MOST = 20_000
"""Up to so many vectors each is compared; of more, their codes are."""

CODED_DIMENSIONS = 2
"""One of 16 codes stands for so many dimensions: a vector of 384 has 96 bytes."""

RESCORED = 6
"""For each vector that is wanted, so many that look best by their codes are compared themselves. Recall of the nearest
100 of 100,000 passages is then 0.995 on average (`benchmarks/scale.py`)."""

TRAINING_VECTORS = 4096
"""256 for each of the 16 codes, which is as many as FAISS takes; more change nothing."""


class FaissIndex:
    """A flat index of few vectors; of many, one of their codes (Jégou et al. 2011, "Product Quantization for Nearest
    Neighbor Search"; André et al. 2015, "Cache locality is not enough", for comparing them in registers).
    """

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: Rows) -> FaissIndex:
        """Index unit vectors of shape `(n, dim)`."""
        return cls.flat(vectors) if len(vectors) <= EXACT_AT_MOST else cls.quantised(vectors)

    @classmethod
    def flat(cls, vectors: Rows) -> FaissIndex:
        """An index that compares every vector."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        return cls(index)

    @classmethod
    def quantised(cls, vectors: Rows) -> FaissIndex:
        """An index that compares codes, then the vectors that look best by them."""
        dimension = vectors.shape[1]
        padding = f"Pad{dimension + 1}," if dimension % CODED_DIMENSIONS else ""
        codes = -(-dimension // CODED_DIMENSIONS)
        index = faiss.index_factory(dimension, f"{padding}PQ{codes}x4fs", faiss.METRIC_INNER_PRODUCT)
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        sample = np.random.default_rng(0).permutation(len(rows))[:TRAINING_VECTORS]
        threads = faiss.omp_get_max_threads()
        # each code's clustering is so short that threads wait for each other most of the time
        faiss.omp_set_num_threads(1)
        try:
            index.train(rows[sample])
            index.add(rows)
        finally:
            faiss.omp_set_num_threads(threads)
        return cls(index)

    def search(
        self, query: NDArray[np.float32], count: int, vectors: Rows, *, within: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """See `VectorIndex.search`."""
        count = min(count, self.count if within is None else len(within))
        if count == 0:
            return np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
        if isinstance(self._index, faiss.IndexFlat):
            cosines, numbers = self._search(query, count, within)
        else:
            numbers = self._search(query, RESCORED * count, None)[1] if within is None else within
            cosines = in_32_bits(vectors[numbers]) @ query
        order = np.lexsort((numbers, -cosines))[:count]
        return cosines[order], numbers[order]

    def _search(
        self, query: NDArray[np.float32], count: int, within: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        parameters = None
        if within is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(within))  # type: ignore[call-arg]
        cosines, numbers = self._index.search(query[np.newaxis, :], min(count, self.count), params=parameters)
        return cosines[0], numbers[0]

    def save(self, path: Path) -> None:
        """See `VectorIndex.save`."""
        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> FaissIndex:
        return cls(faiss.read_index(str(path)))

    @property
    def count(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)
