"""The load benchmark counts what people saw, and says what must not be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.load import Crowd, Load, problems_of
from bot.turns import Turns
from index import Library
from tests.wire.bots import ANSWERED, NOT_COVERED, dissent_bot
from tests.wire.clients import pointed_at
from tests.wire.server import LocalDiscord

GOOD = Load("70%", 10.0, 100, 100, 0, 0, 0, (5.0, 50.0), (20.0, 200.0))


@pytest.mark.asyncio
async def test_answers_busy_messages_and_silence_are_counted_apart(library: Library, tmp_path: Path):
    async with LocalDiscord() as discord:
        crowd = Crowd(discord, [ANSWERED, NOT_COVERED])
        with pointed_at(discord):
            async with dissent_bot(discord, library, tmp_path / "data") as bot:
                first = await crowd.one_after_another(0.3)
                at_random = await crowd.at_random(0.3, 50)
                bot.service.turns = Turns(limit=0)
                busy = await crowd.at_random(0.3, 50)
                once = crowd.load("", first, seconds=0.3).doubled
                discord.requests.append(discord.requests_to("PATCH /webhooks/")[0])
                twice = crowd.load("", first, seconds=0.3).doubled
                discord.fail("POST /interactions", drop=True, times=1000)
                lost = await crowd.ask()
                loads = [crowd.load("", asked, seconds=0.3) for asked in (first, at_random, busy, [lost])]

    assert [load.asked for load in loads] == [len(first), len(at_random), len(busy), 1]
    assert [load.answered for load in loads] == [len(first), len(at_random), 0, 0]
    assert [load.told_to_wait for load in loads] == [0, 0, len(busy), 0]
    assert [load.silent for load in loads] == [0, 0, 0, 1]
    assert (once, twice) == (0, 1)
    assert all(0 < load.acknowledged_ms[0] <= load.answered_ms[0] for load in loads[:2])
    assert min(map(len, (first, at_random, busy))) > 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"silent": 2}, "2 questions without an answer, 0 with two"),
        ({"doubled": 1}, "0 questions without an answer, 1 with two"),
        ({"acknowledged_ms": (5.0, 500.0)}, "99 of 100 were acknowledged only within 500 ms"),
        ({"told_to_wait": 3}, "3 were told to wait"),
    ],
)
def test_what_must_not_be_is_said(change: dict[str, Any], said: str):
    assert problems_of([GOOD, GOOD, replace(GOOD, told_to_wait=50)]) == []
    assert problems_of([GOOD, replace(GOOD, **change), GOOD]) == [f"70%: {said}"]
