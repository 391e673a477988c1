"""What the bot remembers between starts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot import state as state_module
from bot.state import MIGRATIONS, State


def test_a_new_file_has_the_newest_schema_and_remembers_nothing(tmp_path: Path):
    path = tmp_path / "data" / "bot.sqlite3"

    with closing(State(path)) as state:
        known = state.synced_commands()

    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()
    assert known == {}
    assert version == (len(MIGRATIONS),)


def test_what_was_synced_is_known_after_a_restart(tmp_path: Path):
    with closing(State(tmp_path / "bot.sqlite3")) as state:
        state.remember_synced("global", "old")
        state.remember_synced("global", "new")
        state.remember_synced("1100000000000000000", "other")

    with closing(State(tmp_path / "bot.sqlite3")) as state:
        known = state.synced_commands()

    assert known == {"global": "new", "1100000000000000000": "other"}


def test_a_file_of_an_earlier_version_is_brought_up_to_date_and_keeps_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with closing(State(tmp_path / "bot.sqlite3")) as state:
        state.remember_synced("global", "digest")
    monkeypatch.setattr(state_module, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE later (name TEXT) STRICT"))

    for _ in range(2):
        with closing(State(tmp_path / "bot.sqlite3")) as state:
            known = state.synced_commands()

    with closing(sqlite3.connect(tmp_path / "bot.sqlite3")) as connection:
        assert connection.execute("SELECT * FROM later").fetchall() == []
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)
    assert known == {"global": "digest"}


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with closing(State(tmp_path / "bot.sqlite3")) as state:
        state.remember_synced("global", "digest")
    with monkeypatch.context() as patch:
        patch.setattr(state_module, "MIGRATIONS", (*MIGRATIONS, "CREATE NONSENSE"))
        with pytest.raises(sqlite3.OperationalError):
            State(tmp_path / "bot.sqlite3")

    with closing(State(tmp_path / "bot.sqlite3")) as state:
        known = state.synced_commands()

    assert known == {"global": "digest"}
