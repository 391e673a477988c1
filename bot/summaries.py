"""From a request for a summary, a timeline or a comparison to the message that shows it, page by page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import discord

from bot.answers import Answers, Prepared, asker_of, remark_on_passing_on
from bot.conversations import (
    MESSAGES_AT_LEAST,
    NothingSaidError,
    NotInServerError,
    TalkChannel,
    TooLittleError,
    Window,
    check_may_still_read,
    read_messages,
)
from bot.documents import named_document
from bot.localisation import _
from bot.render.answer import refusal_text
from bot.render.body import Body, File
from bot.render.buttons import summary_buttons
from bot.render.conversation import conversation_body
from bot.render.limits import CONTENT, shorten
from bot.render.passages import NO_MORE
from bot.render.picture import EVENTS_AT_LEAST, Look, alternative_text, events_of, picture
from bot.render.summary import (
    Block,
    comparison_blocks,
    comparison_lead,
    comparison_quotes,
    first_number,
    in_pages,
    page_body,
    summary_blocks,
    summary_lead,
    without_quotes,
)
from bot.state import Asked, GuildSettings, Pressed, ShownAnswer
from index import Comparison, DocumentEntry, Length, Summary, Verdict

if TYPE_CHECKING:
    from bot.client import DissentBot


class Kind(StrEnum):
    """What is made; its value stands in custom ids, so it never changes."""

    DOCUMENT = "document"
    TOPIC = "topic"
    CORPUS = "corpus"
    TIMELINE = "timeline"
    COMPARISON = "compare"
    CONVERSATION = "messages"

    @property
    def has_topic(self) -> bool:
        """Whether it is about what a person typed."""
        return self in (Kind.TOPIC, Kind.TIMELINE)


@dataclass(frozen=True, slots=True)
class Request:
    """What to make; of what topic, the question says that goes with it."""

    kind: Kind
    length: Length
    documents: tuple[DocumentEntry, ...] = ()
    window: Window | None = None
    """Which messages of the channel are summed up."""
    look: Look | None = None
    """Of the timeline's picture; None: it has none."""
    lacks_picture: bool = False
    """Whether one was asked for that may not be attached."""

    @property
    def title(self) -> str:
        """What it is about, where no topic was typed."""
        return " \u00b7 ".join(entry.title for entry in self.documents)

    def page(self, number: int) -> str:
        """One page of it, for a button and for the next process."""
        more = [entry.key for entry in self.documents]
        if self.window is not None:
            more = [str(self.window.messages), str(self.window.hours or 0)]
        if self.look is not None:
            more = [self.look]
        return ".".join((str(number), self.kind, self.length, *more))


