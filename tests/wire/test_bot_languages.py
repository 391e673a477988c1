"""Each person reads the bot in their own language, and each server in its own; quotes stay as they are written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot import tree
from bot.client import DissentBot
from bot.localisation import _, speaking
from bot.render.wording import NOT_COVERED as DOES_NOT_COVER
from index import Library, ModelError
from tests.bot.discord_markdown import read, text_of

from .bots import ANSWERED, BEST_SENTENCE, NOT_COVERED, NeverEnding, dissent_bot, remembered
from .moderating import ended
from .server import LocalDiscord
from .world import Json, Person, Upload

pytestmark = pytest.mark.asyncio(loop_scope="function")

SPANISH_BUTTONS = ["Más", "Contexto", "Fuente", "Útil", "No es útil", "Seguir preguntando", "Compartir"]


@pytest_asyncio.fixture(loop_scope="function")
async def bot(local_discord: LocalDiscord, library: Library, tmp_path: Path) -> AsyncIterator[DissentBot]:
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        yield bot


@pytest.fixture
def ana(local_discord: LocalDiscord) -> Person:
    """A member whose Discord is in Spanish."""
    return joined(local_discord, "ana", locale="es-ES")


@pytest.fixture
def _spanish_server(local_discord: LocalDiscord) -> None:
    local_discord.guild.preferred_locale = "es-419"


def joined(local_discord: LocalDiscord, name: str, *, locale: str) -> Person:
    person = local_discord.world.add_person(name, locale=locale)
    local_discord.guild.members[person.id] = (person, ())
    return person


async def test_a_private_answer_is_in_the_askers_language_around_an_english_quote(
    local_discord: LocalDiscord, bot: DissentBot, ana: Person
):
    answer = await (
        await local_discord.slash("ask", user=ana, options={"question": ANSWERED, "private": True})
    ).answer()

    assert BEST_SENTENCE in text_of(read(answer.content))
    assert answer.buttons == SPANISH_BUTTONS
    [embed] = answer.embeds
    assert embed["footer"]["text"].startswith("muy probablemente responde (1,00)")
    assert embed["fields"][0]["name"] == "Fuentes citadas"


async def test_direct_messages_and_languages_without_a_catalogue_are_answered_in_english(
    local_discord: LocalDiscord, bot: DissentBot
):
    luc = joined(local_discord, "luc", locale="fr")
    question = await local_discord.say(NOT_COVERED, channel=local_discord.alice_dm)
    reply = await local_discord.next_message(reply_to=question)
    told = await (await local_discord.slash("help", user=luc)).answer()

    assert reply.content.startswith(DOES_NOT_COVER)
    assert told.content.startswith("**Ask** with")


@pytest.mark.usefixtures("_spanish_server")
async def test_a_question_of_a_process_that_was_killed_is_answered_in_its_language_after_the_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    never = NeverEnding()

    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        monkeypatch.setattr(bot.service, "ask", never)
        asked = await local_discord.slash("ask", question=ANSWERED)
        await never.has_begun.wait()
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        answer = await asked.answer()

    assert answer.buttons[:6] == SPANISH_BUTTONS[:6]


@pytest.mark.usefixtures("_spanish_server")
async def test_what_everybody_reads_is_in_the_servers_language_and_a_button_answers_in_ones_own(
    local_discord: LocalDiscord, bot: DissentBot
):
    question = await local_discord.say(f"{local_discord.bot.mention} {NOT_COVERED}")
    reply = await local_discord.next_message(reply_to=question)
    answer = await (await local_discord.slash("ask", question=ANSWERED)).answer()
    await remembered(bot, answer)
    pressed = await (await local_discord.press(answer, "Útil")).answer()
    told = await (await local_discord.slash("help")).answer()

    with speaking("es"):
        assert reply.content.startswith(_(DOES_NOT_COVER))
    assert answer.buttons[:6] == SPANISH_BUTTONS[:6]
    assert pressed.content.startswith("Noted: helpful")
    assert told.content.startswith("**Ask**")


async def test_buttons_from_before_a_restart_answer_in_the_language_of_whoever_presses_them(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, ana: Person
):
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        answer = await remembered(bot, await (await local_discord.slash("ask", question=ANSWERED)).answer())
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        spanish = await (await local_discord.press(answer, "Source", user=ana)).answer()
        english = await (await local_discord.press(answer, "Source")).answer()
        dialog = await local_discord.press(answer, "Follow up", user=ana)
        modal = await dialog.modal()

    assert spanish.content.startswith("Los archivos tal como están ahora:")
    assert english.content.startswith("The files as they are now:")
    assert modal["title"] == "Seguir preguntando"


async def test_what_goes_wrong_is_said_in_ones_language(
    local_discord: LocalDiscord, bot: DissentBot, ana: Person, monkeypatch: pytest.MonkeyPatch
):
    def fail(*args: object, **more: object) -> None:
        raise ModelError(
            "details", user_message="The model {name} cannot be loaded. Check {setting}.", name="m", setting="S"
        )

    monkeypatch.setattr(bot.service.libraries, "ask", fail)
    told = await (await local_discord.slash("ask", user=ana, options={"question": ANSWERED, "private": True})).answer()

    assert told.content == "No se puede cargar el modelo m. Comprueba S."


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (
            "¿Cuánto tiempo tarda la respuesta a un mensaje?",
            "Los documentos están en inglés; no puedo buscar en ellos en español. Pregunta en inglés, por favor.",
        ),
        (
            "Wie lange dauert es, bis man eine Antwort bekommt?",
            "The documents are in English; I cannot search them in German. Ask in English, please.",
        ),
    ],
)
async def test_a_question_in_a_language_that_the_documents_do_not_speak_gets_told_so_in_its_own_where_we_speak_it(
    local_discord: LocalDiscord, bot: DissentBot, question: str, told: str
):
    asked = await local_discord.say(f"{local_discord.bot.mention} {question}")
    reply = await local_discord.next_message(reply_to=asked)

    assert reply.content == told
    assert "Follow up" in reply.buttons
    assert not reply.embeds


async def test_discord_gets_the_commands_in_every_language_but_for_the_names_that_people_type(
    local_discord: LocalDiscord, bot: DissentBot
):
    commands = {command["name"]: command for command in local_discord.world.commands[None]}

    for node in all_nodes(list(commands.values())):
        if node.get("description"):
            assert set(node["description_localizations"]) == {"es-ES", "es-419"}, node["name"]
        for choice in node.get("choices") or []:
            assert set(choice["name_localizations"]) == {"es-ES", "es-419"}
    menu = commands["Answer this message"]
    assert set(menu["name_localizations"].values()) == {"Responder a este mensaje"}
    assert not any(node.get("name_localizations") for node in all_nodes([commands["ask"], commands["settings"]]))
    assert commands["ask"]["description_localizations"]["es-ES"].startswith("Responde a una pregunta con citas")


def all_nodes(nodes: list[Json]) -> Iterator[Json]:
    """Commands, subcommands and options."""
    for node in nodes:
        yield node
        yield from all_nodes(node.get("options") or [])


async def test_a_changed_translation_is_sent_to_discord_at_the_next_start(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        pass
    monkeypatch.setattr(tree, "translated", lambda message, locale: "nuevo" if str(locale) == "es-ES" else None)
    async with dissent_bot(local_discord, library, tmp_path / "data"):
        pass

    assert len(local_discord.requests_to("PUT /applications")) == 2
    descriptions = [
        command["description_localizations"] for command in local_discord.world.commands[None] if command["description"]
    ]
    assert all(texts == {"es-ES": "nuevo"} for texts in descriptions)


@pytest.mark.usefixtures("_spanish_server")
async def test_a_reload_speaks_to_its_asker_and_to_the_channel_each_in_their_language(
    local_discord: LocalDiscord, bot: DissentBot, library: Library
):
    await bot.service.ask(ANSWERED)
    for name in ("sea/lighthouse.md", "garden/bees.md"):
        (library.corpus / name).unlink()
    reply = await (await local_discord.slash("manage reload", user=local_discord.moderator)).answer()
    message = await ended(local_discord, await local_discord.next_message(), says="Espera tu sí")
    refused = await (await local_discord.press(message, "Descartar", user=local_discord.bob)).answer()
    done = await (await local_discord.press(message, "Descartar", user=local_discord.moderator)).answer()

    assert reply.content.startswith("I show in")
    assert message.content.startswith("**El corpus compartido**")
    assert refused.content.startswith("Only who used the command")
    assert "Descartado" in done.content


@pytest.mark.usefixtures("_spanish_server")
async def test_why_a_file_cannot_be_read_is_said_in_spanish_in_a_report_and_after_a_restart(
    local_discord: LocalDiscord, library: Library, tmp_path: Path, ana: Person
):
    (library.corpus / "scan.pdf").write_bytes(b"%PDF-1.7 and no end")
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.service.ask(ANSWERED)
        await local_discord.slash("manage reload", user=local_discord.moderator)
        message = await local_discord.next_message()
        message = await ended(local_discord, message, says="scan.pdf")
        await (await local_discord.press(message, "Poner en vigor", user=local_discord.moderator)).answer(
            until=lambda now: "está en vigor" in now.content
        )
    async with dissent_bot(local_discord, library, tmp_path / "data") as bot:
        await bot.service.ask(ANSWERED)
        status = await (await local_discord.slash("corpus status", user=ana)).answer()

    assert "`scan.pdf`: está cortado a la mitad" in message.content
    assert "`scan.pdf`: está cortado a la mitad" in status.text
    assert "(se deja fuera)" in status.text


@pytest.mark.usefixtures("bot")
async def test_why_a_document_cannot_be_added_is_said_in_spanish(local_discord: LocalDiscord):
    maria = joined(local_discord, "maria", locale="es-ES")
    _moderator, roles = local_discord.guild.members[local_discord.moderator.id]
    local_discord.guild.members[maria.id] = (maria, roles)

    refused = await (
        await local_discord.slash("manage add", user=maria, options={"file": Upload("scan.pdf", b"%PDF-1.7 no end")})
    ).answer()

    assert refused.content.startswith("scan.pdf está cortado a la mitad; ")
