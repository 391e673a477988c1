"""A server's own documents: originals that its moderators add and remove, and a line of generations over them.

    <data>/servers/<server id>/
        documents/NAME          the originals; `.incoming/` holds one that is being checked
        documents.lock          held while they are changed
        library/                see `index.library`

An original is whole or not there: it is checked beside the others, and gets its name by one rename. What a crash leaves
without a generation is taken in by the next start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import filelock

from index.building import Progress, Waiting, building, no_progress
from index.errors import AddingError, DocumentError, UnknownDocumentError
from index.joining import SERVER_PREFIX
from index.library import Library
from index.reading import MAX_FILE_BYTES, NOT_DOCUMENTS, READERS, FileState, read_document
from index.segment import sync_folder
from index.values import ReloadReport

SERVERS = "servers"
"""The folder of all servers' libraries, below that of the data."""

NAME_CHARACTERS = 100
NAME_BYTES = 200
"""File systems take 255, of which temporary names need some."""

_FORBIDDEN = frozenset('<>:"/\\|?*')
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))]
)


@dataclass(frozen=True, slots=True)
class Quota:
    """What a server may add."""

    documents: int = 200
    bytes: int = 50_000_000
    """Of all originals."""
    characters: int = 5_000_000
    """Of all texts; they, not the bytes, cost time and memory."""


@dataclass(frozen=True, slots=True)
class Added:
    """A document that was added."""

    document: str
    digest: str
    """SHA-256 of the original."""
    replaced: bool
    report: ReloadReport


