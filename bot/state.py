"""What the bot remembers between starts: a SQLite file, behind a thread of its own."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from bot.records import AUDIT_KEPT_S, Records
from bot.settings import ANSWERS_KEPT_DAYS, ANSWERS_KEPT_DAYS_AT_MOST
from index import SERVER_PREFIX, Citation, Quote, Source, Span, Verdict

DAY_S = 24 * 3600.0
TOKEN_LIFE_S = 15 * 60.0
"""How long Discord lets a bot answer an interaction."""

MIGRATIONS = (
    "CREATE TABLE synced_commands (scope TEXT PRIMARY KEY, digest TEXT NOT NULL) STRICT",
    """CREATE TABLE guild_settings (
        guild_id INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (guild_id, name)
    ) STRICT""",
    """CREATE TABLE shown_answers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER,
        channel_id INTEGER NOT NULL,
        message_id INTEGER UNIQUE,
        question_message_id INTEGER,
        asker_id INTEGER NOT NULL,
        question TEXT NOT NULL,
        subject TEXT NOT NULL,
        within TEXT,
        is_private INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        generation TEXT NOT NULL,
        quotes TEXT NOT NULL,
        shared_at REAL,
        passed_on_at REAL,
        shown_at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX shown_answers_by_question ON shown_answers (question_message_id)",
    "CREATE INDEX shown_answers_by_channel ON shown_answers (channel_id, id)",
    "CREATE INDEX shown_answers_by_age ON shown_answers (shown_at)",
    """CREATE TABLE votes (
        answer_id INTEGER NOT NULL REFERENCES shown_answers (id) ON DELETE CASCADE,
        person_id INTEGER NOT NULL,
        is_helpful INTEGER NOT NULL,
        voted_at REAL NOT NULL,
        PRIMARY KEY (answer_id, person_id)
    ) STRICT""",
    """CREATE TABLE uncovered_questions (
        guild_id INTEGER NOT NULL,
        question TEXT NOT NULL,
        missing_words TEXT NOT NULL,
        times INTEGER NOT NULL,
        asked_at REAL NOT NULL,
        PRIMARY KEY (guild_id, question)
    ) STRICT""",
    """CREATE TABLE pending_questions (
        interaction_id INTEGER PRIMARY KEY,
        token TEXT NOT NULL,
        asked TEXT NOT NULL,
        expires_at REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE answer_channels (
        channel_id INTEGER PRIMARY KEY,
        guild_id INTEGER NOT NULL,
        mode TEXT NOT NULL,
        report_channel_id INTEGER,
        seen INTEGER NOT NULL DEFAULT 0,
        answered INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    "CREATE INDEX answer_channels_by_guild ON answer_channels (guild_id)",
    """CREATE TABLE pending_presses (
        interaction_id INTEGER PRIMARY KEY,
        token TEXT NOT NULL,
        pressed TEXT NOT NULL,
        expires_at REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER NOT NULL,
        person_id INTEGER NOT NULL,
        deed TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        document TEXT NOT NULL,
        digest TEXT NOT NULL,
        at REAL NOT NULL
    ) STRICT""",
    "CREATE INDEX audit_by_guild ON audit (guild_id, id)",
    """CREATE TABLE progress_messages (
        message_id INTEGER PRIMARY KEY, channel_id INTEGER NOT NULL, locale TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE left_guilds (guild_id INTEGER PRIMARY KEY, left_at REAL NOT NULL) STRICT",
    """CREATE TABLE golden_questions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER NOT NULL,
        question TEXT NOT NULL,
        document TEXT NOT NULL,
        title TEXT NOT NULL,
        UNIQUE (guild_id, question)
    ) STRICT""",
    """CREATE TABLE golden_askers (
        golden_id INTEGER NOT NULL REFERENCES golden_questions (id) ON DELETE CASCADE,
        person_id INTEGER NOT NULL,
        PRIMARY KEY (golden_id, person_id)
    ) STRICT""",
    "ALTER TABLE shown_answers ADD COLUMN reviewed_at REAL",
    "ALTER TABLE audit ADD COLUMN is_done INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE shown_answers ADD COLUMN copy_of INTEGER",
    "CREATE INDEX shown_answers_by_original ON shown_answers (copy_of) WHERE copy_of IS NOT NULL",
    """CREATE TABLE plain_replies (
        question_message_id INTEGER PRIMARY KEY,
        channel_id INTEGER NOT NULL,
        message_id INTEGER NOT NULL UNIQUE,
        replied_at REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE acknowledged (
        interaction_id INTEGER PRIMARY KEY,
        token TEXT NOT NULL,
        channel_id INTEGER NOT NULL,
        locale TEXT NOT NULL,
        expires_at REAL NOT NULL
    ) STRICT""",
    "ALTER TABLE audit ADD COLUMN is_cut_off INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE noted_questions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER NOT NULL,
        question TEXT NOT NULL,
        missing_words TEXT NOT NULL,
        times INTEGER NOT NULL,
        asked_at REAL NOT NULL,
        UNIQUE (guild_id, question)
    ) STRICT""",
    """INSERT INTO noted_questions (guild_id, question, missing_words, times, asked_at)
        SELECT guild_id, question, missing_words, times, asked_at FROM uncovered_questions""",
    "DROP TABLE uncovered_questions",
    "ALTER TABLE noted_questions RENAME TO uncovered_questions",
    """CREATE TABLE uncovered_askers (
        question_id INTEGER NOT NULL REFERENCES uncovered_questions (id) ON DELETE CASCADE,
        person_id INTEGER NOT NULL,
        PRIMARY KEY (question_id, person_id)
    ) STRICT""",
    """INSERT INTO uncovered_askers SELECT DISTINCT u.id, a.asker_id FROM uncovered_questions u
        JOIN shown_answers a ON a.guild_id = u.guild_id AND a.question = u.question""",
    # whoever asked these could not have them forgotten
    "DELETE FROM uncovered_questions WHERE id NOT IN (SELECT question_id FROM uncovered_askers)",
    "DELETE FROM golden_questions WHERE id NOT IN (SELECT golden_id FROM golden_askers)",
    "ALTER TABLE audit ADD COLUMN detail TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE shown_answers ADD COLUMN passing_on TEXT",
    "ALTER TABLE shown_answers ADD COLUMN edited_at REAL NOT NULL DEFAULT 0",
    "ALTER TABLE plain_replies ADD COLUMN edited_at REAL NOT NULL DEFAULT 0",
    "ALTER TABLE shown_answers ADD COLUMN author_id INTEGER",
)
"""Each makes the schema of the next version from the one before; never changed, only added to."""

ANSWERED_AGAIN_WITHIN_S = 30 * 60
"""A question that was pending is taken up for 15 minutes, and then sending may need further attempts."""

_ANSWERED_AGAIN = f"""other.channel_id = own.channel_id AND other.asker_id = own.asker_id
    AND other.question = own.question AND own.question <> ''
    AND ABS(other.shown_at - own.shown_at) <= {ANSWERED_AGAIN_WITHIN_S}"""
"""Two answers to the same question: what a process sent just before it died can arrive when the next one has looked for
it in vain and sends it anew."""

_SAME_ANSWER = """id IN (
    WITH original AS (SELECT COALESCE(copy_of, id) AS id FROM shown_answers WHERE id = ?)
    SELECT id FROM original
    UNION SELECT shown_answers.id FROM shown_answers JOIN original ON shown_answers.copy_of = original.id
)"""
"""An answer, what it is a copy of, and what is a copy of it."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """What holds in a server, as its moderators have set it; a name here is a name in the file."""

    private_by_default: bool = False
    """Whether an answer to `/ask` is shown to its asker alone, unless they say otherwise."""
    person_channel_id: int | None = None
    """Where *Ask a person* passes questions on to; where they were asked, if only a role is set."""
    person_role_id: int | None = None
    """Whom it pings."""
    notes_uncovered: bool = False
    """Whether questions that the documents do not cover are noted for the moderators."""
    keeps_questions: bool = True
    """Whether a question is kept beside what its answer showed; without it, follow-ups have no subject to borrow."""
    question_days: int = ANSWERS_KEPT_DAYS
    """For how many days the text of a question is kept: at most as long as its answer."""
    answer_days: int = ANSWERS_KEPT_DAYS
    """For how many days what an answer showed is kept, with its votes: at most as long as the operator allows."""
    blocked_ids: tuple[int, ...] = ()
    """People whom the bot does not answer here."""

    def __post_init__(self) -> None:
        for name in ("private_by_default", "notes_uncovered", "keeps_questions"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} is neither true nor false")
        for name in ("question_days", "answer_days"):
            days = getattr(self, name)
            if not isinstance(days, int) or not 1 <= days <= ANSWERS_KEPT_DAYS_AT_MOST:
                raise ValueError(f"{name} is not between 1 and {ANSWERS_KEPT_DAYS_AT_MOST}")
        for name in ("person_channel_id", "person_role_id"):
            if not isinstance(getattr(self, name), int | None):
                raise ValueError(f"{name} is no id")
        if not all(isinstance(person_id, int) for person_id in self.blocked_ids):
            raise ValueError("blocked_ids holds what is no id")

    @property
    def has_person_to_ask(self) -> bool:
        """Whether *Ask a person* has somewhere to pass a question on to."""
        return self.person_channel_id is not None or self.person_role_id is not None


class AnswerMode(StrEnum):
    """What happens to questions in an answer channel; where nothing is set, nothing does."""

    SHADOW = "shadow"
    """Moderators see elsewhere what would have been answered; members see nothing."""
    REPLY = "reply"
    THREAD = "thread"
    """Answered in a thread of the question's own."""


