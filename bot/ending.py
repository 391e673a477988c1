"""How the process ends when it is told to."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

AGAIN_AFTER_S = 2.0


def end_on_signals() -> None:
    """Cancel the current task on SIGTERM and SIGINT, and again while it goes on.

    Once is not enough: up to Python 3.11 `asyncio.wait_for` drops a cancellation that comes in the very moment in which
    what it waits for is done, and discord.py awaits each connection in one. A tidying up that hangs is cut short, too.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        raise RuntimeError("there is no task to end")

    def end() -> None:
        if not task.done():
            task.cancel()
            loop.call_later(AGAIN_AFTER_S, end)

    with suppress(NotImplementedError):  # Windows has no signal handlers on loops
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
