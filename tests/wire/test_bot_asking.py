"""People ask the bot, in every way that there is, and read what it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.client import DissentBot
from bot.cogs.ask import NO_QUESTION
from bot.render import wording
from index import CorpusError, Library
from tests.bot.discord_markdown import links_in, quotes_in, read, text_of

from .bots import ANSWERED, BEST_SENTENCE, NOT_COVERED, UNCERTAIN, dissent_bot, said_by_the_bot
from .gateway import Intent
from .interactions import CallbackKind
from .server import LocalDiscord

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        yield bot


# ---- /ask


async def test_an_answer_repeats_the_question_and_quotes_with_sources(local_discord: LocalDiscord, bot: DissentBot):
    interaction = await local_discord.slash("ask", question=ANSWERED)
    answer = await interaction.answer()

    assert interaction.callback is CallbackKind.DEFERRED_MESSAGE
    assert answer.id == interaction.original_id
    assert not answer.is_ephemeral
    assert answer.content.startswith(f"**{ANSWERED}**\n> ")
    [quote] = quotes_in(answer.content)
    assert text_of(quote).startswith(BEST_SENTENCE)
    assert "[1] The lighthouse of Grey Skerry (1998-05-17)" in text_of(read(answer.content))
    [embed] = answer.embeds
    assert ("Lights of the North", "https://example.org/lights") in links_in(embed["fields"][0]["value"])
    assert "generation " in embed["footer"]["text"]
    assert embed["footer"]["text"].endswith(" ms")


async def test_the_other_quotes_are_in_the_embed(local_discord: LocalDiscord, bot: DissentBot):
    answer = await (await local_discord.slash("ask", question=UNCERTAIN)).answer()

    assert wording.UNCERTAIN in answer.content
    assert len(quotes_in(answer.content)) == 1
    assert quotes_in(answer.embeds[0]["description"])
    assert "may not answer" in answer.embeds[0]["footer"]["text"]


async def test_a_question_that_is_not_covered_is_refused_in_words(local_discord: LocalDiscord, bot: DissentBot):
    answer = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()

    assert wording.NOT_COVERED in answer.content
    assert "price and bitcoin do not appear in them" in text_of(read(answer.content))
    assert answer.embeds == []


async def test_a_question_pings_nobody(local_discord: LocalDiscord, bot: DissentBot):
    question = f"@everyone @here {local_discord.bob.mention} {local_discord.moderators.mention} lighthouse?"

    interaction = await local_discord.slash("ask", question=question, user=local_discord.owner)
    answer = await interaction.answer()

    assert (answer.pinged_ids, answer.pings_everyone) == (set(), False)
    assert text_of(read(answer.content)).startswith(question)
    for request in local_discord.requests_to("PATCH /webhooks"):
        assert request.body.get("allowed_mentions") in ({"parse": []}, {"parse": [], "replied_user": False})


async def test_the_question_has_a_bound_that_discord_enforces(local_discord: LocalDiscord, bot: DissentBot):
    with pytest.raises(ValueError, match="1001 characters"):
        await local_discord.slash("ask", question="x" * 1001)

    assert await (await local_discord.slash("ask", question="lighthouse " * 90)).answer()


async def test_a_command_works_in_a_direct_message(local_discord: LocalDiscord, bot: DissentBot):
    interaction = await local_discord.slash("ask", channel=local_discord.alice_dm, question=ANSWERED)

    assert BEST_SENTENCE in text_of(read((await interaction.answer()).content))


async def test_questions_that_come_together_are_all_answered(local_discord: LocalDiscord, bot: DissentBot):
    interactions = [await local_discord.slash("ask", question=f"{ANSWERED} {number}") for number in range(5)]
    answers = [await interaction.answer() for interaction in interactions]

    assert [answer.content.split("\n")[0] for answer in answers] == [f"**{ANSWERED} {number}**" for number in range(5)]


async def test_the_bot_tells_of_itself_to_who_asks_alone(local_discord: LocalDiscord, bot: DissentBot):
    await (await local_discord.slash("ask", question=ANSWERED)).answer()  # so the documents are read

    answer = await (await local_discord.slash("about")).answer()

    assert answer.is_ephemeral
    assert "What I cover: 6 documents" in answer.text
    assert "Keeping bees" in answer.text
    assert "unofficial" in answer.text
    assert "model words" in answer.text


# ---- messages


async def test_a_mention_is_answered_by_a_reply_that_pings_only_its_author(
    local_discord: LocalDiscord, bot: DissentBot
):
    mention = f"{local_discord.bot.mention} {local_discord.bob.mention} @everyone {ANSWERED}"
    question = await local_discord.say(mention, user=local_discord.owner)
    answer = await local_discord.next_message(reply_to=question)

    assert BEST_SENTENCE in text_of(read(answer.content))
    assert answer.embeds
    assert ANSWERED not in answer.content  # everybody can read it above
    assert (answer.pinged_ids, answer.pings_everyone) == ({local_discord.owner.id}, False)
    [request] = local_discord.requests_to(f"POST /channels/{local_discord.general.id}/messages")
    assert request.body["allowed_mentions"] == {"parse": [], "replied_user": True}


async def test_the_mention_is_no_part_of_the_question(local_discord: LocalDiscord, bot: DissentBot):
    asked = await local_discord.say(f"What {local_discord.bot.mention} of\nzeppelins?")
    answer = await local_discord.next_message(reply_to=asked)

    assert "zeppelins does not appear" in text_of(read(answer.content))
    assert str(local_discord.bot.id) not in answer.content


async def test_a_mention_without_a_question_is_told_how_to_ask(local_discord: LocalDiscord, bot: DissentBot):
    hello = await local_discord.say(f" <@!{local_discord.bot.id}> ")

    assert (await local_discord.next_message(reply_to=hello)).content == NO_QUESTION


async def test_a_mention_in_a_thread_is_answered_there(local_discord: LocalDiscord, bot: DissentBot):
    await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}", channel=local_discord.thread)

    assert await local_discord.next_message(channel=local_discord.thread)


async def test_a_direct_message_needs_no_mention(local_discord: LocalDiscord, bot: DissentBot):
    question = await local_discord.dm(ANSWERED)
    answer = await local_discord.next_message(reply_to=question)

    assert answer.channel_id == local_discord.alice_dm.id
    assert BEST_SENTENCE in text_of(read(answer.content))


async def test_a_very_long_message_is_answered(local_discord: LocalDiscord, bot: DissentBot):
    question = await local_discord.dm("lighthouse " * 180)

    assert await local_discord.next_message(reply_to=question)


async def test_a_reply_that_pings_the_bot_is_a_question(local_discord: LocalDiscord, bot: DissentBot):
    await local_discord.say(f"{local_discord.bot.mention} {NOT_COVERED}")
    first = await local_discord.next_message()
    again = await local_discord.say(ANSWERED, reply_to=first)

    assert BEST_SENTENCE in text_of(read((await local_discord.next_message(reply_to=again)).content))


async def test_what_is_not_meant_for_the_bot_is_left_alone(local_discord: LocalDiscord, bot: DissentBot):
    robot = local_discord.world.add_person("robot", is_bot=True)
    local_discord.guild.members[robot.id] = (robot, ())
    await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}", user=robot)
    await local_discord.say(ANSWERED)
    await local_discord.say(f"@everyone {ANSWERED}", user=local_discord.owner)
    other = await local_discord.say(f"{local_discord.bob.mention} {ANSWERED}")
    await local_discord.say(ANSWERED, reply_to=other)
    meant = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")
    await local_discord.next_message(reply_to=meant)
    last = await local_discord.say(f"{local_discord.bot.mention} {NOT_COVERED}")
    await local_discord.next_message(reply_to=last)

    answered = [message.reply_to_id for message in said_by_the_bot(local_discord, local_discord.general)]
    assert answered == [meant.id, last.id]


async def test_without_the_intent_a_reply_that_does_not_ping_is_left_alone(
    local_discord: LocalDiscord, bot: DissentBot
):
    await local_discord.say(f"{local_discord.bot.mention} {NOT_COVERED}")
    first = await local_discord.next_message()
    await local_discord.say(ANSWERED, reply_to=first, pings=False)
    last = await local_discord.say(f"{local_discord.bot.mention} {ANSWERED}")

    assert (await local_discord.next_message()).reply_to_id == last.id


async def test_with_the_intent_a_reply_to_the_bot_is_a_question_even_if_it_does_not_ping(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    local_discord.allowed_privileged_intents = Intent.MESSAGE_CONTENT

    async with dissent_bot(local_discord, library, tmp_path / "data", message_content=True):
        await local_discord.say("just talking")
        answer = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()
        again = await local_discord.say(ANSWERED, reply_to=answer, pings=False)
        reply = await local_discord.next_message()

    assert reply.reply_to_id == again.id
    assert BEST_SENTENCE in text_of(read(reply.content))


# ---- when there is nothing to answer from


async def test_while_there_are_no_documents_the_bot_says_so(
    local_discord: LocalDiscord, library: Library, tmp_path: Path
):
    (tmp_path / "empty").mkdir()
    empty = Library(corpus=tmp_path / "empty", data=tmp_path / "data", embedder=library.embedder)

    async with dissent_bot(local_discord, empty, tmp_path / "data"):
        answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
        about = await (await local_discord.slash("about")).answer()
        await local_discord.dm(ANSWERED)
        reply = await local_discord.next_message()

    with pytest.raises(CorpusError) as failure:
        empty.reload()
    assert answer.content == reply.content == failure.value.user_message
    assert "I am still reading my documents." in about.text
