"""What people are owed, however they spoke to the bot: exactly one answer or one visible error.

- An interaction that the bot has acknowledged shows one text in the end, or opens a dialog. A press of *Delete* is
  answered when the message is gone, or when its presser is told why it is not.
- A message that speaks to the bot gets one reply; so does what an answer channel surely answers, in the reply, thread
  or report that is set for it. Whatever else is said there gets none.
- An edited question has its reply changed, and no second one; not where it was changed back to what the reply answers,
  before the bot heard of any other. The reply to a deleted question is gone.
- A private answer is shared once, and a question passed on to a person once, however often that is pressed; whoever is
  told that it is passed on can rely on it.
- The message that shows how far a reload is says in the end how it ended.

What the bot never got to know of, because it was not running, is owed nothing. Where Discord leaves nowhere to answer,
a line in the log says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from .interactions import CallbackKind, Interaction
from .server import LocalDiscord
from .world import Channel, Message, MessageFlag, Person

NOWHERE = re.compile(r"nowhere to answer question=(\d+)|question=(\d+) is left: its asker was told already")
CHANNEL_FAILED = re.compile(
    r"answer channel=(\d+)(?: does not work|: a question was passed over)"
    r"|channel=(\d+): (?:an answer could not be changed|the answer to a deleted question stays"
    r"|the end cannot be shown|cannot say that a reload was interrupted)"
)
"""Of what nobody asked the bot for, or what is done to an answer that was given, the log names only the channel."""

SHOP = re.compile(r"in shop \d+")
"""What makes one question that is not covered unlike all others, so that one sees how often it is passed on."""

PASSED_ON = "Your question is passed on"


@dataclass(slots=True, eq=False)
class Question:
    """A message that is a question.

    Attributes:
        place_id: Its channel, or what its thread belongs to.
        is_overheard: Whether it was said in an answer channel, to nobody.
        may_be_answered: Of what is overheard: whether the documents surely answer it, or did before it was edited.
        is_owed: Whether silence would be wrong.
        edited_at: When it was changed last, and the bot could hear of it.
        is_deleted: Whether it was deleted, and the bot could hear of it.
        is_followed: Whether its reply is to follow it: not where the bot was killed before it had noted the reply to
            what nobody asked it, or what was no question.
        is_late: Whether it is answered after a restart, as it stands then.
    """

    message: Message
    place_id: int
    is_overheard: bool = False
    may_be_answered: bool = True
    is_owed: bool = True
    edited_at: str = ""
    is_deleted: bool = False
    is_followed: bool = True
    is_late: bool = False


@dataclass(slots=True)
class Owed:
    """Keeps the account.

    Args:
        discord: Where people see what they get.
        log: Gives everything that the bot has logged.
        desk: Where questions are passed on to.
    """

    discord: LocalDiscord
    log: Callable[[], str]
    desk: Channel
    interactions: list[Interaction] = field(default_factory=list)
    questions: dict[int, Question] = field(default_factory=dict)
    reloads: list[Interaction] = field(default_factory=list)
    shared: list[Interaction] = field(default_factory=list)
    passed_on: list[Interaction] = field(default_factory=list)
    _settled_ids: set[int] = field(default_factory=set)
    """Interactions for which nothing is owed any more."""
    _given_up_ids: set[int] = field(default_factory=set)
    """Messages that show how far a reload is, and that the bot was killed before it had noted."""

    # ---- what happens

    def asked(
        self, message: Message, *, is_overheard: bool = False, may_be_answered: bool = True, is_owed: bool = True
    ) -> None:
        """Somebody wrote a question."""
        channel = self.discord.world.channel(message.channel_id)
        place = channel.parent or channel
        self.questions[message.id] = Question(message, place.id, is_overheard, may_be_answered, is_owed)

    def edited(self, message: Message, *, may_be_answered: bool) -> None:
        """Somebody changed a question."""
        question = self.questions[message.id]
        question.edited_at = str(message.payload["edited_timestamp"])
        question.may_be_answered |= may_be_answered
        if question.is_overheard:
            question.is_owed = False  # the new question may have no answer

    def deleted(self, message: Message) -> None:
        """Somebody deleted a question."""
        self.questions[message.id].is_deleted = True
        self.questions[message.id].is_owed = False

    def answer_goes(self, message: Message) -> None:
        """Somebody deletes an answer, or has it deleted: whoever asked has seen it."""
        for question in self.questions.values():
            if message in self._replies(question):
                question.is_owed = False
        self._settled_ids |= {one.id for one in self.interactions if one.original_id == message.id}

    def channel_goes(self, channel: Channel) -> None:
        """Somebody deletes a channel: what was answered there is gone; what was not is to be counted as lost."""
        open_ids = {key for key, _ in self._open()}
        for key, question in self.questions.items():
            if any(reply.channel_id == channel.id for reply in self._replies(question)):
                question.is_owed, question.edited_at, question.is_deleted = False, "", False
            elif question.message.channel_id == channel.id:
                question.edited_at, question.is_deleted = "", False
                question.is_owed &= key in open_ids and not question.is_overheard
        self._settled_ids |= {one.id for one in self.interactions if one.channel is channel and one.id not in open_ids}

    def forget(self, person: Person) -> None:
        """Somebody has the bot forget all that it keeps of them, the questions too that it has yet to answer."""
        for question in self.questions.values():
            if question.message.author_id == person.id:
                question.edited_at, question.is_deleted, question.is_owed = "", False, False
        self._settled_ids |= {one.id for one in self.interactions if one.person == person}

    def bot_ended(self, noted: set[int], followed: set[int]) -> None:
        """The bot was killed or stopped; what it has not noted, it has answered, or never got to know.

        Args:
            noted: What it has yet to answer, or to bring to an end.
            followed: The questions whose replies it knows.
        """
        for key, question in self.questions.items():
            question.edited_at, question.is_deleted = "", False
            question.is_owed &= key in noted
            question.is_late |= key in noted
            question.is_followed &= key in noted | followed
        self._settled_ids |= {
            one.id for one in self.interactions if one.callback is None or (one.source and one.id not in noted)
        }
        self._given_up_ids |= {message.id for message in self._progress()} - noted

    # ---- what is open, and what is wrong

    def open(self) -> list[str]:
        """What is owed still."""
        return [described for _, described in self._open()]

    def problems(self) -> list[str]:
        """What must never be."""
        return [*self.open(), *self._doubles(), *self._out_of_nothing()]

    def _open(self) -> Iterator[tuple[int, str]]:
        """Each with the id of the interaction or message that it is about."""
        log = self.log()
        lost = {int(next(filter(None, ids))) for ids in NOWHERE.findall(log)}
        failed_in = {int(next(filter(None, ids))) for ids in CHANNEL_FAILED.findall(log)}
        for one in self.interactions:
            if one.id not in lost | self._settled_ids and not self._is_answered(one):
                yield one.id, f"silent: {one.name} {one.id} callback={one.callback!r}"
        # a reply whose sending was not confirmed yet when it was deleted is sent again, and known to nobody
        deleted = {one.source.payload.get("nonce") for one in self.interactions if one.source and one.name == "Delete"}
        for key, question in self.questions.items():
            message, replies = question.message, self._replies(question)
            about = f"message {key} {message.content[:60]!r}"
            has_failed = not failed_in.isdisjoint((message.channel_id, question.place_id))
            if question.is_owed and not replies and key not in lost and not (question.is_overheard and has_failed):
                yield key, f"silent: {about}"
            if has_failed or key in lost or not question.is_followed or str(key) in deleted:
                continue
            if question.is_deleted and replies:
                yield key, f"reply left behind: {about}"
            elif question.edited_at and any(self._is_outdated(reply, question) for reply in replies):
                yield key, f"answered as before it was edited: {about}"
        for message in self._progress():
            is_over = message.id in self._given_up_ids or message.channel_id in failed_in
            if not is_over and not message.payload["edited_timestamp"]:
                yield message.id, f"no end of a reload: {message.content}"

    def _doubles(self) -> Iterator[str]:
        yield from (f"double: {one.name} {one.id}" for one in self.interactions if one.follow_up_ids)
        for question in self.questions.values():
            replies = self._replies(question)
            if len(replies) > 1:
                yield f"double: {[reply.content for reply in replies]}"
            if replies and question.is_overheard and not question.may_be_answered:
                yield f"nobody asked: {replies[0].content}"
        begun = Counter(str(message.payload["nonce"]) for message in self._progress())
        yield from (f"double: progress of {nonce}" for nonce, count in begun.items() if count > 1)
        copies = Counter(one.source.id for one in self.shared if one.source and self._shows(one, button="Delete"))
        yield from (f"shared {count} times: {answer_id}" for answer_id, count in copies.items() if count > 1)
        yield from self._wrongly_passed_on()

    def _wrongly_passed_on(self) -> Iterator[str]:
        passed = [message for message in self._said() if message.channel_id == self.desk.id]
        replies = {str(key) for key in self.questions}
        passed = [message for message in passed if message.payload.get("nonce") not in replies]
        for text, count in Counter(_matter(message.content) for message in passed).items():
            if count > 1:
                yield f"passed on {count} times: {text}"
        told = {one.source.content for one in self.passed_on if one.source and self._shows(one, text=PASSED_ON)}
        if len(passed) < len(told) and self.desk.id in self.discord.world.channels:
            yield f"{len(told)} were told that their question is passed on, and {len(passed)} were"

    def _out_of_nothing(self) -> Iterator[str]:
        known = {str(key) for key in self.questions}
        for message in self._said():
            is_reply = message.payload.get("nonce") in known
            if not is_reply and message.channel_id != self.desk.id and message not in self._progress():
                yield f"out of nothing: {message.text}"

    # ---- what people see

    def _is_answered(self, one: Interaction) -> bool:
        if one.callback in (None, CallbackKind.MODAL):
            return True
        messages = self.discord.world.messages
        if one.callback is CallbackKind.DEFERRED_UPDATE:
            is_gone = one.source is not None and one.source.id not in messages
            return is_gone or one.answer_id in messages
        shown = messages.get(one.original_id or 0)
        return shown is not None and MessageFlag.LOADING not in shown.flags and bool(shown.text)

    def _shows(self, one: Interaction, *, text: str = "", button: str | None = None) -> bool:
        shown = self.discord.world.messages.get(one.original_id or 0)
        return shown is not None and text in shown.text and (button is None or button in shown.buttons)

    def _replies(self, question: Question) -> list[Message]:
        """By their nonce, which says what a message is for even where the question is gone."""
        return [message for message in self._said() if message.payload.get("nonce") == str(question.message.id)]

    def _is_outdated(self, reply: Message, question: Question) -> bool:
        """Whether a reply was neither sent nor changed for what its question says now."""
        now = self.discord.world.messages.get(question.message.id)
        is_as_asked = now is not None and now.content == question.message.content
        if is_as_asked and not question.is_late and not reply.payload["edited_timestamp"]:
            return False
        return _changed_at(reply, counts_sending=question.is_late) < question.edited_at

    def _progress(self) -> list[Message]:
        """The messages that show how far a reload is."""
        nonces = {str(one.id) for one in self.reloads}
        return [message for message in self._said() if message.payload.get("nonce") in nonces]

    def _said(self) -> Iterable[Message]:
        """The bot's ordinary messages."""
        messages, bot_id = self.discord.world.messages.values(), self.discord.bot.id
        return [message for message in messages if message.author_id == bot_id and not message.is_interaction_answer]


def _changed_at(message: Message, *, counts_sending: bool) -> str:
    return str(message.payload["edited_timestamp"] or (message.payload["timestamp"] if counts_sending else ""))


def _matter(content: str) -> str:
    """What tells one question that was passed on from all others; see `bot.render.passages.person_body`."""
    shop = SHOP.search(content)
    return shop[0] if shop else content
