"""Send a message so that it arrives once: bounded retries that Discord can tell from a second message."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar, cast

import aiohttp
import discord

from bot.localisation import spoken
from bot.render.body import Body
from bot.state import Acknowledged
from bot.views import view_of

log = logging.getLogger(__name__)

RETRY_AFTER_S = (0.5, 2.0, 5.0, 15.0, 45.0)
"""discord.py retries what Discord answers with an error, but not a connection that breaks; about a minute in all."""

REPEATED_AFTER_S = 1.0
"""discord.py waits at least this long before it repeats what Discord answered with 500, 502, 504 or 524."""

Result = TypeVar("Result")


ORIGINAL = cast(int, "@original")
"""Discord's name for an interaction's own answer; discord.py's types know only numbers."""

ALREADY_ANSWERED = 40060
RATE_LIMITED = 429
HAS_THREAD = 160004
THREAD_IS_ARCHIVED = 50083
UNKNOWN_MESSAGE = 10008

LOOKED_FOR_S = 30 * 60.0
"""How long after what led to it a message of ours may have been sent: a question or a press is taken up for 15 minutes,
and then sending may need further attempts."""

SENDING_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)
"""What sending may end in: `aiohttp` has errors of a broken connection that are no `OSError`."""


async def think(interaction: discord.Interaction[Any], *, ephemeral: bool = False) -> None:
    """Acknowledge an interaction with "thinking ...", for `fill` to replace.

    That it is owed an answer is noted, for the next process if this one dies (`bot.answers.Answers.tell_stopped`),
    unless `interaction.extras["is_noted"]` says that it is noted with more already, so that it can be carried out.

    Where only Discord's receipt was lost, the second attempt is refused: the person sees "thinking ..." already, and
    must not wait in vain.
    """
    if not interaction.extras.get("is_noted"):
        await interaction.client.state.add_acknowledged(
            Acknowledged(interaction.id, interaction.token, interaction.channel_id or 0, spoken())
        )
    try:
        await persistently(lambda: interaction.response.defer(ephemeral=ephemeral, thinking=True))
    except discord.HTTPException as error:
        if error.code != ALREADY_ANSWERED:
            raise
        log.warning("an acknowledgement was lost on its way back; going on")
    interaction.extras["is_thinking"] = True


async def update(interaction: discord.Interaction[Any]) -> None:
    """Acknowledge a press whose message `fill` is going to change; what goes wrong is told beside it."""
    try:
        await persistently(interaction.response.defer)
    except discord.HTTPException as error:
        if error.code != ALREADY_ANSWERED:
            raise
        log.warning("an acknowledgement was lost on its way back; going on")
    interaction.extras["is_thinking"] = interaction.extras["keeps_message"] = True


async def fill(interaction: discord.Interaction[Any], body: Body) -> int | None:
    """Put the answer in place of "thinking ...", or answer at once where nothing was deferred.

    Filling in is an edit, so doing it twice changes nothing.

    Returns:
        The id of the message that shows it, where it is known.
    """
    embeds, view = [body.embed] if body.embed else [], view_of(body.buttons)
    if interaction.extras.get("is_thinking") or interaction.response.is_done():
        message = await persistently(
            lambda: interaction.edit_original_response(
                content=body.content, embeds=embeds, view=view, attachments=_files(body)
            )
        )
        if interaction.extras.get("is_thinking") and not interaction.extras.get("is_noted"):
            await interaction.client.state.remove_acknowledged(interaction.id)
        return message.id
    try:
        sent = await persistently(
            lambda: interaction.response.send_message(
                body.content, embeds=embeds, view=view or discord.utils.MISSING, files=_files(body), ephemeral=True
            )
        )
    except discord.HTTPException as error:
        if error.code != ALREADY_ANSWERED:
            raise
        # a receipt was lost: of this answer, or of a "thinking ..." that would stay for good
        interaction.extras["is_thinking"] = True
        return await fill(interaction, body)
    return sent.message_id


async def is_thinking(webhook: discord.Webhook) -> bool:
    """Whether an interaction of an earlier process still shows "thinking ..."."""
    message = await persistently(lambda: webhook.fetch_message(ORIGINAL))
    return message.flags.loading


async def fill_later(webhook: discord.Webhook, body: Body) -> int:
    """Do as `fill` does for an interaction of an earlier process.

    Args:
        webhook: Made of the interaction's token.
        body: What to show.
    """
    view = view_of(body.buttons)
    message = await persistently(
        lambda: webhook.edit_message(
            ORIGINAL,
            content=body.content,
            embeds=[body.embed] if body.embed else [],
            view=view,
            attachments=_files(body),
        )
    )
    return message.id


async def say_beside(interaction: discord.Interaction[Any], body: Body) -> discord.WebhookMessage:
    """Tell whoever used an acknowledged interaction something in a message of its own, which only they see."""
    view = view_of(body.buttons) or discord.utils.MISSING
    return await interaction.followup.send(body.content, view=view, ephemeral=True, wait=True)


