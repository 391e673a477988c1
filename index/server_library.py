"""A server's own documents: originals that its moderators add and remove, and a line of generations over them.

<data>/servers/<server id>/
    documents/NAME          the originals, see `index.originals`
    library/<model>/        see `index.library`
    library/<model>/originals/<digest>
                            those that are no longer there, as long as there is a generation of them to go back to

The originals are always those of the current generation. Where they are not, a process has died in between. If the line
is held, it was going back: the originals are to follow. Else it was adding or removing: the generation is to follow.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from pathlib import Path

from index.building import Waiting, building
from index.errors import StaleGenerationError, UnknownDocumentError
from index.generation import files_of
from index.joining import SERVER_PREFIX
from index.library import Library
from index.line import read_line, write_line
from index.originals import Originals
from index.values import Document, DocumentEntry, Quota

log = logging.getLogger(__name__)

SERVERS = "servers"
"""The folder of all servers' libraries, below that of the data."""


class ServerLibrary(Library):
    """A library whose documents one server's moderators add and remove."""

    id_prefix = SERVER_PREFIX
    may_be_empty = True

    def __init__(self, server_id: int, *, data: Path, shared: Library, quota: Quota | None = None) -> None:
        """Name a server's library; nothing is read or written yet.

        Args:
            server_id: Discord's.
            data: Where indexes are kept.
            shared: Whose models it uses, and whose documents new ones are compared with.
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
        self.originals = Originals(
            self.corpus, prefix=self.id_prefix, quota=quota or Quota(), kept=self.folder / "originals"
        )
        self._shared = shared

    def _folder_in(self, data: Path) -> Path:
        # it may move: unlike a corpus, it has no other name than the server's
        return data / "library" / self.embedder.digest[:12]

    def documents(self) -> tuple[DocumentEntry, ...]:
        """The documents of the current generation, in order of id; none where nothing was added."""
        return self._generation.manifest.documents if self._generation else ()

    def document(self, document_id: str) -> Document:
        """One document of the current generation.

        Raises:
            UnknownDocumentError: There is no such document.
        """
        if self._generation is None:
            raise UnknownDocumentError(f"no document {document_id!r}: nothing was added")
        return super().document(document_id)

    def may_reload_itself(self) -> bool:
        """Whether something was begun and not ended: an addition, a removal, or going back."""
        return read_line(self.folder).is_held or self.files_changed()

    def _finish_rollback(self) -> None:
        """Give a generation that somebody went back to its files again; then nothing needs to be held any more.

        Where a file is lost, the line stays held, so that its text is not lost, too, before somebody reloads.
        """
        line = read_line(self.folder)
        if not line.is_held:
            return
        try:
            manifest = self._manifest(line)
        except StaleGenerationError as error:
            log.warning("the files of generation=%s cannot be put back: %s", line.current, error)
            return
        found, _ = self._files.scan()
        if self.originals.put_back(files_of(manifest), self._files.digests(found)):
            write_line(self.folder, replace(line, is_held=False))
        else:
            log.warning("not all files of generation=%s can be put back", line.current)

    def _take_in_what_waits(self, by: str) -> None:
        """Give what was added or removed when a process died a generation, so that going back does not lose it."""
        if not read_line(self.folder).is_held and self.files_changed():
            self._reload(yes=True, by=by)

    def _documents_elsewhere(self) -> dict[str, Document]:
        """Those of the shared corpus, which are searched together with these."""
        self._shared.open()
        generation = self._shared.opened
        return {segment.document.id: segment.document for segment in generation.segments} if generation else {}

    def forget(self, *, on_wait: Waiting | None = None) -> None:
        """Delete everything: originals, texts, generations.

        Raises:
            LibraryBusyError: Somebody is building, and `on_wait` is not given.
        """
        if not self.home.is_dir():
            return
        doomed = self.home.with_name(f".forgotten-{self.home.name}")
        shutil.rmtree(doomed, ignore_errors=True)
        with building(self.folder, on_wait, by=""):
            self.home.rename(doomed)
            with self._swap:
                self._generation = None
            shutil.rmtree(doomed)  # with the lock, or who waits for that would get one that nobody else looks at
