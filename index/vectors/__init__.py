"""Nearest neighbours among unit vectors. FAISS in the process is the default."""

from index.vectors.faiss_index import EXACT_AT_MOST, FaissIndex
from index.vectors.precision import in_32_bits
from index.vectors.protocol import Rows, VectorIndex

__all__ = ["EXACT_AT_MOST", "FaissIndex", "Rows", "VectorIndex", "in_32_bits"]
