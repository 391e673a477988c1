"""Files to documents: one module a format, and the scan of a corpus folder."""

from index.reading.files import FileState, file_digest, read_document, scan

__all__ = ["FileState", "file_digest", "read_document", "scan"]
