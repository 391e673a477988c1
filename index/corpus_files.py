"""The files of a corpus as they lie on disk now, and the digest of each, read again only where a file was touched."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from index.questions import GOLDEN_QUESTIONS
from index.reading import MAX_FILE_BYTES, FileState, file_digest, scan
from index.segment import checksum_of, write_whole
from index.values import Failure

SETTLED_NS = 2_000_000_000


class CorpusFiles:
    """What lies in a corpus folder.

    Args:
        folder: The corpus folder.
        note: A file in which digests are noted; they are worked out anew where its own folder is not there.
        id_prefix: Before the path of a file in its document's id.
        may_be_missing: Whether a folder that is not there has no files, and is no mistake.
    """

    def __init__(self, folder: Path, note: Path, *, id_prefix: str = "", may_be_missing: bool = False) -> None:
        self.folder = folder
        self._note = note
        self._id_prefix = id_prefix
        self._may_be_missing = may_be_missing

    def scan(self) -> tuple[list[FileState], list[Failure]]:
        """The files that will be documents, and those that cannot be; raises as `index.reading.scan` does."""
        if self._may_be_missing and not self.folder.is_dir():
            return [], []
        found, unreadable = scan(self.folder)
        return [replace(file, id=self._id_prefix + file.id) for file in found], unreadable

    def digests(self, files: Sequence[FileState]) -> dict[str, str]:
        """The digest of each file by path, and of the golden questions where there are any.

        Files with the size and time of last look are not read again.
        """
        files = [*files, *self._golden_questions()]
        noted = self._noted()
        fresh: dict[str, list[object]] = {}
        for file in files:
            seen = noted.get(file.path)
            if seen is not None and seen[:2] == [file.size, file.modified_ns]:
                fresh[file.path] = seen
            else:
                fresh[file.path] = self._look(file)
        if fresh != noted and self._note.parent.is_dir():
            write_whole(self._note, json.dumps({"digests": fresh, "checksum": checksum_of(fresh)}).encode())
        return {path: str(entry[2]) for path, entry in fresh.items()}

    def _noted(self) -> dict[str, list[object]]:
        """Size, time and digest of files as they were at the last look; none where the note is damaged."""
        try:
            content = json.loads(self._note.read_bytes())
            return content["digests"] if content["checksum"] == checksum_of(content["digests"]) else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _look(self, file: FileState) -> list[object]:
        # a file written a moment ago may change again within the clock's grain: believe its time only later
        is_settled = time.time_ns() - file.modified_ns > SETTLED_NS
        try:
            # what is too large to be read has no bytes but is told from others, an empty file for one, by its size
            is_large = file.size > MAX_FILE_BYTES
            data = f"\0{file.size}".encode() if is_large else (self.folder / file.path).read_bytes()
        except OSError:
            data, is_settled = b"", False
        return [file.size, file.modified_ns if is_settled else None, file_digest(data)]

    def _golden_questions(self) -> list[FileState]:
        """The file of golden questions, where there is one."""
        path = self.folder / GOLDEN_QUESTIONS
        if not path.is_file():
            return []
        status = path.stat()
        return [FileState("", GOLDEN_QUESTIONS, status.st_size, status.st_mtime_ns)]
