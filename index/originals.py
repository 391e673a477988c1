"""The files that a library's documents are made from: added whole or not at all, never replaced by accident.

A file is checked in a folder that no scan looks into, and gets its name by one rename. What a crash leaves without a
generation is taken in by the next reload.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path
from typing import BinaryIO

import filelock

from index.errors import AddingError, CorpusError, DocumentError, NameTakenError
from index.reading import MAX_FILE_BYTES, NOT_DOCUMENTS, SUFFIXES, FileState, read_document, scan
from index.segment import sync_folder
from index.values import DocumentEntry, Quota

INCOMING = ".incoming"

NAME_CHARACTERS = 100
NAME_BYTES = 200
"""File systems take 255, of which temporary names need some."""

_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))]
)


class Originals:
    """The files below a folder that are documents.

    Args:
        folder: Where they lie; it is made when the first comes.
        lock: A file beside it, held over all processes while they are changed.
        prefix: Before a file's path in its document's id.
        quota: How much there may be.
    """

    def __init__(self, folder: Path, lock: Path, *, prefix: str = "", quota: Quota | None = None) -> None:
        self.folder = folder
        self.quota = quota
        self._lock = lock
        self._prefix = prefix

    def files(self) -> list[FileState]:
        """All that are documents, by their ids."""
        try:
            found, _ = scan(self.folder)
        except CorpusError:
            return []
        return sorted((changed(file, id=self._prefix + file.id) for file in found), key=lambda file: file.id)

    def add(
        self, name: str, data: bytes, *, replace: bool = False, known: Collection[DocumentEntry] = ()
    ) -> tuple[str, bool]:
        """Store a file.

        Args:
            name: What it is called.
            data: What it holds.
            replace: Whether one of that name may be replaced.
            known: The documents of the current generation, whose characters count for the quota.

        Returns:
            The id of its document, and whether it replaced one.

        Raises:
            AddingError: The name, the size, or a document that is there already stands against it; nothing is stored.
            NameTakenError: Nothing but a document of that name stands against it; nothing is stored.
            DocumentError: It cannot be read; nothing is stored.
        """
        name = safe_name(name)
        with self._changing():
            taken = self._check_new(name, data, replace=replace)
            with self._readable(name, data, known) as staged:
                if taken is not None and not replace:
                    raise NameTakenError(f"{name} is there already", document=taken.id)
                staged.replace(self.folder / name)
                sync_folder(self.folder)
        return self._prefix + Path(name).stem, taken is not None

    def remove(self, document: str) -> bool:
        """Delete a document's file; say whether there was one."""
        with self._changing():
            found = [file for file in self.files() if file.id == document]
            for file in found:
                path = self.folder / file.path
                path.unlink()
                sync_folder(path.parent)
        return bool(found)

    def export(self, file: BinaryIO) -> int:
        """Write a zip archive of all; say how many there are."""
        files = self.files()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in files:
                archive.write(self.folder / one.path, one.path)
        return len(files)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Alone with the files, over all processes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self._lock):
            yield

    def _check_new(self, name: str, data: bytes, *, replace: bool) -> FileState | None:
        """The file that has a new one's name; all else that can be said against it without reading it is an error."""
        others = self.files()
        document = self._prefix + Path(name).stem
        same_name = [file for file in others if file.id.casefold() == document.casefold()]
        for file in others:
            if file.size == len(data) and (self.folder / file.path).read_bytes() == data:
                raise AddingError(
                    f"{name} has the bytes of another document",
                    user_message="That document is there already, as {document}.",
                    document=file.id,
                )
        if replace and same_name and same_name[0].path != name:
            raise AddingError(
                f"{name} cannot replace {same_name[0].path}",
                user_message="It cannot replace {file}, which is named otherwise. Remove that first.",
                file=same_name[0].path,
            )
        if len(data) > MAX_FILE_BYTES:
            raise AddingError(
                f"{name} has {len(data)} bytes",
                user_message="It is larger than {megabytes} MB. Split it.",
                megabytes=round(MAX_FILE_BYTES / 1e6),
            )
        if self.quota is not None:
            left = [file for file in others if file not in same_name]
            _check_quota(self.quota, len(left) + 1, sum(file.size for file in left) + len(data))
        return next(iter(same_name), None)

    @contextmanager
    def _readable(self, name: str, data: bytes, known: Collection[DocumentEntry]) -> Iterator[Path]:
        """A file beside the others that can be read; it is gone afterwards unless it was given its name."""
        incoming = self.folder / INCOMING
        shutil.rmtree(incoming, ignore_errors=True)  # what a crash has left
        incoming.mkdir()
        try:
            staged = incoming / name
            with staged.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            status = staged.stat()
            try:
                state = FileState(Path(name).stem, name, status.st_size, status.st_mtime_ns)
                characters = len(read_document(incoming, state).text)
            except DocumentError as error:
                reason = error.reason
                raise DocumentError(reason, file=name, **error.values) from error
            if self.quota is not None:
                characters += sum(entry.characters for entry in known if entry.path != name)
                _check_characters(self.quota, name, characters)
            yield staged
        finally:
            shutil.rmtree(incoming, ignore_errors=True)


def _check_quota(quota: Quota, documents: int, size: int) -> None:
    if documents > quota.documents:
        raise AddingError(
            "the quota of documents is used up",
            user_message="A server can have {count} documents. Remove some first.",
            count=quota.documents,
        )
    if size > quota.bytes:
        raise AddingError(
            "the quota of bytes is used up",
            user_message="A server's documents can have {megabytes} MB together. Remove some first.",
            megabytes=round(quota.bytes / 1e6),
        )


def _check_characters(quota: Quota, name: str, characters: int) -> None:
    if characters > quota.characters:
        raise AddingError(
            "the quota of characters is used up",
            user_message="A server's documents can have {limit} million characters of text together; with {file} "
            "it would be {millions}. Remove some first.",
            limit=round(quota.characters / 1e6),
            file=name,
            millions=round(characters / 1e6, 1),
        )


def safe_name(name: str) -> str:
    """A file's name as it is stored: composed characters, single blanks.

    Raises:
        AddingError: It could mean something else to a file system, or is none of a document.
    """
    name = " ".join(unicodedata.normalize("NFC", name).split())
    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    is_legible = all(unicodedata.category(character)[0] != "C" for character in name)
    if (
        not name
        or not is_legible
        or _FORBIDDEN & set(name)
        or name.startswith(".")
        or stem.endswith((".", " "))
        or name.endswith(".")
        or name.split(".")[0].strip().casefold() in _RESERVED
        or name.casefold() in NOT_DOCUMENTS
    ):
        raise AddingError(
            f"{name!r} is no name for a document",
            user_message="A file cannot have that name. Use letters, digits, blanks and hyphens.",
        )
    if len(name) > NAME_CHARACTERS or len(name.encode()) > NAME_BYTES:
        raise AddingError(
            f"a name has {len(name)} characters",
            user_message="The file's name is too long; {count} characters are the limit.",
            count=NAME_CHARACTERS,
        )
    if suffix not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise AddingError(
            f"{suffix} is not read",
            user_message="I cannot read {kind}. I read {known}.",
            kind=suffix or name,
            known=known,
        )
    return name
