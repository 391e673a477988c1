"""What people read, in their language: gettext, with catalogues in `bot/locales` that Babel reads when first needed.

The edge says once whose language it is (`speak`): that of the person who alone reads a reply, that of the server for
what everybody there reads. Whatever is rendered from then on in the same task is in it; without a word of the edge,
and in the terminal, it is English. Messages are whole sentences with named places, so that any language can order them.
"""

from __future__ import annotations

import datetime
import gettext as standard_gettext
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Literal

ENGLISH = "en"
"""What the code itself is written in: it needs no catalogue."""
CATALOGUES = Path(__file__).parent / "locales"

_spoken: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


def speak(locale: object) -> None:
    """Say whose language everything in this task is in from now on.

    Args:
        locale: As Discord names it: `es-419`. What there is no catalogue for is answered in English.
    """
    _spoken.set(_known(str(locale)))


@contextmanager
def speaking(locale: object) -> Iterator[None]:
    """Render what is rendered inside in a language, and then go back to the one before."""
    token = _spoken.set(_known(str(locale)))
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken() -> str:
    """The locale that is spoken now, as Discord names it."""
    return _spoken.get()


def _(message: str) -> str:
    """A message in the language that is spoken now."""
    return _catalogue(_language(spoken())).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """A message that counts something."""
    return _catalogue(_language(spoken())).ngettext(singular, plural, number)


def N_(message: str) -> str:  # noqa: N802 (gettext's name for it)
    """Mark a message that is translated later, by `_`: a constant is made before anybody speaks."""
    return message


def translated(message: str, locale: object) -> str | None:
    """A message in the language of a locale; None where it has none, or is the same."""
    found = _catalogue(_language(_known(str(locale)))).gettext(message)
    return found if found != message else None


def decimal(number: float, places: int) -> str:
    """A number with so many places, as the language writes it."""
    from babel.numbers import format_decimal  # only here, so that the terminal need not load it

    return format_decimal(number, "0." + "0" * places if places else "0", locale=_babels(spoken()))


def dated(date: str) -> str:
    """An ISO 8601 day, month or year as the language writes it; anything else as it is."""
    from babel.dates import format_date, format_skeleton

    parts = date.split("-")
    if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
        return date
    year, month, day = (int(part) for part in [*parts, "1"][:3])
    try:
        if len(parts) == 3:
            return format_date(datetime.date(year, month, day), "long", locale=_babels(spoken()))
        return format_skeleton("yMMMM", datetime.datetime(year, month, day), locale=_babels(spoken()))
    except ValueError:  # no such day
        return date


def listed(words: Sequence[str], *, style: Literal["standard", "or"] = "standard") -> str:
    """Words one after the other, with the language's "and" before the last, or its "or"."""
    from babel.lists import format_list

    return format_list(words, style=style, locale=_babels(spoken()))


def language_name(code: str) -> str:
    """What the language that is spoken now calls a language, within a sentence."""
    from babel import Locale

    return str(Locale.parse(_babels(spoken())).languages.get(code, code))


def languages() -> list[str]:
    """The languages that the interface speaks."""
    return sorted([ENGLISH, *(folder.name for folder in CATALOGUES.iterdir() if folder.is_dir())])


def load() -> None:
    """Read everything now, in a thread: the first use takes a tenth of a second."""
    for language in languages():
        with speaking(language):
            _("Share")
            decimal(0, 2)
            listed([])
            dated("2000-01-01")


def _language(locale: str) -> str:
    return locale.split("-")[0]


def _babels(locale: str) -> str:
    return locale.replace("-", "_")


@cache
def _known(locale: str) -> str:
    """A locale whose language the interface speaks: the one asked for, or English."""
    return locale if _language(locale) in languages() else ENGLISH


@cache
def _catalogue(language: str) -> standard_gettext.NullTranslations:
    if language == ENGLISH:
        return standard_gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (CATALOGUES / language / "LC_MESSAGES" / "bot.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return standard_gettext.GNUTranslations(compiled)