@dataclass(frozen=True, slots=True)
class AnswerChannel:
    """A channel in which questions are answered without anybody speaking to the bot."""

    channel_id: int
    guild_id: int
    mode: AnswerMode
    report_channel_id: int | None = None
    """Where shadow mode shows its answers."""
    seen: int = 0
    """Questions so far."""
    answered: int = 0
    """Those of them that were answered, or would have been."""

    def __post_init__(self) -> None:
        if self.mode is AnswerMode.SHADOW and self.report_channel_id is None:
            raise ValueError("shadow mode has nowhere to report to")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, who asked it, and where."""

    question: str
    asker_id: int
    guild_id: int | None
    """None in direct messages, and where the bot came along with a person and not with the server."""
    channel_id: int
    question_message_id: int | None = None
    """The message that is the question, where it is one."""
    within: str | None = None
    """The id of the only document to search."""
    subject: str = ""
    """An earlier question, which lends its subject if this one has none of its own."""
    is_private: bool = False
    """Whether only the asker sees the answer."""
    shows_nearest: bool = False
    """Whether quotes are wanted even where they do not cover it: a topic was picked."""
    locale: str = ""
    """Of a pending question: what its answer is to be in."""
    summary: str = ""
    """Of a pending summary: what is to be made, as `bot.summaries.Request` writes it."""
    replaces: int | None = None
    """Of a question that was edited: the message in which it is answered anew."""
    edited_at: float = 0.0
    """When its message was edited last, in seconds since 1970 by Discord's clock; 0 where it never was."""
    author_id: int | None = None
    """Who wrote it, where it is somebody else's message that the asker wants answered."""
    asked_at: float = field(default_factory=time.monotonic, compare=False)
    """When, by this process's own clock: once its asker or author is forgotten, nothing of it is kept any more."""

    @property
    def people_ids(self) -> set[int]:
        """Whose words it is, or whose wish."""
        return {self.asker_id} if self.author_id is None else {self.asker_id, self.author_id}


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button below an answer that somebody pressed, with all that carrying it out needs."""

    custom_id: str
    person_id: int
    guild_id: int | None
    channel_id: int
    file_limit_bytes: int
    """How large a file may be there; 0 where none may be attached."""
    locale: str = ""
    """Whose language it is answered in, after a restart too."""


@dataclass(frozen=True, slots=True)
class PassingOn:
    """An attempt to pass a question on to a person, noted before it is made, so that what it posted can be found."""

    press_id: int
    """The interaction that asked for it; what is posted for it comes later."""
    channel_id: int
    """Where it is posted."""
    link: str
    """To the question, as it is posted."""


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """What an answer showed, so that its buttons work whatever has become of the documents."""

    id: int
    asked: Asked
    message_id: int | None
    """The answer's own message; None while it is on its way, and where it was deleted."""
    verdict: Verdict
    generation: str
    quotes: tuple[Quote, ...]
    shown_at: float


