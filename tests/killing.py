"""Changes of libraries in processes of their own, which can be killed as a power cut would."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from index import Libraries, Library
from tests.fakes import WordEmbedder

STARTED_WITHIN_S = 60.0
DONE_WITHIN_S = 60.0

_processes = multiprocessing.get_context("forkserver")  # imports once, then each process starts in milliseconds
_processes.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Change:
    """What a process is to do to the shared library, or to a server's."""

    what: str
    """`reload`, `rollback`, `add` or `remove`."""
    server_id: int | None = None
    name: str = ""
    data: bytes = b""


def libraries_at(corpus: Path, data: Path) -> Libraries:
    """The libraries as another process sees them."""
    return Libraries(Library(corpus=corpus, data=data, embedder=WordEmbedder()), data)


def killed(change: Change, corpus: Path, data: Path, *, after_s: float) -> float | None:
    """Make a change in a process of its own, and kill that after a time.

    Returns:
        How long the change took; None where it was killed in the middle.
    """
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=_run, args=(change, corpus, data, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        assert ours.poll(STARTED_WITHIN_S)
        assert ours.recv() == "ready"
        started = time.perf_counter()
        ours.send("go")
        if not ours.poll(after_s):
            return None
        assert ours.recv() == "done"
        return time.perf_counter() - started
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def _run(change: Change, corpus: Path, data: Path, theirs: Connection) -> None:
    libraries = libraries_at(corpus, data)
    libraries.shared.open()
    library = libraries.shared if change.server_id is None else libraries.server(change.server_id)
    library.open()
    work: dict[str, Callable[[], object]] = {
        "reload": lambda: library.reload(yes=True),
        "rollback": library.rollback,
        "add": lambda: library.add(change.name, change.data, replace=True, yes=True),
        "remove": lambda: library.remove(change.name),
    }
    theirs.send("ready")
    theirs.recv()
    work[change.what]()
    theirs.send("done")
    time.sleep(DONE_WITHIN_S)
