"""`/manage audit`: who changed what."""

from __future__ import annotations

from collections.abc import Mapping

from discord import app_commands

from bot.moderating import Moderating, guild_of, note_cut_off
from bot.presses import Handler, Interaction, Press
from bot.render.audit import PAGE, audit_body
from bot.render.body import LibraryAction
from bot.replies import fill, think, update


class Auditing(Moderating):
    """The audit log of a server."""

    async def cog_load(self) -> None:
        """Note that what an earlier process left under way was cut off."""
        await super().cog_load()
        for number, record in await self.bot.state.deeds_under_way():
            await note_cut_off(self.bot, number, record)

    def handlers(self) -> Mapping[LibraryAction, Handler]:
        """See `bot.presses`."""
        own: dict[LibraryAction, Handler] = {LibraryAction.AUDIT: self._turn_audit}
        return {**super().handlers(), **own}

    @app_commands.command()
    async def audit(self, interaction: Interaction) -> None:
        """Show who changed what, when, and how."""
        await think(interaction, ephemeral=True)
        await self._show_audit(interaction, 0)

    async def _turn_audit(self, interaction: Interaction, press: Press) -> None:
        await update(interaction)
        await self._show_audit(interaction, press.page)

    async def _show_audit(self, interaction: Interaction, page: int) -> None:
        records, total = await self.bot.state.deeds(guild_of(interaction), first=page * PAGE, count=PAGE)
        await fill(interaction, audit_body(records, page, total, asker_id=interaction.user.id))
