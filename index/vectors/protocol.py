"""The seam behind which another vector engine can stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.floating[Any]]
"""Unit vectors, `(n, dim)`, in 16 or 32 bits."""


class VectorIndex(Protocol):
    """Inner-product search over unit vectors that are numbered from 0."""

    def search(
        self, query: NDArray[np.float32], count: int, vectors: Rows, *, within: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Find the vectors nearest to one query of shape `(dim,)`.

        Args:
            query: A unit vector.
            count: How many at most.
            vectors: What the index was built from; one that does not hold them itself looks there.
            within: The only numbers that may be found.

        Returns:
            Cosines and numbers, best first; equal cosines in order of number.
        """

    def save(self, path: Path) -> None:
        """Write the index to one file."""
