"""What the bot asks Discord for."""

from __future__ import annotations

import discord

from bot.client import PERMISSIONS, intents


def test_the_privileged_intent_is_asked_for_only_when_set():
    assert not intents(message_content=False).message_content
    assert intents(message_content=True).message_content
    assert not intents(message_content=True).members


def test_the_invitation_asks_for_nothing_that_moderates():
    assert not PERMISSIONS.administrator
    assert not PERMISSIONS.manage_messages
    assert not PERMISSIONS.mention_everyone
    assert PERMISSIONS.is_strict_subset(discord.Permissions.text() | discord.Permissions(view_channel=True))
