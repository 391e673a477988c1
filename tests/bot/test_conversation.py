"""Summaries of messages: within Discord's limits, whatever people wrote; nothing but their own words."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, Mock

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations import IntentOffError, MayNotReadError, Said, check_may_still_read, plain_text
from bot.render.buttons import summary_buttons
from bot.render.conversation import conversation_body
from index import Extract, Span
from tests.bot.discord_markdown import quotes_in, read, text_of
from tests.bot.quotes import lines, texts
from tests.bot.test_passages import LARGEST_ID, payload_of
from tests.wire.limits import check_message

AT = datetime(2026, 11, 25, tzinfo=UTC)
LINK = f"https://discord.com/channels/{LARGEST_ID}/{LARGEST_ID}/{LARGEST_ID}"


def message(content: str, **more: Any) -> discord.Message:
    """As much of a message as its text needs."""
    values: dict[str, Any] = {"content": content, "mentions": [], "role_mentions": []}
    return SimpleNamespace(**values | more)  # type: ignore[return-value]


@given(st.data())
def test_any_messages_fit_in_one_message(data: st.DataObject):
    said = [
        Said(data.draw(lines), data.draw(texts.filter(str.strip)), LINK, AT)
        for _ in range(data.draw(st.integers(1, 12), label="lines"))
    ]
    extracts = [Extract(number, Span(0, len(item.text)), 1.0) for number, item in enumerate(said)]
    buttons = summary_buttons(LARGEST_ID, is_private=False, has_quotes=False)

    body = conversation_body(data.draw(lines), said, extracts, buttons=buttons)

    check_message(payload_of(body))
    assert all(f"**[{number}]**" in str(payload_of(body)) for number in range(1, len(said) + 1))


@pytest.mark.parametrize("count", range(1, 13))
def test_the_longest_messages_are_all_shown_and_only_cut(count: int):
    said = [Said("*" * 80, "_word_ " * 400, LINK, AT)] * count
    extracts = [Extract(number, Span(0, len(said[0].text) - 1), 1.0) for number in range(count)]

    body = conversation_body("*" * 100, said, extracts, buttons=())

    check_message(payload_of(body))
    shown = [body.content, body.embed.description or "" if body.embed else ""]
    lines = [text_of(quote).strip() for text in shown for quote in quotes_in(text)]
    assert len(lines) == count
    assert all(line.startswith("_word_ ") and len(line) > 60 for line in lines)


def test_what_people_wrote_is_shown_to_the_character():
    text = "> not quoted, **not bold** @everyone <#12> https://example.org\n- no list"

    body = conversation_body(
        "general", [Said("a*b*", text, LINK, AT)], [Extract(0, Span(0, len(text)), 1.0)], buttons=()
    )

    assert [text_of(quote).strip() for quote in quotes_in(body.content)] == [text]
    assert "a*b*" in text_of(read(body.content))


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("<@12> and <@!12> left", "@Bob and @Bob left"),
        ("<@&34> and <@99>", "@keepers and @\u2026"),
        ("see <#123456789012345678>", "see #\u2026"),
        ("<:lamp:123456> on, <a:blink:99>", ":lamp: on, :blink:"),
        ("> what she said\nI think so too.", "I think so too."),
        ("Try this:\n```\nrm -r lamp\n```", "Try this:"),
        ("a > b", "a > b"),
    ],
)
def test_mentions_become_names_and_what_others_said_stays_out(content: str, shown: str):
    bob = SimpleNamespace(id=12, display_name="Bob")
    keepers = SimpleNamespace(id=34, name="keepers")

    assert plain_text(message(content, mentions=[bob], role_mentions=[keepers])) == shown


@pytest.mark.asyncio
@pytest.mark.parametrize(("is_member", "manages"), [(True, False), (False, True)])
async def test_later_too_a_private_thread_is_read_for_its_members_and_for_who_manages_threads(
    *, is_member: bool, manages: bool
):
    thread = private_thread(is_member=is_member, manages=manages)

    await check_may_still_read(thread, 7, has_intent=True, is_private=True)


@pytest.mark.asyncio
async def test_later_too_a_private_thread_is_read_for_nobody_else():
    with pytest.raises(MayNotReadError):
        await check_may_still_read(private_thread(is_member=False, manages=False), 7, has_intent=True, is_private=True)


@pytest.mark.asyncio
async def test_later_too_nothing_is_read_without_the_intent():
    with pytest.raises(IntentOffError):
        await check_may_still_read(private_thread(is_member=True, manages=False), 7, has_intent=False, is_private=True)


def private_thread(*, is_member: bool, manages: bool) -> Mock:
    thread = Mock(spec=discord.Thread)
    thread.guild.fetch_member = AsyncMock()
    thread.is_private.return_value = True
    thread.permissions_for.return_value = discord.Permissions(
        view_channel=True, read_message_history=True, manage_threads=manages
    )
    missing = discord.NotFound(Mock(status=404, reason="Not Found"), "Unknown Member")
    thread.fetch_member = AsyncMock(side_effect=None if is_member else missing)
    return thread
