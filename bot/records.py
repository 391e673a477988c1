"""The part of what the bot remembers that moderators work with: who changed what, which questions want a look, which of
them test the documents, and which servers are to be forgotten.

The tables are made by `bot.state.MIGRATIONS`.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

BY_BOT = "the bot"
"""Who it was, in the history of a library, where nobody asked for it."""
MODERATOR = re.compile(r"person (\d+) of server (\d+)")
"""What `by_moderator` writes."""

AUDIT_KEPT_S = 365 * 24 * 3600.0

GUILD_TABLES = (
    "guild_settings",
    "shown_answers",
    "uncovered_questions",
    "answer_channels",
    "audit",
    "golden_questions",
    "left_guilds",
)
"""All that is remembered of a server stands in these, and in what waits for an answer."""

Result = TypeVar("Result")


def by_moderator(person_id: int, guild_id: int) -> str:
    """A moderator, as the history of a library notes them: no name, which could change, and is theirs to forget."""
    return f"person {person_id} of server {guild_id}"


class Deed(StrEnum):
    """What somebody did; its value stands in the file, so it never changes."""

    RELOAD_SHARED = "reload_shared"
    RELOAD_OWN = "reload_own"
    PREPARE_SHARED = "prepare_shared"
    """A reload that waits for a yes."""
    PREPARE_OWN = "prepare_own"
    MAKE_CURRENT_SHARED = "current_shared"
    MAKE_CURRENT_OWN = "current_own"
    DISCARD_SHARED = "discard_shared"
    DISCARD_OWN = "discard_own"
    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"
    ROLL_BACK_SHARED = "rollback_shared"
    ROLL_BACK_OWN = "rollback_own"
    FORGET_DOCUMENTS = "forget_documents"
    FORGET_SERVER = "forget_server"
    MAKE_GOLDEN = "golden"
    DROP_GOLDEN = "drop_golden"
    CHANGE_SETTINGS = "settings"
    EXPORT = "export"

    @property
    def is_of_shared(self) -> bool:
        """Whether it is about the shared corpus, and not about a server's own documents or questions."""
        return self in (
            Deed.RELOAD_SHARED,
            Deed.PREPARE_SHARED,
            Deed.MAKE_CURRENT_SHARED,
            Deed.DISCARD_SHARED,
            Deed.ROLL_BACK_SHARED,
        )

    @property
    def changes_documents(self) -> bool:
        """Whether another generation may be current after it."""
        return self not in (Deed.MAKE_GOLDEN, Deed.DROP_GOLDEN, Deed.CHANGE_SETTINGS, Deed.EXPORT)


@dataclass(frozen=True, slots=True)
class Record:
    """A line of the audit log."""

    guild_id: int
    person_id: int
    deed: Deed
    before: str = ""
    """The generation that was current; empty where none was, or none changed."""
    after: str = ""
    """The generation that is current now, or was prepared; of what was cut off, the one that it left current."""
    document: str = ""
    digest: str = ""
    """Of a document's file."""
    at: float = 0.0
    """Seconds since 1970; set when it is noted."""
    is_done: bool = True
    """Whether it came to its end."""
    is_cut_off: bool = False
    """Whether it never will: it failed, or the bot was stopped. What is neither done nor cut off is under way."""
    detail: str = ""
    """Where a document was fetched from; the command that changed the settings."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A question whose answer moderators know: it tests the documents, and changes nothing in how they are searched."""

    id: int
    question: str
    document: str
    """The id of the document that is to be quoted."""
    title: str
    """Of that document, for when it is gone."""


@dataclass(frozen=True, slots=True)
class Unserved:
    """A question that was not answered, or not well."""

    ref: str
    """Names it in buttons."""
    question: str
    asked_at: float
    times: int
    missing_words: tuple[str, ...] = ()
    """Of one that is not covered."""
    down_votes: int = 0


