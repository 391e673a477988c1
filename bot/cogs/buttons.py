"""The buttons below answers, and the dialog that one of them opens. They work after a restart, on old answers too."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import discord
from discord.ext import commands

from bot.answers import guild_id_of, language_of, subject_of, text_of
from bot.client import DissentBot
from bot.documents import named_document
from bot.localisation import N_, _, ngettext, speak, speaking
from bot.presses import value_in
from bot.render.body import Action, Body, File, Rows
from bot.render.buttons import Topic, answer_buttons, refusal_buttons, shared_summary_buttons
from bot.render.limits import FILES_TOGETHER
from bot.render.passages import context_body, more_body, passes_on, person_body, source_body
from bot.replies import (
    ORIGINAL,
    SENDING_ERRORS,
    UNKNOWN_MESSAGE,
    fill,
    fill_later,
    find_message,
    find_sent,
    is_plain_refusal,
    is_thinking,
    persistently,
    post,
    think,
    update,
)
from bot.state import Asked, GuildSettings, PassingOn, Pressed, ShownAnswer
from bot.tree import UNKNOWN_INTERACTION, error_text, tell
from bot.turns import Asker
from bot.views import follow_up_modal
from index import DEFAULT_LIMIT, Quote, RetrievalError, UnknownDocumentError, in_surroundings

log = logging.getLogger(__name__)

CUSTOM_ID = re.compile(r"answer:(\d+):([a-z]+):(.*)")
"""What `bot.render.body.Button` writes."""

FORGOTTEN = N_("I no longer remember that answer. Ask again, please.")
NOT_KEPT = N_("The question is not kept, as this server's moderators have set it. Ask again, please.")
NOT_YOURS = N_("Only the person who asked can do that.")
NOT_YOURS_TO_DELETE = N_("Only the person who asked, or a moderator, can delete that.")
CANNOT_TELL_WHOSE = N_(
    "I no longer remember who asked that, so only a moderator can delete it, here or from the message's own menu."
)
ALREADY_SHARED = N_("That answer is shared already.")
NO_TOPIC = N_("That document is no longer there.")
HELPFUL = N_("Noted: helpful. You can change your mind with the other button.")
NOT_HELPFUL = N_("Noted: not helpful. You can change your mind with the other button.")
NOBODY_TO_ASK = N_("This server's moderators have set nobody to pass questions on to.")
ALREADY_PASSED_ON = N_("That question is passed on already.")
PASSED_ON = N_("Your question is passed on in {channel}.")
INTERRUPTED = N_("I was stopped before I had done that. Please press the button again.")
FILES_AT_MOST = 3

Press = discord.Interaction[DissentBot]
Handler = Callable[[Press, ShownAnswer, str], Awaitable[None]]
Reader = Callable[[Pressed, ShownAnswer, str], Awaitable[Body]]


class PassingOnError(RetrievalError):
    """The channel that moderators set for *Ask a person* takes no message from the bot."""

    user_message = "I cannot write where this server's moderators want questions passed on to. Tell them, please."


class CannotTellError(RetrievalError):
    """It is not known whether a question was passed on, and the bot may not look.

    To pass it on again could ask people twice, and to say that it is passed on could be untrue.
    """

    user_message = (
        "I was interrupted while I passed your question on, and I may not read in {channel} whether it arrived. So "
        "that nobody is asked twice, I leave it at that. Tell this server's moderators, please."
    )


class Buttons(commands.Cog):
    """What happens when a button below an answer is pressed.

    Everything that a press needs stands in the button's id and in the bot's state; `bot.views` says why discord.py's
    own ways to listen are not used.
    """

    def __init__(self, bot: DissentBot) -> None:
        self.bot = bot
        self._late: asyncio.Task[None] | None = None
        self._passing_on: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        """By person: a second press waits for the first, below whichever copy of the answer."""
        self._readers: dict[Action, Reader] = {
            Action.MORE: self._more,
            Action.PAGE: self._page,
            Action.CONTEXT: self._context,
            Action.SOURCE: self._source,
        }
        self._handlers: dict[Action, Handler] = {
            Action.HELPFUL: self._vote,
            Action.NOT_HELPFUL: self._vote,
            Action.SHARE: self._share,
            Action.DELETE: self._delete,
            Action.TOPIC: self._topic,
            Action.ASK_PERSON: self._ask_person,
        }

    async def cog_load(self) -> None:
        """Take up the presses that an earlier process acknowledged and did not carry out."""
        pending = await self.bot.state.pending_presses()
        if pending:
            self._late = asyncio.create_task(self._take_up(pending))

    async def cog_unload(self) -> None:
        """Leave what is still pending to the next start."""
        if self._late is not None:
            self._late.cancel()

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Press) -> None:
        """Carry out a press, or a dialog that was filled in."""
        if interaction.type not in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            return
        speak(interaction.locale)
        data: Any = interaction.data or {}
        picked = "".join(data.get("values", ()))  # from a menu, which stands for a button for each choice
        match = CUSTOM_ID.fullmatch(data.get("custom_id", "") + picked)
        if match is None or match[2] not in set(Action) - {Action.FORGET_ME}:  # that one is `bot.cogs.forget`'s
            return
        action = Action(match[2])
        pressed = Pressed(
            custom_id=match[0],
            person_id=interaction.user.id,
            guild_id=guild_id_of(interaction),
            channel_id=interaction.channel_id or 0,
            file_limit_bytes=interaction.filesize_limit if interaction.app_permissions.attach_files else 0,
        )
        try:
            async with self._noted(interaction, action, pressed):
                try:
                    await self._carry_out(interaction, action, pressed, int(match[1]), match[3])
                except Exception as error:  # the tree's handler, for presses
                    if self.bot.answers.is_closing:
                        raise
                    await tell(interaction, error, f"button {action}")
        except Exception as error:
            await tell(interaction, error, f"button {action}")

    @asynccontextmanager
    async def _noted(self, interaction: Press, action: Action, pressed: Pressed) -> AsyncIterator[None]:
        """Note a press that is acknowledged before it is carried out; questions are noted as such."""
        if action in self._readers or action in (Action.SHARE, Action.ASK_PERSON, Action.DELETE):
            async with self.bot.answers.noted_press(interaction, pressed):
                yield
        else:
            yield

    async def _carry_out(
        self, interaction: Press, action: Action, pressed: Pressed, answer_id: int, argument: str
    ) -> None:
        if action is not Action.DELETE:  # who is blocked may still take back what was answered
            await self.bot.answers.check_may_ask(pressed.guild_id, pressed.person_id)
        shown = await self.bot.state.shown(answer_id)
        if shown is not None and shown.asked.guild_id not in (None, interaction.guild_id):
            shown = None  # never another server's answer
        if shown is None and action is Action.DELETE and _may_moderate(interaction):
            await self._delete_message(interaction)
        elif shown is None:
            text = _(CANNOT_TELL_WHOSE) if action is Action.DELETE else await self._why_forgotten(interaction)
            await fill(interaction, Body(text))
        elif interaction.type is discord.InteractionType.modal_submit:
            typed = value_in(interaction.data)
            await self._ask(interaction, shown, typed, subject=subject_of(shown), within=shown.asked.within)
        elif action is Action.FOLLOW_UP:
            custom_id = f"answer:{answer_id}:{action}:"
            await interaction.response.send_modal(follow_up_modal(custom_id, earlier=shown.asked.question))
        elif action in self._readers:
            if action in (Action.MORE, Action.PAGE):  # they search anew, as a question does
                self.bot.answers.admit(replace(shown.asked, asker_id=pressed.person_id, guild_id=pressed.guild_id))
            await think(interaction, ephemeral=True)
            await fill(interaction, await self._readers[action](pressed, shown, argument))
        elif action in self._handlers:
            await self._handlers[action](interaction, shown, argument or str(action))

    async def _why_forgotten(self, interaction: Press) -> str:
        """What is said below an answer that is no longer remembered: most are only too old."""
        days = (await self.bot.state.guild_settings(guild_id_of(interaction))).answer_days
        message = interaction.message
        if message is None or discord.utils.utcnow() - message.created_at < timedelta(days=days):
            return _(FORGOTTEN)
        text = ngettext(
            "This answer is older than {count} day, and I keep what an answer showed no longer than that. So its "
            "buttons have stopped working. Ask again, please.",
            "This answer is older than {count} days, and I keep what an answer showed no longer than that. So its "
            "buttons have stopped working. Ask again, please.",
            days,
        )
        return text.format(count=days)

    async def _take_up(self, pending: list[tuple[int, str, Pressed]]) -> None:
        for interaction_id, token, pressed in pending:
            webhook = discord.Webhook.partial(self.bot.application_id or 0, token, client=self.bot)
            try:
                if CUSTOM_ID.sub(r"\2", pressed.custom_id) == Action.DELETE:
                    await self._delete_late(webhook, pressed)
                elif await is_thinking(webhook):
                    with speaking(pressed.locale):
                        await fill_later(webhook, await self._late_body(pressed))
                    log.info("answered a press that was pending from before the start")
            except SENDING_ERRORS as error:
                self.bot.answers.give_up(interaction_id, pressed.channel_id, error)
            except Exception:  # the others are to be answered all the same
                log.exception("a press that was pending from before the start could not be answered")
            await self.bot.state.remove_pending_press(interaction_id)

    async def _delete_late(self, webhook: discord.Webhook, pressed: Pressed) -> None:
        """Delete the message below which *Delete* was pressed, if it was to be deleted.

        Then the press was acknowledged so that its own answer is that message. Whoever may not delete it, or was told
        of an error, has an answer that they alone see; they keep that.
        """
        try:
            answer = await persistently(lambda: webhook.fetch_message(ORIGINAL))
            if answer.flags.ephemeral:
                return
            await persistently(lambda: webhook.delete_message(ORIGINAL))
        except discord.NotFound as error:
            if error.code != UNKNOWN_MESSAGE:
                raise  # the press was never acknowledged, and what it was to delete is still there
        await self.bot.state.forget_shown(int(CUSTOM_ID.sub(r"\1", pressed.custom_id)))

    async def _late_body(self, pressed: Pressed) -> Body:
        """What is shown for a press after a restart: what it asked to read; to do something, people press again."""
        match = CUSTOM_ID.fullmatch(pressed.custom_id)
        shown = await self.bot.state.shown(int(match[1])) if match else None
        if match is None or shown is None:
            return Body(_(FORGOTTEN))
        action = Action(match[2])
        try:
            await self.bot.answers.check_may_ask(pressed.guild_id, pressed.person_id)
            if action in self._readers:
                return await self._readers[action](pressed, shown, match[3])
            if action is Action.ASK_PERSON and (channel_id := await self._passed_on_in(shown)) is not None:
                return Body(_(PASSED_ON).format(channel=f"<#{channel_id}>"))
        except Exception as error:
            return Body(error_text(error, f"button {action}"))
        if action is Action.SHARE:
            await self.bot.state.give_back_sharing(shown.id)
        return Body(_(INTERRUPTED))

    # ---- reading on

    async def _more(self, pressed: Pressed, shown: ShownAnswer, argument: str) -> Body:
        if not shown.asked.question:
            return Body(_(NOT_KEPT))
        page = int(argument) if argument.isdecimal() else 1
        asker = Asker(pressed.guild_id or pressed.person_id, pressed.person_id)
        answer = await self.bot.service.quotes(
            text_of(shown.asked), guild_id=pressed.guild_id, within=shown.asked.within, asker=asker
        )
        others = [quote for quote in answer.quotes if not any(_overlap(quote, other) for other in shown.quotes)]
        before = (page - 1) * DEFAULT_LIMIT
        return more_body(
            others[before : before + DEFAULT_LIMIT],
            first=len(shown.quotes) + before + 1,
            answer_id=shown.id,
            next_page=page + 1 if len(others) > before + DEFAULT_LIMIT else None,
            has_changed=answer.generation != shown.generation,
            today=discord.utils.utcnow().date(),
        )

    async def _page(self, pressed: Pressed, shown: ShownAnswer, argument: str) -> Body:
        return await self.bot.summaries.page(pressed, shown, argument)

    async def _context(self, pressed: Pressed, shown: ShownAnswer, argument: str) -> Body:
        await self.bot.service.until_ready()
        number = min(int(argument), len(shown.quotes)) if argument.isdecimal() else 1
        number = max(1, number)
        quote = shown.quotes[number - 1]
        document = await self.bot.service.document(quote.citation.document, pressed.guild_id)
        return context_body(
            shown.quotes,
            in_surroundings(document, quote) if document else None,
            number=number,
            answer_id=shown.id,
            is_gone=document is None,
            today=discord.utils.utcnow().date(),
        )

    async def _source(self, pressed: Pressed, shown: ShownAnswer, argument: str) -> Body:
        if not pressed.file_limit_bytes:
            return source_body(shown.quotes, (), (), may_attach=False)
        await self.bot.service.until_ready()
        titles = {quote.citation.document: quote.citation.title for quote in shown.quotes}
        files: list[File] = []
        missing, left_out = [], []
        limit_bytes, room_bytes = min(pressed.file_limit_bytes, FILES_TOGETHER), FILES_TOGETHER
        for name, title in titles.items():
            if len(files) == FILES_AT_MOST:
                left_out.append(title)
                continue
            found = await self.bot.service.original(name, limit_bytes=limit_bytes, guild_id=pressed.guild_id)
            if found is None:
                missing.append(title)
            elif len(found[1]) > room_bytes:
                left_out.append(title)
            else:
                files.append(File(*found))
                room_bytes -= len(found[1])
        return source_body(shown.quotes, files, missing, left_out)

    async def _topic(self, interaction: Press, shown: ShownAnswer, argument: str) -> None:
        try:
            entry = await named_document(self.bot.service, argument, guild_id_of(interaction))
        except UnknownDocumentError:
            await fill(interaction, Body(_(NO_TOPIC)))
            return
        await self._ask(interaction, shown, entry.title, within=entry.id, is_private=True, shows_nearest=True)

    async def _ask(
        self, interaction: Press, shown: ShownAnswer, question: str, *, is_private: bool | None = None, **more: Any
    ) -> None:
        """Answer a question that was asked by way of an earlier answer."""
        asked = Asked(
            question=question,
            asker_id=interaction.user.id,
            guild_id=guild_id_of(interaction),
            channel_id=interaction.channel_id or shown.asked.channel_id,
            is_private=shown.asked.is_private if is_private is None else is_private,
            **more,
        )
        await self.bot.answers.answer_interaction(interaction, asked)

    # ---- saying what one thinks of it

    async def _vote(self, interaction: Press, shown: ShownAnswer, argument: str) -> None:
        is_helpful = argument == Action.HELPFUL
        await self.bot.state.vote(shown.id, interaction.user.id, is_helpful=is_helpful)
        await fill(interaction, Body(_(HELPFUL if is_helpful else NOT_HELPFUL)))

    async def _share(self, interaction: Press, shown: ShownAnswer, argument: str) -> None:
        source = interaction.message
        if interaction.user.id != shown.asked.asker_id or source is None:
            await fill(interaction, Body(_(NOT_YOURS)))
            return
        if not await self.bot.state.claim_sharing(shown.id):
            await fill(interaction, Body(_(ALREADY_SHARED)))
            return
        try:
            await think(interaction)
            answer_id = await self.bot.state.add_copy(shown.id, channel_id=interaction.channel_id or source.channel.id)
            # what was shown is shown again, to the character; the buttons are for everybody
            settings = await self.bot.state.guild_settings(shown.asked.guild_id)
            with speaking(language_of(interaction, is_private=False)):
                buttons = _shared_buttons(answer_id, shown, argument, settings, _topics_below(source))
            embed = source.embeds[0] if source.embeds else None
            may_attach = interaction.app_permissions.attach_files
            body = Body(source.content, embed, buttons, await _files_of(source) if may_attach else ())
            message_id = await fill(interaction, body)
        except Exception:
            await self.bot.state.give_back_sharing(shown.id)
            raise
        if message_id is not None:
            await self.bot.state.note_message(answer_id, message_id)

    async def _ask_person(self, interaction: Press, shown: ShownAnswer, argument: str) -> None:
        """Pass the question on to whom the moderators have set, once; the asker's press is what allows it."""
        asked, settings = shown.asked, await self.bot.state.guild_settings(shown.asked.guild_id)
        if interaction.user.id != asked.asker_id:
            await fill(interaction, Body(_(NOT_YOURS)))
            return
        if not asked.question or not settings.has_person_to_ask:
            await fill(interaction, Body(_(NOBODY_TO_ASK if asked.question else NOT_KEPT)))
            return
        await think(interaction, ephemeral=True)
        async with self._passing_on.setdefault(asked.asker_id, asyncio.Lock()):
            text = await self._pass_on(interaction, shown, settings)
        await fill(interaction, Body(text))

    async def _pass_on(self, interaction: Press, shown: ShownAnswer, settings: GuildSettings) -> str:
        """Pass a question on, unless it was before; give what its asker is told."""
        state, asked = self.bot.state, shown.asked
        _attempt, is_done = await state.passing_on(shown.id)
        if is_done:
            return _(ALREADY_PASSED_ON)
        channel_id = await self._passed_on_in(shown)
        if channel_id is None:
            channel_id = settings.person_channel_id or asked.channel_id
            link = _link_to_question(interaction, asked)
            with speaking(language_of(interaction, is_private=False)):
                body = person_body(asked.question, asker_id=asked.asker_id, role_id=settings.person_role_id, link=link)
            roles = [discord.Object(settings.person_role_id)] if settings.person_role_id else False
            if not await state.note_passing_on(shown.id, PassingOn(interaction.id, channel_id, link)):
                return _(FORGOTTEN)  # it was deleted while this press waited for another
            began_s = time.monotonic()
            try:
                await post(self.bot.get_partial_messageable(channel_id), body, nonce=shown.id, roles=roles)
            except (discord.Forbidden, discord.NotFound) as error:
                if is_plain_refusal(error, took_s=time.monotonic() - began_s):
                    await state.take_back_passing_on(shown.id)
                raise PassingOnError(f"channel={channel_id} cannot be written in: {error.text}") from error
            await state.note_passed_on(shown.id)
        return _(PASSED_ON).format(channel=f"<#{channel_id}>")

    async def _passed_on_in(self, shown: ShownAnswer) -> int | None:
        """The channel in which an earlier attempt to pass a question on has arrived; None where none has.

        Raises:
            CannotTellError: There was one, and its channel's history may not be read.
        """
        attempt, is_done = await self.bot.state.passing_on(shown.id)
        if attempt is None or is_done:
            return attempt.channel_id if attempt else None
        asked, channel = shown.asked, self.bot.get_partial_messageable(attempt.channel_id)

        def is_it(sent: discord.Message) -> bool:
            return passes_on(sent.content, asked.question, asker_id=asked.asker_id, link=attempt.link)

        try:
            await find_message(channel, attempt.press_id)  # only to be told if its history may not be read
            me = self.bot.user.id if self.bot.user else 0
            sent_id = await find_sent(channel, after=attempt.press_id, author_id=me, is_it=is_it)
        except discord.NotFound:  # the channel is gone, with whatever was in it
            return None
        except discord.Forbidden as error:
            raise CannotTellError(
                f"channel={attempt.channel_id} cannot be read: {error.text}", channel=f"<#{attempt.channel_id}>"
            ) from error
        if sent_id is None:
            return None
        await self.bot.state.note_passed_on(shown.id)
        return attempt.channel_id

    async def _delete(self, interaction: Press, shown: ShownAnswer, argument: str) -> None:
        if interaction.user.id != shown.asked.asker_id and not _may_moderate(interaction):
            await fill(interaction, Body(_(NOT_YOURS_TO_DELETE)))
            return
        await self._delete_message(interaction)
        await self.bot.state.forget_shown(shown.id)

    async def _delete_message(self, interaction: Press) -> None:
        """Delete the message by the press's own token: where a person brought the bot along, it has no other right."""
        try:
            await update(interaction)
            await persistently(interaction.delete_original_response)
        except discord.NotFound as error:  # somebody was faster: there is nothing left to answer the press below
            if error.code == UNKNOWN_INTERACTION:
                raise


