"""Names that the documents spell out and a question may abbreviate, as "usia" for the U.S. Information Agency."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from index.keywords import terms

LETTERS_AT_LEAST = 3
LETTERS_AT_MOST = 6
NAMES_AT_MOST = 30_000
"""The most frequent ones; the rest of a large corpus's are chance."""

# none has an apostrophe: a possessive ends a name
_CAPITALISED = r"(?:(?:[A-ZÀ-ÖØ-Þ]\.){2,}|[A-ZÀ-ÖØ-Þ]\w*)"
_JOINT = r"(?:[ \n-]|[ \n](?:of the|for the|of|for|and|on|in|to)[ \n])"
_NAME = re.compile(rf"\b(?P<name>{_CAPITALISED}(?:{_JOINT}{_CAPITALISED})+)(?:[ \n](?P<behind>[a-zß-öø-ÿ]{{3,}}))?")
_WORD = re.compile(r"(?:\w\.){2,}|\w+")


def names_by_abbreviation(texts: Iterable[str]) -> dict[str, str]:
    """The names of several capitalised words in some texts, by the first letters of these words in lower case.

    Small words within a name count or not: the Freedom of Information Act is there as "foia" and as "fia". The word
    behind a name belongs to it if it stands there in the singular and in the plural: "Foreign Service officer". Of
    several names with the same letters it is the most frequent one, of equally frequent ones the first.
    """
    found = Counter(match.group("name", "behind") for text in texts for match in _NAME.finditer(text))
    names: Counter[str] = Counter()
    longer: Counter[str] = Counter()
    for (written, behind), count in found.items():
        name = _without_small_words_before(written)
        names[name] += count
        if behind and terms(behind):
            longer[f"{name} {behind}"] += count
    by_letters: dict[str, str] = {}
    for name, _ in (names + _nouns(longer)).most_common(NAMES_AT_MOST):
        for letters in _abbreviated(name):
            by_letters.setdefault(letters, name)
    return by_letters


def _without_small_words_before(found: str) -> str:
    """A name without the article before it, or the small word that begins its sentence."""
    words: list[str] = _WORD.findall(found)
    first = next((number for number, word in enumerate(words) if terms(word)), len(words))
    return " ".join(words[first:])


def _nouns(longer: Mapping[str, int]) -> Counter[str]:
    """Of names with the word behind them, those that are there in the singular and in the plural."""
    plurals = {name for name in longer if name.endswith("s") and name[:-1] in longer}
    return Counter({name: count for name, count in longer.items() if name in plurals or f"{name}s" in plurals})


def _abbreviated(name: str) -> Iterator[str]:
    """What a name may be abbreviated to, in lower case."""
    words = name.split()
    # "U.S." and "USIA" are letters already
    letters = [re.sub(r"\W", "", word) if word.isupper() else word[0] for word in words]
    main = [letter for letter, word in zip(letters, words, strict=True) if terms(word)]
    for abbreviation in ("".join(main), "".join(letters)):
        if len(main) > 1 and LETTERS_AT_LEAST <= len(abbreviation) <= LETTERS_AT_MOST:
            yield abbreviation.casefold()
