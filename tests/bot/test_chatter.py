"""Which messages are questions worth looking up."""

from __future__ import annotations

import pytest

from bot.chatter import LONGEST, is_question, is_small_talk

QUESTIONS = [
    "When was the lighthouse built?",
    "when was the lighthouse built",
    "WHEN WAS THE LIGHTHOUSE BUILT??!",
    "Who resigned?",
    "Hi all, how many people signed the Syria memo? Thanks!",
    "hey does anyone know how long a reply takes",
    "Does Congress have to approve it",
    "Is the Dissent Channel anonymous",
    "Can I send a dissent message as a contractor",
    "how to send a dissent message",
    "which embassy sent the first cable",
    "which year was the channel founded",
    "who's the director of policy planning",
    "I was wondering whether contractors may use the channel",
    "Somebody knows who wrote the Blood telegram",
    "can someone tell me what the policy planning staff does",
    "I read about the lighthouse yesterday. When was it built? I forgot.",
    "The keepers lived there, right? How many keepers were there?",
    "What does `S/P` mean in the cable?",
    "Is this page right that contractors may send messages? https://example.org/?q=1",
    "lighthouse of Grey Skerry\nwhen was it built",
    "What\u2019s the normal time for a substantive reply",
    "the lighthouse was built in 1862, wasn't it?",
    "> somebody else's words\nWhen was the lighthouse built?",
    "When was the lighthouse built? <:thinking:123456789012345678>",
]
CHATTER = [
    "",
    "?",
    "???",
    "ok?",
    "really?",
    "what?",
    "why?",
    "pizza anyone?",
    "anyone here?",
    "how are you?",
    "what's up?",
    "What is that?",
    "and when was that?",
    "is that it?",
    "lol",
    "thanks, that helped",
    "The lighthouse was built in 1862.",
    "When I was young, the lighthouse still had a keeper.",
    "what a day it was at the lighthouse",
    "have a nice day at the embassy",
    "do it like the lighthouse keepers did",
    "may the lighthouse shine for you",
    "will do, the memo is nearly finished",
    "I know why the ambassador resigned",
    "how nice of the ambassador",
    "/ask question: When was the lighthouse built?",
    "!weather what is the weather like in London?",
    "?help what can the bot do",
    "https://example.org/search?q=what+is+dissent",
    "<https://example.org/?question=what>",
    "```python\nwhat = input('When was the lighthouse built?')\n```",
    "> When was the lighthouse built?",
    "> When was the lighthouse built?\nin 1862",
    "<@123456789012345678> ?",
    "So I went to the island. " * (LONGEST // 24) + "When was the lighthouse built?",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_told_by_its_form(text: str):
    assert is_question(text)


@pytest.mark.parametrize("text", CHATTER)
def test_chatter_commands_code_links_and_what_leans_on_others_are_none(text: str):
    assert not is_question(text)


@pytest.mark.parametrize("text", ["why?", "and when was that?", "When was the lighthouse built?", "how long"])
def test_what_follows_up_may_be_short_and_lean_on_what_was_before(text: str):
    assert is_question(text, follows_up=True)


@pytest.mark.parametrize("text", ["thanks!", "I see", "ok, that was before the war", "!help"])
def test_what_is_no_question_follows_nothing_up(text: str):
    assert not is_question(text, follows_up=True)


@pytest.mark.parametrize(
    "text", ["", "Thanks!", "ok, thank you so much", "That\u2019s great, thanks", "hi", "\U0001f41d", "<@1>"]
)
def test_greetings_and_thanks_are_small_talk(text: str):
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text", ["bees", "thanks, and bees?", "is that right?", "lighthouse keepers", "\u00bfcu\u00e1ndo?"]
)
def test_what_can_be_looked_up_is_none(text: str):
    assert not is_small_talk(text)
