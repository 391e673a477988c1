"""Which messages of a busy channel are questions worth looking up, told by their form alone.

English only, like the corpus's words; what it lets through is still answered only where the documents do.
"""

from __future__ import annotations

import re

from index import borrows_subject

LONGEST = 600
"""Longer messages tell a story; the nearest passage to a story is no answer."""
FEWEST_WORDS = 3
"""A question of fewer words is chatter ("pizza anyone?"), unless it begins with a question word ("Who resigned?")."""

_COMMAND = re.compile(r"[/!.$?;+=-]\w")
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_LINK = re.compile(r"<?https?://\S+")
_DISCORD_MARKUP = re.compile(r"<(?:@[!&]?|#|a?:\w+:)\d+>")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")

_SMALL_TALK = re.compile(
    r"""
    a|again|all|alright|amazing|and|appreciated|are|awesome|bot|bye|cheers|clear|cool|day|everyone|evening|
    excellent|fine|for|fun|good|goodbye|got|great|ha|haha|hello|help|helped|helpful|helps|hey|hi|i|it|job|k|kind|
    lol|lot|lots|makes|many|most|morning|much|nice|night|no|nope|of|oh|ok|okay|perfect|please|quick|really|right|
    see|sense|so|sorry|super|sure|thank|thanks|that|that's|thats|the|there|this|thx|ty|very|was|welcome|well|
    wonderful|work|worked|works|wow|yeah|yep|yes|you|your
    """,
    re.VERBOSE,
)

_AUXILIARY = (
    r"(?:(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|must|may|might)(?:n'?t)?|can't|won't)"
)
_QUESTION_WORD = r"(?:what|when|where|why|how|who|whom|whose|which)"
_GREETING = (
    r"(?:(?:hi|hello|hey|so|and|but|ok|okay|well|also|btw|please|sorry|guys|all|everyone|folks|there|question)\b\W*)*"
)
_BEGINS_WITH_QUESTION_WORD = re.compile(rf"\W*{_GREETING}{_QUESTION_WORD}(?:'?s|'?re|'?d|'?ll)?\b", re.IGNORECASE)
_ASKS = re.compile(
    rf"""\W*{_GREETING}(?:
        {_QUESTION_WORD}\s+{_AUXILIARY}\b                       # when was ...
        | (?:what|who|where|when|how|why)'(?:s|re|d|ll)\s+\w    # who's ...
        | how\s+(?:long|many|much|often|far|old|big|large|high|late|soon|come|to)\b
        | (?:what|which|whose)\s+(?!an?\b)\w+\s+{_AUXILIARY}\b  # which year was ...; not "what a day it was"
        | which\s+(?!{_AUXILIARY}\b|i\b|you\b|we\b|they\b|he\b|she\b|it\b)\w+\s+\w
        | who\s+(?!cares|knows)\w+\s+\w                         # who wrote ...
        | (?:is|are|was|were|can|could|will|would|should|has|must)(?:n't)?\s+
          (?:i|you|we|they|he|she|it|there|anyone|anybody|someone|somebody|this|that|these|those|my|your|our|their|any
            |an?|the)\b
        | (?:does|did)(?:n't)?\s+\w
        | (?:do|have|had|may|might)(?:n't)?\s+(?:i|you|we|they|any|anyone|anybody)\b  # not "do it", "have a nice day"
        | (?:any|some)(?:one|body)\s+(?:here\s+)?(?:know|remember)s?\b
        | (?:i\s+(?:am\s+|was\s+)?|i'm\s+|just\s+)*wonder(?:ing)?\s+(?:if|whether|{_QUESTION_WORD})\b
        | (?:can\s+\w+\s+)?(?:tell\s+me|explain)\s+{_QUESTION_WORD}\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def is_question(text: str, *, follows_up: bool = False) -> bool:
    """Whether a message asks something that the documents may answer.

    Commands of other bots, code, lone links, what quotes somebody else, stories and small talk do not.

    Args:
        text: What a person wrote, with Discord's markup.
        follows_up: Whether it is said to the bot in a conversation: then it may be short and lean on what was before.
    """
    if len(text) > LONGEST or "```" in text or _COMMAND.match(text.strip()):
        return False
    said = _QUOTED_LINE.sub("", text.replace("\u2019", "'"))
    said = _DISCORD_MARKUP.sub(" ", _LINK.sub(" ", said)).strip()
    asking = [sentence for sentence in _SENTENCE_END.split(said) if _asks(sentence)]
    if follows_up:
        return bool(asking)
    return any(_is_long_enough(sentence) for sentence in asking) and not borrows_subject(said)


def is_small_talk(text: str) -> bool:
    """Whether a message that is said to the bot only greets, thanks or agrees, so that there is nothing to look up."""
    words = re.findall(r"\w+(?:'\w+)?", _DISCORD_MARKUP.sub(" ", text).replace("\u2019", "'").casefold())
    return not any(map(_asks, _SENTENCE_END.split(text))) and all(map(_SMALL_TALK.fullmatch, words))


def _asks(sentence: str) -> bool:
    return re.search(r"\w\W*\?[^\w?]*$", sentence) is not None or _ASKS.match(sentence) is not None


def _is_long_enough(sentence: str) -> bool:
    count = len(re.findall(r"\w+(?:['-]\w+)*", sentence))
    return count >= FEWEST_WORDS or (count > 1 and _BEGINS_WITH_QUESTION_WORD.match(sentence) is not None)
