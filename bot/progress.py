"""A message that says how far something long is; it outlives the 15 minutes in which an interaction can be answered."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import discord

from bot.client import DissentBot
from bot.localisation import N_, _, speaking
from bot.presses import Interaction
from bot.render.body import Body
from bot.replies import SENDING_ERRORS, change, fill, post, say_beside
from bot.views import view_of

log = logging.getLogger(__name__)

SHOWN_THERE = N_("I show in {link} how far it is.")
CANNOT_POST = N_(
    "I may not write in this channel, so I show it here, to you alone, and for 15 minutes at most; then "
    "`/corpus status` says what became of it."
)
INTERRUPTED = N_("I was stopped before I could say how this ended. `/corpus status` says what is current.")


class Progress:
    """An ordinary message in the channel of a command, or, where the bot may not write, the command's own reply."""

    def __init__(self, interaction: Interaction, *, is_first: bool) -> None:
        self._interaction = interaction
        self._is_first = is_first
        self._message: discord.PartialMessage | None = None
        self._beside: discord.WebhookMessage | None = None

    @classmethod
    async def begin(
        cls, interaction: Interaction, body: Body, *, locale: str, nonce: int, is_first: bool = True
    ) -> Progress:
        """Post the message, and tell who used the command where it is.

        Args:
            interaction: Acknowledged.
            body: What it says first.
            locale: The language of the channel.
            nonce: As in `bot.replies.post`.
            is_first: Whether the command's own reply says nothing yet that has to stay.
        """
        progress, bot = cls(interaction, is_first=is_first), interaction.client
        channel_id = interaction.channel_id or 0
        channel = bot.get_partial_messageable(channel_id)
        try:
            message_id = await post(channel, body, nonce=nonce)
        except (discord.Forbidden, discord.NotFound) as error:
            log.info("channel=%d takes no message: %s", channel_id, error.text)
            await progress.show(body)
            return progress
        progress._message = channel.get_partial_message(message_id)
        await bot.state.note_progress(message_id, channel_id, locale)
        link = f"https://discord.com/channels/{interaction.guild_id}/{channel_id}/{message_id}"
        try:
            await fill(interaction, Body(_(SHOWN_THERE).format(link=link)))
        except SENDING_ERRORS as error:  # the message is there, and the work goes on all the same
            await progress._give_up(error)
        return progress

    @property
    def is_public(self) -> bool:
        """Whether everybody in the channel reads it."""
        return self._message is not None

    async def show(self, body: Body) -> None:
        """Say how far it is; where that cannot be said, the work goes on all the same."""
        try:
            if self._message is not None:
                await change(self._message, body)
            else:
                await self._show_alone(body)
        except SENDING_ERRORS as error:
            log.warning("channel=%d: progress cannot be shown: %s", self._interaction.channel_id or 0, error)

    async def _show_alone(self, body: Body) -> None:
        """Show it to who used the command, below what the reply says already, as long as Discord allows that."""
        if self._interaction.is_expired():
            return
        body = Body(f"{_(CANNOT_POST)}\n\n{body.content}", body.embed, body.buttons)
        if self._is_first:
            await fill(self._interaction, body)
        elif self._beside is None:
            self._beside = await say_beside(self._interaction, body)
        else:
            await self._beside.edit(content=body.content, view=view_of(body.buttons))

    async def end(self, body: Body) -> None:
        """Say how it ended, in a message of its own where the first was deleted meanwhile."""
        if self._message is None:
            await self._end_alone(body)
            return
        try:
            await self._change_or_post(self._message, body)
        except SENDING_ERRORS as error:
            log.warning("channel=%d: the end cannot be shown: %s", self._message.channel.id, error)
        await self._interaction.client.state.end_progress(self._message.id)

    async def _change_or_post(self, message: discord.PartialMessage, body: Body) -> None:
        try:
            await change(message, body)
        except discord.NotFound:
            channel = self._interaction.client.get_partial_messageable(message.channel.id)
            await post(channel, body, nonce=message.id)

    async def _end_alone(self, body: Body) -> None:
        try:
            await self._show_alone(body)
        except SENDING_ERRORS as error:
            await self._give_up(error)

    async def _give_up(self, error: Exception) -> None:
        """Note that the command itself has no answer and will have none."""
        interaction = self._interaction
        interaction.client.answers.give_up(interaction.id, interaction.channel_id or 0, error)
        await interaction.client.state.remove_acknowledged(interaction.id)


async def end_unfinished(bot: DissentBot, unfinished: Sequence[tuple[int, int, str]]) -> None:
    """Say in the messages of an earlier process that it was stopped.

    Args:
        bot: Logged in.
        unfinished: As `bot.state` gives them.
    """
    for message_id, channel_id, locale in unfinished:
        with speaking(locale):
            body = Body(_(INTERRUPTED))
        try:
            await change(bot.get_partial_messageable(channel_id).get_partial_message(message_id), body)
        except SENDING_ERRORS as error:
            log.warning("channel=%d: cannot say that a reload was interrupted: %s", channel_id, error)
        await bot.state.end_progress(message_id)
