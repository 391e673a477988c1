"""`/settings` and `/setup`: what moderators decide for their server."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import DissentBot
from bot.render.settings import settings_body, setup_body
from bot.replies import fill, think

NOT_EVERYONE = "`@everyone` is nobody to ask; pick a role. Nothing was changed."
CANNOT_WRITE = "I may not write in {channel}. Let me, or pick another one. Nothing was changed."
CANNOT_PING = "I may not ping {role}: allow anyone to mention it, or allow me to mention all roles."

ModeratorsInteraction = discord.Interaction[DissentBot]


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class ServerSettings(commands.GroupCog, group_name="settings", group_description="What I do in this server"):
    """Settings of one server; Discord shows the commands to those with Manage Server."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    @app_commands.command()
    async def show(self, interaction: ModeratorsInteraction) -> None:
        """Show everything that is set, and what I can read here."""
        await think(interaction, ephemeral=True)
        await self._show(interaction)

    @app_commands.command()
    @app_commands.describe(private="Whether answers to /ask are private unless their asker says otherwise")
    async def answers(self, interaction: ModeratorsInteraction, private: bool | None = None) -> None:
        """Set how answers are shown."""
        await think(interaction, ephemeral=True)
        await self._change(interaction, private_by_default=private)

    @app_commands.command()
    @app_commands.describe(
        ask_channel="Where Ask a person passes questions on to",
        ask_role="Whom it pings",
        ask="Off: nobody is asked any more",
        block="A person whom I shall not answer here",
        unblock="A person whom I shall answer again",
    )
    async def people(
        self,
        interaction: ModeratorsInteraction,
        ask_channel: discord.TextChannel | None = None,
        ask_role: discord.Role | None = None,
        ask: Literal["off"] | None = None,
        block: discord.User | None = None,
        unblock: discord.User | None = None,
    ) -> None:
        """Set whom people can ask when I do not know, and whom I do not answer."""
        await think(interaction, ephemeral=True)
        note = self._objection(ask_channel, ask_role)
        if note:
            await self._show(interaction, note=note)
            return
        blocked = dict.fromkeys((await self.bot.state.guild_settings(interaction.guild_id)).blocked_ids)
        if block is not None:
            blocked[block.id] = None
        if unblock is not None:
            blocked.pop(unblock.id, None)
        changes: dict[str, Any] = {"blocked_ids": tuple(blocked)}
        if ask is not None:
            changes |= {"person_channel_id": None, "person_role_id": None}
        if ask_channel is not None:
            changes["person_channel_id"] = ask_channel.id
        if ask_role is not None:
            changes["person_role_id"] = ask_role.id
        await self.bot.state.change_settings(interaction.guild_id or 0, **changes)
        await self._show(interaction, note=self._remark(ask_channel, ask_role))

    @app_commands.command()
    @app_commands.describe(
        note_questions="Whether questions that the documents do not cover are noted for you",
        keep_questions="Whether questions are kept with their answers for 30 days",
    )
    async def privacy(
        self,
        interaction: ModeratorsInteraction,
        note_questions: bool | None = None,
        keep_questions: bool | None = None,
    ) -> None:
        """Set what I keep of what people ask."""
        await think(interaction, ephemeral=True)
        await self._change(interaction, notes_uncovered=note_questions, keeps_questions=keep_questions)

    async def _change(self, interaction: ModeratorsInteraction, **changes: bool | None) -> None:
        """Change what was given, and show everything."""
        given = {name: value for name, value in changes.items() if value is not None}
        if given:
            await self.bot.state.change_settings(interaction.guild_id or 0, **given)
        await self._show(interaction)

    async def _show(self, interaction: ModeratorsInteraction, *, note: str = "") -> None:
        settings = await self.bot.state.guild_settings(interaction.guild_id)
        await fill(interaction, settings_body(settings, reads_messages=self.bot.intents.message_content, note=note))

    def _objection(self, channel: discord.TextChannel | None, role: discord.Role | None) -> str:
        """Why *Ask a person* could not work like this."""
        if role is not None and role.is_default():
            return NOT_EVERYONE
        if channel is not None and not channel.permissions_for(channel.guild.me).send_messages:
            return CANNOT_WRITE.format(channel=channel.mention)
        return ""

    def _remark(self, channel: discord.TextChannel | None, role: discord.Role | None) -> str:
        """What else is needed for it to work well."""
        if role is None or role.mentionable:
            return ""
        me = role.guild.me
        may_mention = channel.permissions_for(me) if channel is not None else me.guild_permissions
        return "" if may_mention.mention_everyone else CANNOT_PING.format(role=role.mention)


class Setup(commands.Cog):
    """The first steps of a server's moderators."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    @app_commands.command()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def setup(self, interaction: ModeratorsInteraction) -> None:
        """Set me up for this server, in three steps."""
        await think(interaction, ephemeral=True)
        await fill(interaction, setup_body(await self.bot.state.guild_settings(interaction.guild_id)))


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(ServerSettings(bot))
    await bot.add_cog(Setup(bot))
