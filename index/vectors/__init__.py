"""Nearest neighbours among unit vectors. FAISS in the process is the default."""

from index.vectors.faiss_index import EXACT_AT_MOST, FaissIndex
from index.vectors.protocol import Rows, VectorIndex

__all__ = ["EXACT_AT_MOST", "FaissIndex", "Rows", "VectorIndex"]
