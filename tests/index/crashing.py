"""Reloads a library in child processes that die at chosen moments, for `test_library.py`.

    python -m tests.index.crashing CORPUS TEMPLATE COPIES DEATHS

Copies the data folder TEMPLATE to COPIES/whole and lets a reload there come to its end, noting the moments at which
something changes on disk. Then makes further copies, and in each a reload that is killed (SIGKILL) at one of these
moments: those that touch current.json, and others by chance. Prints each copy's name. Imports are paid once: the
children are forked.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from index import Library, building
from tests.fakes import WordEmbedder

SEED = 7
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "shutil.rmtree"}


class Moments:
    """Notes the moments at which the disk changes, and dies at one of them."""

    def __init__(self, deadly: int | None) -> None:
        self.seen: list[str] = []
        self.deadly = deadly

    def step(self, name: str) -> bool:
        self.seen.append(name)
        return len(self.seen) - 1 == self.deadly

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        flags = arguments[2] if event == "open" and isinstance(arguments[2], int) else 0
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        if (event in CHANGES or writes) and self.step(f"{event} {arguments[:2]}"):
            if flags & os.O_TRUNC:
                Path(arguments[0]).write_bytes(b"")  # the file is opened and emptied, but not yet written
            die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def reload_in_child(corpus: Path, data: Path, deadly: int | None = None) -> list[str]:
    """Reload in a forked child; give the moments it saw, none where it died."""
    reading_end, writing_end = os.pipe()
    child = os.fork()
    if child == 0:
        moments = Moments(deadly)
        sync = os.fsync

        def noted_sync(descriptor: int) -> None:
            if moments.step("sync"):
                die()  # what was written so far may be on disk in part
            sync(descriptor)

        setattr(os, "fsync", noted_sync)  # noqa: B010
        building.TOLD_EVERY_S = 0.0  # however slow the machine, the same moments
        sys.addaudithook(moments.hook)
        Library(corpus=corpus, data=data, embedder=WordEmbedder()).reload()
        os.write(writing_end, "\n".join(moments.seen).encode())
        os._exit(0)
    os.close(writing_end)
    with os.fdopen(reading_end) as pipe:
        seen = pipe.read().splitlines()
    os.waitpid(child, 0)
    return seen


def main(corpus: Path, template: Path, copies: Path, deaths: int) -> None:
    shutil.copytree(template, copies / "whole")
    seen = reload_in_child(corpus, copies / "whole")
    decisive = [number for number, name in enumerate(seen) if "current.json" in name]
    others = [number for number in range(len(seen)) if number not in decisive]
    for deadly in sorted(decisive + random.Random(SEED).sample(others, deaths - len(decisive))):
        copy = copies / f"died-at-{deadly}-of-{len(seen)}"
        shutil.copytree(template, copy)
        if reload_in_child(corpus, copy, deadly):
            raise SystemExit(f"the reload in {copy.name} did not die")
        print(copy.name, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
