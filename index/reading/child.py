"""Reading in a child process, so that no file can hang, fill or crash the process that answers questions.

One child reads one file after the other. It has no secrets in its environment, a limit of memory, and is killed when a
file takes too long; the next file gets a new one. It answers in JSON: nothing that it says is run.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from index.errors import DocumentError
from index.reading.outline import Outline, Reading
from index.values import Block, BlockKind, Mark, Source, Span

log = logging.getLogger(__name__)

REQUEST = struct.Struct("<IQ")
"""Bytes of the name and of the file, ahead of both."""
ANSWER = struct.Struct("<Q")
"""Bytes of the answer, ahead of it."""
READY, READY_UNLIMITED = b"1", b"0"
"""What a child says at its start: whether its memory is limited."""

IDLE_S = 60
"""A child that nobody needs for so long ends itself."""
RESTART_S = 45
"""One that has waited this long is not trusted to be there still."""
PASSED_ON = frozenset("PATH SYSTEMROOT TEMP TMP TMPDIR LANG LC_ALL LC_CTYPE LD_LIBRARY_PATH DYLD_LIBRARY_PATH".split())
"""What a child is told of the environment; the token is not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take."""

    time_s: int = 60
    memory_bytes: int = 1024 * 1024 * 1024
    """Beyond what the child needs for itself; where the system can say so (not on macOS and Windows)."""
    answer_bytes: int = 32 * 1024 * 1024
    """Of the text and its structure."""


class ReadingChild:
    """A child process that reads files, started when the first one comes. Threads may share it."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._used = 0.0
        self._is_late = False

    def read(self, name: str, data: bytes) -> Reading:
        """Read a file.

        Args:
            name: Its name; the suffix tells apart what is text.
            data: Its bytes.

        Raises:
            DocumentError: It cannot be read, or takes more than it may; the message says why and what to do.
        """
        with self._lock:
            process = self._running()
            killer = threading.Timer(self.limits.time_s, self._give_up, [process])
            killer.start()
            try:
                answer = self._exchange(process, name.encode(), data)
            finally:
                killer.cancel()
                self._used = time.monotonic()
            if answer is None:
                self._end()
                raise self._what_went_wrong(process)
            if "error" in answer:
                if answer.get("is_spent"):
                    self._end()
                if "trace" in answer:
                    log.warning("a reader failed on %s:\n%s", name, answer["trace"])
                if "cause" in answer:  # in a library's words, which nobody translates
                    log.info("cannot read %s: %s", name, answer["cause"])
            try:
                if "error" in answer:
                    reason = str(answer["error"])
                    raise DocumentError(reason, **answer["values"])
                return _reading(answer)
            except (LookupError, TypeError, ValueError) as error:
                self._end()
                raise DocumentError("made its reader talk nonsense; it is probably damaged") from error

    def close(self) -> None:
        """End the child, where there is one; the next file starts another."""
        with self._lock:
            self._end()

    def forget(self) -> None:
        """Leave the child to the process that this one was forked from."""
        if self._process is not None:
            self._process.returncode = 0  # not ours to wait for
        self._process, self._lock = None, threading.Lock()

    def _running(self) -> subprocess.Popen[bytes]:
        """A child that has said that it is ready."""
        if self._process is not None:
            is_idle = time.monotonic() - self._used > RESTART_S
            if is_idle or self._is_late or self._process.poll() is not None:
                self._end()
        if self._process is None:
            self._is_late = False
            process = _start(self.limits)
            killer = threading.Timer(self.limits.time_s, self._give_up, [process])
            killer.start()
            said = _pipe(process.stdout).read(1)
            killer.cancel()
            self._process = process
            if said not in (READY, READY_UNLIMITED):
                self._end()
                log.error("the process that reads files does not start: it ended with %s", process.returncode)
                raise DocumentError("cannot be read: the process that reads files does not start")
            if said == READY_UNLIMITED:
                log.info("this system cannot limit the memory of the process that reads files")
        return self._process

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        self._is_late = True
        process.kill()

    def _exchange(self, process: subprocess.Popen[bytes], name: bytes, data: bytes) -> dict[str, Any] | None:
        """Send a file and take the answer; None where the child died over it, or says too much."""
        try:
            _pipe(process.stdin).write(REQUEST.pack(len(name), len(data)) + name)
            _pipe(process.stdin).write(data)
            _pipe(process.stdin).flush()
        except OSError:
            return None
        head = _pipe(process.stdout).read(ANSWER.size)
        if len(head) < ANSWER.size:
            return None
        (size,) = ANSWER.unpack(head)
        if size > self.limits.answer_bytes:
            return as_refusal(DocumentError("is cut into too many pieces; split it")) | {"is_spent": True}
        body = _pipe(process.stdout).read(size)
        if len(body) < size:
            return None
        try:
            answer = json.loads(body)
        except ValueError:
            return None
        return answer if isinstance(answer, dict) else None

    def _what_went_wrong(self, process: subprocess.Popen[bytes]) -> DocumentError:
        if self._is_late:
            return DocumentError(
                "took longer than {seconds} s to read; split it, or save it in a simpler form",
                seconds=self.limits.time_s,
            )
        log.warning("the process that reads files ended with %s", process.returncode)
        return DocumentError("made its reader crash; it is damaged, or needs too much memory")

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was still to be written is lost with the child
                _pipe(pipe).close()


def _start(limits: Limits) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if name in PASSED_ON}
    # numpy, which comes along with the package, would take memory for a thread on each core
    environment |= {"PYTHONPATH": str(root), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "index.reading.serving", str(limits.time_s), str(limits.memory_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def as_refusal(error: DocumentError) -> dict[str, Any]:
    """Why a file cannot be read, as the child says it."""
    return {"error": error.reason, "values": error.values}


def as_answer(reading: Reading) -> dict[str, Any]:
    """A reading as plain JSON values."""
    outline = reading.outline
    return {
        "text": reading.text,
        "metadata": dict(reading.metadata),
        "pages": reading.pages,
        "sketch": reading.sketch,
        "title": outline.title,
        "blocks": [[block.kind, *block.span, block.section] for block in outline.blocks],
        "sections": outline.sections,
        "hidden": outline.hidden,
        "emphasis": outline.emphasis,
        "marks": [[mark.position, mark.source] for mark in outline.marks],
        "sources": [[source.title, source.publisher, source.date, source.url] for source in outline.sources],
    }


def _reading(answer: dict[str, Any]) -> Reading:
    return Reading(
        text=answer["text"],
        outline=Outline(
            title=answer["title"],
            blocks=tuple(
                Block(BlockKind(kind), Span(start, end), section) for kind, start, end, section in answer["blocks"]
            ),
            sections=tuple(tuple(headings) for headings in answer["sections"]),
            hidden=tuple(Span(start, end) for start, end in answer["hidden"]),
            emphasis=tuple(Span(start, end) for start, end in answer["emphasis"]),
            marks=tuple(Mark(position, source) for position, source in answer["marks"]),
            sources=tuple(Source(*source) for source in answer["sources"]),
        ),
        metadata=answer["metadata"],
        pages=tuple(answer["pages"]),
        sketch=tuple(answer["sketch"]),
    )


_child = ReadingChild()
atexit.register(_child.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_child.forget)


def read_apart(name: str, data: bytes) -> Reading:
    """Read a file in the child that this process shares; see `ReadingChild.read`."""
    return _child.read(name, data)
