"""Changes of libraries in processes of their own, which can be killed as a power cut would."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from index import Libraries, Library
from index.line import CURRENT_FILE
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
    """Of the file, the document, or the generation."""
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was not killed."""

    taken_s: float
    steps: int
    """How often it changed the disk."""
    shown_at: int
    """Which of these made another generation current."""


def libraries_at(corpus: Path, data: Path) -> Libraries:
    """The libraries as another process sees them."""
    return Libraries(Library(corpus=corpus, data=data, embedder=WordEmbedder()), data)


def killed(
    change: Change, corpus: Path, data: Path, *, after_s: float = DONE_WITHIN_S, at_step: int = 0
) -> Done | None:
    """Make a change in a process of its own, and kill that after a time, or before it changes the disk so often.

    Returns:
        What is known of the change; None where it was killed in the middle.
    """
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=_run, args=(change, corpus, data, theirs, at_step), daemon=True)
    process.start()
    theirs.close()
    try:
        assert ours.poll(STARTED_WITHIN_S)
        assert ours.recv() == "ready"
        started = time.perf_counter()
        ours.send("go")
        if not ours.poll(after_s):
            assert after_s < DONE_WITHIN_S
            return None
        try:
            steps, shown_at = ours.recv()
        except EOFError:
            assert at_step
            return None
        return Done(time.perf_counter() - started, steps, shown_at)
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


class _Disk:
    """Counts what changes the disk, and dies before it is done so often."""

    def __init__(self, at_step: int) -> None:
        self.steps = 0
        self.shown_at = 0
        self._at_step = at_step

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What `sys.addaudithook` calls."""
        is_change = event in ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
        if not is_change and not (event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_ACCMODE):
            return
        self.steps += 1
        if self.steps == self._at_step:
            os.kill(os.getpid(), signal.SIGKILL)
        if event == "os.rename" and Path(arguments[1]).name == CURRENT_FILE:
            self.shown_at = self.shown_at or self.steps


def _run(change: Change, corpus: Path, data: Path, theirs: Connection, at_step: int) -> None:
    libraries = libraries_at(corpus, data)
    libraries.shared.open()
    library = libraries.shared if change.server_id is None else libraries.server(change.server_id)
    library.open()
    work: dict[str, Callable[[], object]] = {
        "reload": lambda: library.reload(yes=True),
        "rollback": lambda: library.rollback(change.name),
        "add": lambda: library.add(change.name, change.data, replace=True, yes=True),
        "remove": lambda: library.remove(change.name),
    }
    disk = _Disk(at_step)
    theirs.send("ready")
    theirs.recv()
    sys.addaudithook(disk.hear)
    work[change.what]()
    theirs.send((disk.steps, disk.shown_at))
    time.sleep(DONE_WITHIN_S)