class PlainReply(NamedTuple):
    """A reply of the bot that shows no answer: an error, or that there was no question."""

    channel_id: int
    message_id: int
    edited_at: float = 0.0
    """As of `Asked`."""


class Acknowledged(NamedTuple):
    """An interaction that shows "thinking ..." until it is answered."""

    interaction_id: int
    token: str
    channel_id: int
    locale: str


class Forgotten(NamedTuple):
    """How much of a person was forgotten."""

    answers: int
    votes: int
    waiting: int
    """Questions that had no answer yet."""
    noted: int
    """Questions that were noted for moderators."""
    golden: int
    """Golden questions that moderators had made of theirs."""


class State(Records):
    """The bot's own memory. Of what people wrote it holds what the settings of their server allow, for no longer than
    they allow."""

    def __init__(
        self, path: Path, *, answers_kept_days: int = ANSWERS_KEPT_DAYS, clock: Callable[[], float] = time.time
    ) -> None:
        """Open the file, made new or brought to this version's schema.

        Args:
            path: The file.
            answers_kept_days: For how many days what answers showed is kept where a server sets no less.
            clock: Seconds since 1970.
        """
        self._answers_kept_days = answers_kept_days
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._forgotten_at: dict[int, float] = {}
        """When each person was forgotten, by the clock of `Asked.asked_at`; kept while a question may be under way."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
        # the one thread is all that uses it; without the check it can be opened and closed here
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # a lost power supply may cost the last moments only
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left in the file
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
            self._connection.execute("BEGIN")
            self._connection.execute(migration)
            self._connection.execute(f"PRAGMA user_version = {number}")
            self._connection.execute("COMMIT")

    # ---- commands

    async def synced_commands(self) -> dict[str, str]:
        """The digest of the commands last sent to each scope: `global`, or a server's id."""
        return dict(await self._rows("SELECT scope, digest FROM synced_commands"))

    async def remember_synced(self, scope: str, digest: str) -> None:
        """Note what was sent to a scope."""
        await self._change(
            "INSERT INTO synced_commands VALUES (?, ?) ON CONFLICT (scope) DO UPDATE SET digest = excluded.digest",
            (scope, digest),
        )

    # ---- settings of a server

    async def guild_settings(self, guild_id: int | None) -> GuildSettings:
        """What holds in a server; the defaults elsewhere."""
        rows = await self._rows("SELECT name, value FROM guild_settings WHERE guild_id = ?", (guild_id,))
        known = {field.name for field in fields(GuildSettings)}  # a later version may have set others
        values: dict[str, Any] = {name: json.loads(value) for name, value in rows if name in known}
        if "blocked_ids" in values:
            values["blocked_ids"] = tuple(values["blocked_ids"])
        most = self._answers_kept_days  # what was set when that was more holds no more
        values["answer_days"] = min(values.get("answer_days", most), most)
        values["question_days"] = min(values.get("question_days", most), values["answer_days"])
        return GuildSettings(**values)

    async def change_settings(self, guild_id: int, **changes: Any) -> GuildSettings:
        """Change some settings of a server and give all of them; what may be kept no longer is forgotten at once.

        Raises:
            ValueError: A value is not of its setting's type.
            TypeError: There is no such setting.
        """
        GuildSettings(**changes)
        await self._run(
            lambda: self._connection.executemany(
                "INSERT INTO guild_settings VALUES (?, ?, ?)"
                " ON CONFLICT (guild_id, name) DO UPDATE SET value = excluded.value",
                [(guild_id, name, json.dumps(value)) for name, value in changes.items()],
            )
        )
        await self._forget_what_a_server_keeps_no_longer(guild_id)
        return await self.guild_settings(guild_id)

    # ---- answer channels

    async def answer_channels(self, guild_id: int) -> list[AnswerChannel]:
        """A server's answer channels, by id."""
        return await self._answer_channels("guild_id = ?", guild_id)

    async def answer_channel(self, channel_id: int) -> AnswerChannel | None:
        """What is set for a channel; None where nothing is."""
        return next(iter(await self._answer_channels("channel_id = ?", channel_id)), None)

    async def _answer_channels(self, condition: str, value: int) -> list[AnswerChannel]:
        rows = await self._rows(
            "SELECT channel_id, guild_id, mode, report_channel_id, seen, answered FROM answer_channels"
            f" WHERE {condition} ORDER BY channel_id",
            (value,),
        )
        return [
            AnswerChannel(channel_id, guild_id, AnswerMode(mode), report_channel_id, seen, answered)
            for channel_id, guild_id, mode, report_channel_id, seen, answered in rows
        ]

    async def set_answer_channel(self, channel: AnswerChannel) -> None:
        """Set a channel's mode; its tally stays."""
        await self._change(
            "INSERT INTO answer_channels (channel_id, guild_id, mode, report_channel_id) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (channel_id) DO UPDATE SET mode = excluded.mode,"
            " report_channel_id = excluded.report_channel_id",
            (channel.channel_id, channel.guild_id, str(channel.mode), channel.report_channel_id),
        )

    async def forget_answer_channel(self, channel_id: int) -> None:
        """Switch a channel off and forget its tally."""
        await self._change("DELETE FROM answer_channels WHERE channel_id = ?", (channel_id,))

    async def count_question(self, channel_id: int, *, is_answered: bool) -> AnswerChannel | None:
        """Count a question of an answer channel; give the channel with its tally, None where it was switched off."""
        await self._change(
            "UPDATE answer_channels SET seen = seen + 1, answered = answered + ? WHERE channel_id = ?",
            (is_answered, channel_id),
        )
        return await self.answer_channel(channel_id)

    # ---- what answers showed

    async def add_shown(
        self, asked: Asked, *, verdict: Verdict, generation: str, quotes: tuple[Quote, ...], keeps_question: bool
    ) -> int:
        """Note what an answer is about to show, and give the number that its buttons carry."""
        kept = asked if keeps_question else replace(asked, question="", subject="")
        return await self._run(lambda: self._add_shown(kept, str(verdict), generation, quotes))

    def _add_shown(self, asked: Asked, verdict: str, generation: str, quotes: tuple[Quote, ...]) -> int:
        is_forgotten = self._is_forgotten(asked)
        if is_forgotten:  # of what is shown all the same, only the number in its buttons is used up
            asked, quotes = replace(asked, question="", subject=""), ()
        values = (
            asked.guild_id,
            asked.channel_id,
            asked.question_message_id,
            asked.asker_id,
            asked.author_id,
            asked.question,
            asked.subject,
            asked.within,
            asked.is_private,
            verdict,
            generation,
            json.dumps([asdict(quote) for quote in quotes]),
            asked.edited_at,
            self._clock(),
        )
        self._connection.execute("BEGIN IMMEDIATE")
        answer_id = self._connection.execute(
            "INSERT INTO shown_answers (guild_id, channel_id, question_message_id, asker_id, author_id, question,"
            " subject, within, is_private, verdict, generation, quotes, edited_at, shown_at)"
            f" VALUES ({', '.join('?' * len(values))})",
            values,
        ).lastrowid
        if is_forgotten:
            self._connection.execute("DELETE FROM shown_answers WHERE id = ?", (answer_id,))
        self._connection.execute("COMMIT")
        return int(answer_id or 0)

    def _is_forgotten(self, asked: Asked) -> bool:
        """Whether somebody whose question it is was forgotten since it was asked."""
        return any(self._forgotten_at.get(person_id, 0.0) >= asked.asked_at for person_id in asked.people_ids)

    async def add_copy(self, answer_id: int, *, channel_id: int) -> int:
        """Note that what a private answer showed is about to be shown to a whole channel."""
        return await self._run(
            lambda: int(
                self._connection.execute(
                    "INSERT INTO shown_answers (guild_id, channel_id, asker_id, author_id, question, subject, within,"
                    " is_private, verdict, generation, quotes, passed_on_at, passing_on, copy_of, shown_at)"
                    " SELECT guild_id, ?, asker_id, author_id, question, subject, within, 0, verdict, generation,"
                    " quotes, passed_on_at, passing_on, id, ? FROM shown_answers WHERE id = ?",
                    (channel_id, self._clock(), answer_id),
                ).lastrowid
                or 0
            )
        )

    async def note_message(self, answer_id: int, message_id: int) -> None:
        """Note which message shows an answer; an earlier answer in it is no longer shown."""
        await self._change(
            "UPDATE OR REPLACE shown_answers SET message_id = ? WHERE id = ?",
            (message_id, answer_id),
        )

    async def shown(self, answer_id: int) -> ShownAnswer | None:
        """What an answer showed; None where that is forgotten."""
        return await self._one_shown("id = ?", answer_id)

    async def shown_in_message(self, message_id: int) -> ShownAnswer | None:
        """What a message of the bot shows."""
        return await self._one_shown("message_id = ?", message_id)

    async def shown_for_message(self, message_id: int) -> ShownAnswer | None:
        """What was shown last in answer to a person's message."""
        return await self._one_shown("question_message_id = ? AND message_id IS NOT NULL", message_id)

    async def last_shown_in(self, channel_id: int, *, before: int | None = None) -> ShownAnswer | None:
        """What was shown last in a channel, for everybody there to see.

        Args:
            channel_id: Where.
            before: Only what is older than this answer.
        """
        return await self._one_shown(
            "channel_id = ? AND message_id IS NOT NULL AND NOT is_private AND id < COALESCE(?, id + 1)",
            channel_id,
            before,
        )

    async def _one_shown(self, condition: str, *values: int | None) -> ShownAnswer | None:
        rows = await self._rows(
            "SELECT id, guild_id, channel_id, message_id, question_message_id, asker_id, question, subject, within,"
            f" is_private, verdict, generation, quotes, edited_at, shown_at FROM shown_answers WHERE {condition}"
            " ORDER BY id DESC LIMIT 1",
            values,
        )
        return _shown_from(rows[0]) if rows else None

    async def forget_shown(self, answer_id: int) -> None:
        """Forget an answer, with its votes."""
        await self._change("DELETE FROM shown_answers WHERE id = ?", (answer_id,))

    async def forget_shown_own(self, guild_id: int) -> int:
        """Forget the answers of a server that quote its own documents; give how many those were."""
        return await self._change(
            "DELETE FROM shown_answers WHERE guild_id = ? AND EXISTS"
            " (SELECT 1 FROM json_each(quotes) WHERE json_extract(value, '$.citation.document') GLOB ?)",
            (guild_id, f"{SERVER_PREFIX}*"),
        )

    async def note_plain_reply(self, question_message_id: int, reply: PlainReply) -> None:
        """Note what was replied to a person's message that has no answer; an answer in it is no longer shown."""
        await self._change(
            "INSERT OR REPLACE INTO plain_replies (question_message_id, channel_id, message_id, edited_at, replied_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (question_message_id, *reply, self._clock()),
        )
        await self._change("DELETE FROM shown_answers WHERE message_id = ?", (reply.message_id,))

    async def plain_reply(self, question_message_id: int) -> PlainReply | None:
        """What was replied to a person's message that has no answer."""
        rows = await self._rows(
            "SELECT channel_id, message_id, edited_at FROM plain_replies WHERE question_message_id = ?",
            (question_message_id,),
        )
        return PlainReply(*rows[0]) if rows else None

    async def forget_plain_reply(self, message_id: int) -> None:
        """Forget a reply that is no longer there, by its own message or the one that it replies to."""
        await self._change(
            "DELETE FROM plain_replies WHERE question_message_id = ? OR message_id = ?", (message_id, message_id)
        )

    async def claim_sharing(self, answer_id: int) -> bool:
        """Note that a private answer is shared; False where it was before.

        One whose message a process had not noted before it died, the next one sends anew, maybe in that message.
        """
        statement = (
            "UPDATE shown_answers AS own SET shared_at = ? WHERE id = ? AND shared_at IS NULL AND NOT EXISTS ("
            "SELECT 1 FROM shown_answers AS other WHERE other.shared_at IS NOT NULL"
            f" AND (other.message_id IS NULL OR own.message_id IS NULL) AND {_ANSWERED_AGAIN})"
        )
        return await self._change(statement, (self._clock(), answer_id)) == 1

    async def note_passing_on(self, answer_id: int, attempt: PassingOn) -> bool:
        """Note that a question is about to be passed on, below its private answer or the shared copy of that.

        Returns:
            False where the answer was deleted meanwhile, and with it what would be known of the attempt.
        """
        statement = f"UPDATE shown_answers SET passing_on = ? WHERE {_SAME_ANSWER}"
        return await self._change(statement, (json.dumps(asdict(attempt)), answer_id)) > 0

    async def take_back_passing_on(self, answer_id: int) -> None:
        """Note that the last attempt was refused: nothing of it can have arrived."""
        await self._change(f"UPDATE shown_answers SET passing_on = NULL WHERE {_SAME_ANSWER}", (answer_id,))

    async def note_passed_on(self, answer_id: int) -> None:
        """Note that the last attempt has worked."""
        await self._change(
            f"UPDATE shown_answers SET passed_on_at = ? WHERE {_SAME_ANSWER}", (self._clock(), answer_id)
        )

    async def passing_on(self, answer_id: int) -> tuple[PassingOn | None, bool]:
        """The last attempt to pass a question on, and whether it is known to have worked.

        The same question of the same person in the same channel counts as one if it was answered again within half an
        hour: an answer that a process sent and had not noted before it died, the next one sends anew.
        """
        rows = await self._rows(
            "SELECT other.passing_on, other.passed_on_at FROM shown_answers AS other JOIN shown_answers AS own"
            f" ON other.id = own.id OR {_ANSWERED_AGAIN}"
            " WHERE own.id = ? ORDER BY other.passed_on_at IS NULL, other.passing_on IS NULL LIMIT 1",
            (answer_id,),
        )
        attempt, passed_on_at = rows[0] if rows else (None, None)
        return _known_from(PassingOn, attempt) if attempt else None, passed_on_at is not None

    async def give_back_sharing(self, answer_id: int) -> None:
        """Take back that an answer was shared: it did not work."""
        await self._change("UPDATE shown_answers SET shared_at = NULL WHERE id = ?", (answer_id,))

    async def vote(self, answer_id: int, person_id: int, *, is_helpful: bool) -> None:
        """Note what a person thinks of an answer, in place of what they thought before."""
        await self._change(
            "INSERT INTO votes VALUES (?, ?, ?, ?) ON CONFLICT (answer_id, person_id)"
            " DO UPDATE SET is_helpful = excluded.is_helpful, voted_at = excluded.voted_at",
            (answer_id, person_id, is_helpful, self._clock()),
        )

    async def votes(self, answer_id: int) -> tuple[int, int]:
        """How many people found an answer helpful, and how many did not."""
        [(helpful, other)] = await self._rows(
            "SELECT COALESCE(SUM(is_helpful), 0), COALESCE(SUM(NOT is_helpful), 0) FROM votes WHERE answer_id = ?",
            (answer_id,),
        )
        return helpful, other

    # ---- questions

    async def note_uncovered(self, asked: Asked, missing_words: tuple[str, ...]) -> None:
        """Note a question that the documents do not cover, for a server that allows it.

        Whose it is is kept only so that they can have it forgotten.
        """
        values = (asked.guild_id, asked.question, json.dumps(missing_words), self._clock())

        def note() -> None:
            if self._is_forgotten(asked):
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(
                "INSERT INTO uncovered_questions (guild_id, question, missing_words, times, asked_at)"
                " VALUES (?, ?, ?, 1, ?) ON CONFLICT (guild_id, question)"
                " DO UPDATE SET times = times + 1, asked_at = excluded.asked_at",
                values,
            )
            self._connection.executemany(
                "INSERT OR IGNORE INTO uncovered_askers"
                " SELECT id, ? FROM uncovered_questions WHERE guild_id = ? AND question = ?",
                [(person_id, asked.guild_id, asked.question) for person_id in sorted(asked.people_ids)],
            )
            self._connection.execute("COMMIT")

        await self._run(note)

    async def uncovered(self, guild_id: int) -> list[tuple[str, tuple[str, ...], int]]:
        """The questions noted in a server, the latest first: each with its missing words, and how often it came."""
        rows = await self._rows(
            "SELECT question, missing_words, times FROM uncovered_questions WHERE guild_id = ?"
            " ORDER BY asked_at DESC, question",
            (guild_id,),
        )
        return [(question, tuple(json.loads(words)), times) for question, words, times in rows]

    async def add_pending(self, interaction_id: int, token: str, asked: Asked) -> None:
        """Note a question before it is answered, in case the process dies meanwhile."""
        await self._change(
            "INSERT OR REPLACE INTO pending_questions VALUES (?, ?, ?, ?)",
            (interaction_id, token, json.dumps(asdict(asked)), self._clock() + TOKEN_LIFE_S),
        )

    async def remove_pending(self, interaction_id: int) -> None:
        """A question has its answer, or its error."""
        await self._change("DELETE FROM pending_questions WHERE interaction_id = ?", (interaction_id,))
        await self.remove_acknowledged(interaction_id)  # as which it is noted once its asker has had it forgotten

    async def pending(self) -> list[tuple[int, str, Asked]]:
        """The questions that can still be answered, oldest first: interaction id, token, and what was asked."""
        rows = await self._rows(
            "SELECT interaction_id, token, asked FROM pending_questions WHERE expires_at > ? ORDER BY interaction_id",
            (self._clock(),),
        )
        now_s = time.monotonic()  # the clock of the process that noted them may have been another one
        return [
            (interaction_id, token, replace(_known_from(Asked, asked), asked_at=now_s))
            for interaction_id, token, asked in rows
        ]

    async def add_pending_press(self, interaction_id: int, token: str, pressed: Pressed) -> None:
        """Note a press before it is carried out, in case the process dies meanwhile."""
        await self._change(
            "INSERT OR REPLACE INTO pending_presses VALUES (?, ?, ?, ?)",
            (interaction_id, token, json.dumps(asdict(pressed)), self._clock() + TOKEN_LIFE_S),
        )

    async def remove_pending_press(self, interaction_id: int) -> None:
        """A press is carried out, or has its error."""
        await self._change("DELETE FROM pending_presses WHERE interaction_id = ?", (interaction_id,))
        await self.remove_acknowledged(interaction_id)

    async def pending_presses(self) -> list[tuple[int, str, Pressed]]:
        """The presses that can still be answered, oldest first: interaction id, token, and what was pressed."""
        rows = await self._rows(
            "SELECT interaction_id, token, pressed FROM pending_presses WHERE expires_at > ? ORDER BY interaction_id",
            (self._clock(),),
        )
        return [(interaction_id, token, _known_from(Pressed, pressed)) for interaction_id, token, pressed in rows]

    async def add_acknowledged(self, acknowledged: Acknowledged) -> None:
        """Note an interaction before it is acknowledged, in case the process dies before it is answered."""
        await self._change(
            "INSERT OR REPLACE INTO acknowledged VALUES (?, ?, ?, ?, ?)",
            (*acknowledged, self._clock() + TOKEN_LIFE_S),
        )

    async def remove_acknowledged(self, interaction_id: int) -> None:
        """An interaction has its answer, or its error."""
        await self._change("DELETE FROM acknowledged WHERE interaction_id = ?", (interaction_id,))

    async def acknowledged(self) -> list[Acknowledged]:
        """The interactions that can still be answered, oldest first."""
        rows = await self._rows(
            "SELECT interaction_id, token, channel_id, locale FROM acknowledged WHERE expires_at > ?"
            " ORDER BY interaction_id",
            (self._clock(),),
        )
        return [Acknowledged(*row) for row in rows]

    async def forget_person(self, person_id: int) -> Forgotten:
        """Forget what answers to a person, or to their messages, showed, their votes, their questions that wait or are
        noted for moderators, and what those had made of them. Of what is being answered, nothing will be kept.
        """
        return await self._run(lambda: self._forget_person(person_id))

    def _forget_person(self, person_id: int) -> Forgotten:
        now_s = time.monotonic()
        recently = {person: at_s for person, at_s in self._forgotten_at.items() if now_s - at_s < DAY_S}
        self._forgotten_at = recently | {person_id: now_s}
        self._connection.execute("BEGIN IMMEDIATE")
        noted, golden = self._forget_questions_of(person_id)
        whose = "? IN (json_extract(asked, '$.asker_id'), json_extract(asked, '$.author_id'))"
        for table, content, condition in (
            ("pending_questions", "asked", whose),
            ("pending_presses", "pressed", "json_extract(pressed, '$.person_id') = ?"),
        ):  # what shows "thinking ..." is still owed an end
            self._connection.execute(
                "INSERT OR REPLACE INTO acknowledged SELECT interaction_id, token,"
                f" json_extract({content}, '$.channel_id'), json_extract({content}, '$.locale'), expires_at"
                f" FROM {table} WHERE {condition} AND token != ''",
                (person_id,),
            )
        self._connection.execute(  # whoever followed up on theirs has their words beside the own ones
            "UPDATE shown_answers SET question = '', subject = '' WHERE (guild_id, subject) IN"
            " (SELECT guild_id, question FROM shown_answers WHERE ? IN (asker_id, author_id) AND question <> '')",
            (person_id,),
        )
        votes, answers, waiting = (
            self._connection.execute(statement, (person_id,)).rowcount
            for statement in (
                "DELETE FROM votes WHERE person_id = ?",
                "DELETE FROM shown_answers WHERE ? IN (asker_id, author_id)",
                f"DELETE FROM pending_questions WHERE {whose}",
            )
        )
        self._connection.execute(
            "DELETE FROM pending_presses WHERE json_extract(pressed, '$.person_id') = ?", (person_id,)
        )
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor in the file beside it
        return Forgotten(answers, votes, waiting, noted, golden)

    # ---- the file

    async def clean_up(self) -> int:
        """Forget what is too old; give how many answers that were."""
        now = self._clock()
        await self._change("DELETE FROM pending_questions WHERE expires_at <= ?", (now,))
        await self._change("DELETE FROM pending_presses WHERE expires_at <= ?", (now,))
        await self._change("DELETE FROM audit WHERE at <= ?", (now - AUDIT_KEPT_S,))
        await self._change("DELETE FROM acknowledged WHERE expires_at <= ?", (now,))
        forgotten = 0
        for (guild_id,) in await self._rows(
            "SELECT DISTINCT guild_id FROM guild_settings"
            " WHERE name IN ('question_days', 'answer_days', 'keeps_questions', 'notes_uncovered')"
        ):
            forgotten += await self._forget_what_a_server_keeps_no_longer(guild_id)
        oldest = (now - self._answers_kept_days * DAY_S,)
        await self._change("DELETE FROM plain_replies WHERE replied_at <= ?", oldest)
        await self._change("DELETE FROM uncovered_questions WHERE asked_at <= ?", oldest)
        return forgotten + await self._change("DELETE FROM shown_answers WHERE shown_at <= ?", oldest)

    async def _forget_what_a_server_keeps_no_longer(self, guild_id: int) -> int:
        """Forget what a server keeps for less time than the operator, or not at all; give how many answers it was."""
        settings, now = await self.guild_settings(guild_id), self._clock()
        kept_since = now - settings.question_days * DAY_S
        await self._change(
            "DELETE FROM uncovered_questions WHERE guild_id = ? AND asked_at <= ?",
            (guild_id, kept_since if settings.notes_uncovered else now),
        )
        await self._change(
            "UPDATE shown_answers SET question = '', subject = ''"
            " WHERE guild_id = ? AND shown_at <= ? AND question || subject <> ''",
            (guild_id, kept_since if settings.keeps_questions else now),
        )
        of_answers = (guild_id, now - settings.answer_days * DAY_S)
        return await self._change("DELETE FROM shown_answers WHERE guild_id = ? AND shown_at <= ?", of_answers)

    def close(self) -> None:
        """Finish what was begun and close the file."""
        self._thread.shutdown()
        self._connection.close()


