"""The process ends when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from bot import ending

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
async def test_a_signal_ends_a_task_that_has_lost_its_first_cancellation(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
):
    monkeypatch.setattr(ending, "AGAIN_AFTER_S", 0.01)
    begun, lost = asyncio.Event(), []

    async def run() -> None:
        ending.end_on_signals()
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:  # as `asyncio.wait_for` may do
            lost.append(error)
        await asyncio.Event().wait()

    task = asyncio.create_task(run())
    await begun.wait()
    os.kill(os.getpid(), number)
    done, _ = await asyncio.wait([task], timeout=5)

    assert done
    assert task.cancelled()
    assert len(lost) == 1


async def test_what_has_ended_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ending, "AGAIN_AFTER_S", 0.01)

    async def run() -> str:
        ending.end_on_signals()
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "tidied up"
        return "went on"

    result = await asyncio.create_task(run())
    await asyncio.sleep(0.05)

    assert result == "tidied up"
