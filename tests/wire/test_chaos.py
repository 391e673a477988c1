"""Whatever goes wrong at whatever moment: each acknowledged question ends in one answer or one visible error.

A seed makes a schedule: people come through some of the doorways (`doorways.py`), while Discord's answers are lost,
late or refused, the gateway breaks, channels go, permissions are taken, and the bot is killed and started again. What
each of them is owed stands in `owed.py`. `CHAOS_SEEDS` says how many seeds there are (`make chaos` takes 5,000),
`CHAOS_FIRST` which is the first. What is decided is the same for the same seed; what is under way at that moment is not
quite, as the bot runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from index import Library
from tests.fakes import WordEmbedder

from .doorways import Doorways
from .gateway import Intent
from .killable import KillableBot
from .openapi import OpenApiCheck
from .owed import Owed
from .server import LocalDiscord
from .world import Channel, Permission

SEEDS = int(os.environ.get("CHAOS_SEEDS", "50"))
FIRST_SEED = int(os.environ.get("CHAOS_FIRST", "1"))
AT_ONCE = 4
"""How many schedules run at once: most of one's time is waiting."""

STEPS = 18
DOORWAYS = 5
"""How many a schedule has, besides `/ask` and a mention."""

FAULTS_AT_MOST = 4
"""In one schedule, so that no request meets more of them than the bot tries again after."""

FEW_WAIT = 2
"""How many questions may wait where a schedule has a rush."""

LATE_S = 0.2
LONG_S = 16 * 60
"""Longer than Discord lets an interaction be answered, and than it remembers a nonce."""

SETTLED_WITHIN_S = 20.0
QUIET_S = 0.3

ROUTES = (r"POST /interactions", r"(POST|PATCH) /webhooks", r"POST /channels/\d+/messages", r"^(?!GET|PUT)", r"")

Step = Callable[[], Awaitable[None]]


