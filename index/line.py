"""A library's line of generations: which is current, which were before it, and what waits for somebody's yes.

All that decides is in one small file, `current.json`, which is replaced whole: there is no moment in between.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from index.segment import write_whole

CURRENT_FILE = "current.json"

EMPTY = "empty"
"""Stands for the generation of a library without documents, of which nothing lies on disk."""

_NAME = re.compile(rf"[0-9a-f]+|{EMPTY}")


@dataclass(frozen=True, slots=True)
class Step:
    """A generation that is or was current."""

    generation: str
    since: str
    """When it last became current by a reload; UTC, ISO 8601."""
    by: str
    """Who reloaded."""


@dataclass(frozen=True, slots=True)
class Line:
    """The generations of a library in the order in which reloads made them current, oldest first, each once."""

    current: str | None = None
    is_held: bool = False
    """Whether somebody rolled back to the current one: then only a reload replaces it."""
    steps: tuple[Step, ...] = ()

    def reloaded(self, generation: str, *, by: str) -> Line:
        """The line after a reload: what was current comes right before, whatever had been rolled back from."""
        if generation == self.current:
            return replace(self, is_held=False)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        others = [step for step in self.steps if step.generation not in (self.current, generation)]
        before = [step for step in self.steps if step.generation == self.current]
        return Line(generation, False, (*others, *before, Step(generation, now, by)))

    def rolled_back(self, generation: str) -> Line:
        """The line with an earlier generation current; a reload from there puts it last again."""
        return replace(self, current=generation, is_held=True)

    def before_current(self) -> str | None:
        """The generation one step back."""
        names = [step.generation for step in self.steps]
        place = names.index(self.current) if self.current in names else 0
        return names[place - 1] if place else None

    def only(self, generations: Collection[str]) -> Line:
        """The line without generations that are no longer there."""
        return replace(self, steps=tuple(step for step in self.steps if step.generation in generations))


def read_line(folder: Path) -> Line:
    """Read a library's line; one that cannot be read is empty."""
    try:
        content: dict[str, Any] = json.loads((folder / CURRENT_FILE).read_bytes())
        current = content["generation"]
        steps = [Step(str(step["generation"]), str(step["since"]), str(step["by"])) for step in content["line"]]
        if not _NAME.fullmatch(current) or not all(_NAME.fullmatch(step.generation) for step in steps):
            return Line()
        return Line(current, content["held"] is True, tuple(steps))
    except (OSError, ValueError, KeyError, TypeError):
        return Line()


def write_line(folder: Path, line: Line) -> None:
    """Make a line the library's, by one rename."""
    content = {"generation": line.current, "held": line.is_held, "line": [asdict(step) for step in line.steps]}
    write_whole(folder / CURRENT_FILE, json.dumps(content).encode())
