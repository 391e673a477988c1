"""What moderators and people are told about the bot, within Discord's limits."""

from __future__ import annotations

import pytest

from bot.cogs.settings import ANSWER_CHANNELS_AT_MOST, CANNOT_LOOK_BACK, CANNOT_PING
from bot.localisation import _
from bot.render.limits import CONTENT, EMBED_DESCRIPTION, EMBED_TOTAL, length
from bot.render.settings import BLOCKED_SHOWN, help_body, settings_body, setup_body
from bot.state import AnswerChannel, AnswerMode, GuildSettings

LARGEST_ID = 2**63 - 1
LONGEST = GuildSettings(
    private_by_default=True,
    person_channel_id=LARGEST_ID,
    person_role_id=LARGEST_ID,
    notes_uncovered=True,
    answer_days=365,
    question_days=365,
    blocked_ids=tuple(LARGEST_ID - number for number in range(1000)),
)
MOST_CHANNELS = [
    AnswerChannel(LARGEST_ID - number, 1, AnswerMode.SHADOW, LARGEST_ID, seen=10**6, answered=10**6)
    for number in range(ANSWER_CHANNELS_AT_MOST)
]
LACKING = (
    f"in <#{LARGEST_ID}> I need the permissions View Channel, Embed Links, Read Message History, Create Public "
    "Threads, Send Messages in Threads"
)


def longest_note() -> str:
    """Two remarks at once, the longest that there are."""
    remarks = (_(CANNOT_LOOK_BACK), _(CANNOT_PING))
    return "\n".join(remarks).format(channel=f"<#{LARGEST_ID}>", role=f"<@&{LARGEST_ID}>")


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("settings", [GuildSettings(), LONGEST])
@pytest.mark.parametrize("reads_messages", [True, False])
def test_every_setting_is_shown_whole(settings: GuildSettings, reads_messages: bool):
    content = settings_body(settings, reads_messages=reads_messages, note=longest_note()).content

    assert length(content) <= CONTENT
    assert not content.endswith("\u2026")


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("reads_messages", [True, False])
def test_every_answer_channel_is_shown_whole_with_what_is_wrong(reads_messages: bool):
    problems = {channel.channel_id: LACKING for channel in MOST_CHANNELS}
    body = settings_body(
        LONGEST, reads_messages=reads_messages, channels=MOST_CHANNELS, problems=problems, note=longest_note()
    )

    assert length(body.content) <= CONTENT
    assert not body.content.endswith("\u2026")
    assert body.embed is not None
    assert length(body.embed.description or "") <= EMBED_DESCRIPTION
    assert len(body.embed) <= EMBED_TOTAL
    assert (body.embed.description or "").count(LACKING) == ANSWER_CHANNELS_AT_MOST


def test_those_who_are_blocked_are_counted_where_they_are_many():
    assert f" and {1000 - BLOCKED_SHOWN} more" in settings_body(LONGEST, reads_messages=True).content


@pytest.mark.usefixtures("language")
def test_the_other_texts_fit():
    for body in (help_body(), setup_body(GuildSettings()), setup_body(LONGEST)):
        assert length(body.content) <= CONTENT
