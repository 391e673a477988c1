"""`/manage reload`, and the yes or no to what it found."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Mapping

from discord import app_commands

from bot.answers import language_of
from bot.localisation import _, speaking
from bot.moderating import ONLY_OWNER, Moderating, by, guild_of, may_change_shared, noting
from bot.presses import Handler, Interaction, Press
from bot.progress import Progress, end_unfinished
from bot.records import Deed
from bot.render.body import Body, LibraryAction
from bot.render.corpus import NONE_OF_ITS_OWN, running_text
from bot.render.manage import (
    DISCARDED,
    NOW_CURRENT,
    decided_body,
    dry_run_body,
    library_name,
    progress_body,
    report_body,
)
from bot.render.review import fares_change_text
from bot.replies import fill, think, update
from bot.tree import error_text
from index import ReloadReport, RetrievalError, Running, StaleGenerationError, SupersededError

EDIT_EVERY_S = 5.0
"""How often the progress is shown: Discord allows some five edits in five seconds in a channel, to all of the bot."""

SHARED = "shared"

Library = int | None
"""Whose: a server's by its id, or the shared one."""


class Reloading(Moderating):
    """Reloads of the shared corpus and of a server's own documents."""

    def __init__(self) -> None:
        self._under_way: dict[Library, Running] = {}
        self._ending: asyncio.Task[None] | None = None

    async def cog_load(self) -> None:
        """Say in the messages of an earlier process that it was stopped."""
        await super().cog_load()
        if unfinished := await self.bot.state.unfinished():
            self._ending = asyncio.create_task(end_unfinished(self.bot, unfinished))

    async def cog_unload(self) -> None:
        """Leave what is not said yet to the next start."""
        if self._ending is not None:
            self._ending.cancel()

    def handlers(self) -> Mapping[LibraryAction, Handler]:
        """See `bot.presses`."""
        own: dict[LibraryAction, Handler] = {
            LibraryAction.MAKE_CURRENT: self._make_current,
            LibraryAction.DISCARD: self._discard,
        }
        return {**super().handlers(), **own}

    @app_commands.command()
    @app_commands.describe(dry_run="Only show what would change")
    async def reload(self, interaction: Interaction, dry_run: bool = False) -> None:
        """Take in documents that have changed; questions are answered meanwhile."""
        await think(interaction, ephemeral=True)
        libraries = await self._libraries(interaction)
        if not libraries:
            await fill(interaction, Body(f"{_(ONLY_OWNER)} {_(NONE_OF_ITS_OWN)}"))
            return
        running = {library: text for library in libraries if (text := await self._running(interaction, library))}
        if running:
            texts = [f"**{library_name(library)}**\n{text}" for library, text in running.items()]
            await fill(interaction, Body("\n\n".join(texts)))
        elif dry_run:
            reports = [(library, await self.bot.service.difference(library)) for library in libraries]
            await fill(interaction, dry_run_body(reports))
        else:
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            self._under_way |= dict.fromkeys(libraries, Running(by(interaction), now, 0, 0))
            try:
                for number, library in enumerate(libraries):
                    await self._reload(interaction, library, number=number)
            finally:
                for library in libraries:
                    self._under_way.pop(library, None)

    async def _libraries(self, interaction: Interaction) -> list[Library]:
        """What a reload covers: the shared corpus where the operator lets moderators, and the server's own documents
        where it has some.
        """
        own = await self.bot.service.status(guild_of(interaction))
        has_own = own.documents or own.files_changed or own.prepared
        shared: list[Library] = [None] if await may_change_shared(interaction) else []
        return [*shared, guild_of(interaction)] if has_own else shared

    async def _running(self, interaction: Interaction, library: Library) -> str:
        """A reload that is under way, in words; empty where none is."""
        running = await self.bot.service.running(library) or self._under_way.get(library)
        return running_text(running, guild_of(interaction)) if running else ""

    async def _reload(self, interaction: Interaction, library: Library, *, number: int) -> None:
        locale = str(language_of(interaction, is_private=False))
        with speaking(locale):
            first = progress_body(None, library, guild_of(interaction), by(interaction))
        progress = await Progress.begin(
            interaction, first, locale=locale, nonce=interaction.id + number, is_first=not number
        )
        with speaking(language_of(interaction, is_private=not progress.is_public)):
            try:
                before = await self._found(interaction)
                report = await self._noted(interaction, library, progress)
                after = await self._found(interaction) if report.made_current else {}
                fares = fares_change_text(before, after) if report.generation != report.previous else ""
                body = report_body(report, library, asker_id=interaction.user.id, fares=fares)
            except Exception as error:
                if self.bot.answers.is_closing:
                    return  # the next process says so
                body = Body(f"**{library_name(library)}**\n{error_text(error, 'manage reload')}")
            self._under_way.pop(library, None)  # whoever reads how it ended may press a button at once
            await progress.end(body)

    async def _found(self, interaction: Interaction) -> dict[int, bool]:
        """Which of the server's golden questions find their document now, by their numbers; none where none can."""
        try:
            return {one.id: finds for one, finds in await self.golden(guild_of(interaction))}
        except RetrievalError:  # there is no index yet, or too many questions wait: a reload needs none of that
            return {}

    async def _watched(self, interaction: Interaction, library: Library, progress: Progress) -> ReloadReport:
        """Reload, and show how far it is."""
        work = asyncio.create_task(self.bot.service.reload(library, by=by(interaction)))
        shown: Running | None = None
        while not (await asyncio.wait({work}, timeout=EDIT_EVERY_S))[0]:
            running = await self.bot.service.running(library)
            if running is not None and running != shown:
                shown = running
                await progress.show(progress_body(running, library, guild_of(interaction), by(interaction)))
        return await work

    async def _noted(self, interaction: Interaction, library: Library, progress: Progress) -> ReloadReport:
        """Reload, show how far it is, and have it in the audit log."""
        reloaded, prepared = (
            (Deed.RELOAD_SHARED, Deed.PREPARE_SHARED) if library is None else (Deed.RELOAD_OWN, Deed.PREPARE_OWN)
        )
        async with noting(interaction, reloaded) as note:
            report = await self._watched(interaction, library, progress)
            deed = reloaded if report.made_current else prepared
            note.tell(deed=deed, before=report.previous, after=report.generation)
        return report

    # ---- the yes or no

    async def _make_current(self, interaction: Interaction, press: Press) -> None:
        await self._decide(interaction, press, is_yes=True)

    async def _discard(self, interaction: Interaction, press: Press) -> None:
        await self._decide(interaction, press, is_yes=False)

    async def _decide(self, interaction: Interaction, press: Press, *, is_yes: bool) -> None:
        scope, _dot, generation = press.argument.partition(".")
        library = None if scope == SHARED else guild_of(interaction)
        if library is None and not await may_change_shared(interaction):
            await fill(interaction, Body(_(ONLY_OWNER)))
            return
        if text := await self._running(interaction, library):
            await fill(interaction, Body(text))
            return
        await update(interaction)
        message = interaction.message
        content = message.content if message else ""
        with speaking(language_of(interaction, is_private=bool(message and message.flags.ephemeral))):
            try:
                outcome = await self._carry_out(interaction, library, generation, is_yes=is_yes)
            except (SupersededError, StaleGenerationError) as error:
                outcome = error_text(error, f"button {press.action}")
            await fill(interaction, decided_body(content, outcome))

    async def _carry_out(self, interaction: Interaction, library: Library, generation: str, *, is_yes: bool) -> str:
        service, prepared = self.bot.service, await self.bot.service.prepared(library)
        before = (prepared.previous if prepared else "") or ""
        if is_yes:
            deed = Deed.MAKE_CURRENT_SHARED if library is None else Deed.MAKE_CURRENT_OWN
        else:
            deed = Deed.DISCARD_SHARED if library is None else Deed.DISCARD_OWN
        async with noting(interaction, deed, before=before, after=generation):
            if is_yes:
                await service.make_current(generation, library, by=by(interaction))
            else:
                await service.discard(generation, library)
        return _(NOW_CURRENT if is_yes else DISCARDED).format(who=interaction.user.mention)
