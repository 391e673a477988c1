"""A server's own documents: originals that its moderators add and remove, and a line of generations over them.

<data>/servers/<server id>/
    documents/NAME          the originals, see `index.originals`
    documents.lock          held while they are changed
    library/                see `index.library`
"""

from __future__ import annotations

import shutil
from pathlib import Path

from index.building import Waiting, building
from index.errors import UnknownDocumentError
from index.joining import SERVER_PREFIX
from index.library import Library
from index.originals import Originals
from index.values import Document, DocumentEntry, Quota

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
        self.originals = Originals(
            self.corpus, self.home / "documents.lock", prefix=self.id_prefix, quota=quota or Quota()
        )

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
        shutil.rmtree(doomed)