class Summaries:
    """Makes summaries and remembers what they show, so that their buttons work as those of answers do."""

    def __init__(self, bot: DissentBot, answers: Answers) -> None:
        self._bot = bot
        self.answers = answers
        self.service = answers.service
        self.state = answers.state
        self._drawing = asyncio.Lock()
        """matplotlib draws one picture at a time."""

    async def answer_interaction(self, interaction: discord.Interaction[Any], request: Request, asked: Asked) -> None:
        """Acknowledge an interaction and show there what was asked for, after a restart if need be.

        Raises:
            RetrievalError: This person may not ask, or not now.
        """
        await self.answers.check_may_ask(
            asked.guild_id, asked.asker_id
        )  # before it is acknowledged, so that nobody else sees it
        self.answers.admit(asked)
        asked = replace(asked, summary=request.page(1))
        await self.answers.answer_noted(interaction, asked, lambda: self._prepare(request, asked, at=interaction.id))

    async def take_up(self, asked: Asked, *, at: int) -> Prepared:
        """Make what an earlier process was asked for and did not show; raises as the service does.

        Args:
            asked: What it noted.
            at: The interaction's id.
        """
        await self.service.until_ready()
        request, _number = await self._request(asked.summary, asked.guild_id)
        if request.window is not None:
            has_intent = self._bot.intents.message_content
            channel = await self._channel_of(asked)
            await check_may_still_read(channel, asked.asker_id, has_intent=has_intent, is_private=asked.is_private)
        return await self._prepare(request, asked, at=at)

    async def _request(self, written: str, guild_id: int | None) -> tuple[Request, int]:
        """What `Request.page` wrote, and which page."""
        number, kind, length, *more = written.split(".")
        if kind == Kind.CONVERSATION:
            messages, hours = (int(part) for part in more)
            return Request(Kind(kind), Length(length), window=Window(messages, hours or None)), int(number)
        if kind == Kind.TIMELINE:
            return Request(Kind(kind), Length(length), look=Look(more[0]) if more else None), int(number)
        documents = tuple([await named_document(self.service, key, guild_id) for key in more])
        return Request(Kind(kind), Length(length), documents), int(number)

    async def _prepare(self, request: Request, asked: Asked, *, at: int) -> Prepared:
        settings = await self.answers.check_may_ask(asked.guild_id, asked.asker_id)
        if request.window is not None:
            return await self._sum_up_messages(request, request.window, asked, before=at)
        return await self._first_of(request, asked, await self.make(request, asked), settings)

    async def _sum_up_messages(self, request: Request, window: Window, asked: Asked, *, before: int) -> Prepared:
        """Sum up what people wrote in a channel; of their words nothing is noted."""
        channel = await self._channel_of(asked)
        said = await read_messages(channel, window, before=before, me=channel.guild.me.id)
        if not said:
            raise NothingSaidError("no message has text")
        extracts = await self.service.summarize_texts([item.text for item in said], length=request.length)
        if len(said) < MESSAGES_AT_LEAST or not extracts:
            raise TooLittleError(f"{len(said)} messages")
        answer_id = await self.state.add_shown(
            replace(asked, question=""), verdict=Verdict.ANSWERED, generation="", quotes=(), keeps_question=False
        )
        # no Share: it may be read by fewer than would see it
        buttons = () if asked.is_private else summary_buttons(answer_id, is_private=False, has_quotes=False)
        return Prepared(conversation_body(channel.name, said, extracts, buttons=buttons), answer_id)

    async def _channel_of(self, asked: Asked) -> TalkChannel:
        """The channel or thread that somebody asked about."""
        await self._bot.wait_until_ready()
        channel = self._bot.get_channel(asked.channel_id)
        if not isinstance(channel, TalkChannel):
            raise NotInServerError("the channel is gone")
        return channel

    async def make(self, request: Request, asked: Asked) -> Summary | Comparison:
        """Make what is asked for; raises as the service does."""
        ids = [entry.id for entry in request.documents]
        more: Any = {"length": request.length, "guild_id": asked.guild_id, "asker": asker_of(asked)}
        if request.kind is Kind.DOCUMENT:
            return await self.service.summarize_document(ids[0], **more)
        if request.kind is Kind.TOPIC:
            return await self.service.summarize_topic(asked.question, **more)
        if request.kind is Kind.TIMELINE:
            return await self.service.timeline(asked.question, **more)
        if request.kind is Kind.COMPARISON:
            return await self.service.compare(ids[0], ids[1], **more)
        return await self.service.summarize_corpus(**more)

    async def _first_of(
        self, request: Request, asked: Asked, made: Summary | Comparison, settings: GuildSettings
    ) -> Prepared:
        """Make the first page, and note what all pages show."""
        is_refused = isinstance(made, Summary) and request.kind.has_topic and made.verdict is Verdict.NOT_COVERED
        is_noted = is_refused and settings.notes_uncovered and not asked.is_private
        if is_noted and asked.guild_id is not None and isinstance(made, Summary):
            await self.state.note_uncovered(asked, made.unknown_words)
        answer_id = await self.state.add_shown(
            asked,
            verdict=made.verdict if isinstance(made, Summary) else Verdict.ANSWERED,
            generation=made.generation,
            quotes=made.quotes if isinstance(made, Summary) else comparison_quotes(made),
            keeps_question=settings.keeps_questions,
        )
        if isinstance(made, Summary) and is_refused:
            text = shorten(summary_lead(made) + refusal_text(made, remark_on_passing_on(asked, settings)), CONTENT)
            buttons = await self.answers.refusal_buttons_of(answer_id, made, asked, settings)
            return Prepared(Body(text, buttons=buttons), answer_id)
        if isinstance(made, Summary) and not made.quotes:
            buttons = summary_buttons(answer_id, is_private=asked.is_private, has_quotes=False)
            return Prepared(without_quotes(made, buttons), answer_id)
        files = await self._pictures(request, made) if isinstance(made, Summary) else ()
        return Prepared(self._first_page(request, asked, made, settings, answer_id, files), answer_id)

    async def _pictures(self, request: Request, made: Summary) -> tuple[File, ...]:
        """A timeline as a picture, where one is wanted."""
        events = events_of(made)
        if request.look is None or len(events) < EVENTS_AT_LEAST:
            return ()
        async with self._drawing:
            png = await asyncio.to_thread(picture, made.subject, events, request.look)
        return (File("timeline.png", png, alternative_text(made.subject, events)),) if png else ()

    def _first_page(
        self,
        request: Request,
        asked: Asked,
        made: Summary | Comparison,
        settings: GuildSettings,
        answer_id: int,
        files: tuple[File, ...],
    ) -> Body:
        at = discord.utils.utcnow()
        lead, blocks = _parts(made, at.date(), lacks_picture=request.lacks_picture)
        pages = in_pages(blocks, lead=lead)
        if not pages:
            return Body(lead, buttons=summary_buttons(answer_id, is_private=asked.is_private, has_quotes=False))
        can_go_on = len(pages) > 1 and (settings.keeps_questions or not request.kind.has_topic)
        buttons = summary_buttons(
            answer_id, is_private=asked.is_private, next_page=request.page(2) if can_go_on else None
        )
        return page_body(made, pages, 1, lead=lead, at=at, buttons=buttons, files=files)

    async def page(self, pressed: Pressed, shown: ShownAnswer, argument: str) -> Body:
        """A further page.

        Args:
            pressed: The button that asks for it.
            shown: What the first page showed.
            argument: Of the button, as `Request.page` writes it.

        Raises:
            RetrievalError: It cannot be made any more; its message says why.
        """
        await self.service.until_ready()
        request, number = await self._request(argument, pressed.guild_id)
        asked = Asked(
            question=shown.asked.question,
            asker_id=pressed.person_id,
            guild_id=pressed.guild_id,
            channel_id=pressed.channel_id,
        )
        made = await self.make(request, asked)
        at = discord.utils.utcnow()
        lead, blocks = _parts(made, at.date())
        pages = in_pages(blocks, lead=lead)
        if number > len(pages):
            return Body(_(NO_MORE))
        next_page = request.page(number + 1) if number < len(pages) else None
        has_changed = made.generation != shown.generation
        buttons = summary_buttons(
            shown.id,
            next_page=next_page,
            has_quotes=bool(shown.quotes) and not has_changed,  # else their numbers are not those that were noted
            first=first_number(pages, number),
        )
        return page_body(
            made,
            pages,
            number,
            lead=lead,
            at=at,
            buttons=buttons,
            has_changed=has_changed,
        )


def _parts(made: Summary | Comparison, today: date, *, lacks_picture: bool = False) -> tuple[str, list[Block]]:
    """What stands on top, and the blocks below it."""
    if isinstance(made, Summary):
        return summary_lead(made, lacks_picture=lacks_picture), summary_blocks(made, today)
    return comparison_lead(made), comparison_blocks(made, today)