async def reply(message: discord.Message | discord.PartialMessage, body: Body, *, pings: bool = True) -> int:
    """Reply to a message and ping its author, or nobody; give the id of the reply.

    The nonce lets Discord recognise a repeated attempt and send nothing new.
    """
    view = view_of(body.buttons)
    sent = await persistently(
        lambda: message.channel.send(
            body.content,
            embeds=[body.embed] if body.embed else [],
            view=view or discord.utils.MISSING,
            reference=message.to_reference(fail_if_not_exists=False),
            mention_author=pings,
            allowed_mentions=discord.AllowedMentions(everyone=False, users=False, roles=False, replied_user=pings),
            nonce=message.id,
        )
    )
    return sent.id


async def change(message: discord.PartialMessage, body: Body) -> int:
    """Put a new answer in place of one in an ordinary message of the bot, and give its id; pings nobody again."""
    view = view_of(body.buttons)
    await persistently(
        lambda: message.edit(
            content=body.content,
            embeds=[body.embed] if body.embed else [],
            view=view,
            allowed_mentions=discord.AllowedMentions.none(),
        )
    )
    return message.id


async def find_message(channel: discord.PartialMessageable, message_id: int) -> discord.Message | None:
    """A message as it stands now; None where it is not there any more.

    Raises:
        discord.HTTPException: That cannot be seen: the channel is gone, or hidden, or its history may not be read.
    """
    try:
        return await persistently(lambda: channel.fetch_message(message_id))
    except discord.NotFound as error:
        if error.code != UNKNOWN_MESSAGE:
            raise
        return None


async def find_sent(
    channel: discord.PartialMessageable, *, after: int, author_id: int, is_it: Callable[[discord.Message], bool]
) -> int | None:
    """The id of what somebody has sent to a channel already; None where it is not there.

    Discord forgets a nonce within minutes, so what a process sent just before it died is looked for.

    Args:
        channel: One whose history can be read, as `find_message` tells: of any other, Discord gives an empty one.
        after: The id of what led to it, a message or an interaction: Discord's own clock, not ours.
        author_id: Who sent it.
        is_it: Whether a message of theirs is the one.
    """
    until = discord.utils.snowflake_time(after) + timedelta(seconds=LOOKED_FOR_S)

    async def said_next() -> list[discord.Message]:
        history = channel.history(after=discord.Object(after), before=until, limit=None, oldest_first=True)
        return [message async for message in history if message.author.id == author_id]

    return next((message.id for message in await persistently(said_next) if is_it(message)), None)


async def post(
    channel: discord.abc.Messageable,
    body: Body,
    *,
    nonce: int,
    roles: Sequence[discord.abc.Snowflake] | bool = False,
    people: Sequence[discord.abc.Snowflake] | bool = False,
) -> int:
    """Send a message that pings these roles and people and nobody else; give its id.

    Args:
        channel: Where.
        body: What.
        nonce: Lets Discord recognise a repeated attempt and send nothing new.
        roles: Which roles to ping; False: none.
        people: Whom to ping; False: nobody.
    """
    allowed = discord.AllowedMentions(everyone=False, users=people, roles=roles, replied_user=False)
    view = view_of(body.buttons)
    sent = await persistently(
        lambda: channel.send(
            body.content,
            embeds=[body.embed] if body.embed else [],
            view=view or discord.utils.MISSING,
            allowed_mentions=allowed,
            nonce=nonce,
        )
    )
    return sent.id


async def open_thread(message: discord.Message, name: str) -> None:
    """Open a thread below a message; it has the message's id. One that is there already, from an attempt whose receipt
    was lost, serves as well."""
    try:
        await persistently(lambda: message.create_thread(name=name))
    except discord.HTTPException as error:
        if error.code != HAS_THREAD:
            raise


def _files(body: Body) -> list[discord.File]:
    """Made anew for each attempt: discord.py reads a file once."""
    return [
        discord.File(io.BytesIO(file.data), filename=file.name, description=file.description) for file in body.files
    ]


async def persistently(send: Callable[[], Awaitable[Result]]) -> Result:
    """Send, and send again where the connection breaks.

    Raises:
        discord.HTTPException: Discord refuses it. `is_plain_refusal` tells whether an earlier attempt may have arrived.
    """
    broken: Exception | None = None
    for pause_s in (*RETRY_AFTER_S, None):
        try:
            return await send()
        except (aiohttp.ClientError, OSError, discord.HTTPException) as error:
            if isinstance(error, discord.HTTPException) and error.status < 500 and error.status != RATE_LIMITED:
                raise error from broken  # Discord would say the same again
            if pause_s is None:
                raise
            broken = error
            log.warning("sending again in %.1f s: %s", pause_s, type(error).__name__)
        await asyncio.sleep(pause_s)
    raise AssertionError("the last attempt gives a result or raises")


def is_plain_refusal(error: discord.HTTPException, *, took_s: float) -> bool:
    """Whether what Discord refuses has surely not arrived: the first attempt was the only one.

    Args:
        error: What `persistently` has raised.
        took_s: How long that took: discord.py repeats some attempts by itself, and does not tell.
    """
    return error.__cause__ is None and took_s < REPEATED_AFTER_S
