"""Result files: Markdown that pages quote, so that a figure stands in one place."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / "results"

Table = Sequence[Sequence[str]]
"""Rows of cells, the first row its head."""


def write_results(
    name: str, title: str, command: str, table: Table, notes: str = "", details: Mapping[str, Table] | None = None
) -> None:
    """Write a table with the command that makes it and the machine it was made on.

    Args:
        name: The file's name without its suffix.
        title: Its heading.
        command: What makes it.
        table: What pages quote.
        notes: What there is to know beside the table.
        details: More tables, by their headings.
    """
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    parts = [f"# {title}", f"Made by `{command}` on {machine}.", _markdown(table)]
    parts += [notes] if notes else []
    for heading, rows in (details or {}).items():
        parts += [f"## {heading}", _markdown(rows)]
    text = "\n\n".join(parts) + "\n"
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)


def _markdown(table: Table) -> str:
    head, *rows = table
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
