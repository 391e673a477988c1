"""The shared library and those of servers: who asks decides what is searched.

A server sees the shared corpus and what it has added itself; everybody else sees the shared corpus alone. A server's
library is opened when it is first needed, and closed again when many others were needed since.
"""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from pathlib import Path

from index.answering import DEFAULT_LIMIT, DEFAULT_ROOM, ask
from index.generation import Generation
from index.joining import SERVER_PREFIX, JoinedGeneration
from index.library import Library
from index.server_library import SERVERS, ServerLibrary
from index.suggesting import Suggestions
from index.values import Answer, Comparison, Document, DocumentEntry, Length, Quota, Summary

OPEN_AT_MOST = 32
"""Servers' libraries in memory; most take next to nothing."""

PASSAGES_AT_MOST = 50_000
"""Of all of them together, some 26 KB each; a quota's worth is 15,000 or so."""


class Libraries:
    """The shared library, and servers' own."""

    def __init__(
        self,
        shared: Library,
        data: Path,
        *,
        open_at_most: int = OPEN_AT_MOST,
        passages_at_most: int = PASSAGES_AT_MOST,
        quota: Quota | None = None,
    ) -> None:
        """Take the shared library; nothing is read or written yet.

        Args:
            shared: For everybody.
            data: Where servers' libraries are kept.
            open_at_most: How many of them are in memory at once.
            passages_at_most: How many passages they have together.
            quota: What each server may add.
        """
        self.shared = shared
        self._data = data
        self._quota = quota
        self._open_at_most = open_at_most
        self._passages_at_most = passages_at_most
        self._servers: OrderedDict[int, ServerLibrary] = OrderedDict()
        self._joined: dict[int, JoinedGeneration] = {}
        self._suggestions: dict[int | None, tuple[str, Suggestions]] = {}
        self._lock = threading.Lock()

    def server(self, server_id: int) -> ServerLibrary:
        """A server's library, to be changed; it need not exist yet."""
        with self._lock:
            if server_id not in self._servers:
                self._servers[server_id] = ServerLibrary(
                    server_id, data=self._data, shared=self.shared, quota=self._quota
                )
            self._servers.move_to_end(server_id)
            while len(self._servers) > 1 and self._are_too_many():
                self._close(next(iter(self._servers)))
            return self._servers[server_id]

    def server_ids(self) -> list[int]:
        """The servers that have a library, in order."""
        folder = self._data / SERVERS
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return sorted(int(name) for name in names if name.isascii() and name.isdecimal())

    def clean_up(self) -> None:
        """Delete what a crash has left of libraries that were to be forgotten."""
        for path in (self._data / SERVERS).glob(".forgotten-*"):
            shutil.rmtree(path, ignore_errors=True)

    def is_open(self, server_id: int | None) -> bool:
        """Whether all that a server sees is in memory: then nothing below reads from disk."""
        if server_id is None or not self._has_library(server_id):
            return True
        library = self._servers.get(server_id)
        return library is not None and library.opened is not None

    def refresh(self) -> None:
        """Notice what other processes have made current, in the libraries of servers that are open."""
        for server_id in list(self._servers):
            if (library := self._servers.get(server_id)) is not None:
                library.open()

    def generation(self, server_id: int | None = None) -> Generation:
        """What a server's questions search.

        Raises:
            CorpusError: No generation of the shared library is open.
        """
        shared, own = self.shared.generation, self._own(server_id)
        if own is None or server_id is None:
            return shared
        joined = self._joined.get(server_id)
        if joined is None or joined.parts != (shared, own):
            joined = self._joined[server_id] = JoinedGeneration(shared, own)
        return joined

    def ask(
        self,
        question: str,
        *,
        server_id: int | None = None,
        within: str | None = None,
        room: int = DEFAULT_ROOM,
        limit: int = DEFAULT_LIMIT,
        nearest: bool = False,
        explain: bool = False,
    ) -> Answer:
        """Answer a question from the shared library and a server's own; see `index.answering.ask`."""
        return ask(
            self.generation(server_id),
            self.shared.embedder,
            question,
            reranker=self.shared.reranker,
            reader=self.shared.reader,
            within=within,
            room=room,
            limit=limit,
            nearest=nearest,
            explain=explain,
            base_url=self.shared.base_url,
            strictness=self.shared.strictness,
        )

    def summarize_document(
        self, document_id: str, *, length: Length = Length.MEDIUM, server_id: int | None = None
    ) -> Summary:
        """Sum up one of the documents that a server sees; see `index.summaries.summarizing.summarize_document`."""
        return self.shared.summarize_document(document_id, length=length, over=self.generation(server_id))

    def summarize_topic(self, topic: str, *, length: Length = Length.MEDIUM, server_id: int | None = None) -> Summary:
        """Sum up what they say on a topic; see `index.summaries.summarizing.summarize_topic`."""
        return self.shared.summarize_topic(topic, length=length, over=self.generation(server_id))

    def summarize_corpus(self, *, length: Length = Length.MEDIUM, server_id: int | None = None) -> Summary:
        """Say what they are about, by theme; see `index.summaries.overview.summarize_corpus`."""
        return self.shared.summarize_corpus(length=length, over=self.generation(server_id))

    def timeline(self, topic: str, *, length: Length = Length.MEDIUM, server_id: int | None = None) -> Summary:
        """Their dated sentences on a topic; see `index.summaries.timeline.timeline`."""
        return self.shared.timeline(topic, length=length, over=self.generation(server_id))

    def compare(self, a: str, b: str, *, length: Length = Length.MEDIUM, server_id: int | None = None) -> Comparison:
        """What two of them say on the same points; see `index.summaries.comparing.compare`."""
        return self.shared.compare(a, b, length=length, over=self.generation(server_id))

    def documents(self, server_id: int | None = None) -> tuple[DocumentEntry, ...]:
        """The documents that a server sees, its own last."""
        return self.generation(server_id).manifest.documents

    def document(self, document_id: str, server_id: int | None = None) -> Document:
        """One of them.

        Raises:
            UnknownDocumentError: The server sees no such document.
        """
        return self.generation(server_id).segment(document_id).document

    def folder_of(self, document_id: str, server_id: int | None = None) -> Path:
        """The folder in which a document's original lies."""
        is_own = document_id.startswith(SERVER_PREFIX) and server_id is not None
        return self.server(server_id).corpus if is_own and server_id is not None else self.shared.corpus

    def suggest(self, typed: str, *, count: int, server_id: int | None = None) -> list[str]:
        """What somebody may be about to ask: up to half of it of the server's own documents, these first."""
        own = self._own(server_id)
        found: list[str] = []
        if own is not None and server_id is not None:
            found = self._suggestions_of(server_id, self.server(server_id), own).matching(typed, count=count // 2)
        shared = self._suggestions_of(None, self.shared, self.shared.generation).matching(typed, count=count)
        return list(dict.fromkeys([*found, *shared]))[:count]

    def _suggestions_of(self, key: int | None, library: Library, generation: Generation) -> Suggestions:
        known = self._suggestions.get(key)
        if known is None or known[0] != generation.id:
            documents = [segment.document for segment in generation.segments]
            known = self._suggestions[key] = (generation.id, Suggestions.of(library.corpus, documents))
        return known[1]

    def _own(self, server_id: int | None) -> Generation | None:
        """The current generation of what a server has added; None where that is nothing."""
        if server_id is None:
            return None
        if not self._has_library(server_id):
            self._close(server_id)  # it may have been forgotten by another process
            return None
        library = self.server(server_id)
        if library.opened is None:
            library.open()
        return library.opened

    def _close(self, server_id: int) -> None:
        for opened in (self._servers, self._joined, self._suggestions):
            opened.pop(server_id, None)

    def _are_too_many(self) -> bool:
        opened = [library.opened for library in self._servers.values()]
        passages = sum(len(generation.passages) for generation in opened if generation is not None)
        return len(opened) > self._open_at_most or passages > self._passages_at_most

    def _has_library(self, server_id: int) -> bool:
        return (self._data / SERVERS / str(server_id)).is_dir()