def _link_to_question(interaction: Press, asked: Asked) -> str:
    """Where a question was asked: its refusal, or where others do not see that, its channel."""
    place = f"https://discord.com/channels/{asked.guild_id}/{asked.channel_id}"
    message = interaction.message
    return f"{place}/{message.id}" if message is not None and not message.flags.ephemeral else place


def _may_moderate(interaction: Press) -> bool:
    return interaction.permissions.manage_messages or interaction.permissions.manage_guild


def _topics_below(message: discord.Message) -> list[Topic]:
    """The nearest topics that a refusal offers."""
    found = []
    for row in message.components:
        for button in row.children if isinstance(row, discord.ActionRow) else ():
            match = CUSTOM_ID.fullmatch(button.custom_id or "") if isinstance(button, discord.Button) else None
            if match is not None and match[2] == Action.TOPIC and isinstance(button, discord.Button):
                found.append(Topic(match[3], button.label or ""))
    return found


def _overlap(left: Quote, right: Quote) -> bool:
    (start, end), (other_start, other_end) = left.citation.span, right.citation.span
    return left.citation.document == right.citation.document and start < other_end and other_start < end


def _shared_buttons(
    answer_id: int, shown: ShownAnswer, argument: str, settings: GuildSettings, topics: Sequence[Topic]
) -> Rows:
    """What stands below what is shared: as below what was private, but for everybody."""
    if argument != Action.SHARE:  # only a summary's button says more
        return shared_summary_buttons(answer_id, argument, has_quotes=bool(shown.quotes))
    has_question = bool(shown.asked.question)
    if shown.quotes:
        return answer_buttons(answer_id, is_private=False, has_question=has_question)
    can_ask = settings.has_person_to_ask and has_question
    return refusal_buttons(answer_id, topics, is_private=False, has_person_to_ask=can_ask)


async def _files_of(message: discord.Message) -> tuple[File, ...]:
    """What is attached to a message of the bot: a timeline's picture; without it rather than not at all."""
    try:
        return tuple([File(file.filename, await file.read(), file.description) for file in message.attachments])
    except SENDING_ERRORS as error:
        log.warning("what was attached cannot be shared: %s", error)
        return ()


async def setup(bot: DissentBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(Buttons(bot))
