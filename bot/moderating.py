"""What the parts of `/manage` share: whose server it is, and who did what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.answers import guild_id_of
from bot.client import DissentBot
from bot.localisation import N_
from bot.presses import Interaction, PressCog
from bot.records import Deed, Golden, Record, by_moderator
from index import (
    AddingError,
    CorpusError,
    DocumentError,
    HistoryError,
    LibraryBusyError,
    RetrievalError,
    StaleGenerationError,
    SupersededError,
    UnknownDocumentError,
)

ONLY_OWNER = N_("Only whoever runs me may change the shared corpus. Your server's own documents are yours to change.")


class GoneError(RetrievalError):
    """What was to be changed is no longer there."""


NOTHING_CHANGED = (
    AddingError,
    CorpusError,
    DocumentError,
    GoneError,
    HistoryError,
    LibraryBusyError,
    StaleGenerationError,
    SupersededError,
    UnknownDocumentError,
)
"""Errors after which everything is as it was."""


@dataclass(slots=True)
class Note:
    """A line of the audit log that is being written."""

    number: int
    record: Record
    changed_nothing: bool = False
    """Whether everything is as it was, so that there is to be no line."""

    def tell(
        self,
        *,
        deed: Deed | None = None,
        before: str | None = "",
        after: str = "",
        document: str = "",
        digest: str = "",
    ) -> None:
        """What is known now; what is left out stays as it was noted first."""
        first = self.record
        self.record = replace(
            first,
            deed=deed or first.deed,
            before=before or first.before,
            after=after or first.after,
            document=document or first.document,
            digest=digest or first.digest,
        )


class Moderating(PressCog):
    """A part of `/manage`."""

    bot: DissentBot

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Only in a server that has the bot installed: a person who brought it along has nothing to moderate."""
        return guild_id_of(interaction) is not None

    async def golden(self, guild_id: int) -> list[tuple[Golden, bool]]:
        """A server's golden questions, and whether each finds its document now."""
        golden = await self.bot.state.golden(guild_id)
        return [(one, await self.bot.service.finds(one.question, one.document, guild_id)) for one in golden]


@asynccontextmanager
async def noting(
    interaction: Interaction,
    deed: Deed,
    *,
    before: str = "",
    after: str = "",
    document: str = "",
    digest: str = "",
    detail: str = "",
) -> AsyncIterator[Note]:
    """Write a line of the server's audit log before what the block does, and into it how that ended.

    Of what a process that is stopped in between leaves, the next one says that it was cut off. Where the block's
    error or the note says that nothing was changed, there is no line.
    """
    bot = interaction.client
    record = Record(
        guild_of(interaction),
        interaction.user.id,
        deed,
        before,
        after,
        document,
        digest,
        is_done=False,
        detail=detail,
    )
    note = Note(await bot.state.note_deed(record), record)
    try:
        yield note
    except NOTHING_CHANGED:
        await bot.state.drop_deed(note.number)
        raise
    except Exception:
        if not bot.answers.is_closing:
            await note_cut_off(bot, note.number, note.record)
        raise
    if note.changed_nothing:
        await bot.state.drop_deed(note.number)
    else:
        await bot.state.tell_deed(note.number, replace(note.record, is_done=True))


async def note_cut_off(bot: DissentBot, number: int, record: Record) -> None:
    """Write into a line of the audit log that it was cut off, and what that left current.

    Args:
        bot: Whose log it is.
        number: The line's.
        record: What it says so far.
    """
    library = None if record.deed.is_of_shared else record.guild_id
    left = await bot.service.current_generation(library) if record.deed.changes_documents else ""
    await bot.state.tell_deed(number, replace(record, after=left, is_cut_off=True))


def guild_of(interaction: Interaction) -> int:
    """The server that is moderated."""
    guild_id = guild_id_of(interaction)
    if guild_id is None:
        raise RuntimeError("checked before")
    return guild_id


def by(interaction: Interaction) -> str:
    """Whoever moderates, for the history of a library."""
    return by_moderator(interaction.user.id, guild_of(interaction))


async def may_change_shared(interaction: Interaction) -> bool:
    """Whether whoever moderates may change the shared corpus, too."""
    bot = interaction.client
    return bot.settings.shared_reload == "moderators" or await bot.is_owner(interaction.user)
