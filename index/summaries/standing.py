"""Whether a sentence can be read without the one before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

LEAST_WORDS = 4
"""Shorter ones are labels and cries."""

CONTEXT_SENTENCES = 2
"""How many sentences before one are shown with it at most."""

_PRONOUNS = "he|she|it|they|him|them|his|her|hers|its|their|theirs|this|that|these|those"
_LINKS = (
    "then|thus|therefore|hence|however|but|and|or|nor|so|yet|still|moreover|furthermore|besides|instead|otherwise|"
    "meanwhile|nevertheless|nonetheless|similarly|likewise|consequently|accordingly|indeed|afterwards?|even so|"
    "which|who|one such|as such|such as|(?:rather|finally|yes|no|here)(?=,)|also(?! known| called)|"
    "other|(?:some |many )?others|the others?(?! \\w+ of)|another(?! [^\\W\\d]+(?:,| for | of ))|"
    "the (?:former|latter|previous|preceding|following)|"
    "in addition|in contrast|by contrast|in turn|as a (?:result|consequence)|for example|for instance|in other words|"
    "on the (?:other hand|contrary)|(?:soon |shortly |long )?(?:after|before) (?:that|this)|(?:soon|shortly) after\\w*|"
    "what followed|if (?:so|not)|to do so|(?:at|by|around) the (?:same )?time(?! of| that| when)"
)
_THERE_IS = "is|are|was|were|has|have|had|will|would|may|might|can|could|must|should|seems?|exists?|remains?"
_VERBS = (
    f"(?:{_THERE_IS}|did|do|does|said|say|says|held|made|took|came|went|left|died|thought|felt|never|even|still|"
    "[a-z]+ed (?=that|the|an?|in|on|at|by|to|for|from|with|into|over|up|his|her|their|it))"
)
_NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten"
_SOME = f"some|many|most|several|few|both|all|none|each|either|neither|any|half|{_NUMBERS}"
_TIMES = (
    "hours?|days?|weeks?|months?|years?|decades?|century|centuries|morning|evening|night|spring|summer|autumn|winter"
)
_PREPOSITIONS = (
    "in|on|at|by|during|since|from|with|without|until|for|to|under|through|after|before|of|among|upon|within|against|"
    "over|between|despite|throughout|like|unlike|because of|thanks to|according to|apart from|instead of|along with"
)
_CONJUNCTIONS = "as|when|while|although|though|even though|because|if|once|where|whenever|unless"
_SUBJECTS = "he|she|it|they"
_POSSESSIVES = "his|her|its|their"


def _opening(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\W*(?:{pattern})", re.IGNORECASE)


_LEANS = (
    _opening(rf"(?:{_PRONOUNS}|{_LINKS})\b(?!-)"),
    _opening(r"such\b(?! (?:is|was|are|were)\b| (?:an? )?\w+ as\b)"),
    _opening(rf"there\b(?!-| (?:{_THERE_IS})\b)"),
    _opening(r"both\b(?!.*\band\b)|neither\b(?!.*\bnor\b)"),
    # 'Two of them', 'Some said that', 'All three signed the', 'The first was', 'The two men were'
    _opening(rf"(?:only |even )?(?:{_SOME}) of (?:them|these|those|this|it|his|their)\b"),
    _opening(rf"(?:{_SOME}|all (?:{_NUMBERS})|the (?:first|second|third|last|rest)) {_VERBS}"),
    _opening(rf"the (?:{_NUMBERS}) [a-z]+ (?:met|{_THERE_IS})\b"),
    # 'A second attempt', 'The same year', 'Twenty years later'
    _opening(r"an? (?:second|third|fourth|further|additional|similar|later) (?!of\b)"),
    _opening(
        rf"the (?:same|next) (?:{_TIMES})\b|(?:\w+ ){{1,3}}(?:{_TIMES}) (?:later|earlier|afterwards|before,|after,)"
    ),
    # 'Perry also wrote', 'In 1971, however, the committee': something was said before
    _opening(r"(?:\S+\s+){1,5}?(?<!\bbut )(?<!\band )(?<!, )(?:also|likewise)\b"),
    _opening(
        r"[^.]{0,60}?, (?:however|therefore|too|then|moreover|nevertheless|meanwhile|consequently|instead|for example|"
        r"for instance|in turn|by contrast|on the other hand),"
    ),
    # 'In this way', 'According to him', 'By then', 'While there'
    _opening(
        rf"(?:{_PREPOSITIONS}|{_CONJUNCTIONS}) (?:doing |all |each of |both of |most of |some of |only )?"
        rf"(?:this|that|these|those|such|him|them|it|then|there|so|both|neither)\b(?! an?\b| (?:{_THERE_IS})\b)"
    ),
    # 'In 1975 she testified', 'At the age of twelve he was sent to sea'
    _opening(rf"(?:{_PREPOSITIONS}) (?:(?!\w+ed\b|said\b|says\b|wrote\b|told\b)[^\s,]+ ){{1,5}}(?:{_SUBJECTS})\b"),
    # 'After winning the battle, they', 'Born in Leeds, his'
    _opening(
        rf"(?:(?:{_PREPOSITIONS}|{_CONJUNCTIONS}) (?:\w+ly )?(?!during|spring|morning|evening)\w+ing|having|born|known)"
        rf"\b[^,]*,(?: (?:in|on|by|at|from)(?: \w+){{1,3}}?)? (?:{_SUBJECTS}|{_POSSESSIVES})\b"
    ),
)
"""How sentences begin that lean on the one before."""

_EXPLETIVE = _opening(
    r"it (?:(?:is|was|has been|will be|would be|may be|seems|takes|took)\b[^.,]*?\b(?:that|whether|who)\b|"
    r"(?:is|was|will be|would be|may be) (?:not |\w+ly )?(?:an? )?(?!\w+ed |sent |built |made |the )[a-z]+ "
    r"(?:for [^,.]+ )?to\b|(?:takes|took)\b[^.]*?\b(?:to|for)\b)"
)
"""'It is an offence to retaliate': here 'it' stands for nothing before it."""

_CLAUSE = re.compile(
    rf"(?P<opener>{_PREPOSITIONS}|{_CONJUNCTIONS}) (?P<clause>[^,]+(?:,[^,]+)??), "
    rf"(?P<main>(?P<pronoun>{_SUBJECTS}|{_POSSESSIVES})\b.*)",
    re.IGNORECASE | re.DOTALL,
)
"""'Although the cable leaked, she was not punished'."""
_NO_NAME = r"(?!(?:the )?[A-Z])"
_BACKWARD_CLAUSE = re.compile(
    rf"(?i:(?:{_CONJUNCTIONS}|after|before|since|until) (?:{_SUBJECTS})) [^,]+, {_NO_NAME}"
    rf"|(?i:(?:{_PREPOSITIONS}) (?:{_POSSESSIVES})) (?:[^,]+, {_NO_NAME}|[^,]+$)"
)
"""'When she returned, nobody spoke', 'Under his rule the kingdom grew'; 'In its first year, the Louvre' says which."""
_FINITE = re.compile(rf"\b(?:{_THERE_IS}|did|does|went|came|took|made|left|lost|won|fell|became|\w+ed)\b")
_SOMEBODY = re.compile(r"\b(?:[A-Z]\w+|an?|every|each|any|no|whoever|anyone|somebody|someone)\b")

_WHOLE = re.compile(r"""[^a-z\[].*[.!?\u2026]["'\u201d\u2019)\]*_]*""", re.DOTALL)


class Unit(NamedTuple):
    """Neighbouring sentences that can be read by themselves: `first` to `last`, the last for its own sake."""

    first: int
    last: int

    @property
    def sentences(self) -> range:
        return range(self.first, self.last + 1)


def stands_alone(text: str) -> bool:
    """Whether a sentence says by itself whom and what it speaks of, as far as its opening tells."""
    if _EXPLETIVE.match(text):
        return True
    if any(pattern.match(text) for pattern in _LEANS) or _BACKWARD_CLAUSE.match(text):
        return False
    clause = _CLAUSE.match(text)
    return clause is None or bool(_EXPLETIVE.match(clause["main"])) or _names(clause)


def _names(clause: re.Match[str]) -> bool:
    """Whether an opening clause says what the pronoun behind it stands for."""
    is_finite = bool(re.fullmatch(_CONJUNCTIONS, clause["opener"], re.IGNORECASE) or _FINITE.search(clause["clause"]))
    if clause["pronoun"].casefold() in ("he", "she", "his", "her"):
        return is_finite and bool(_SOMEBODY.search(clause["clause"]))
    return is_finite


def is_whole(text: str) -> bool:
    """Whether a text reads as a sentence of prose: begun and ended as one, no label, and no bracket left open.

    One that begins with a note in square brackets begins with what belongs to the sentence before.
    """
    is_closed = text.count("(") == text.count(")")
    return is_closed and len(text.split()) >= LEAST_WORDS and _WHOLE.fullmatch(text) is not None


def units_of(numbers: Iterable[int], text_of: Callable[[int], str], follows: Callable[[int], bool]) -> list[Unit]:
    """What can be shown for some sentences: each alone, or with what it needs before it; the rest is left out.

    Args:
        numbers: Of the sentences, in text order.
        text_of: The plain text of the sentence with a number.
        follows: Whether the sentence before it is one that belongs with it: no heading, the same section.
    """
    found = (_unit_of(number, text_of, follows) for number in numbers)
    return [unit for unit in found if unit is not None]


def _unit_of(number: int, text_of: Callable[[int], str], follows: Callable[[int], bool]) -> Unit | None:
    for first in range(number, number - CONTEXT_SENTENCES - 1, -1):
        text = text_of(first)
        if not is_whole(text):
            return None
        if stands_alone(text):
            return Unit(first, number)
        if not follows(first):
            return None
    return None
