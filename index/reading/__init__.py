"""Files to documents: one module a format, and the scan of a corpus folder."""

from index.reading.decoding import decode
from index.reading.files import MAX_FILE_BYTES, NOT_DOCUMENTS, FileState, file_digest, read_document, scan
from index.reading.frontmatter import split_front_matter
from index.reading.kinds import SUFFIXES

__all__ = [
    "MAX_FILE_BYTES",
    "NOT_DOCUMENTS",
    "SUFFIXES",
    "FileState",
    "decode",
    "file_digest",
    "read_document",
    "scan",
    "split_front_matter",
]
