"""Fixtures for tests of the bot."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from bot.localisation import languages, speaking


@pytest.fixture(params=languages())
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each language that the interface speaks, while the test renders."""
    with speaking(request.param):
        yield request.param


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    others = {name: logging.getLogger(name).level for name in list(logging.Logger.manager.loggerDict)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, other in others.items():
        logging.getLogger(name).setLevel(other)
