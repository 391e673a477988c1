"""Which languages a corpus speaks, and whether a question is in another.

A guess at the language of a few words is often wrong, so it alone decides nothing: a question counts as foreign only if
the corpus knows few of its words as well. py3langid is Naive Bayes over byte n-grams (Lui and Baldwin 2012,
"langid.py").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from index.values import Document, Span

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

LANGUAGES = frozenset(
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv ms nl no pl pt ro ru sk sl sq sr sv sw"
    " ta th tl tr uk ur vi zh".split()
)
"""Those that are told apart (ISO 639-1): widely written ones. With more, English is taken for Nigerian Pidgin."""

DOCUMENTS_READ = 50
CHARACTERS_READ = 1000
SURE_OF_DOCUMENT = 0.9

SURE_OF_QUESTION = 0.5
OWN_AT_MOST = 0.05
"""How likely the corpus's own languages may be, together."""
KNOWN_AT_MOST = 0.5
"""Share of a foreign question's words that the corpus may know: names, and words that languages share."""
UNKNOWN_LETTERS = 6
WORDS = 4
"""A question of fewer words may be names, or an expression that English has borrowed; where no letter has a case, words
are not parted, so there they are not counted."""

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def languages_of(documents: Iterable[Document]) -> tuple[str, ...]:
    """The languages of documents, in alphabetical order: what they declare as `language`, else what their text is in.

    The texts of some are read; a document that is in no language for sure adds none.
    """
    spoken: set[str] = set()
    read = 0
    for document in documents:
        declared = str(document.metadata.get("language", "")).strip().lower()
        if match := re.fullmatch(r"([a-z]{2})(?:[-_].*)?", declared):
            spoken.add(match[1])
        elif read < DOCUMENTS_READ:
            read += 1
            text = document.plain(Span(0, min(len(document.text), 2 * CHARACTERS_READ)))[:CHARACTERS_READ]
            spoken |= {name for name, probability in _probabilities(text).items() if probability >= SURE_OF_DOCUMENT}
    return tuple(sorted(spoken))


def foreign_language(question: str, spoken: Callable[[], tuple[str, ...]], knows: Callable[[str], bool]) -> str:
    """The language of a question, if it is surely none of the corpus's; else empty.

    Args:
        question: As a person typed it.
        spoken: Gives the languages of the corpus; called only where the words look foreign.
        knows: Whether the corpus knows a word, or it is too common to count.
    """
    words = _WORD.findall(question)
    unknown = [word for word in words if not knows(word)]
    letters = sum(len(word) for word in unknown if not word[0].isupper())  # names begin with a capital
    if letters < UNKNOWN_LETTERS or len(words) - len(unknown) > KNOWN_AT_MOST * len(words):
        return ""
    if len(words) < WORDS and _has_case(question):
        return ""
    own = spoken()
    if not own or not LANGUAGES.issuperset(own):
        return ""  # what the corpus speaks is not known, or not told apart from others
    found = _probabilities(question)
    best = max(found, key=lambda name: (found[name], name))
    is_foreign = found[best] >= SURE_OF_QUESTION and sum(found[name] for name in own) <= OWN_AT_MOST
    return best if is_foreign else ""


def _has_case(text: str) -> bool:
    """Whether most letters are of a script with capitals, which parts words by blanks, too."""
    letters = [character for character in text if character.isalpha()]
    return sum(character.lower() != character.upper() for character in letters) * 2 > len(letters)


def _probabilities(text: str) -> dict[str, float]:
    return dict(_identifier().rank(text))


@cache
def _identifier() -> LanguageIdentifier:
    """Loaded when first needed: it takes a second, and 80 MB that most corpora never need."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(LANGUAGES))
    return identifier
