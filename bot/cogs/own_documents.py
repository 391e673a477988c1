"""`/manage add`, `remove`, `history`, `rollback`, `export` and `forget`: what a server's moderators do with its own
documents. The operator's files are never touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import discord
from discord import app_commands

from bot.answers import guild_id_of
from bot.documents import NO_DOCUMENT, choices_among
from bot.localisation import N_, _, ngettext
from bot.moderating import ONLY_OWNER, Moderating, by, guild_of, may_change_shared, noting
from bot.presses import Handler, Interaction, Press
from bot.records import Deed, Record
from bot.render.body import Body, File, LibraryAction
from bot.render.corpus import NONE_OF_ITS_OWN, is_own
from bot.render.limits import CHOICE_TEXT, CHOICES, shorten
from bot.render.manage import (
    added_body,
    export_body,
    forget_body,
    history_body,
    remove_body,
    removed_body,
    rolled_back_body,
    taken_body,
)
from bot.replies import fill, persistently, think, update
from bot.tree import error_text
from index import MAX_FILE_BYTES, AddingError, DocumentEntry, NameTakenError, ReloadReport, UnknownDocumentError

ONE_OF_BOTH = N_("Attach a `file`, or name the `url` of a public page, one of the two.")
TOO_LARGE = N_("It is larger than {megabytes} MB. Split it.")
FILE_GONE = N_("Discord no longer has that file. Attach it again.")
NOTHING_TO_EXPORT = N_("This server has no documents of its own, so there is nothing to export.")
DOCUMENTS_FORGOTTEN = N_(
    "This server's own documents are deleted, with every earlier generation and what answers showed of them."
)
SERVER_FORGOTTEN = N_("Everything is deleted: it is as if I had just been invited.")

ADDRESS_CHARACTERS = 2000
NOTED_NAME = 100
"""Of a file's name, until its document has one."""