class ServerLibrary(Library):
    """A library whose documents one server's moderators add and remove."""

    id_prefix = SERVER_PREFIX
    may_be_empty = True

    def __init__(self, server_id: int, *, data: Path, shared: Library, quota: Quota | None = None) -> None:
        """Name a server's library; nothing is read or written yet.

        Args:
            server_id: Discord's.
            data: Where indexes are kept.
            shared: Whose models it uses.
            quota: What the server may add.
        """
        self.home = data / SERVERS / str(server_id)
        super().__init__(
            corpus=self.home / "documents",
            data=self.home,
            embedder=shared.embedder,
            reranker=shared.reranker,
            reader=shared.reader,
            strictness=shared.strictness,
        )
        # the folder may move: unlike a corpus, it has no other name than the server's
        self.folder = self.home / "library" / self.embedder.digest[:12]
        self.quota = quota or Quota()

    def add(
        self,
        name: str,
        data: bytes,
        *,
        replace: bool = False,
        by: str = "",
        on_progress: Progress = no_progress,
        on_wait: Waiting | None = None,
    ) -> Added:
        """Store a document and make a generation with it current.

        Args:
            name: Its file's name.
            data: Its file's bytes.
            replace: Whether a document of that name may be replaced.
            by: Who adds it, for the history.
            on_progress: As in `reload`.
            on_wait: As in `reload`. Where waiting is refused, the document is stored all the same.

        Raises:
            AddingError: The name, the size, or a document that is there already stands against it; nothing is stored.
            DocumentError: It cannot be read; nothing is stored.
            LibraryBusyError: Somebody else is building, and `on_wait` is not given.
        """
        name = safe_name(name)
        document = SERVER_PREFIX + Path(name).stem
        with self._changing():
            others = self.originals()
            replaced = self._check_new(name, data, others, replace=replace)
            self._store(name, data, others)
        report = self.reload(yes=True, by=by, on_progress=on_progress, on_wait=on_wait)
        return Added(document, hashlib.sha256(data).hexdigest(), replaced, report)

    def remove(
        self, document: str, *, by: str = "", on_progress: Progress = no_progress, on_wait: Waiting | None = None
    ) -> ReloadReport:
        """Delete a document's original and make a generation without it current.

        Earlier generations still hold its text, until as many others came after them as are kept.

        Raises:
            UnknownDocumentError: There is no such document.
            LibraryBusyError: Somebody else is building, and `on_wait` is not given.
        """
        with self._changing():
            found = [path for path in self.originals() if SERVER_PREFIX + path.stem == document]
            self.open()
            if not found and (self.opened is None or document not in self.opened.manifest.segments):
                raise UnknownDocumentError(f"no document {document!r} of {self.home.name}")
            for path in found:
                path.unlink()
            if found:
                sync_folder(self.corpus)
        return self.reload(yes=True, by=by, on_progress=on_progress, on_wait=on_wait)

    def originals(self) -> list[Path]:
        """The files of all documents, by name."""
        if not self.corpus.is_dir():
            return []
        return sorted(path for path in self.corpus.iterdir() if path.is_file() and not path.name.startswith("."))

    def export(self, file: BinaryIO) -> int:
        """Write a zip archive of all originals; say how many there are."""
        originals = self.originals()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in originals:
                archive.write(path, path.name)
        return len(originals)

    def forget(self, *, on_wait: Waiting | None = None) -> None:
        """Delete everything: originals, texts, generations.

        Raises:
            LibraryBusyError: Somebody is building, and `on_wait` is not given.
        """
        if not self.home.is_dir():
            return
        doomed = self.home.with_name(f".forgotten-{self.home.name}")
        shutil.rmtree(doomed, ignore_errors=True)
        with building(self.folder, on_wait, by=""), self._changing():
            self.home.rename(doomed)
            with self._swap:
                self._generation = None
        shutil.rmtree(doomed)

    def _check_new(self, name: str, data: bytes, others: list[Path], *, replace: bool) -> bool:
        """Whether a new document replaces one; all that can be said against it without reading it is an error."""
        same_name = [path for path in others if path.stem.casefold() == Path(name).stem.casefold()]
        for path in others:
            if path.stat().st_size == len(data) and path.read_bytes() == data:
                raise AddingError(
                    f"{name} has the bytes of another document",
                    user_message="That document is there already, as {document}.",
                    document=SERVER_PREFIX + path.stem,
                )
        if same_name and not replace:
            raise AddingError(
                f"{name} is there already",
                user_message="There is another document named {document}. Replace it, or choose another name.",
                document=SERVER_PREFIX + same_name[0].stem,
            )
        if same_name and same_name[0].name != name:
            raise AddingError(
                f"{name} cannot replace {same_name[0].name}",
                user_message="It cannot replace {file}, which is named otherwise. Remove that first.",
                file=same_name[0].name,
            )
        left = [path for path in others if path not in same_name]
        if len(left) >= self.quota.documents:
            raise AddingError(
                "the quota of documents is used up",
                user_message="A server can have {count} documents. Remove some first.",
                count=self.quota.documents,
            )
        if len(data) > MAX_FILE_BYTES:
            raise AddingError(
                f"{name} has {len(data)} bytes",
                user_message="It is larger than {megabytes} MB. Split it.",
                megabytes=round(MAX_FILE_BYTES / 1e6),
            )
        if sum(path.stat().st_size for path in left) + len(data) > self.quota.bytes:
            raise AddingError(
                "the quota of bytes is used up",
                user_message="A server's documents can have {megabytes} MB together. Remove some first.",
                megabytes=round(self.quota.bytes / 1e6),
            )
        return bool(same_name)

    def _store(self, name: str, data: bytes, others: list[Path]) -> None:
        """Write an original beside the others, check that it can be read, and give it its name."""
        incoming = self.corpus / ".incoming"
        shutil.rmtree(incoming, ignore_errors=True)  # what a crash has left
        incoming.mkdir(parents=True)
        try:
            staged = incoming / name
            with staged.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            status = staged.stat()
            state = FileState(SERVER_PREFIX + Path(name).stem, name, status.st_size, status.st_mtime_ns)
            try:
                characters = len(read_document(incoming, state).text)
            except DocumentError as error:
                raise DocumentError(
                    str(error), user_message="{file} {reason}.", file=name, reason=str(error)
                ) from error
            self._check_characters(name, characters)
            staged.replace(self.corpus / name)
            sync_folder(self.corpus)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _check_characters(self, name: str, characters: int) -> None:
        self.open()
        entries = self.opened.manifest.documents if self.opened else ()
        used = sum(entry.characters for entry in entries if entry.path != name)
        if used + characters > self.quota.characters:
            raise AddingError(
                "the quota of characters is used up",
                user_message="A server's documents can have {limit} million characters of text together; with {file} "
                "it would be {millions}. Remove some first.",
                limit=round(self.quota.characters / 1e6),
                file=name,
                millions=round((used + characters) / 1e6, 1),
            )

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Alone with the originals, over all processes."""
        self.corpus.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.home / "documents.lock"):
            yield


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
    if suffix not in READERS:
        raise AddingError(
            f"{suffix} is not read",
            user_message="I cannot read {kind}. I read {known}.",
            kind=suffix or name,
            known=", ".join(sorted(READERS)),
        )
    return name
