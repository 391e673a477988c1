"""Where log lines go and how they look."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest

from bot.logs import set_up_logging


def test_a_line_says_when_how_serious_who_and_what():
    stream = io.StringIO()
    set_up_logging("INFO", "text", stream)

    logging.getLogger("bot.somewhere").warning("count=%d", 3)

    assert stream.getvalue()[4] == "-"
    assert stream.getvalue().endswith(" WARNING bot.somewhere count=3\n")


def test_json_is_one_object_a_line_even_with_a_traceback():
    stream = io.StringIO()
    set_up_logging("INFO", "json", stream)

    try:
        raise KeyError("gone")
    except KeyError:
        logging.getLogger("bot.somewhere").exception("two\nlines “here”")

    [line] = stream.getvalue().splitlines()
    content = json.loads(line)
    assert {key: content[key] for key in ("level", "logger", "message")} == {
        "level": "ERROR",
        "logger": "bot.somewhere",
        "message": "two\nlines “here”",
    }
    assert content["traceback"].endswith("KeyError: 'gone'")
    assert content["time"][10] == "T"


def test_what_is_below_the_level_is_left_out():
    stream = io.StringIO()
    set_up_logging("WARNING", "text", stream)

    logging.getLogger("bot.somewhere").info("chatter")

    assert stream.getvalue() == ""


def test_libraries_are_heard_only_when_something_is_wrong():
    stream = io.StringIO()
    set_up_logging("DEBUG", "text", stream)

    logging.getLogger("discord.gateway").info("a session id and other chatter")
    logging.getLogger("discord.gateway").warning("trouble")

    assert "chatter" not in stream.getvalue()
    assert "trouble" in stream.getvalue()


def test_setting_up_twice_writes_each_line_once():
    stream = io.StringIO()
    for _ in range(2):
        set_up_logging("INFO", "text", stream)

    logging.getLogger("bot.somewhere").info("once")

    assert stream.getvalue().count("once") == 1


def test_logs_go_to_standard_error(capsys: pytest.CaptureFixture[str]):
    set_up_logging("INFO", "text")

    logging.getLogger("bot.somewhere").info("hello")
    sys.stderr.flush()

    assert capsys.readouterr().out == ""
