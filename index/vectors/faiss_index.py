"""Exact inner-product search by FAISS (Douze et al. 2024, "The Faiss library")."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray


class FaissIndex:
    """A flat FAISS index: every vector is compared, nothing is approximated."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, vectors: NDArray[np.float32]) -> FaissIndex:
        """Index unit vectors of shape `(n, dim)`."""
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors))
        return cls(index)

    def search(
        self, query: NDArray[np.float32], count: int, *, within: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """See `VectorIndex.search`."""
        parameters = None
        if within is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(within))  # type: ignore[call-arg]
        count = min(count, self._index.ntotal if within is None else len(within))
        if count == 0:
            return np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
        cosines, numbers = self._index.search(query[np.newaxis, :], count, params=parameters)
        order = np.lexsort((numbers[0], -cosines[0]))
        return cosines[0][order], numbers[0][order]

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
