"""What runs in the child process of `index/reading/child.py`: files in by one pipe, what they say out by another."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import IO, Any

from index.errors import DocumentError
from index.reading.child import ANSWER, IDLE_S, READY, READY_UNLIMITED, REQUEST, as_answer, as_refusal
from index.reading.formats import read_file

GRACE_S = 10
"""Past its time a child is killed from outside; this much later it ends by itself, if nobody is left to kill it."""


def serve(requests: IO[bytes], answers: IO[bytes], *, time_s: int) -> None:
    """Answer requests until there are no more."""
    while True:
        _alarm(IDLE_S)
        head = requests.read(REQUEST.size)
        if len(head) < REQUEST.size:
            return
        _alarm(time_s + GRACE_S)
        name_size, size = REQUEST.unpack(head)
        name, data = requests.read(name_size).decode(), requests.read(size)
        body = _answer(name, data)
        answers.write(ANSWER.pack(len(body)))
        answers.write(body)
        answers.flush()


def _answer(name: str, data: bytes) -> bytes:
    answer: dict[str, Any]
    try:
        return json.dumps(as_answer(read_file(name, data)), ensure_ascii=False).encode()
    except DocumentError as error:
        answer = as_refusal(error)
        if error.__cause__ is not None:
            answer["cause"] = _in_one_line(error.__cause__)
    except MemoryError:
        too_much = DocumentError("needs too much memory to be read; split it, or save it in a simpler form")
        answer = as_refusal(too_much) | {"is_spent": True}
    except RecursionError:
        answer = as_refusal(DocumentError("is nested too deep to be read; make it flat"))
    except Exception:  # a bug of ours or of a library: this file is lost, the others are not
        answer = as_refusal(DocumentError("made its reader fail; save it in a simpler form"))
        answer["trace"] = traceback.format_exc(limit=20)[-4000:]
    return json.dumps(answer).encode()


def _in_one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _alarm(seconds: int) -> None:
    """End this process after some time; Windows, which has no alarm, ends it with its parent's pipes."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def limit_memory(spare_bytes: int) -> bool:
    """Let this process take only so much more memory than it has now; say whether the system can do that."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + spare_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a reader writes no file
    except (ImportError, OSError, ValueError):
        return False
    return True


def main() -> None:
    """Serve the parent, by the limits of the command line: seconds for a file, bytes of memory."""
    time_s, memory_bytes = map(int, sys.argv[1:3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a terminal is for the parent, which ends us
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    sys.setrecursionlimit(2000)
    answers.write(READY if limit_memory(memory_bytes) else READY_UNLIMITED)
    answers.flush()
    serve(sys.stdin.buffer, answers, time_s=time_s)
    os._exit(0)


if __name__ == "__main__":
    main()
