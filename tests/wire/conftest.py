"""Fixtures for tests on the wire. Tests elsewhere import `local_discord` and `openapi_check` from here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from .clients import pointed_at
from .openapi import OpenApiCheck
from .server import LocalDiscord


def shared_folder() -> Path | None:
    """Give the folder `shared` beside the repository, where there is one."""
    folder = Path(__file__).resolve().parents[3] / "shared"
    return folder if folder.is_dir() else None


def openapi_file() -> Path | None:
    """Give Discord's OpenAPI file; it is too large to carry along, and all works without it."""
    folder = shared_folder()
    path = None if folder is None else folder / "discord" / "openapi.json"
    return path if path is not None and path.is_file() else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say so when requests were not checked against Discord's OpenAPI file."""
    if openapi_file() is None:
        terminalreporter.write_line(
            "wire: left out the check against Discord's OpenAPI file (no ../shared/discord/openapi.json)"
        )


@pytest.fixture(scope="session")
def openapi_check() -> OpenApiCheck | None:
    """The check against Discord's OpenAPI file; `None` where the file is not there."""
    path = openapi_file()
    return None if path is None else OpenApiCheck(path)


@pytest_asyncio.fixture(loop_scope="function")
async def local_discord(openapi_check: OpenApiCheck | None) -> AsyncIterator[LocalDiscord]:
    """A local Discord that discord.py is pointed at; the test fails if the bot broke a limit or a rule of the API."""
    async with LocalDiscord(openapi=openapi_check) as discord:
        with pointed_at(discord):
            yield discord
    broken = "\n".join(map(str, discord.violations))
    assert not broken, f"the bot broke Discord's rules:\n{broken}"
