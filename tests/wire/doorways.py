"""What people do to a bot that runs: every doorway through which a question, a press or a command reaches it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from .bots import ANSWERED, UNCERTAIN
from .errors import ApiError
from .interactions import Interaction
from .owed import SHOP, Owed
from .server import LocalDiscord
from .world import Channel, ChannelKind, Message, MessageFlag, Person

QUESTIONS = (ANSWERED, UNCERTAIN, "How is honey fed?", "and when was that?")
NO_QUESTIONS = ("*_`" * 60, "🐝" * 100)
SUMMARIES: tuple[tuple[str, dict[str, object]], ...] = (
    ("summary topic", {"text": "the lighthouse"}),
    ("summary document", {"name": "Keeping bees"}),
    ("summary corpus", {}),
    ("summary channel", {}),
    ("timeline", {"topic": "the lighthouse"}),
    ("compare", {"a": "Keeping bees", "b": "Sourdough bread"}),
)
COMMANDS_WITHOUT_QUESTION = ("about", "help", "forget me")
FORGETS = "Delete what you keep of me"

OVERHEARD_AT_MOST = 3
"""Of one person: more are not answered in an answer channel, for a minute."""

RUSH = 8

SOON_S = 0.3
"""How long people wait for a button to press."""

Step = Callable[[], Awaitable[None]]


class Doorways:
    """Acts as people do, and has it put on account what they are owed.

    Args:
        pick: Decides what is not given.
        discord: Where they act.
        owed: The account.
        tell: Told of each act, for the story of the schedule.
        corpus: The documents, which a reload finds changed.
    """

    def __init__(
        self, pick: random.Random, discord: LocalDiscord, owed: Owed, tell: Callable[[str], None], corpus: Path
    ) -> None:
        self._pick = pick
        self._discord = discord
        self._owed = owed
        self._tell = tell
        self._corpus = corpus
        self._number = 0
        self._forgotten_ids: set[int] = set()
        """People who had the bot forget them: it no longer follows what they asked."""
        self.reads_messages = True
        """Whether the bot has the message-content intent."""
        world, guild = discord.world, discord.guild
        self._report = world.add_channel(guild, "report")
        self._forum = world.add_channel(guild, "forum", kind=ChannelKind.FORUM)
        self._crowd = [world.add_person(f"visitor-{number}") for number in range(RUSH)]
        guild.members |= {person.id: (person, ()) for person in self._crowd}
        self._mode = pick.choice(["reply", "thread", "shadow"])
        self._answer_channel = pick.choice([discord.quiet, discord.quiet, self._forum])

    def always(self) -> list[Step]:
        """Without which there would be nothing for the others to act upon."""
        return [self.ask, self.mention]

    def others(self) -> list[Step]:
        """Of which a schedule has some."""
        return [
            self.sum_up,
            self.use_command,
            self.write_directly,
            self.choose_answer_this,
            self.reply_to_bot,
            self.ask_openly,
            self.edit,
            self.delete,
            self.press,
            self.follow_up,
            self.share,
            self.ask_person,
            self.delete_answer,
            self.rush,
            self.reload,
        ]

    async def set_up(self) -> None:
        """Let the moderators open what only they can, before anything goes wrong."""
        answers = {"channel": self._answer_channel, "mode": self._mode, "report_to": self._report}
        for name, options in (("answers", answers), ("people", {"ask_channel": self._owed.desk})):
            command = await self._discord.slash(f"settings {name}", user=self._discord.moderator, options=options)
            await command.answer()

    # ---- commands

    async def ask(self) -> None:
        """`/ask`."""
        channel = self.channel(or_direct=True)
        options: dict[str, object] = {"question": self._question(or_none=True)}
        await self._run("ask", channel, options | self._privacy())

    async def sum_up(self) -> None:
        """`/summary`, `/timeline`, `/compare`."""
        command, options = self._pick.choice(SUMMARIES)
        is_of_channel = command == "summary channel"
        await self._run(command, self.channel(or_direct=not is_of_channel), options | self._privacy())

    async def use_command(self) -> None:
        """A command that asks nothing: it is answered in another way than questions are."""
        if self._pick.random() < 0.3:
            await self._run("settings show", self._discord.general, user=self._discord.moderator)
        else:
            await self._run(self._pick.choice(COMMANDS_WITHOUT_QUESTION), self.channel(or_direct=True))

    async def choose_answer_this(self) -> None:
        """*Answer this message*, in the menu of anybody's message."""
        seen = [message for message in self._messages() if not message.is_ephemeral and not SHOP.search(message.text)]
        if not seen:
            return
        message = self._pick.choice(seen)
        user = self._person(self._place_of(message))
        self._tell(f"answer this message: {message.id}")
        self._owed.interactions.append(await self._discord.context_menu("Answer this message", message, user=user))

    async def reload(self) -> None:
        """A moderator's reload, after a document has changed; it goes on while others ask."""
        self._number += 1
        path = self._corpus / "food" / "bread.md"
        path.write_text(f"{path.read_text()}\nLoaf {self._number} was baked on a Monday.\n")
        user = self._discord.moderator
        self._owed.reloads.append(await self._run("manage reload", self._server_channel(), user=user))

    async def rush(self) -> None:
        """More questions at once than may wait."""
        channel = self._server_channel()
        self._tell(f"rush in {channel.name}")
        for person in self._crowd:
            options = {"question": self._question()}
            asked = await self._discord.slash("ask", channel=channel, user=person, options=options)
            self._owed.interactions.append(asked)

    # ---- messages

    async def mention(self) -> None:
        """A mention of the bot."""
        channel = self.channel()
        await self._say(f"{self._discord.bot.mention} {self._question(or_none=True)}", channel)

    async def write_directly(self) -> None:
        """A direct message."""
        await self._say(self._question(or_none=True), self._discord.alice_dm)

    async def reply_to_bot(self) -> None:
        """A reply to what the bot has said in a server."""
        said = [message for message in self._ours() if self.reads_messages or not message.is_interaction_answer]
        said = [message for message in said if not message.is_ephemeral and self._place_of(message).guild]
        if not said:
            return
        message = self._pick.choice(said)
        await self._say(self._question(), self._discord.world.channel(message.channel_id), reply_to=message)

    async def ask_openly(self) -> None:
        """A question to nobody, where the bot answers such, or in a thread that it has opened there."""
        channel, world = self._answer_channel, self._discord.world
        threads = [thread for thread in world.channels.values() if thread.thread_owner == self._discord.bot]
        if threads and self._pick.random() < 0.4:
            await self._say(self._question(), self._pick.choice(threads))
            return
        user = self._person(channel)
        earlier = [
            one for one in self._owed.questions.values() if one.is_overheard and one.message.author_id == user.id
        ]
        if channel.id not in world.channels or len(earlier) >= OVERHEARD_AT_MOST:
            return
        text = self._pick.choice([ANSWERED, ANSWERED, UNCERTAIN, self._question()])
        self._tell(f"ask openly in {channel.name}, mode {self._mode}: {text[:40]}")
        is_sure = text == ANSWERED
        if channel is self._forum:
            message = await self._discord.post_in_forum(channel, text, "Thank you!", user=user)
        else:
            message = await self._discord.say(text, channel=channel, user=user)
        self._owed.asked(message, is_overheard=True, may_be_answered=is_sure, is_owed=is_sure)

    async def edit(self) -> None:
        """Another question in place of one that was asked."""
        question = self._asked_before(is_edit=True)
        if question is None:
            return
        prefix = self._discord.bot.mention if self._discord.bot.mention in question.content else ""
        others = [ANSWERED, UNCERTAIN, self._uncovered()]
        text = self._pick.choice([other for other in others if other not in question.content])
        self._tell(f"edit {question.id}: {text}")
        edited = await self._discord.edit(question, f"{prefix} {text}".strip())
        self._owed.edited(edited, may_be_answered=text == ANSWERED)

    async def delete(self) -> None:
        """Delete a question."""
        question = self._asked_before()
        if question is None:
            return
        self._tell(f"delete {question.id}")
        self._owed.deleted(question)
        await self._discord.delete(question)

    # ---- presses

    async def press(self) -> None:
        """Any button that stands below what the bot has said: *More*, *Context*, *Source*, a vote, a topic ..."""
        apart = {"Delete", "Follow up", "Share", "Ask a person"}
        await self._press([(message, label) for message, label in await self._buttons_soon() if label not in apart])

    async def follow_up(self) -> None:
        """The dialog for a next question."""
        pressed = await self._press(await self._buttons_soon("Follow up"))
        if pressed is None:
            return
        with suppress(TimeoutError):
            await pressed.modal(timeout_s=1)
            submitted = await self._discord.submit_modal(pressed, {"Your next question": self._question()})
            self._owed.interactions.append(submitted)

    async def share(self) -> None:
        """*Share* of a private answer, more than once too; where there is none, one is asked for."""
        if not self._buttons("Share"):
            await self._run("ask", self._server_channel(), {"question": self._question(), "private": True})
        found = await self._buttons_soon("Share")
        if found:
            button = self._pick.choice(found)
            for _ in range(self._pick.choice([1, 2])):
                if (pressed := await self._press([button])) is not None:
                    self._owed.shared.append(pressed)

    async def ask_person(self) -> None:
        """*Ask a person* about what is not covered, more than once too; where there is nothing, that is asked."""
        if not self._buttons("Ask a person"):
            await self._run("ask", self._server_channel(), {"question": self._uncovered()} | self._privacy())
        found = [button for button in await self._buttons_soon("Ask a person") if _is_unlike_others(button[0])]
        if not found:
            return
        message, label = self._pick.choice(found)
        for _ in range(self._pick.choice([1, 2])):
            if (pressed := await self._press([(message, label)], user=self._asker_of(message))) is not None:
                self._owed.passed_on.append(pressed)

    async def delete_answer(self) -> None:
        """*Delete* below an answer, by its asker or a moderator."""
        found = await self._buttons_soon("Delete")
        if found:
            message, label = self._pick.choice(found)
            self._owed.answer_goes(message)
            user = self._pick.choice([self._discord.moderator, self._asker_of(message)])
            await self._press([(message, label)], user=user)

    # ---- helpers

    def channel(self, *, or_direct: bool = False) -> Channel:
        """A channel that is still there."""
        discord = self._discord
        known = [discord.general, discord.quiet, discord.other_general, *([discord.alice_dm] if or_direct else [])]
        return self._pick.choice([channel for channel in known if channel.id in discord.world.channels])

    def aside(self) -> list[Channel]:
        """Where answers and questions go to besides; some may be gone."""
        return [self._owed.desk, self._report, self._forum]

    def _server_channel(self) -> Channel:
        """One of the server whose moderators have set something."""
        known = [self._discord.general, self._discord.quiet]
        return self._pick.choice([channel for channel in known if channel.id in self._discord.world.channels])

    def _person(self, channel: Channel) -> Person:
        """Somebody who is there."""
        if channel.recipient is not None:
            return channel.recipient
        assert channel.guild is not None
        here = [person for person in (self._discord.alice, self._discord.bob) if person.id in channel.guild.members]
        return self._pick.choice(here)

    def _question(self, *, or_none: bool = False) -> str:
        texts = [*QUESTIONS, self._uncovered()]
        return self._pick.choice([*texts, *NO_QUESTIONS] if or_none else texts)

    def _uncovered(self) -> str:
        """A question that is not covered, and unlike all others, so that one sees how often it is passed on."""
        self._number += 1
        return f"What is the price of bitcoin in shop {self._number}?"

    def _privacy(self) -> dict[str, object]:
        return {"private": True} if self._pick.random() < 0.3 else {}

    async def _run(
        self, command: str, channel: Channel, options: dict[str, object] | None = None, *, user: Person | None = None
    ) -> Interaction:
        user = user or self._person(channel)
        self._tell(f"{user.name}: /{command} in {channel.name} {options or ''}")
        interaction = await self._discord.slash(command, channel=channel, user=user, options=options)
        self._owed.interactions.append(interaction)
        return interaction

    async def _say(self, text: str, channel: Channel, *, reply_to: Message | None = None) -> None:
        user = self._person(channel)
        self._tell(f"{user.name} in {channel.name}: {text[:60]}")
        self._owed.asked(await self._discord.say(text, channel=channel, user=user, reply_to=reply_to))

    async def _press(self, found: list[tuple[Message, str]], *, user: Person | None = None) -> Interaction | None:
        """Press one of these buttons, if there is one and nothing was faster in taking it away."""
        if not found:
            return None
        message, label = self._pick.choice(found)
        place = self._place_of(message)
        user = message.viewer or place.recipient or user or self._person(place)
        self._tell(f"{user.name} presses {label} below {message.id}")
        try:
            pressed = await self._discord.press(message, label, user=user)
        except (ApiError, LookupError, ValueError) as error:
            self._tell(f"too late: {error}")
            return None
        if label == FORGETS:
            self._forgotten_ids.add(user.id)
            self._owed.forget(user)
        self._owed.interactions.append(pressed)
        return pressed

    def _messages(self) -> list[Message]:
        """What can be seen in channels that are still there."""
        world = self._discord.world
        return [
            message
            for message in world.messages.values()
            if message.channel_id in world.channels and MessageFlag.LOADING not in message.flags
        ]

    def _ours(self) -> list[Message]:
        """What the bot has said."""
        return [message for message in self._messages() if message.author_id == self._discord.bot.id]

    def _place_of(self, message: Message) -> Channel:
        return self._discord.world.channel(message.channel_id)

    def _buttons(self, wanted: str | None = None) -> list[tuple[Message, str]]:
        """The buttons that can be pressed, all or those of one name."""
        found = [(message, label) for message in self._ours() for label in message.buttons]
        return [(message, label) for message, label in found if wanted in (None, label)]

    async def _buttons_soon(self, wanted: str | None = None) -> list[tuple[Message, str]]:
        """The same, once there are some: what was asked just before may be answered by then."""
        with suppress(TimeoutError):
            await self._discord.until(lambda: bool(self._buttons(wanted)), timeout_s=SOON_S)
        return self._buttons(wanted)

    def _asked_before(self, *, is_edit: bool = False) -> Message | None:
        """A question that is still there, as it is now.

        Args:
            is_edit: Whether only such that the bot hears of when they are edited, and follows.
        """
        found = [
            one.message
            for one in self._owed.questions.values()
            if one.message.id in self._discord.world.messages
            and one.message.author_id not in self._forgotten_ids
            and not (is_edit and (one.message.reply_to_id or (one.is_overheard and self._mode == "shadow")))
        ]
        return self._discord.world.message(self._pick.choice(found).id) if found else None

    def _asker_of(self, message: Message) -> Person:
        """Who asked what a message answers."""
        people = self._discord.world.people
        question = self._owed.questions.get(int(message.payload.get("nonce") or 0))
        if question is not None:
            return people[question.message.author_id]
        metadata = message.payload.get("interaction_metadata")
        return people[int(metadata["user"]["id"])] if metadata else self._discord.alice


def _is_unlike_others(message: Message) -> bool:
    """Whether it shows when the question is passed on twice: by a link to its answer, or by its own words."""
    return not message.is_ephemeral or (SHOP.search(message.text) is not None and "when was that" not in message.text)
