"""One builder of a library at a time, over all processes, and what others can read of it meanwhile."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import filelock

from index.errors import LibraryBusyError
from index.segment import write_whole
from index.values import Running

LOCK_FILE = "lock"
RUNNING_FILE = "running.json"
TOLD_EVERY_S = 0.5
LOOKED_AT_S = 0.2
"""Whoever looks whether somebody is building holds the lock for a moment."""

Progress = Callable[[int, int], None]
"""Told how many passages are embedded, of how many that are known so far."""

Waiting = Callable[[int], None]
"""Told each second how long another process's building has been waited for; raises to wait no longer."""


def no_progress(done: int, total: int) -> None:
    """Tells nobody."""


@contextmanager
def building(folder: Path, on_wait: Waiting | None, *, by: str) -> Iterator[Progress]:
    """Hold the lock of whoever builds a library; the system frees it if we die.

    Args:
        folder: The library's.
        on_wait: Told while another process is building; without it, waiting is refused.
        by: Who is building, for others to read.

    Yields:
        What to tell of the progress, for others to read.

    Raises:
        LibraryBusyError: Somebody else is building, and `on_wait` is not given.
    """
    lock = filelock.FileLock(folder / LOCK_FILE)
    waited_s = 0
    while not lock.is_locked:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=min(max(waited_s, LOOKED_AT_S), 1))
        except FileNotFoundError:  # who held it has deleted the library, with the lock: begin a new one
            continue
        except filelock.Timeout as error:
            if on_wait is None:
                raise LibraryBusyError(f"somebody else is building {folder.name}") from error
            on_wait(waited_s)
            waited_s += 1
    try:
        yield _telling(folder, by)
    finally:
        with suppress(OSError):
            (folder / RUNNING_FILE).unlink(missing_ok=True)
        lock.release()


def _telling(folder: Path, by: str) -> Progress:
    """Write down who builds, and from time to time how far it is."""
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    told_at_s = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal told_at_s
        now_s = time.monotonic()
        if now_s - told_at_s >= TOLD_EVERY_S:
            told_at_s = now_s
            write_whole(folder / RUNNING_FILE, json.dumps(asdict(Running(by, since, done, total))).encode())

    tell(0, 0)
    return tell


def read_running(folder: Path) -> Running | None:
    """Who is building a library, and how far it is; None where nobody is."""
    try:
        running = Running(**json.loads((folder / RUNNING_FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    lock = filelock.FileLock(folder / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return running
    lock.release()  # who wrote the note has died
    return None
