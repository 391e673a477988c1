"""Whatever goes wrong at whatever moment: each acknowledged question ends in one answer or one visible error.

A seed makes a schedule: people ask and press buttons, while Discord's answers are lost, late or refused, the gateway
breaks, channels go, permissions are taken, and the bot is killed and started again. `CHAOS_SEEDS` says how many seeds
there are (`make chaos` takes 5,000), `CHAOS_FIRST` which is the first. What is decided is the same for the same seed;
what is under way at that moment is not quite, as the bot runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from index import Library

from .bots import ANSWERED, NOT_COVERED, UNCERTAIN
from .interactions import CallbackKind, Interaction
from .killable import KillableBot
from .openapi import OpenApiCheck
from .server import LocalDiscord
from .world import Channel, Message, MessageFlag, Permission

SEEDS = int(os.environ.get("CHAOS_SEEDS", "50"))
FIRST_SEED = int(os.environ.get("CHAOS_FIRST", "1"))
AT_ONCE = 4
"""How many schedules run at once: most of one's time is waiting."""

STEPS = 16
FAULTS_AT_MOST = 4
"""In one schedule, so that no request meets more of them than the bot tries again after."""

LATE_S = 0.2
SETTLED_WITHIN_S = 20.0
QUIET_S = 0.3

QUESTIONS = (ANSWERED, UNCERTAIN, NOT_COVERED, "How is honey fed?", "and when was that?", "*_`" * 60, "🐝" * 100)
COMMANDS = (("ask", "question"), ("ask", "question"), ("summary topic", "text"), ("timeline", "topic"))
COMMANDS_WITHOUT_QUESTION = ("about", "help", "forget me")
ROUTES = (r"POST /interactions", r"(POST|PATCH) /webhooks", r"POST /channels/\d+/messages", r"^(?!GET|PUT)", r"")
NOWHERE = re.compile(r"nowhere to answer question=(\d+)|question=(\d+) is left: its asker was told already")


