"""People ask the bot, in every way that there is, and read what it answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.answers import SHOWN_TO_OTHERS
from bot.client import DissentBot
from bot.cogs.ask import NO_TEXT
from bot.cogs.buttons import ALREADY_PASSED_ON, ALREADY_SHARED, NOT_YOURS, PassingOnError
from bot.cogs.messages import NO_QUESTION
from bot.documents import NO_DOCUMENT
from bot.render import wording
from index import CorpusError, Library
from tests.bot.discord_markdown import links_in, quotes_in, read, text_of

from .bots import ANSWERED, BEST_SENTENCE, NOT_COVERED, UNCERTAIN, dissent_bot, said_by_the_bot
from .gateway import Intent
from .interactions import CallbackKind
from .server import LocalDiscord
from .world import ChannelKind, Permission

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
    assert "[1] The lighthouse of Grey Skerry (May 17, 1998)" in text_of(read(answer.content))
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


async def test_a_question_can_be_asked_of_one_document(local_discord: LocalDiscord, bot: DissentBot):
    [choice] = await local_discord.autocomplete("ask", "document", "BEES", question=ANSWERED)
    answer = await (await local_discord.slash("ask", question="queen eggs June", document=choice["value"])).answer()
    by_title = await (await local_discord.slash("ask", question="queen eggs June", document="keeping bees")).answer()

    assert choice["name"] == "Keeping bees"
    assert len(choice["value"]) <= 16
    for message in (answer, by_title):
        assert "Keeping bees" in text_of(read(message.content))


async def test_a_document_that_there_is_not_is_refused_to_who_asks_alone(local_discord: LocalDiscord, bot: DissentBot):
    answer = await (await local_discord.slash("ask", question=ANSWERED, document="no such")).answer()

    assert answer.is_ephemeral
    assert answer.content == NO_DOCUMENT


async def test_every_document_is_offered_by_title(local_discord: LocalDiscord, bot: DissentBot):
    choices = await local_discord.autocomplete("ask", "document", "")

    assert [choice["name"] for choice in choices] == sorted(
        (entry.title for entry in await bot.service.documents()), key=str.casefold
    )


async def test_what_is_typed_stands_first_and_no_keystroke_runs_the_model(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    def fail(question: str) -> None:
        raise AssertionError("the model was run")

    monkeypatch.setattr(bot.service.library.embedder, "embed_query", fail)
    evidence = [{"document": "sea/lighthouse", "text": "Its lamp burned whale oil until 1904"}]
    golden = {"id": "a", "question": ANSWERED, "kind": "answerable", "evidence": evidence}
    (bot.service.library.corpus / "questions.jsonl").write_text(json.dumps(golden))

    typed = [choice["value"] for choice in await local_discord.autocomplete("ask", "question", "lighthouse")]
    nothing = await local_discord.autocomplete("ask", "question", "")
    long = await local_discord.autocomplete("ask", "question", "lighthouse " * 20)

    assert typed[:3] == ["lighthouse", ANSWERED, "The lighthouse of Grey Skerry"]
    assert nothing[0]["value"] == ANSWERED
    assert long == []


async def test_a_failure_while_typing_shows_nothing(
    local_discord: LocalDiscord, bot: DissentBot, monkeypatch: pytest.MonkeyPatch
):
    async def fail(typed: str, *, count: int) -> list[str]:
        raise KeyError(typed)

    monkeypatch.setattr(bot.service, "suggest", fail)
    with pytest.raises(TimeoutError):
        await local_discord.autocomplete("ask", "question", "light", timeout_s=0.2)

    assert local_discord.requests_to("POST /interactions") == []


async def test_a_private_answer_is_its_askers_until_they_share_it_once(local_discord: LocalDiscord, bot: DissentBot):
    private = await (await local_discord.slash("ask", question=ANSWERED, private=True)).answer()
    shared = await (await local_discord.press(private, "Share")).answer()
    again = await (await local_discord.press(private, "Share")).answer()

    assert private.is_ephemeral
    assert "Delete" not in private.buttons
    assert not shared.is_ephemeral
    assert (shared.content, len(shared.embeds)) == (private.content, 1)
    assert shared.embeds[0]["footer"] == private.embeds[0]["footer"]
    assert "Delete" in shared.buttons
    assert "Share" not in shared.buttons
    assert again.is_ephemeral
    assert again.content == ALREADY_SHARED
    context = await (await local_discord.press(shared, "Context", user=local_discord.bob)).answer()
    assert BEST_SENTENCE in text_of(read(context.content))
    await local_discord.press(shared, "Delete")
    await local_discord.until(lambda: local_discord.current(shared) is None, waiting_for="the deletion")


async def test_a_refusal_can_be_shared_too(local_discord: LocalDiscord, bot: DissentBot):
    private = await (await local_discord.slash("ask", question=NOT_COVERED, private=True)).answer()
    shared = await (await local_discord.press(private, "Share")).answer()

    assert shared.content == private.content
    assert not shared.is_ephemeral
    assert "More" not in shared.buttons


async def test_moderators_can_make_private_the_default(local_discord: LocalDiscord, bot: DissentBot):
    await bot.state.change_settings(local_discord.guild.id, private_by_default=True)

    default = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    public = await (await local_discord.slash("ask", question=ANSWERED, private=False)).answer()
    elsewhere = await (
        await local_discord.slash("ask", question=ANSWERED, channel=local_discord.other_general)
    ).answer()

    assert (default.is_ephemeral, public.is_ephemeral, elsewhere.is_ephemeral) == (True, False, False)


async def test_anybodys_message_can_be_answered_from_its_menu(local_discord: LocalDiscord, bot: DissentBot):
    message = await local_discord.say(ANSWERED, user=local_discord.bob)
    empty = await local_discord.say("", user=local_discord.bob)

    answer = await (await local_discord.context_menu("Answer this message", message)).answer()
    refusal = await (await local_discord.context_menu("Answer this message", empty)).answer()

    assert answer.content.startswith(f"**{ANSWERED}**\n> ")
    assert refusal.content == NO_TEXT
    assert refusal.is_ephemeral


async def test_of_a_forum_post_the_title_is_answered_too(local_discord: LocalDiscord, bot: DissentBot):
    forum = local_discord.world.add_channel(local_discord.guild, "help", kind=ChannelKind.FORUM)
    post = await local_discord.post_in_forum(forum, ANSWERED, "See the title, please.")

    answer = await (await local_discord.context_menu("Answer this message", post)).answer()

    assert BEST_SENTENCE in text_of(read(answer.content))


async def test_a_person_can_be_blocked_in_a_server(local_discord: LocalDiscord, bot: DissentBot):
    await bot.state.change_settings(local_discord.guild.id, blocked_ids=(local_discord.alice.id,))

    refusal = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    others = await (await local_discord.slash("ask", question=ANSWERED, user=local_discord.bob)).answer()
    elsewhere = await (
        await local_discord.slash("ask", question=ANSWERED, channel=local_discord.other_general)
    ).answer()

    assert refusal.is_ephemeral
    assert "do not let you ask" in refusal.content
    assert BEST_SENTENCE in text_of(read(others.content))
    assert BEST_SENTENCE in text_of(read(elsewhere.content))


async def test_commands_say_where_they_can_be_installed_and_used(local_discord: LocalDiscord, bot: DissentBot):
    commands = {command["name"]: command for command in local_discord.world.commands[None]}

    for name in ("ask", "Answer this message", "about"):
        assert sorted(commands[name]["integration_types"]) == [0, 1]
        assert sorted(commands[name]["contexts"]) == [0, 1, 2]


# ---- a person to ask


@pytest.mark.parametrize(
    ("path", "options"), [("ask", {"question": NOT_COVERED}), ("summary topic", {"text": "Zorbium"})]
)
async def test_a_private_refusal_says_who_would_read_a_question_that_is_passed_on(
    local_discord: LocalDiscord, bot: DissentBot, path: str, options: dict[str, str]
):
    guild_id, role = local_discord.guild.id, local_discord.moderators

    async def refusal(*, private: bool) -> str:
        return (await (await local_discord.slash(path, options={**options, "private": private})).answer()).content

    without = await refusal(private=True)
    await bot.state.change_settings(guild_id, person_role_id=role.id)
    where_asked, public = await refusal(private=True), await refusal(private=False)
    await bot.state.change_settings(guild_id, person_channel_id=local_discord.quiet.id)
    elsewhere = await refusal(private=True)

    assert where_asked.endswith(SHOWN_TO_OTHERS.format(channel=local_discord.general.mention))
    assert elsewhere.endswith(SHOWN_TO_OTHERS.format(channel=local_discord.quiet.mention))
    assert "Ask a person" not in without + public


async def test_ask_a_person_passes_the_question_on_once_and_pings_exactly_the_role(
    local_discord: LocalDiscord, bot: DissentBot
):
    role = local_discord.moderators
    await bot.state.change_settings(
        local_discord.guild.id, person_channel_id=local_discord.quiet.id, person_role_id=role.id
    )
    question = f"{local_discord.bob.mention} @everyone bitcoin price?"
    refusal = await (await local_discord.slash("ask", question=question, user=local_discord.owner)).answer()

    stranger = await (await local_discord.press(refusal, "Ask a person", user=local_discord.bob)).answer()
    done = await (await local_discord.press(refusal, "Ask a person", user=local_discord.owner)).answer()
    again = await (await local_discord.press(refusal, "Ask a person", user=local_discord.owner)).answer()
    passed_on = await local_discord.next_message(channel=local_discord.quiet)

    assert stranger.content == NOT_YOURS
    assert f"<#{local_discord.quiet.id}>" in done.content
    assert again.content == ALREADY_PASSED_ON
    assert all(message.is_ephemeral for message in (stranger, done, again))
    assert (passed_on.pinged_ids, passed_on.pings_everyone) == ({role.id}, False)
    assert passed_on.content.endswith(f"/{local_discord.guild.id}/{local_discord.general.id}/{refusal.id}")
    assert len(said_by_the_bot(local_discord, local_discord.quiet)) == 1


async def test_a_role_alone_is_asked_where_the_question_was(local_discord: LocalDiscord, bot: DissentBot):
    await bot.state.change_settings(local_discord.guild.id, person_role_id=local_discord.moderators.id)
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()

    await (await local_discord.press(refusal, "Ask a person")).answer()

    assert (await local_discord.next_message(channel=local_discord.general)).pinged_ids == {local_discord.moderators.id}


async def test_where_a_question_cannot_be_passed_on_its_asker_is_told_and_may_try_again(
    local_discord: LocalDiscord, bot: DissentBot
):
    silent = local_discord.world.add_channel(local_discord.guild, "staff", denied_to_bot=Permission.SEND_MESSAGES)
    await bot.state.change_settings(local_discord.guild.id, person_channel_id=silent.id)
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()

    failure = await (await local_discord.press(refusal, "Ask a person")).answer()
    await bot.state.change_settings(local_discord.guild.id, person_channel_id=local_discord.quiet.id)
    await (await local_discord.press(refusal, "Ask a person")).answer()

    assert failure.content == PassingOnError.user_message
    assert (await local_discord.next_message(channel=local_discord.quiet)).pinged_ids == set()


async def test_nobody_is_offered_where_moderators_set_nobody(local_discord: LocalDiscord, bot: DissentBot):
    refusal = await (await local_discord.slash("ask", question=NOT_COVERED)).answer()

    assert "Ask a person" not in refusal.buttons


@pytest.mark.parametrize("is_allowed", [True, False])
async def test_what_is_not_covered_is_noted_only_where_the_server_allows_it(
    local_discord: LocalDiscord, bot: DissentBot, is_allowed: bool
):
    await bot.state.change_settings(local_discord.guild.id, notes_uncovered=is_allowed)

    await (await local_discord.slash("ask", question=NOT_COVERED)).answer()
    await (await local_discord.slash("ask", question=ANSWERED)).answer()
    await (await local_discord.slash("ask", question="What is the price of gold?", private=True)).answer()
    await (await local_discord.slash("summary topic", text="the price of gold", private=True)).answer()

    expected = [(NOT_COVERED, ("price", "bitcoin"), 1)] if is_allowed else []
    assert await bot.state.uncovered(local_discord.guild.id) == expected


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