class Schedule:
    """What happens in one world, decided by a seed.

    Args:
        seed: Decides.
        discord: The world.
        library: What the bot answers from; a schedule with a reload works on a copy.
        data: The folder of the bot's state, its log and that copy.
    """

    def __init__(self, seed: int, discord: LocalDiscord, library: Library, data: Path) -> None:
        self._random = random.Random(seed)
        self._discord = discord
        self._faults = 0
        self.story: list[str] = []
        data.mkdir()
        desk = discord.world.add_channel(discord.guild, "desk")
        self._owed = Owed(discord, self.log, desk)
        self._people = Doorways(self._random, discord, self._owed, self._tell, data / "corpus")
        self._doorways = [*self._people.always(), *self._random.sample(self._people.others(), k=DOORWAYS)]
        if self._people.reload in self._doorways:
            shutil.copytree(library.corpus, data / "corpus")
            library = Library(corpus=data / "corpus", data=data, embedder=WordEmbedder())
            library.reload()
        if self._people.ask_openly in self._doorways or self._random.random() < 0.5:
            discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT
        self._people.reads_messages = bool(discord.allowed_privileged_intents)
        self.bot = KillableBot(
            discord,
            library,
            data,
            message_content=self._people.reads_messages,
            queue_limit=FEW_WAIT if self._people.rush in self._doorways else None,
        )

    async def run(self) -> None:
        """Let everything happen, and wait until the bot is done with it."""
        trouble: dict[Step, int] = {
            self._fail: 6,
            self._break_gateway: 2,
            self._restart: 1,
            self._delete_channel: 1,
            self._deny: 1,
            self._let_time_pass: 1,
            self._pause: 6,
        }
        steps = dict.fromkeys(self._doorways, 3) | trouble
        await self.bot.start()
        await self._people.set_up()
        for step in self._random.choices(list(steps), list(steps.values()), k=STEPS):
            await self._has_session()
            await step()
        await self._settle()

    def problems(self) -> list[str]:
        """What must never be."""
        broken = [f"broken rule: {violation}" for violation in self._discord.violations]
        return [*broken, *self._owed.problems(), *(f"still noted: {number}" for number in self.bot.pending_ids())]

    def log(self) -> str:
        """Everything that the bot logged."""
        return self.bot.log()

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
        """Kill or stop the bot in the middle of what people do."""
        for step in self._random.choices(self._doorways, k=3):
            await step()
        await self._people.mention()
        await asyncio.sleep(self._random.choice([0.0, 0.005, 0.01, 0.02, 0.05]))
        end = self._random.choice([self.bot.kill, self.bot.stop])
        self._tell(end.__name__)
        await end()
        self._discord.gateway.forget_sessions()
        await asyncio.sleep(LATE_S)  # a real restart takes longer than any request that is still on its way
        self._discord.forget_nonces()
        if self._random.random() < 0.3:
            self._tell(f"down for {LONG_S} s")
            self._discord.advance(LONG_S)
        noted = self.bot.pending_ids()
        self._owed.bot_ended(noted, self.bot.followed_ids())
        self._tell(f"start, with {len(noted)} pending")
        await self.bot.start()

    async def _delete_channel(self) -> None:
        channel = self._some_channel()
        if channel is self._discord.general:
            return
        self._tell(f"delete {channel.name}")
        threads = [thread for thread in self._discord.world.channels.values() if thread.parent is channel]
        for place in (channel, *threads):
            self._owed.channel_goes(place)
        await self._discord.delete_channel(channel)

    async def _deny(self) -> None:
        channel = self._some_channel()
        permission = self._random.choice([Permission.SEND_MESSAGES, Permission.VIEW_CHANNEL])
        self._tell(f"deny {permission!r} in {channel.name}")
        await self._discord.deny(channel, permission)

    async def _let_time_pass(self) -> None:
        """Some deadlines, or all, pass while the bot is at work; none of its attempts to send lasts that long."""
        seconds = self._random.choice([4, 4, LONG_S])
        self._tell(f"{seconds} s pass")
        self._discord.advance(seconds, forgets_nonces=False)

    # ---- the end

    async def _settle(self) -> None:
        """Wait until nothing is owed, and nothing comes any more either."""
        self._tell("settling")
        count = -1
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_WITHIN_S):
                while count != len(self._discord.requests) or self._owed.open() or self.bot.pending_ids():
                    count = len(self._discord.requests)
                    await asyncio.sleep(QUIET_S)

    # ---- helpers

    async def _has_session(self) -> None:
        """Wait until Discord has somebody to keep events for."""
        await self._discord.until(lambda: self._discord.gateway.has_session, timeout_s=30, waiting_for="a session")

    def _some_channel(self) -> Channel:
        """One that a server's moderators may do something to: where people ask, or where what they asked goes to."""
        known = [self._people.channel(), *self._people.aside()]
        return self._random.choice([channel for channel in known if channel.id in self._discord.world.channels])

    def _tell(self, what: str) -> None:
        self.story.append(what)


async def failure_of(seed: int, library: Library, data: Path, openapi_check: OpenApiCheck | None) -> str | None:
    """Run one seed; tell what went wrong, and how to see it again."""
    async with LocalDiscord(openapi=openapi_check) as discord:
        schedule = Schedule(seed, discord, library, data)
        try:
            await schedule.run()
            problems = schedule.problems()
        except Exception as error:
            problems = [f"{type(error).__name__}: {error}"]
        finally:
            await schedule.bot.kill()
    if not problems:
        return None
    lines = [f"seed {seed}; alone: make chaos CHAOS_FIRST={seed} CHAOS_SEEDS=1", *problems]
    lines += ["what happened:", *schedule.story, discord.story(60), "the bot's log:", schedule.log()[-4000:]]
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
    in_short = [failure.split("\nwhat happened:")[0] for failure in failed]
    told = "\n\n".join([f"{len(failed)} of {SEEDS} schedules went wrong", *in_short, *failed[:5]])
    assert not failed, told
