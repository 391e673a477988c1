"""What moderators and people are told about the bot, within Discord's limits."""

from __future__ import annotations

import pytest

from bot.render.limits import CONTENT, length
from bot.render.settings import BLOCKED_SHOWN, help_body, settings_body, setup_body
from bot.state import GuildSettings

LARGEST_ID = 2**63 - 1
LONGEST = GuildSettings(
    private_by_default=True,
    person_channel_id=LARGEST_ID,
    person_role_id=LARGEST_ID,
    notes_uncovered=True,
    keeps_questions=False,
    blocked_ids=tuple(LARGEST_ID - number for number in range(1000)),
)


@pytest.mark.parametrize("settings", [GuildSettings(), LONGEST])
@pytest.mark.parametrize("reads_messages", [True, False])
def test_every_setting_is_shown_whole(settings: GuildSettings, reads_messages: bool):
    content = settings_body(settings, reads_messages=reads_messages, note="x" * 200).content

    assert length(content) <= CONTENT
    assert not content.endswith("\u2026")


def test_those_who_are_blocked_are_counted_where_they_are_many():
    assert f" and {1000 - BLOCKED_SHOWN} more" in settings_body(LONGEST, reads_messages=True).content


def test_the_other_texts_fit():
    for body in (help_body(), setup_body(GuildSettings()), setup_body(LONGEST)):
        assert length(body.content) <= CONTENT
