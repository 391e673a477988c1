"""Measure the bot under load, on the local Discord of `tests/wire`.

    python -m benchmarks.load [--seconds 60]

The bot is started as from a shell, with its model and the bundled corpus; the local Discord and the people who ask are
another process on the same cores. First one person after another asks, each when the one before has the answer: so many
questions a second can the bot answer. Then questions come at random moments, from many people in several servers, at
70% of that rate, and all have to be answered; then at three times the full rate, where whoever finds the queue full has
to be told to wait. In each, every question ends in exactly one answer, and 99 of 100 are acknowledged within 500 ms:
if not, the exit status is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks.results import write_results
from bot.cli import main as run_bot
from bot.render.limits import QUESTION, length
from bot.settings import default_corpus
from index import Library, SentenceTransformerEmbedder
from index.questions import GOLDEN_QUESTIONS
from tests.wire.clients import Address, pointed_at
from tests.wire.interactions import Interaction
from tests.wire.server import LocalDiscord
from tests.wire.world import Channel, MessageFlag, Person

PEOPLE = 3000
"""So many that nobody has asked too much."""
SERVERS = 6
WARM_UP_QUESTIONS = 20
COMFORTABLE, TOO_MUCH = 0.7, 3.0
ACKNOWLEDGED_WITHIN_MS = 500
SETTLED_WITHIN_S = 60
STARTED_WITHIN_S = 300
TOLD_TO_WAIT = "I am busy"
ADDRESS = "LOAD_TEST_ADDRESS"


@dataclass(frozen=True, slots=True)
class Load:
    """What came of the questions of one run."""

    name: str
    rate: float
    """Questions a second that came."""
    asked: int
    answered: int
    told_to_wait: int
    silent: int
    """Neither answered nor told anything."""
    doubled: int
    """Answered more than once."""
    acknowledged_ms: tuple[float, float]
    """Median and 99th percentile."""
    answered_ms: tuple[float, float]

    def row(self) -> list[str]:
        """A row of the table."""
        acknowledged, answered = (
            f"{median:.0f} / {late:.0f} ms" for median, late in (self.acknowledged_ms, self.answered_ms)
        )
        counts = [f"{number:,}" for number in (self.asked, self.answered, self.told_to_wait, self.silent, self.doubled)]
        return [self.name, f"{self.rate:.1f}", *counts, acknowledged, answered]


HEAD = [
    "load",
    "questions a second",
    "asked",
    "answered",
    "told to wait",
    "silent",
    "twice",
    "acknowledged, p50 / p99",
    "answered, p50 / p99",
]


class Crowd:
    """People who ask, each in turn, in servers and direct messages.

    Args:
        discord: Where they are.
        questions: What they ask, again and again.
    """

    def __init__(self, discord: LocalDiscord, questions: Sequence[str]) -> None:
        self._discord = discord
        self._questions = cycle(questions)
        world = discord.world
        everybody = [world.add_person(f"person{number}") for number in range(PEOPLE)]
        places: list[tuple[Person, Channel]] = []
        for number in range(SERVERS):
            members = everybody[number::SERVERS]
            channel = world.add_channel(world.add_guild(f"server{number}", members), "general")
            places += [(person, channel) for person in members]
        random.Random(0).shuffle(places)
        self._places: Iterator[tuple[Person, Channel]] = cycle(places)

    async def ask(self) -> Interaction:
        """Let the next person ask the next question."""
        person, channel = next(self._places)
        options = {"question": next(self._questions)}
        return await self._discord.slash("ask", user=person, channel=channel, options=options)

    async def one_after_another(self, seconds: float) -> list[Interaction]:
        """Ask as soon as the question before is answered."""
        loop, asked = asyncio.get_running_loop(), []
        until = loop.time() + seconds
        while loop.time() < until:
            asked.append(await self.ask())
            await asked[-1].answer(timeout_s=SETTLED_WITHIN_S)
        return asked

    async def at_random(self, seconds: float, rate: float) -> list[Interaction]:
        """Ask at random moments, whether or not anything is answered, and wait until all of it is."""
        loop, moments, asked = asyncio.get_running_loop(), random.Random(1), []
        next_at = started = loop.time()
        while next_at < started + seconds:
            await asyncio.sleep(next_at - loop.time())
            asked.append(await self.ask())
            next_at += moments.expovariate(rate)
        async with asyncio.timeout(SETTLED_WITHIN_S):
            # to be woken by each request would slow the local Discord down
            while not all(self.has_answer(one) for one in asked):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return asked

    def has_answer(self, one: Interaction) -> bool:
        """Whether the person sees more than "thinking"."""
        message = self._discord.world.messages.get(one.answer_id or 0)
        return message is not None and MessageFlag.LOADING not in message.flags and bool(message.content)

    def load(self, name: str, asked: Sequence[Interaction], *, seconds: float) -> Load:
        """Count what came of questions."""
        filled = Counter(
            match[1]
            for request in self._discord.requests_to("PATCH /webhooks/")
            if (match := re.fullmatch(r"/webhooks/\d+/([^/]+)/messages/@original", request.path))
        )
        shown = [self._discord.world.messages.get(one.answer_id or 0) for one in asked]
        waiting = [message is not None and message.content.startswith(TOLD_TO_WAIT) for message in shown]
        silent = [not self.has_answer(one) for one in asked]
        return Load(
            name=name,
            rate=len(asked) / seconds,
            asked=len(asked),
            answered=len(asked) - sum(waiting) - sum(silent),
            told_to_wait=sum(waiting),
            silent=sum(silent),
            doubled=sum(filled[one.token] > 1 or bool(one.follow_up_ids) for one in asked),
            acknowledged_ms=_percentiles([one.acknowledged_ms for one in asked]),
            answered_ms=_percentiles([one.answered_ms for one, waits in zip(asked, waiting, strict=True) if not waits]),
        )


def _percentiles(times_ms: Sequence[float | None]) -> tuple[float, float]:
    known = [time_ms for time_ms in times_ms if time_ms is not None]
    median, late = np.percentile(known, [50, 99]) if known else (np.nan, np.nan)
    return float(median), float(late)


@asynccontextmanager
async def bot_process(discord: LocalDiscord, data: Path) -> AsyncIterator[None]:
    """The bot in a process of its own, until the block is left; the block is entered when people see its commands."""
    address = Address.of(discord)
    environment = os.environ | {
        "DISCORD_TOKEN": discord.token,
        "DATA_DIR": str(data),
        "CORPUS_DIR": str(default_corpus()),
        "HF_HUB_OFFLINE": "1",
        "LOG_LEVEL": "ERROR",
        ADDRESS: " ".join((address.http_url, address.gateway_url, address.cdn_url)),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.load", env=environment)
    try:
        await discord.connected(timeout_s=STARTED_WITHIN_S)
        await discord.until(lambda: "ask" in discord.command_names(), waiting_for="the bot's commands")
        yield
    finally:
        process.terminate()
        await process.wait()


async def measure(data: Path, seconds: float) -> list[Load]:
    """The three loads."""
    golden = (default_corpus() / GOLDEN_QUESTIONS).read_text(encoding="utf-8").splitlines()
    texts = [text for line in golden if 0 < length(text := json.loads(line)["question"]) <= QUESTION]
    async with LocalDiscord() as discord:
        crowd = Crowd(discord, random.Random(0).sample(texts, len(texts)))
        async with bot_process(discord, data):
            for _ in range(WARM_UP_QUESTIONS):
                await (await crowd.ask()).answer(timeout_s=STARTED_WITHIN_S)
            asked = await crowd.one_after_another(seconds / 3)
            alone = crowd.load("one after another", asked, seconds=seconds / 3)
            loads = [alone]
            for share in (COMFORTABLE, TOO_MUCH):
                rate = share * alone.rate
                asked = await crowd.at_random(seconds, rate)
                loads.append(crowd.load(f"{share:.0%} of that", asked, seconds=seconds))
        if discord.violations:
            raise RuntimeError(f"the bot broke Discord's rules: {discord.violations[:3]}")
    return loads


def problems_of(loads: Sequence[Load]) -> list[str]:
    """What must not be."""
    found = []
    for load in loads:
        if load.silent or load.doubled:
            found.append(f"{load.name}: {load.silent} questions without an answer, {load.doubled} with two")
        if load.acknowledged_ms[1] >= ACKNOWLEDGED_WITHIN_MS:
            found.append(f"{load.name}: 99 of 100 were acknowledged only within {load.acknowledged_ms[1]:.0f} ms")
    if loads[1].told_to_wait:
        found.append(f"{loads[1].name}: {loads[1].told_to_wait} were told to wait")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long each load lasts")
    seconds: float = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        Library(corpus=default_corpus(), data=data, embedder=SentenceTransformerEmbedder()).reload()
        loads = asyncio.run(measure(data, seconds))
    notes = (
        f"Each load lasts {seconds:.0f} s, the first a third of that. A question is acknowledged when *thinking ...* "
        "shows, and answered when its answer does, both as seen from Discord; the latter without who was told to wait."
    )
    write_results(
        "discord", "Load on Discord", "python -m benchmarks.load", [HEAD, *(load.row() for load in loads)], notes
    )
    if problems := problems_of(loads):
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    if ADDRESS in os.environ:
        with pointed_at(Address(*os.environ[ADDRESS].split())):
            run_bot()
    else:
        main()
