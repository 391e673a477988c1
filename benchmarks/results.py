"""Result files: Markdown that pages quote, so that a figure stands in one place."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / "results"


def write_results(name: str, title: str, command: str, table: Sequence[Sequence[str]], notes: str = "") -> None:
    """Write a table, first row its head, with the command that makes it and the machine it was made on."""
    head, *rows = table
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    text = f"# {title}\n\nMade by `{command}` on {machine}.\n\n" + "\n".join(lines) + "\n"
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.md").write_text(text + (f"\n{notes}\n" if notes else ""), encoding="utf-8")
    print(text)