class Schedule:
    """What happens in one world, decided by a seed."""

    def __init__(self, seed: int, discord: LocalDiscord, bot: KillableBot) -> None:
        self._random = random.Random(seed)
        self._discord = discord
        self._bot = bot
        self._faults = 0
        self._interactions: list[Interaction] = []
        self._messages: list[Message] = []
        self._done_ids: set[int] = set()
        """Questions whose answer was seen, or that the bot never got to know of: nothing is owed for them any more."""
        self.story: list[str] = []

    async def run(self) -> None:
        """Let everything happen, and wait until the bot is done with it."""
        steps: dict[Callable[[], Awaitable[object]], int] = {
            self._ask: 6,
            self._use_command: 3,
            self._mention: 5,
            self._write_directly: 2,
            self._press: 5,
            self._fail: 6,
            self._break_gateway: 2,
            self._restart: 1,
            self._delete_channel: 1,
            self._deny: 1,
            self._let_time_pass: 1,
            self._pause: 6,
        }
        await self._bot.start()
        for step in self._random.choices(list(steps), list(steps.values()), k=STEPS):
            await step()
        await self._settle()

    def problems(self) -> list[str]:
        """What must never be."""
        said = [message for message in self._discord.world.messages.values() if self._is_ordinary(message)]
        replied_to = [message.reply_to_id for message in said]
        found = [f"broken rule: {violation}" for violation in self._discord.violations]
        found += [f"silent: {self._describe(question)}" for question in self._open()]
        found += [
            f"double: {interaction.name} {interaction.id}"
            for interaction in self._interactions
            if interaction.follow_up_ids
        ]
        found += [f"double: {message.content}" for message in self._messages if replied_to.count(message.id) > 1]
        asked = {message.id for message in self._messages}
        found += [f"out of nothing: {message.text}" for message in said if message.reply_to_id not in asked]
        return found

    # ---- people

    async def _ask(self) -> None:
        await self._has_session()
        channel = self._channel(or_direct=True)
        command, option = self._random.choice(COMMANDS)
        options: dict[str, object] = {option: self._random.choice(QUESTIONS)}
        if self._random.random() < 0.3:
            options["private"] = True
        self._tell(f"/{command} in {channel.name} {options}")
        self._interactions.append(await self._discord.slash(command, channel=channel, options=options))

    async def _use_command(self) -> None:
        """Use a command that asks nothing: it is answered in another way than questions are."""
        await self._has_session()
        channel, name = self._channel(or_direct=True), self._random.choice(COMMANDS_WITHOUT_QUESTION)
        self._tell(f"/{name} in {channel.name}")
        self._interactions.append(await self._discord.slash(name, channel=channel))

    async def _mention(self) -> None:
        await self._has_session()
        channel, question = self._channel(), self._random.choice(QUESTIONS)
        self._tell(f"mention in {channel.name}")
        self._messages.append(await self._discord.say(f"{self._discord.bot.mention} {question}", channel=channel))

    async def _write_directly(self) -> None:
        await self._has_session()
        self._tell("direct message")
        self._messages.append(await self._discord.dm(self._random.choice(QUESTIONS)))

    async def _press(self) -> None:
        """Press a button of an answer, if there is one; a dialog or a topic that it offers is a question again."""
        await self._has_session()
        answers = [
            message
            for message in self._discord.world.messages.values()
            if message.buttons and message.author_id == self._discord.bot.id
        ]
        if not answers:
            return
        message = self._random.choice(answers)
        label = self._random.choice(message.buttons)
        if label == "Delete":
            return
        self._tell(f"press {label}")
        pressed = await self._discord.press(message, label)
        self._interactions.append(pressed)
        if label == "Follow up":
            with suppress(TimeoutError):
                await pressed.modal(timeout_s=1)
                question = self._random.choice(QUESTIONS)
                self._interactions.append(await self._discord.submit_modal(pressed, {"Your next question": question}))

    async def _pause(self) -> None:
        await asyncio.sleep(self._random.choice([0.005, 0.02, 0.1]))

    # ---- trouble

    async def _fail(self) -> None:
        if self._faults >= FAULTS_AT_MOST:
            return
        self._faults += 1
        pick = self._random
        route, after, times = pick.choice(ROUTES), pick.random() < 0.5, pick.choice([1, 1, 2])
        delay_s = pick.choice([0.0, 0.0, LATE_S * pick.random()])
        kind = pick.choice(["drop", "status", "limit", "slow"])
        self._tell(f"{kind} x{times} {'after' if after else 'before'} {route or 'anything'}")
        if kind == "drop":
            self._discord.fail(route, drop=True, after=after, times=times, delay_s=delay_s)
        elif kind == "status":
            status = pick.choice([500, 502, 503, 504])
            self._discord.fail(route, status=status, after=after, times=times, delay_s=delay_s)
        elif kind == "limit":
            self._discord.fail(
                route,
                status=429,
                times=times,
                retry_after_s=0.1,
                is_global=pick.random() < 0.3,
                has_via=pick.random() < 0.8,
            )
        else:
            self._discord.fail(route, times=times, delay_s=LATE_S)

    async def _break_gateway(self) -> None:
        await self._discord.connected(timeout_s=20)
        await self._discord.gateway.caught_up()
        if not self._discord.gateway.is_connected:
            return
        kind = self._random.choice(["drop", "reconnect", "invalid", "resumable", "4000", "4009"])
        self._tell(f"gateway: {kind}")
        if kind == "drop":
            self._discord.drop_connection()
        elif kind == "reconnect":
            await self._discord.reconnect_please()
        elif kind in ("invalid", "resumable"):
            await self._discord.invalidate_session(resumable=kind == "resumable")
        else:
            await self._discord.close_gateway(int(kind))

    async def _restart(self) -> None:
        """Kill or stop the bot in the middle of questions; of a message that it has not noted, it never got to know."""
        await self._ask()
        await self._use_command()
        await self._mention()
        await self._press()
        await asyncio.sleep(self._random.choice([0.0, 0.005, 0.01, 0.02, 0.05]))
        end = self._random.choice([self._bot.kill, self._bot.stop])
        self._tell(end.__name__)
        await end()
        self._discord.gateway.forget_sessions()
        await asyncio.sleep(LATE_S)  # a real restart takes longer than any request that is still on its way
        noted = self._bot.pending_ids()
        self._done_ids |= {message.id for message in self._messages if message.id not in noted}
        self._done_ids |= {
            interaction.id
            for interaction in self._interactions
            if interaction.callback is None or (interaction.source and interaction.id not in noted)
        }
        self._tell(f"start, with {len(noted)} questions pending")
        await self._bot.start()

    async def _delete_channel(self) -> None:
        channel = self._channel()
        if channel is self._discord.general:
            return
        self._tell(f"delete {channel.name}")
        open_ids = {question.id for question in self._open()}
        questions: list[Interaction | Message] = [*self._interactions, *self._messages]
        for question in questions:
            place = question.channel_id if isinstance(question, Message) else question.channel.id
            if place == channel.id and question.id not in open_ids:
                self._done_ids.add(question.id)
        await self._discord.delete_channel(channel)

    async def _deny(self) -> None:
        channel = self._channel()
        permission = self._random.choice([Permission.SEND_MESSAGES, Permission.VIEW_CHANNEL])
        self._tell(f"deny {permission!r} in {channel.name}")
        await self._discord.deny(channel, permission)

    async def _let_time_pass(self) -> None:
        seconds = self._random.choice([4, 4, 16 * 60])
        self._tell(f"{seconds} s pass")
        self._discord.advance(seconds)

    # ---- what is owed

    async def _settle(self) -> None:
        self._tell("settling")
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_WITHIN_S):
                while self._open() or self._bot.pending_ids():  # noqa: ASYNC110 (another process tells nobody)
                    await asyncio.sleep(0.05)
        count = -1
        while count != len(self._discord.requests):
            count = len(self._discord.requests)
            await asyncio.sleep(QUIET_S)

    def _open(self) -> list[Interaction | Message]:
        """The questions that the bot has acknowledged, and neither answered nor counted as lost."""
        counted = {int(lost or left) for lost, left in NOWHERE.findall(self._bot.log())}
        settled = counted | self._done_ids
        said = [message for message in self._discord.world.messages.values() if self._is_ordinary(message)]
        replied_to = {message.reply_to_id for message in said}
        unanswered: list[Interaction | Message] = [
            interaction for interaction in self._interactions if not self._is_answered(interaction)
        ]
        unanswered += [message for message in self._messages if message.id not in replied_to]
        return [question for question in unanswered if question.id not in settled]

    def _is_answered(self, interaction: Interaction) -> bool:
        if interaction.callback in (None, CallbackKind.MODAL):
            return True
        shown = self._discord.world.messages.get(interaction.original_id or 0)
        return shown is not None and MessageFlag.LOADING not in shown.flags and bool(shown.text)

    def _is_ordinary(self, message: Message) -> bool:
        return message.author_id == self._discord.bot.id and not message.is_interaction_answer

    # ---- helpers

    async def _has_session(self) -> None:
        """Wait until Discord has somebody to keep events for."""
        await self._discord.until(lambda: self._discord.gateway.has_session, timeout_s=30, waiting_for="a session")

    def _channel(self, *, or_direct: bool = False) -> Channel:
        discord = self._discord
        known = [discord.general, discord.quiet, discord.other_general, *([discord.alice_dm] if or_direct else [])]
        return self._random.choice([channel for channel in known if channel.id in discord.world.channels])

    def _tell(self, what: str) -> None:
        self.story.append(what)

    def _describe(self, question: Interaction | Message) -> str:
        if isinstance(question, Message):
            return f"message {question.id} {question.content[:60]!r}"
        return f"{question.name} {question.id} callback={question.callback!r}"


