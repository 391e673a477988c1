"""Waiting for something to become true, woken by events: nothing here sleeps or polls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Wakes everyone who waits, each time something changed.

    Args:
        describe: Tells what happened so far; it becomes part of the error when waiting was in vain.
    """

    def __init__(self, describe: Callable[[], str]) -> None:
        self._describe = describe
        self._next_change = asyncio.Event()

    def announce(self) -> None:
        """Tell everyone who waits to look again."""
        changed, self._next_change = self._next_change, asyncio.Event()
        changed.set()

    async def until(self, look: Callable[[], T | None], *, timeout_s: float, waiting_for: str) -> T:
        """Wait until `look` finds something.

        Args:
            look: Gives what is waited for; `None` and `False` mean "not yet".
            timeout_s: How long to wait before giving up.
            waiting_for: What is waited for, in words, for the error.

        Raises:
            TimeoutError: It did not come; the text tells what happened instead.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while (found := look()) is None or found is False:
                    await self._next_change.wait()
                return found
        except TimeoutError:
            raise TimeoutError(f"waited {timeout_s} s in vain for {waiting_for}\n{self._describe()}") from None
