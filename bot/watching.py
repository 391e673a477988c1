"""Noticing that files of the corpus have changed, when they have come to rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import watchfiles

log = logging.getLogger(__name__)

QUIET_MS = 2_000
"""Nothing may have changed for so long: an editor saves in several steps, and many files are copied one by one."""

PATIENCE_MS = 60_000
"""Where changes never end, they are told of all the same."""

LOOK_AGAIN_MS = 15_000
"""How often it is checked that the folder is still the one that is watched; one that is missing is looked for."""


async def settled_changes(folder: Path) -> AsyncIterator[None]:
    """Yield each time that files below a folder have changed and come to rest; the folder may come and go."""
    is_new = False
    while True:
        watched = _identity(folder)
        if watched is None:
            if not is_new:
                log.warning("%s is not there, so its files are not watched; it is looked for", folder)
            is_new = True
            await asyncio.sleep(LOOK_AGAIN_MS / 1000)
            continue
        try:
            async for changed in watchfiles.awatch(
                folder,
                debounce=PATIENCE_MS,
                step=QUIET_MS,
                rust_timeout=LOOK_AGAIN_MS,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                is_another = _identity(folder) != watched
                if changed or is_another or is_new:
                    yield
                is_new = is_another
                if is_another:
                    break
        except FileNotFoundError:  # it has gone in between
            continue


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another of its name; None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
