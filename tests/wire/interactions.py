"""What a person started (a command, a press, a dialog) and what the bot made of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeVar

from .waiting import Changes
from .world import Channel, Json, Message, Person, World

T = TypeVar("T")


class InteractionKind(IntEnum):
    """https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-type"""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class CallbackKind(IntEnum):
    """The `type` of a first answer, in the documentation "interaction callback type"."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


MESSAGE_CALLBACKS = frozenset({CallbackKind.MESSAGE, CallbackKind.DEFERRED_MESSAGE})
UPDATE_CALLBACKS = frozenset({CallbackKind.UPDATE, CallbackKind.DEFERRED_UPDATE})


@dataclass(slots=True, eq=False)
class Interaction:
    """One interaction, from the person's side.

    Attributes:
        name: The command or label, for error texts.
        source: The message whose component was used.
        callback: How the bot acknowledged; `None` until it did.
        original_id: The message that the bot calls `@original`.
        answer_id: The first message that showed the person something other than "thinking".
        follow_up_ids: Messages after the first answer.
        acknowledged_ms: Real time until the bot acknowledged.
        answered_ms: Real time until the person saw an answer.
        offered_choices: What autocomplete suggested.
        opened_modal: The dialog that the bot opened.
    """

    id: int
    token: str
    kind: InteractionKind
    name: str
    person: Person
    channel: Channel
    started_at_s: float
    source: Message | None
    world: World = field(repr=False)
    changes: Changes = field(repr=False)
    callback: CallbackKind | None = None
    is_thinking: bool = False
    original_id: int | None = None
    answer_id: int | None = None
    follow_up_ids: list[int] = field(default_factory=list)
    acknowledged_ms: float | None = None
    answered_ms: float | None = None
    offered_choices: list[Json] | None = None
    opened_modal: Json | None = None
    _sent_at_s: float = field(default_factory=time.perf_counter, repr=False)

    async def acknowledged(self, *, timeout_s: float = 10.0) -> CallbackKind:
        """Wait until the bot acknowledged, in whatever way."""
        return await self._until(lambda: self.callback, timeout_s, "an acknowledgement of")

    async def answer(self, *, timeout_s: float = 10.0, until: Callable[[Message], object] | None = None) -> Message:
        """Wait for what the bot shows: its message, or the updated message whose button was pressed.

        A "thinking" message is no answer yet.

        Args:
            timeout_s: How long to wait.
            until: A claim that the message must meet, for an answer that is edited step by step.
        """

        def look() -> Message | None:
            message = self.world.messages.get(self.answer_id or 0)
            return message if message is not None and (until is None or until(message)) else None

        return await self._until(look, timeout_s, "an answer to")

    async def follow_up(self, number: int = 1, *, timeout_s: float = 10.0) -> Message:
        """Wait for a message after the first answer.

        Args:
            number: Which one; 1 is the first after the answer.
            timeout_s: How long to wait.
        """

        def look() -> Message | None:
            has_come = len(self.follow_up_ids) >= number
            return self.world.messages.get(self.follow_up_ids[number - 1]) if has_come else None

        return await self._until(look, timeout_s, f"follow-up {number} to")

    async def choices(self, *, timeout_s: float = 10.0) -> list[Json]:
        """Wait for the suggestions of autocomplete, each with `name` and `value`."""
        return await self._until(lambda: self.offered_choices, timeout_s, "suggestions for")

    async def modal(self, *, timeout_s: float = 10.0) -> Json:
        """Wait for the dialog that the bot opens."""
        return await self._until(lambda: self.opened_modal, timeout_s, "a dialog from")

    def allows(self, callback: CallbackKind) -> bool:
        """Whether Discord accepts this kind of first answer here."""
        if callback is CallbackKind.AUTOCOMPLETE:
            return self.kind is InteractionKind.AUTOCOMPLETE
        if self.kind is InteractionKind.AUTOCOMPLETE:
            return False
        if callback is CallbackKind.MODAL:
            return self.kind is not InteractionKind.MODAL
        return callback in MESSAGE_CALLBACKS or self.source is not None

    def mark_acknowledged(self, callback: CallbackKind) -> None:
        self.callback = callback
        self.acknowledged_ms = self._elapsed_ms()

    def mark_answered(self, message: Message) -> None:
        """Note that the person sees this message; only the first one counts as the answer."""
        self.is_thinking = False
        if self.answer_id is None:
            self.answer_id = message.id
            self.answered_ms = self._elapsed_ms()

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._sent_at_s) * 1000

    async def _until(self, look: Callable[[], T | None], timeout_s: float, waiting_for: str) -> T:
        return await self.changes.until(look, timeout_s=timeout_s, waiting_for=f"{waiting_for} {self.name!r}")
