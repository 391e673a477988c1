"""Files to documents: one module a format, and the scan of a corpus folder."""

from index.reading.files import MAX_FILE_BYTES, FileState, file_digest, read_document, scan

__all__ = ["MAX_FILE_BYTES", "FileState", "file_digest", "read_document", "scan"]
