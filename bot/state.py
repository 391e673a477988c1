"""What the bot remembers between starts: a SQLite file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

MIGRATIONS = ("CREATE TABLE synced_commands (scope TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT",)
"""Each makes the schema of the next version from the one before; never changed, only added to."""


class State:
    """The bot's own memory. Holds nothing that people wrote."""

    def __init__(self, path: Path) -> None:
        """Open the file, made new or brought to this version's schema."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
            self._connection.execute("BEGIN")
            self._connection.execute(migration)
            self._connection.execute(f"PRAGMA user_version = {number}")
            self._connection.execute("COMMIT")

    def synced_commands(self) -> dict[str, str]:
        """The digest of the commands last sent to each scope: `global`, or a server's id."""
        return dict(self._connection.execute("SELECT scope, digest FROM synced_commands").fetchall())

    def remember_synced(self, scope: str, digest: str) -> None:
        """Note what was sent to a scope."""
        self._connection.execute(
            "INSERT INTO synced_commands VALUES (?, ?) ON CONFLICT (scope) DO UPDATE SET digest = excluded.digest",
            (scope, digest),
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
