"""Nearest neighbours among unit vectors. FAISS in the process is the default."""

from index.vectors.faiss_index import FaissIndex
from index.vectors.protocol import VectorIndex

__all__ = ["FaissIndex", "VectorIndex"]
