"""Whose question is next, and who is asked to wait: nobody keeps the bot to themselves."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from index import RetrievalError

QUEUE_LIMIT = 40
"""How many questions wait at most; half of them from one server."""

FIRST_GUESS_S = 0.1
SMOOTHING = 0.1

QUESTIONS_AT_ONCE = 10
QUESTION_EVERY_S = 6.0
"""A person can ask this many questions at once, and gets one more back in this time."""


class BusyError(RetrievalError):
    """The queue of questions is full."""

    user_message = "I am busy: many people are asking. Please try again in {seconds} s."

    def __init__(self, wait_s: float) -> None:
        seconds = max(1, math.ceil(wait_s))
        super().__init__("the queue is full", seconds=seconds)


class CoolDownError(RetrievalError):
    """A person asks faster than is fair to others."""

    user_message = "Thank you for so many questions! Let others have a turn, and ask again in {seconds} s."

    def __init__(self, wait_s: float, *, times: int = 1) -> None:
        """How long it takes, and how often the person was refused since they last were quiet."""
        seconds = max(1, math.ceil(wait_s))
        super().__init__(f"the asker is cooling down (times={times})", seconds=seconds)
        self.times = times


@dataclass(frozen=True, slots=True)
class Asker:
    """Who waits: a person, and the server they ask in; in direct messages the person stands for the server."""

    server_id: int
    person_id: int


NOBODY = Asker(0, 0)


class Turns:
    """One turn at a time, by round robin over servers, and within each over people."""

    def __init__(self, *, limit: int = QUEUE_LIMIT, clock: Callable[[], float] = time.perf_counter) -> None:
        self._limit = limit
        self._clock = clock
        self._is_taken = False
        self._turn_s = FIRST_GUESS_S
        self._waiting: dict[int, dict[int, deque[asyncio.Future[None]]]] = {}
        """By server and person, each in the order in which it is their turn."""

    def check_room(self, asker: Asker) -> None:
        """See whether one more can wait.

        Raises:
            BusyError: The queue is full, or the server's half of it.
        """
        count = sum(map(self._count, self._waiting))
        if count >= self._limit or self._count(asker.server_id) >= self._limit / 2:
            raise BusyError((count + 1) * self._turn_s)

    @asynccontextmanager
    async def turn(self, asker: Asker) -> AsyncIterator[None]:
        """Wait for a turn, and have it until the block is left.

        Raises:
            BusyError: Too many wait.
        """
        await self._wait(asker)
        started_s = self._clock()
        try:
            yield
        finally:
            self._turn_s += SMOOTHING * (self._clock() - started_s - self._turn_s)
            self._pass_on()

    def close(self) -> None:
        """Cancel whoever waits."""
        while (turn := self._take_next()) is not None:
            turn.cancel()

    async def _wait(self, asker: Asker) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        self.check_room(asker)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(asker.server_id, {}).setdefault(asker.person_id, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the turn came, too late
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while (turn := self._take_next()) is not None:
            if not turn.done():  # else its asker has given up
                turn.set_result(None)
                return
        self._is_taken = False

    def _take_next(self) -> asyncio.Future[None] | None:
        """The first person of the first server; both go to the end of their lines."""
        if not self._waiting:
            return None
        server_id = next(iter(self._waiting))
        people = self._waiting.pop(server_id)
        person_id = next(iter(people))
        turns = people.pop(person_id)
        turn = turns.popleft()
        if turns:
            people[person_id] = turns
        if people:
            self._waiting[server_id] = people
        return turn

    def _count(self, server_id: int) -> int:
        return sum(map(len, self._waiting.get(server_id, {}).values()))


class CoolDown:
    """How often a person may ask (the generic cell rate algorithm: a leaky bucket that keeps one number a person)."""

    def __init__(
        self,
        *,
        at_once: int = QUESTIONS_AT_ONCE,
        every_s: float = QUESTION_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slack_s = (at_once - 1) * every_s
        self._every_s = every_s
        self._clock = clock
        self._free_at_s: dict[int, float] = {}
        """When everything that a person has asked is forgotten; kept until then."""
        self._refused: dict[int, int] = {}
        """How often a person was refused until then."""

    def count(self, person_id: int) -> None:
        """Count a question.

        Raises:
            CoolDownError: It came too soon, and does not count.
        """
        now_s = self._clock()
        self._free_at_s = {person: free_at_s for person, free_at_s in self._free_at_s.items() if free_at_s > now_s}
        self._refused = {person: times for person, times in self._refused.items() if person in self._free_at_s}
        free_at_s = self._free_at_s.get(person_id, now_s)
        if free_at_s - now_s > self._slack_s:
            self._refused[person_id] = self._refused.get(person_id, 0) + 1
            raise CoolDownError(free_at_s - now_s - self._slack_s, times=self._refused[person_id])
        self._free_at_s[person_id] = free_at_s + self._every_s