def _known_from(kind: type[Result], content: str) -> Result:
    """A value from its JSON, without what another version may have written besides."""
    values: dict[str, Any] = json.loads(content)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in values.items() if name in known})


def _shown_from(row: tuple[Any, ...]) -> ShownAnswer:
    (answer_id, guild_id, channel_id, message_id, question_message_id, asker_id, question, subject) = row[:8]
    within, is_private, verdict, generation, quotes, edited_at, shown_at = row[8:]
    asked = Asked(
        question=question,
        asker_id=asker_id,
        guild_id=guild_id,
        channel_id=channel_id,
        question_message_id=question_message_id,
        within=within,
        subject=subject,
        is_private=bool(is_private),
        edited_at=edited_at,
    )
    shown = tuple(_quote_from(quote) for quote in json.loads(quotes))
    return ShownAnswer(answer_id, asked, message_id, Verdict(verdict), generation, shown, shown_at)


def _quote_from(content: dict[str, Any]) -> Quote:
    """The quote that `asdict` took apart."""
    citation = content["citation"]
    spans = {name: tuple(Span(*span) for span in content[name]) for name in ("highlights", "hidden", "emphasis")}
    return Quote(
        citation=Citation(**citation | {"span": Span(*citation["span"])}),
        text=content["text"],
        sources=tuple(Source(**source) for source in content["sources"]),
        score=content["score"],
        **spans,
    )
