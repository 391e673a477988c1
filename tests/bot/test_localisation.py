"""Every word that people read is in the catalogues, and every catalogue is complete."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from bot.localisation import _, decimal, languages, listed, ngettext, speak, speaking, spoken, translated
from bot.render import limits
from bot.render.about import about_body
from bot.render.answer import answer_body
from bot.render.body import Button
from bot.render.buttons import Topic, answer_buttons, refusal_buttons
from bot.render.passages import context_body, more_body, person_body, source_body
from bot.render.settings import help_body
from bot.render.wording import age_in_words, diagnosis_in_words
from bot.tree import error_text
from bot.turns import BusyError
from bot.views import follow_up_modal
from index import CorpusError, Diagnosis, DocumentEntry, Fault, Library, LibraryStatus, UnknownDocumentError
from tests.bot.quotes import answer_of, quote_of
from tests.fakes import WordEmbedder
from tests.wire.limits import check_message
from tools.catalogues import is_complete, read, template, user_messages

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [language for language in languages() if language != "en"]
TODAY = date(2026, 11, 25)
ENTRY = DocumentEntry("sea/a", "k", "Grey Skerry", "sea/a.md", "", 10, 1)


@pytest.fixture(scope="module")
def messages() -> Catalog:
    """What the code says."""
    return template()


def ids(catalogue: Catalog) -> set[Any]:
    return {message.id for message in catalogue if message.id}


def forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def places(text: str) -> set[str]:
    return {name for _text, name, _format, _how in Formatter().parse(text) if name is not None}


# ---- catalogues


def test_spanish_is_spoken_beside_english():
    assert languages() == ["en", "es"]


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_message_and_no_other(language: str, messages: Catalog):
    assert len(ids(messages)) > 150
    assert ids(read(language)) ^ ids(messages) == set(), "`make catalogues` brings them up to date"


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_with_all_its_named_places(language: str):
    for message in read(language):
        if not message.id:
            continue
        assert is_complete(message.string), message.id
        assert not message.fuzzy, message.id
        wanted = set[str]().union(*map(places, forms(message.id)))
        for form in forms(message.string):
            assert places(form) == wanted, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_commands_settings_and_links_stay_as_they_are(language: str):
    for message in read(language):
        if message.id:
            kept = re.findall(r"`[^`]+`|[A-Z]+_[A-Z]+", forms(message.id)[0])
            assert all(name in forms(message.string)[0] for name in kept), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_what_discord_shows_of_the_commands_fits(language: str):
    for message in read(language):
        if any("with the commands" in comment for comment in message.auto_comments):
            room = 32 if message.id == "Answer this message" else limits.CHOICE_TEXT
            assert limits.length(str(message.string)) <= room, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_help_names_the_buttons_as_they_are_labelled(language: str):
    with speaking(language):
        text = help_body().content
        rows = answer_buttons(1, is_private=True, has_question=True) + answer_buttons(
            1, is_private=False, has_question=True
        )

    labels = {button.label for row in rows for button in row if isinstance(button, Button)} - {
        translated("Not helpful", language)
    }
    assert [label for label in labels if f"*{label}*" not in text] == []
    assert (translated("Answer this message", language) or "?") in text


# ---- speaking


def test_what_is_said_is_in_the_language_that_is_spoken_and_english_otherwise():
    assert (spoken(), _("Share")) == ("en", "Share")
    with speaking("es-419"):
        assert _("Share") == "Compartir"
        with speaking("en-GB"):
            assert _("Share") == "Share"
        assert ngettext("{count} more", "{count} more", 2) == "{count} más"
    with speaking("tlh"):
        assert _("Share") == "Share"
    assert _("Share") == "Share"


@pytest.mark.parametrize(
    ("locale", "shown"), [("en-US", "0.97"), ("es-ES", "0,97"), ("es-419", "0.97"), ("fr", "0.97")]
)
def test_numbers_are_written_as_the_reader_writes_them(locale: str, shown: str):
    with speaking(locale):
        assert decimal(0.9749, 2) == shown
        assert decimal(1234.4, 0) == "1234"


def test_words_are_listed_with_the_languages_own_and():
    with speaking("es-ES"):
        assert listed(["uno", "dos", "tres"]) == "uno, dos y tres"


def test_ages_have_the_right_plural():
    with speaking("es"):
        assert age_in_words("2020", TODAY) == "de hace 6 años"


def test_an_error_of_the_index_is_told_in_the_language_that_is_spoken():
    error = UnknownDocumentError(
        "no document",
        user_message="There is no document named {document!r}. `corpus list` shows the names.",
        document="x{y}",
    )

    assert error.user_message == "There is no document named 'x{y}'. `corpus list` shows the names."
    assert error_text(error, "ask") == error.user_message
    with speaking("es"):
        assert error_text(error, "ask").startswith("No hay ningún documento llamado 'x{y}'.")
        assert error_text(BusyError(2.5), "ask").startswith("Estoy ocupado")
        assert "3 s" in error_text(BusyError(2.5), "ask")
        assert error_text(ValueError("?"), "ask").startswith("Algo ha fallado por mi parte.")


def test_why_files_cannot_be_read_is_told_in_one_language_but_for_what_others_say_in_quotes(tmp_path: Path):
    (tmp_path / "a.md").write_text("---\ntitle: b: c\n---\nText.")
    library = Library(corpus=tmp_path, data=tmp_path / ".data", embedder=WordEmbedder())

    with pytest.raises(CorpusError) as caught:
        library.reload()
    with speaking("es"):
        text = error_text(caught.value, "ask")

    assert text.startswith("En ")
    assert text.endswith(
        "Ningún archivo se puede leer: a.md, por ejemplo, tiene una cabecera (front matter) con un error en la línea 2 "
        "(«mapping values are not allowed here»); arréglala o quítala."
    )


def test_a_message_of_an_error_that_is_put_together_cannot_be_translated_and_is_refused():
    assert list(user_messages("class E:\n    user_message = 'a'\nraise E(user_message='b' 'c')")) == ["a", "bc"]
    assert list(user_messages("raise DocumentError('is {x}', x=1)")) == ["is {x}"]
    with pytest.raises(ValueError, match="must be a template"):
        list(user_messages("raise E(user_message=f'{x}')"))


# ---- rendering in every language


@pytest.mark.usefixtures("language")
def test_every_other_message_fits_discords_limits():
    status = LibraryStatus(
        "corpus", "3f9a2c41d07b", "2026-11-23", "m" * 200, 384, 400, 800, False, reranker="r" * 200, reader="q" * 200
    )
    quote = quote_of("a b c. " * 400)
    bodies = [
        about_body(status, [ENTRY] * 400),
        about_body(status, []),
        more_body([quote] * 3, first=4, answer_id=1, next_page=2, has_changed=True, today=TODAY),
        more_body([], first=4, answer_id=1, next_page=None, has_changed=True, today=TODAY),
        context_body([quote] * 9, None, number=1, answer_id=1, is_gone=False, today=TODAY),
        context_body([quote] * 3, None, number=1, answer_id=1, is_gone=True, today=TODAY),
        source_body([quote] * 3, [], ["t" * 300] * 3),
        person_body("q" * 1000, asker_id=1, role_id=2, link="https://discord.com/channels/1/2"),
        answer_body(answer_of(), repeats_question=True),
    ]

    for body in bodies:
        assert body.content
        check_message({"content": body.content, "embeds": [body.embed.to_dict()] if body.embed else []})
    for row in (
        *answer_buttons(1, is_private=True, has_question=True),
        *refusal_buttons(1, [Topic(ENTRY.key, ENTRY.title)], is_private=False, has_person_to_ask=True),
    ):
        assert all(limits.length(button.label) <= limits.BUTTON_LABEL for button in row if isinstance(button, Button))
    modal = follow_up_modal("answer:1:follow:", earlier="")
    [label] = modal.to_dict()["components"]
    assert "…" not in label["description"]  # it fits without being cut
    assert limits.length(modal.title) <= limits.MODAL_TITLE
    assert limits.length(_("Your next question")) <= limits.TEXT_INPUT_LABEL


@pytest.mark.usefixtures("language")
@pytest.mark.parametrize("fault", list(Fault))
def test_every_diagnosis_names_what_it_is_about(fault: Fault):
    text = diagnosis_in_words(Diagnosis(fault, words=("zeppelin",), short_by=0.25))

    assert "{" not in text
    assert len(text.split()) > 10


def test_speaking_for_good_lasts_for_the_task():
    async def task() -> str:
        speak("es-ES")
        await asyncio.sleep(0)
        return _("Share")

    assert asyncio.run(task()) == "Compartir"
    assert _("Share") == "Share"


# ---- nothing is said outside of a catalogue

TERMINAL_ONLY = set(
    "cli.py client.py console.py records.py reports.py logs.py settings.py state.py service.py __main__.py".split()
)
"""English, like the documentation: `settings.py` of the package itself, not the cog of that name."""
SPEAKING = [
    path for path in sorted((ROOT / "bot").rglob("*.py")) if path.parent.name != "bot" or path.name not in TERMINAL_ONLY
]
MARKERS = {"_", "N_", "ngettext"}
NOT_FOR_PEOPLE = set(
    "compile match fullmatch sub search findall ContextVar TypeVar field getattr __init__ describe command"
    " debug info warning error exception error_text tell".split()
)
HUMAN = re.compile(r"[A-Za-z]+[,.:;]? [a-z]{2,}|^[A-Z][a-z]+[.!?]?$")
"""Two words in a row, or one that begins like a sentence."""


def unmarked(source: str) -> Iterator[str]:
    """Texts that look like a sentence or a label and that no catalogue can have."""
    yield from _unmarked(ast.parse(source))


def _unmarked(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in MARKERS | NOT_FOR_PEOPLE:
            return
        case ast.Call(keywords=given):
            children = [child for child in ast.iter_child_nodes(node) if child not in given]
            children += [keyword.value for keyword in given if keyword.arg not in ("user_message", "group_description")]
        case ast.ClassDef(body=body):
            children = list(body)
        case ast.Raise(exc=ast.Call(keywords=given)):
            children = [keyword.value for keyword in given if keyword.arg != "user_message"]
        case ast.Expr(value=ast.Constant()):  # a docstring
            return
        case ast.Assign(targets=[ast.Name(id="user_message")]) | ast.Subscript() | ast.AnnAssign(value=None):
            return
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            children = list(body)
        case ast.Constant(value=str(text)) if HUMAN.search(re.sub("`.*?`", "", text)):
            yield text
            return
        case _:
            children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _unmarked(child)


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_said_that_cannot_be_translated(path: Path):
    assert list(unmarked(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        'Body("Nothing was found.")',
        'Button(Action.MORE, "More", 1)',
        'embed.add_field(name="What I keep", value=x)',
        'text = f"I have {count} of them"',
        'return "Deleted."',
    ],
)
def test_a_text_that_was_forgotten_is_found(line: str):
    assert list(unmarked(f"def f():\n    {line}"))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "bot").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_message_stands_inside_an_f_string_where_babel_does_not_see_it(path: Path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    calls = [node for string in strings for node in ast.walk(string) if isinstance(node, ast.Call)]
    literal = [
        call.lineno
        for call in calls
        if getattr(call.func, "id", "") in ("_", "ngettext") and isinstance(call.args[0], ast.Constant)
    ]

    assert literal == []
