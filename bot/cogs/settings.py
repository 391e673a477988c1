"""`/settings` and `/setup`: what moderators decide for their server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.answers import guild_id_of
from bot.channels import problem_of
from bot.client import DissentBot
from bot.localisation import N_, _, ngettext
from bot.moderating import noting
from bot.records import Deed
from bot.render.channels import NEEDS_INTENT
from bot.render.settings import settings_body, setup_body
from bot.replies import fill, think
from bot.settings import ANSWERS_KEPT_DAYS_AT_MOST
from bot.state import AnswerChannel, AnswerMode

ANSWER_CHANNELS_AT_MOST = 12
"""As many as can be shown whole, with what is wrong in each."""

NOT_EVERYONE = N_("`@everyone` is nobody to ask; pick a role. Nothing was changed.")
CANNOT_WRITE = N_("I may not write in {channel}. Let me, or pick another one. Nothing was changed.")
CANNOT_PING = N_("I may not ping {role}: allow anyone to mention it, or allow me to mention all roles.")
CANNOT_LOOK_BACK = N_(
    "I may not read the message history of {channel}: if I am interrupted while I pass a question on, I cannot tell "
    "whether it arrived, and do not send it again."
)
UNCHANGED = N_("The answer channels stay as they were.")
INCOMPLETE = N_("An answer channel needs both `channel` and `mode`.")
NO_REPORT = N_("Shadow mode needs another channel, one that only moderators read, as `report_to`.")
EVERYBODY_READS = N_("Everybody can read {channel}; shadow mode is meant for a channel that only moderators see.")
TOO_MANY = N_("There are {count} answer channels, and no more can be listed. Switch one off first.")

ModeratorsInteraction = discord.Interaction[DissentBot]


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class ServerSettings(commands.GroupCog, group_name="settings", group_description="What I do in this server"):
    """Settings of one server; Discord shows the commands to those with Manage Server."""

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot

    async def interaction_check(self, interaction: ModeratorsInteraction) -> bool:  # type: ignore[override]
        """Only where the server has the bot installed: a person who brought it along has nothing to set."""
        return guild_id_of(interaction) is not None

    @app_commands.command()
    async def show(self, interaction: ModeratorsInteraction) -> None:
        """Show everything that is set, and what I can read here."""
        await think(interaction, ephemeral=True)
        await self._show(interaction)

    @app_commands.command()
    @app_commands.describe(
        private="Whether answers to /ask are private unless their asker says otherwise",
        channel="Where I shall answer questions, or forum posts, that do not mention me",
        mode="How: reply, thread, or shadow (only moderators see it); off without a channel: everywhere",
        report_to="The moderators' channel where shadow mode shows what I would have answered",
    )
    async def answers(
        self,
        interaction: ModeratorsInteraction,
        private: bool | None = None,
        channel: discord.TextChannel | discord.ForumChannel | None = None,
        mode: Literal["off", "shadow", "reply", "thread"] | None = None,
        report_to: discord.TextChannel | None = None,
    ) -> None:
        """Set how answers are shown, and where questions need no mention of me."""
        await think(interaction, ephemeral=True)
        note = ""
        if channel is not None or mode is not None or report_to is not None:
            async with self._noting(interaction, "channel", "mode", "report_to"):
                note = await self._set_channel(interaction.guild_id or 0, channel, mode, report_to)
        async with self._noting(interaction, "private"):
            await self._change(interaction, private_by_default=private)
        await self._show(interaction, note=note)

    async def _set_channel(
        self,
        guild_id: int,
        channel: discord.TextChannel | discord.ForumChannel | None,
        mode: str | None,
        report_to: discord.TextChannel | None,
    ) -> str:
        """Set what happens to questions in a channel, where that works; give what moderators should know of it."""
        state = self.bot.state
        known = await self._answer_channels(guild_id)
        if mode == "off":
            for one in known:
                if channel is None or one.channel_id == channel.id:
                    await state.forget_answer_channel(one.channel_id)
            return ""
        if channel is None or mode is None:
            return f"{_(INCOMPLETE)} {_(UNCHANGED)}"
        if not self.bot.intents.message_content:
            return f"{_(NEEDS_INTENT)} {_(UNCHANGED)}"
        before = next((one for one in known if one.channel_id == channel.id), None)
        if before is None and len(known) >= ANSWER_CHANNELS_AT_MOST:
            return _(TOO_MANY).format(count=ANSWER_CHANNELS_AT_MOST)
        report_id = report_to.id if report_to else before.report_channel_id if before else None
        if mode == AnswerMode.SHADOW and report_id in (None, channel.id):
            return f"{_(NO_REPORT)} {_(UNCHANGED)}"
        wanted = AnswerChannel(channel.id, guild_id, AnswerMode(mode), report_id)
        problem = problem_of(wanted, channel.guild)
        if problem:
            return _("It would not work: {problem}.").format(problem=problem) + f" {_(UNCHANGED)}"
        await state.set_answer_channel(wanted)
        is_public = report_to is not None and report_to.permissions_for(channel.guild.default_role).view_channel
        return _(EVERYBODY_READS).format(channel=report_to.mention) if report_to is not None and is_public else ""

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
        async with self._noting(interaction, "ask_channel", "ask_role", "ask", "block", "unblock"):
            await self.bot.state.change_settings(interaction.guild_id or 0, **changes)
        await self._show(interaction, note=self._remark(ask_channel, ask_role))

    @app_commands.command()
    @app_commands.describe(
        note_questions="Whether questions that the documents do not cover are noted for you",
        keep_questions="Whether questions are kept with their answers",
        question_days="After how many days questions are deleted: at the latest with their answers",
        answer_days="After how many days I forget what answers showed: their buttons stop working then",
    )
    async def privacy(
        self,
        interaction: ModeratorsInteraction,
        note_questions: bool | None = None,
        keep_questions: bool | None = None,
        question_days: app_commands.Range[int, 1, ANSWERS_KEPT_DAYS_AT_MOST] | None = None,
        answer_days: app_commands.Range[int, 1, ANSWERS_KEPT_DAYS_AT_MOST] | None = None,
    ) -> None:
        """Set what I keep of what people ask, and for how long."""
        await think(interaction, ephemeral=True)
        most = self.bot.settings.answers_kept_days
        if max(question_days or 0, answer_days or 0) > most:
            await self._show(interaction, note=_kept_too_long(most))
            return
        async with self._noting(interaction, "note_questions", "keep_questions", "question_days", "answer_days"):
            await self._change(
                interaction,
                notes_uncovered=note_questions,
                keeps_questions=keep_questions,
                question_days=question_days,
                answer_days=answer_days,
            )
        await self._show(interaction)

    async def _change(self, interaction: ModeratorsInteraction, **changes: int | None) -> None:
        """Change what was given."""
        given = {name: value for name, value in changes.items() if value is not None}
        if given:
            await self.bot.state.change_settings(interaction.guild_id or 0, **given)

    @asynccontextmanager
    async def _noting(self, interaction: ModeratorsInteraction, *options: str) -> AsyncIterator[None]:
        """Write into the audit log which of a command's options changed something, if they did."""
        guild_id = interaction.guild_id or 0
        before = await self._set(guild_id)
        async with noting(interaction, Deed.CHANGE_SETTINGS, detail=as_typed(interaction, options)) as note:
            yield
            note.changed_nothing = await self._set(guild_id) == before

    async def _set(self, guild_id: int) -> object:
        """All that is set in a server."""
        channels = await self._answer_channels(guild_id)
        modes = [(one.channel_id, one.mode, one.report_channel_id) for one in channels]
        return await self.bot.state.guild_settings(guild_id), modes

    async def _show(self, interaction: ModeratorsInteraction, *, note: str = "") -> None:
        settings = await self.bot.state.guild_settings(interaction.guild_id)
        channels = await self._answer_channels(interaction.guild_id or 0)
        guild = interaction.guild
        found = {channel.channel_id: problem_of(channel, guild) for channel in channels} if guild else {}
        body = settings_body(
            settings,
            reads_messages=self.bot.intents.message_content,
            channels=channels,
            problems={channel_id: problem for channel_id, problem in found.items() if problem},
            note=note,
        )
        await fill(interaction, body)

    async def _answer_channels(self, guild_id: int) -> list[AnswerChannel]:
        """A server's answer channels, without those that were deleted while the bot was away: they are forgotten."""
        guild = self.bot.get_guild(guild_id)
        found = []
        for channel in await self.bot.state.answer_channels(guild_id):
            if guild is not None and guild.get_channel(channel.channel_id) is None:
                try:
                    await self.bot.fetch_channel(channel.channel_id)
                except discord.NotFound:
                    await self.bot.state.forget_answer_channel(channel.channel_id)
                    continue
                except discord.Forbidden:  # it is there, and hidden from the bot
                    pass
            found.append(channel)
        return found

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Forget an answer channel that is deleted, and no other."""
        await self.bot.state.forget_answer_channel(channel.id)

    def _objection(self, channel: discord.TextChannel | None, role: discord.Role | None) -> str:
        """Why *Ask a person* could not work like this."""
        if role is not None and role.is_default():
            return _(NOT_EVERYONE)
        if channel is not None and not channel.permissions_for(channel.guild.me).send_messages:
            return _(CANNOT_WRITE).format(channel=channel.mention)
        return ""

    def _remark(self, channel: discord.TextChannel | None, role: discord.Role | None) -> str:
        """What else is needed for it to work well."""
        remarks = []
        if channel is not None and not channel.permissions_for(channel.guild.me).read_message_history:
            remarks.append(_(CANNOT_LOOK_BACK).format(channel=channel.mention))
        if role is not None and not role.mentionable:
            me = role.guild.me
            may_mention = channel.permissions_for(me) if channel is not None else me.guild_permissions
            if not may_mention.mention_everyone:
                remarks.append(_(CANNOT_PING).format(role=role.mention))
        return "\n".join(remarks)


def as_typed(interaction: ModeratorsInteraction, options: Collection[str]) -> str:
    """A command with those of its options that were given, as whoever ran it saw it."""
    command = interaction.command.qualified_name if interaction.command else ""
    given = [f"{name}:{getattr(value, 'mention', value)}" for name, value in interaction.namespace if name in options]
    return " ".join([f"/{command}", *given])


def _kept_too_long(most: int) -> str:
    text = ngettext(
        "Whoever runs me has me keep answers and questions for {count} day at most. Nothing was changed.",
        "Whoever runs me has me keep answers and questions for {count} days at most. Nothing was changed.",
        most,
    )
    return text.format(count=most)


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