async def failure_of(seed: int, library: Library, data: Path, openapi_check: OpenApiCheck | None) -> str | None:
    """Run one seed; tell what went wrong, and how to see it again."""
    async with LocalDiscord(openapi=openapi_check) as discord:
        bot = KillableBot(discord, library, data)
        schedule = Schedule(seed, discord, bot)
        try:
            await schedule.run()
            problems = schedule.problems()
        except Exception as error:
            problems = [f"{type(error).__name__}: {error}"]
        finally:
            await bot.kill()
    if not problems:
        return None
    lines = [f"seed {seed}; alone: make chaos CHAOS_FIRST={seed} CHAOS_SEEDS=1", *problems]
    lines += ["what happened:", *schedule.story, discord.story(60), "the bot's log:", bot.log()[-4000:]]
    return "\n".join(lines)


@pytest.mark.asyncio(loop_scope="function")
async def test_no_question_is_lost_or_answered_twice(
    library: Library, tmp_path: Path, openapi_check: OpenApiCheck | None
):
    free = asyncio.Semaphore(AT_ONCE)

    async def run(seed: int) -> str | None:
        async with free:
            return await failure_of(seed, library, tmp_path / f"seed-{seed}", openapi_check)

    failures = await asyncio.gather(*(run(seed) for seed in range(FIRST_SEED, FIRST_SEED + SEEDS)))

    failed = [failure for failure in failures if failure is not None]
    assert not failed, f"{len(failed)} of {SEEDS} schedules went wrong\n\n" + "\n\n".join(failed[:5])
