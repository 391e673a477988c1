"""Names that the documents spell out and a question may abbreviate, as "usia" for the U.S. Information Agency."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from index.keywords import terms

LETTERS_AT_LEAST = 3
LETTERS_AT_MOST = 6
NAMES_AT_MOST = 30_000
"""The most frequent ones; the rest of a large corpus's are chance."""

_CAPITALISED = r"(?:(?:[A-ZÀ-ÖØ-Þ]\.){2,}|[A-ZÀ-ÖØ-Þ][\w'’]*)"
_JOINT = r"(?:[ \n-]|[ \n](?:of the|for the|of|for|and|on|in|to)[ \n])"
_NAME = re.compile(rf"\b{_CAPITALISED}(?:{_JOINT}{_CAPITALISED})+")
_WORD = re.compile(r"(?:\w\.){2,}|\w[\w'’]*")


def names_by_abbreviation(texts: Iterable[str]) -> dict[str, str]:
    """The names of several capitalised words in some texts, by the first letters of these words in lower case.

    Small words within a name count or not: the Freedom of Information Act is there as "foia" and as "fia". Of several
    names with the same letters it is the most frequent one, of equally frequent ones the first.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for text in texts:
        for match in _NAME.finditer(text):
            counts.update(_abbreviated(_WORD.findall(match[0])))
    names: dict[str, str] = {}
    for (abbreviation, name), _ in counts.most_common(NAMES_AT_MOST):
        names.setdefault(abbreviation, name)
    return names


def _abbreviated(words: list[str]) -> Iterator[tuple[str, str]]:
    """What a name may be abbreviated to, each time with the name."""
    first = next((number for number, word in enumerate(words) if terms(word)), len(words))
    name = words[first:]  # a small word before it begins a sentence, or is an article
    # "U.S." and "USIA" are letters already
    letters = [re.sub(r"\W", "", word) if word.isupper() else word[0] for word in name]
    capitals = [letter for letter in letters if letter.isupper()]
    for abbreviation in dict.fromkeys(("".join(capitals), "".join(letters))):
        if len(capitals) > 1 and LETTERS_AT_LEAST <= len(abbreviation) <= LETTERS_AT_MOST:
            yield abbreviation.casefold(), " ".join(name)
