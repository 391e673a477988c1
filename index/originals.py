"""The files that a library's documents are made from: added whole or not at all, never replaced by accident.

A file is checked in a folder that no scan looks into, and gets its name by one rename. What a crash leaves without a
generation is taken in by the next reload. Whoever changes them holds the lock of the library, see `index.building`.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path
from typing import BinaryIO

from index.errors import AddingError, CorpusError, DocumentError, NameTakenError
from index.reading import MAX_FILE_BYTES, NOT_DOCUMENTS, SUFFIXES, FileState, file_digest, read_document, scan
from index.segment import sync_folder, write_whole
from index.values import Quota

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
        prefix: Before a file's path in its document's id.
        quota: How much there may be.
        kept: Where files go that are removed or replaced, by their digests, until `keep_only`; by default they go
            nowhere.
    """

    def __init__(self, folder: Path, *, prefix: str = "", quota: Quota | None = None, kept: Path | None = None) -> None:
        self.folder = folder
        self.quota = quota
        self._prefix = prefix
        self._kept = kept

    def files(self) -> list[FileState]:
        """All that are documents, by their ids."""
        try:
            found, _ = scan(self.folder)
        except CorpusError:
            return []
        return sorted((changed(file, id=self._prefix + file.id) for file in found), key=lambda file: file.id)

    def add(
        self,
        name: str,
        data: bytes,
        *,
        replace: bool = False,
        in_use: Collection[str] = (),
        characters: Mapping[str, int] | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> tuple[str, bool]:
        """Store a file, unless it lies there already and only waits to be taken in.

        Args:
            name: What it is called, as `safe_name` gives it.
            data: What it holds.
            replace: Whether one of that name may be replaced.
            in_use: The ids of the documents of the current generation.
            characters: How much text each file has, by path, which counts for the quota; none where there is no quota.
            on_change: Told right before it is stored, when nothing stands against it any more.

        Returns:
            The id of its document, and whether it replaced one.

        Raises:
            AddingError: The size, or a document that is there already stands against it; nothing is stored.
            NameTakenError: Nothing but a document of that name stands against it; nothing is stored.
            DocumentError: It cannot be read; nothing is stored.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        others = self.files()
        same = next((file for file in others if file.size == len(data) and self._read(file) == data), None)
        if same is not None:
            if same.id in in_use:
                raise AddingError(
                    f"{name} has the bytes of another document",
                    user_message="That document is there already, as {document}.",
                    document=same.id,
                )
            _characters_of(self.folder, same)
            on_change()
            return same.id, False
        taken = self._check_new(name, len(data), others)
        name = taken.path if taken is not None else name
        with self._staged(name, data) as staged:
            status = staged.stat()
            state = FileState(Path(name).stem, name, status.st_size, status.st_mtime_ns)
            count = _characters_of(staged.parent, state)
            if self.quota is not None and characters is not None:
                others_count = sum(characters[one.path] for one in others if one is not taken)
                _check_characters(self.quota, name, count + others_count)
            if taken is not None and not replace:
                raise NameTakenError(f"{name} is there already", document=taken.id)
            on_change()
            if taken is not None:
                self._keep(taken)
            self._name(staged, name)
        return self._prefix + Path(name).stem, taken is not None

    def remove(self, document: str) -> None:
        """Take a document's file away, if there is one."""
        for file in self.files():
            if file.id == document:
                self._take_away(file)

    def put_back(self, wanted: Mapping[str, str], found: Mapping[str, str]) -> bool:
        """Make the files those of an earlier time, as far as they are kept.

        Args:
            wanted: The digest that each had, by path.
            found: The digest that each has now.

        Returns:
            Whether they all are as they were.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.files():
            if file.path not in wanted:
                self._take_away(file)
            elif found.get(file.path) != wanted[file.path]:
                self._keep(file)
        missing = {path: digest for path, digest in wanted.items() if found.get(path) != digest}
        given_back = [path for path, digest in sorted(missing.items()) if self._give_back(path, digest)]
        return len(given_back) == len(missing)

    def keep_only(self, digests: Collection[str]) -> None:
        """Delete the kept files that nothing can go back to any more."""
        if self._kept is not None and self._kept.is_dir():
            for path in self._kept.iterdir():
                if path.name not in digests:
                    path.unlink()

    def export(self, file: BinaryIO) -> int:
        """Write a zip archive of all; say how many there are."""
        files = self.files()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for one in files:
                archive.write(self.folder / one.path, one.path)
        return len(files)

    def _check_new(self, name: str, size: int, others: list[FileState]) -> FileState | None:
        """The file that a new one would replace; what can be said against it without reading it is an error."""
        document = self._prefix + Path(name).stem
        taken = next((file for file in others if file.id.casefold() == document.casefold()), None)
        if taken is not None and taken.path.casefold() != name.casefold():
            raise AddingError(
                f"{name} is there already, as {taken.path}",
                user_message="There is another document named {document}, and its file is {file}: one of another kind "
                "cannot replace it. Remove that first, or choose another name.",
                document=taken.id,
                file=taken.path,
            )
        if size > MAX_FILE_BYTES:
            raise AddingError(
                f"{name} has {size} bytes",
                user_message="It is larger than {megabytes} MB. Split it.",
                megabytes=round(MAX_FILE_BYTES / 1e6),
            )
        if self.quota is not None:
            left = [file.size for file in others if file is not taken]
            _check_quota(self.quota, len(left) + 1, sum(left) + size)
        return taken

    def _read(self, file: FileState) -> bytes:
        return (self.folder / file.path).read_bytes()

    @contextmanager
    def _staged(self, name: str, data: bytes) -> Iterator[Path]:
        """A file on disk beside the others; it is gone afterwards unless it was given its name."""
        incoming = self.folder / INCOMING
        shutil.rmtree(incoming, ignore_errors=True)  # what a crash has left
        incoming.mkdir()
        try:
            staged = incoming / Path(name).name
            with staged.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield staged
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _name(self, staged: Path, path: str) -> None:
        """Give a file its name: from now on it is one of the documents."""
        named = self.folder / path
        named.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(named)
        sync_folder(named.parent)

    def _take_away(self, file: FileState) -> None:
        self._keep(file)
        path = self.folder / file.path
        path.unlink()
        sync_folder(path.parent)

    def _keep(self, file: FileState) -> None:
        """Keep a file that will no longer be among the documents."""
        if self._kept is not None:
            data = self._read(file)
            self._kept.mkdir(parents=True, exist_ok=True)
            write_whole(self._kept / file_digest(data), data)
            sync_folder(self._kept)

    def _give_back(self, path: str, digest: str) -> bool:
        """Put a kept file back among the documents; say whether it was there, and whole."""
        if self._kept is None:
            return False
        try:
            data = (self._kept / digest).read_bytes()
        except FileNotFoundError:
            return False
        if file_digest(data) != digest:
            return False
        with self._staged(path, data) as staged:
            self._name(staged, path)
        return True


def _characters_of(folder: Path, file: FileState) -> int:
    """How much text a file has.

    Raises:
        DocumentError: It cannot be read.
    """
    try:
        return len(read_document(folder, file).text)
    except DocumentError as error:
        reason = error.reason
        raise DocumentError(reason, file=file.path, **error.values) from error


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