class OwnDocuments(Moderating):
    """A server's own documents."""

    def handlers(self) -> Mapping[LibraryAction, Handler]:
        """See `bot.presses`."""
        own: dict[LibraryAction, Handler] = {
            LibraryAction.REPLACE: self._replace,
            LibraryAction.REMOVE: self._remove,
            LibraryAction.FORGET_DOCUMENTS: self._forget_documents,
            LibraryAction.FORGET_SERVER: self._forget_server,
        }
        return {**super().handlers(), **own}

    # ---- adding

    @app_commands.command()
    @app_commands.describe(
        file="A document",
        url="Or the https address of a public one",
        replace="Replace the document of that name, if there is one",
    )
    async def add(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        url: app_commands.Range[str, 1, ADDRESS_CHARACTERS] | None = None,
        replace: bool = False,
    ) -> None:
        """Add a document of this server's own, which I quote in this server alone."""
        await think(interaction, ephemeral=True)
        if file is not None and url is None:
            await self._add(interaction, file.filename, await _read(file), replace=replace)
        elif url is not None and file is None:
            fetched = await self.bot.fetcher.fetch(url)
            await self._add(interaction, fetched.name, fetched.data, replace=replace, url=fetched.url)
        else:
            await fill(interaction, Body(_(ONE_OF_BOTH)))

    async def _add(self, interaction: Interaction, name: str, data: bytes, *, replace: bool, url: str = "") -> None:
        guild_id, deed = guild_of(interaction), Deed.REPLACE if replace else Deed.ADD
        try:
            async with noting(interaction, deed, document=shorten(name, NOTED_NAME), detail=url) as note:
                added = await self.bot.service.add(guild_id, name, data, replace=replace, by=by(interaction))
                note.tell(
                    deed=Deed.REPLACE if added.replaced else Deed.ADD,
                    before=added.report.previous,
                    after=added.report.generation,
                    document=added.document,
                    digest=added.digest,
                )
            await self._note_beside(interaction, added.report, added.document)
        except NameTakenError as error:
            await self._offer_to_replace(interaction, error, File(name, data))
            return
        await fill(interaction, added_body(added, url=url))

    async def _offer_to_replace(self, interaction: Interaction, error: NameTakenError, file: File) -> None:
        entry = await self._own(interaction, str(error.user_values["document"]))
        may_attach = interaction.app_permissions.attach_files and len(file.data) <= interaction.filesize_limit
        attached = file if may_attach and entry else None
        text = error_text(error, "manage add")
        body = taken_body(text, attached, asker_id=interaction.user.id, key=entry.key if entry else "")
        await fill(interaction, body)

    async def _replace(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        entry = await self._own(interaction, press.argument)
        files = interaction.message.attachments if interaction.message else []
        if entry is None or not files:
            raise UnknownDocumentError("what was to be replaced is gone", user_message=NO_DOCUMENT)
        # Discord changes names of files, blanks to underscores for one: the name is that of the document
        name = Path(entry.path).stem + Path(files[0].filename).suffix
        await self._add(interaction, name, await _read(files[0]), replace=True)

    # ---- removing

    @app_commands.command()
    @app_commands.describe(document="Which of this server's own documents")
    async def remove(self, interaction: Interaction, document: str) -> None:
        """Delete one of this server's own documents."""
        await think(interaction, ephemeral=True)
        entry = await self._own_or_error(interaction, document)
        await fill(interaction, remove_body(entry, asker_id=interaction.user.id))

    @remove.autocomplete("document")
    async def suggest_own_documents(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """The server's own documents by title."""
        return choices_among(await self._all_own(interaction), typed)

    async def _remove(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        entry = await self._own_or_error(interaction, press.argument)
        async with noting(interaction, Deed.REMOVE, document=entry.id, digest=entry.digest) as note:
            report = await self.bot.service.remove(guild_of(interaction), entry.id, by=by(interaction))
            note.tell(before=report.previous, after=report.generation)
        await self._note_beside(interaction, report, entry.id)
        await fill(interaction, removed_body(entry, report))

    async def _note_beside(self, interaction: Interaction, report: ReloadReport, document: str) -> None:
        """Write into the audit log what came or went with a document."""
        beside = report.beside(document)
        changes = ((Deed.ADD, beside.added), (Deed.REPLACE, beside.changed), (Deed.REMOVE, beside.removed))
        guild_id, before, after = guild_of(interaction), report.previous or "", report.generation
        for deed, names in changes:
            for name in names:
                await self.bot.state.note_deed(Record(guild_id, interaction.user.id, deed, before, after, name))

    # ---- going back

    @app_commands.command()
    @app_commands.describe(shared="Of the shared corpus, and not of this server's own documents")
    async def history(self, interaction: Interaction, shared: bool = False) -> None:
        """Show the generations that can be gone back to."""
        await think(interaction, ephemeral=True)
        library = None if shared else guild_of(interaction)
        entries = await self.bot.service.history(library)
        await fill(interaction, history_body(entries, library, guild_of(interaction)))

    @app_commands.command()
    @app_commands.describe(
        generation="Which one; without it, the one before the current one",
        shared="Of the shared corpus, and not of this server's own documents",
    )
    async def rollback(self, interaction: Interaction, generation: str | None = None, shared: bool = False) -> None:
        """Make an earlier generation current again."""
        await think(interaction, ephemeral=True)
        if shared and not await may_change_shared(interaction):
            await fill(interaction, Body(_(ONLY_OWNER)))
            return
        library = None if shared else guild_of(interaction)
        before = await self.bot.service.current_generation(library)
        deed = Deed.ROLL_BACK_SHARED if shared else Deed.ROLL_BACK_OWN
        async with noting(interaction, deed, before=before, after=generation or "") as note:
            after = await self.bot.service.rollback(generation, library, by=by(interaction))
            note.tell(after=after)
        await fill(interaction, rolled_back_body(after, library))

    @rollback.autocomplete("generation")
    async def suggest_generations(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """The generations that can be gone back to."""
        if guild_id_of(interaction) is None:
            return []
        library = None if getattr(interaction.namespace, "shared", False) else guild_of(interaction)
        choices = []
        for entry in await self.bot.service.history(library):
            if entry.is_current or not entry.generation.startswith(typed.strip()):
                continue
            count = ngettext("{count} document", "{count} documents", entry.documents).format(count=entry.documents)
            name = f"{entry.generation} \u00b7 {count} \u00b7 {entry.since[:16].replace('T', ' ')} UTC"
            choices.append(app_commands.Choice(name=shorten(name, CHOICE_TEXT), value=entry.generation))
        return choices[:CHOICES]

    # ---- taking away

    @app_commands.command()
    async def export(self, interaction: Interaction) -> None:
        """Give you the files of this server's own documents, as a zip archive."""
        await think(interaction, ephemeral=True)
        guild_id = guild_of(interaction)
        if not await self._all_own(interaction):
            await fill(interaction, Body(_(NOTHING_TO_EXPORT)))
            return
        limit_bytes = interaction.filesize_limit if interaction.app_permissions.attach_files else 0
        data = await self.bot.service.export(guild_id)
        body = export_body("documents.zip", data, limit_bytes=limit_bytes, guild_id=guild_id)
        if body.files:
            async with noting(interaction, Deed.EXPORT):
                await fill(interaction, body)
        else:
            await fill(interaction, body)

    @app_commands.command()
    async def forget(self, interaction: Interaction) -> None:
        """Delete this server's own documents, or everything that I remember of it."""
        await think(interaction, ephemeral=True)
        own = await self._all_own(interaction)
        await fill(interaction, forget_body(len(own), asker_id=interaction.user.id))

    async def _forget_documents(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        async with noting(interaction, Deed.FORGET_DOCUMENTS):
            await self.bot.service.forget(guild_of(interaction))
            await self.bot.state.forget_shown_own(guild_of(interaction))
        await fill(interaction, Body(_(DOCUMENTS_FORGOTTEN)))

    async def _forget_server(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        async with noting(interaction, Deed.FORGET_SERVER) as note:
            await self.bot.service.forget(guild_of(interaction))
            await self.bot.state.forget_guild(guild_of(interaction), but_deed=note.number)
        await fill(interaction, Body(_(SERVER_FORGOTTEN)))

    # ---- which they are

    async def _all_own(self, interaction: Interaction) -> list[DocumentEntry]:
        guild_id = guild_id_of(interaction)
        if guild_id is None:  # suggestions are asked for before anything is checked
            return []
        return [entry for entry in await self.bot.service.documents(guild_id) if is_own(entry)]

    async def _own(self, interaction: Interaction, named: str) -> DocumentEntry | None:
        own = await self._all_own(interaction)
        named_exactly = [entry for entry in own if named in (entry.key, entry.id)]
        titled = [entry for entry in own if entry.title.casefold() == named.strip().casefold()]
        return next(iter(named_exactly + titled), None)

    async def _own_or_error(self, interaction: Interaction, named: str) -> DocumentEntry:
        """One of the server's own documents.

        Raises:
            UnknownDocumentError: There is none of that name.
        """
        entry = await self._own(interaction, named)
        if entry is None:
            message = NO_DOCUMENT if await self._all_own(interaction) else NONE_OF_ITS_OWN
            raise UnknownDocumentError("an option names no document of the server's own", user_message=message)
        return entry


async def _read(file: discord.Attachment) -> bytes:
    """What a file holds.

    Raises:
        AddingError: It is too large, or Discord has it no longer.
    """
    if file.size > MAX_FILE_BYTES:
        raise AddingError(
            f"an attachment has {file.size} bytes", user_message=TOO_LARGE, megabytes=round(MAX_FILE_BYTES / 1e6)
        )
    try:
        return await persistently(file.read)
    except (discord.NotFound, discord.Forbidden) as error:
        raise AddingError("an attachment is gone", user_message=FILE_GONE) from error
