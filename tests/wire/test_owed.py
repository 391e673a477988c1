"""The account of what people are owed, where a schedule of trouble could mistake right for wrong."""

from __future__ import annotations

import pytest

from .bots import ANSWERED, UNCERTAIN
from .owed import Owed
from .server import LocalDiscord
from .world import Message

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def asked_and_replied(local_discord: LocalDiscord, owed: Owed) -> tuple[Message, Message]:
    question = await local_discord.say(ANSWERED)
    owed.asked(question)
    body = {"content": "in 1862", "nonce": str(question.id)}
    return question, local_discord.world.post(local_discord.general, local_discord.bot, body)


async def edit(local_discord: LocalDiscord, owed: Owed, question: Message, text: str) -> None:
    owed.edited(await local_discord.edit(question, text), may_be_answered=True)


def owed_in(local_discord: LocalDiscord) -> Owed:
    return Owed(local_discord, log=str, desk=local_discord.quiet)


async def test_an_edited_question_is_owed_another_reply(local_discord: LocalDiscord):
    owed = owed_in(local_discord)
    question, _reply = await asked_and_replied(local_discord, owed)

    await edit(local_discord, owed, question, UNCERTAIN)

    assert [problem.split(":")[0] for problem in owed.problems()] == ["answered as before it was edited"]


async def test_a_question_that_is_changed_back_unheard_keeps_the_reply_that_answers_it(local_discord: LocalDiscord):
    owed = owed_in(local_discord)
    question, _reply = await asked_and_replied(local_discord, owed)

    await edit(local_discord, owed, question, UNCERTAIN)
    owed.bot_ended(noted=set(), followed={question.id})
    await edit(local_discord, owed, question, ANSWERED)

    assert owed.problems() == []


async def test_a_question_that_is_changed_back_is_owed_its_reply_where_that_followed_it(local_discord: LocalDiscord):
    owed = owed_in(local_discord)
    question, reply = await asked_and_replied(local_discord, owed)

    await edit(local_discord, owed, question, UNCERTAIN)
    local_discord.world.edit(reply, {"content": "nobody knows"})
    await edit(local_discord, owed, question, ANSWERED)

    assert [problem.split(":")[0] for problem in owed.problems()] == ["answered as before it was edited"]