class Records:
    """Kept in the same file, by the same thread, as the rest of `bot.state.State`."""

    _connection: sqlite3.Connection
    _thread: ThreadPoolExecutor
    _clock: Callable[[], float]

    # ---- the audit log

    async def note_deed(self, record: Record) -> int:
        """Write a line of the audit log; give its number, by which `tell_deed` and `drop_deed` find it."""
        values = (record.guild_id, record.person_id, *_what_was_done(record), self._clock())
        return await self._run(
            lambda: (
                self._connection.execute(
                    "INSERT INTO audit"
                    " (guild_id, person_id, deed, before, after, document, digest, is_done, is_cut_off, detail, at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    values,
                ).lastrowid
                or 0
            )
        )

    async def tell_deed(self, number: int, record: Record) -> None:
        """Write into a line how it ended."""
        await self._change(
            "UPDATE audit SET deed = ?, before = ?, after = ?, document = ?, digest = ?, is_done = ?, is_cut_off = ?,"
            " detail = ? WHERE id = ?",
            (*_what_was_done(record), number),
        )

    async def drop_deed(self, number: int) -> None:
        """Take a line out again: nothing was done."""
        await self._change("DELETE FROM audit WHERE id = ?", (number,))

    async def deeds(self, guild_id: int, *, first: int, count: int) -> tuple[list[Record], int]:
        """Lines of a server's audit log, the latest first, and how many there are in all."""
        found = await self._deeds("guild_id = ? ORDER BY id DESC LIMIT ? OFFSET ?", guild_id, count, first)
        [(total,)] = await self._rows("SELECT COUNT(*) FROM audit WHERE guild_id = ?", (guild_id,))
        return [record for _number, record in found], total

    async def deeds_under_way(self) -> list[tuple[int, Record]]:
        """Lines of all servers that have no end yet, by number; at a start, an earlier process has left them."""
        return await self._deeds("NOT is_done AND NOT is_cut_off ORDER BY id")

    async def _deeds(self, condition: str, *values: int) -> list[tuple[int, Record]]:
        rows = await self._rows(
            "SELECT id, guild_id, person_id, deed, before, after, document, digest, at, is_done, is_cut_off, detail"
            f" FROM audit WHERE {condition}",
            values,
        )
        known = set(Deed)  # a later version may have noted others
        return [(row[0], _record_from(row[1:])) for row in rows if row[3] in known]

    # ---- messages that say how far something long is

    async def note_progress(self, message_id: int, channel_id: int, locale: str) -> None:
        """Note a message that is going to be edited until something is done."""
        await self._change("INSERT INTO progress_messages VALUES (?, ?, ?)", (message_id, channel_id, locale))

    async def end_progress(self, message_id: int) -> None:
        """It says how it ended."""
        await self._change("DELETE FROM progress_messages WHERE message_id = ?", (message_id,))

    async def unfinished(self) -> list[tuple[int, int, str]]:
        """Those that an earlier process left: message, channel, and the language they are in."""
        return await self._rows("SELECT message_id, channel_id, locale FROM progress_messages ORDER BY message_id")

    # ---- questions that want a look

    async def unserved(self, guild_id: int, *, count: int) -> list[Unserved]:
        """The questions of a server that nobody has looked at since: not covered, or voted not helpful. Those that were
        asked privately are nobody else's.

        Args:
            guild_id: The server.
            count: How many at most, the latest of each kind.
        """
        noted = await self._rows(
            "SELECT id, question, asked_at, times, missing_words FROM uncovered_questions WHERE guild_id = ?"
            " ORDER BY asked_at DESC, id LIMIT ?",
            (guild_id, count),
        )
        voted = await self._rows(
            "SELECT a.id, a.question, a.shown_at, COUNT(*) FROM shown_answers a JOIN votes v ON v.answer_id = a.id"
            " WHERE a.guild_id = ? AND NOT v.is_helpful AND a.question <> '' AND a.reviewed_at IS NULL"
            " AND NOT a.is_private GROUP BY a.id ORDER BY a.shown_at DESC, a.id LIMIT ?",
            (guild_id, count),
        )
        found = [
            Unserved(f"u{number}", question, asked_at, times, tuple(json.loads(words)))
            for number, question, asked_at, times, words in noted
        ]
        found += [
            Unserved(f"a{answer_id}", question, shown_at, 1, down_votes=votes)
            for answer_id, question, shown_at, votes in voted
        ]
        return sorted(found, key=lambda item: (-item.asked_at, item.ref))

    async def note_reviewed(self, guild_id: int, refs: Sequence[str]) -> None:
        """Note that moderators are done with some; one that is asked again wants another look."""
        now = self._clock()

        def note() -> None:
            for ref in refs:
                if ref.startswith("u"):
                    self._connection.execute(
                        "DELETE FROM uncovered_questions WHERE guild_id = ? AND id = ?", (guild_id, int(ref[1:]))
                    )
                else:
                    self._connection.execute(
                        "UPDATE shown_answers SET reviewed_at = ? WHERE guild_id = ? AND id = ?",
                        (now, guild_id, int(ref[1:])),
                    )

        await self._run(note)

    # ---- golden questions

    async def add_golden(self, guild_id: int, question: str, document: str, title: str) -> bool:
        """Keep a question with the document that is to answer it, and who has asked it, so that they can have it
        forgotten; keep nothing and give False where nobody is known to have asked it, as they may have had just that.
        """

        def add() -> bool:
            self._connection.execute("BEGIN IMMEDIATE")
            askers = self._connection.execute(
                "SELECT person_id FROM uncovered_askers JOIN uncovered_questions ON id = question_id"
                " WHERE guild_id = ?1 AND question = ?2"
                " UNION SELECT asker_id FROM shown_answers WHERE guild_id = ?1 AND question = ?2"
                " UNION SELECT author_id FROM shown_answers"
                " WHERE guild_id = ?1 AND question = ?2 AND author_id IS NOT NULL",
                (guild_id, question),
            ).fetchall()
            if not askers:
                self._connection.execute("COMMIT")
                return False
            [(golden_id,)] = self._connection.execute(
                "INSERT INTO golden_questions (guild_id, question, document, title) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (guild_id, question) DO UPDATE SET document = excluded.document, title = excluded.title"
                " RETURNING id",
                (guild_id, question, document, title),
            ).fetchall()
            self._connection.executemany(
                "INSERT OR IGNORE INTO golden_askers VALUES (?, ?)",
                [(golden_id, person_id) for (person_id,) in askers],
            )
            self._connection.execute("COMMIT")
            return True

        return await self._run(add)

    async def golden(self, guild_id: int) -> list[Golden]:
        """A server's golden questions, in the order in which they were made."""
        rows = await self._rows(
            "SELECT id, question, document, title FROM golden_questions WHERE guild_id = ? ORDER BY id", (guild_id,)
        )
        return [Golden(*row) for row in rows]

    async def drop_golden(self, guild_id: int, golden_id: int) -> None:
        """Forget a golden question."""
        await self._change("DELETE FROM golden_questions WHERE guild_id = ? AND id = ?", (guild_id, golden_id))

    def _forget_questions_of(self, person_id: int) -> tuple[int, int]:
        """Forget what is noted of a person's questions, and the golden ones made of them; a part of forgetting the
        person. Give how many each were.
        """
        noted, golden = (
            self._connection.execute(statement, (person_id,)).rowcount
            for statement in (
                "DELETE FROM uncovered_questions"
                " WHERE id IN (SELECT question_id FROM uncovered_askers WHERE person_id = ?)",
                "DELETE FROM golden_questions WHERE id IN (SELECT golden_id FROM golden_askers WHERE person_id = ?)",
            )
        )
        return noted, golden

    # ---- servers that the bot is no longer in

    async def note_left(self, guild_id: int) -> None:
        """Note that the bot was removed from a server; the first time counts."""
        await self._change("INSERT OR IGNORE INTO left_guilds VALUES (?, ?)", (guild_id, self._clock()))

    async def note_back(self, guild_id: int) -> None:
        """The bot is in a server again: nothing is to be forgotten."""
        await self._change("DELETE FROM left_guilds WHERE guild_id = ?", (guild_id,))

    async def left_for(self, seconds: float) -> list[int]:
        """The servers that the bot was removed from at least so long ago."""
        rows = await self._rows(
            "SELECT guild_id FROM left_guilds WHERE left_at <= ? ORDER BY guild_id", (self._clock() - seconds,)
        )
        return [guild_id for (guild_id,) in rows]

    async def known_guilds(self) -> set[int]:
        """The servers of which something is remembered."""
        tables = " UNION ".join(f"SELECT guild_id FROM {table}" for table in GUILD_TABLES)
        return {guild_id for (guild_id,) in await self._rows(tables) if guild_id is not None}

    async def forget_guild(self, guild_id: int, *, but_deed: int = 0) -> None:
        """Forget everything of a server: settings, questions, answers, and who changed what.

        Args:
            guild_id: The server.
            but_deed: The line of the audit log that says who wanted it, which stays.
        """
        await self._run(lambda: self._forget_guild(guild_id, but_deed))

    def _forget_guild(self, guild_id: int, but_deed: int) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for table in GUILD_TABLES:
            kept = "" if table != "audit" else f" AND id <> {but_deed}"
            self._connection.execute(f"DELETE FROM {table} WHERE guild_id = ?{kept}", (guild_id,))
        for table, column in (("pending_questions", "asked"), ("pending_presses", "pressed")):
            self._connection.execute(f"DELETE FROM {table} WHERE json_extract({column}, '$.guild_id') = ?", (guild_id,))
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # ---- the file

    async def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        return await self._run(lambda: self._connection.execute(query, values).fetchall())

    async def _change(self, statement: str, values: tuple[Any, ...]) -> int:
        """Carry out one statement; give how many rows it changed."""
        return await self._run(lambda: self._connection.execute(statement, values).rowcount)

    async def _run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _record_from(row: tuple[Any, ...]) -> Record:
    guild_id, person_id, deed, before, after, document, digest, at, is_done, is_cut_off, detail = row
    what = (Deed(deed), before, after, document, digest)
    return Record(guild_id, person_id, *what, at, bool(is_done), bool(is_cut_off), detail)


def _what_was_done(record: Record) -> tuple[str | bool, ...]:
    what = (str(record.deed), record.before, record.after, record.document, record.digest)
    return (*what, record.is_done, record.is_cut_off, record.detail)
