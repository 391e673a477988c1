"""Reads Discord's Markdown the way its client does, so that tests see what people see.

The rules are those of Discord's client (simple-markdown, with its regular expressions), as far as a message of ours
could meet them: the first rule that matches wins, and of strong and emphasis the longer match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

BLOCK_QUOTE = re.compile(r" *> [^\n]*(?:\n *> [^\n]*)*\n?")
QUOTE_TO_THE_END = re.compile(r" *>>> ([\s\S]*)")
HEADING = re.compile(r" *(#{1,3}|-#)[ \t]+([^\n]+)")
LIST_ITEM = re.compile(r"[ \t]*([*-]|\d+\.)[ \t]+(?=\S)")
CODE_BLOCK = re.compile(r"```(?:\w+\n)?\n*([^\n][\s\S]*?)\n*```")
ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
ADDRESS = re.compile(r"<?https?://[^\s<]+[^<.,:;\"')\]\s]>?")
MENTION = re.compile(r"<(?:@[!&]?|#|a?:\w+:|t:|id:|/[-\w ]+:)-?\w+(?::\w)?>|@(?:everyone|here)\b")
LINK = re.compile(r"\[((?:\[[^\]]*\]|\\.|[^\[\]\\]|\](?=[^\[]*\]))*)\]\(\s*<?((?:[^\s\\()]|\\.)+?)>?\s*\)")
STRONG = re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")
EMPHASIS = re.compile(
    r"_((?:__|\\[\s\S]|[^\\_])+?)_(?!\w)"
    r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
)
UNDERLINE = re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")
STRUCK = re.compile(r"~~([\s\S]+?)~~(?!_)")
SPOILER = re.compile(r"\|\|([\s\S]+?)\|\|")
CODE = re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")

STYLED = (("strong", STRONG), ("emphasis", EMPHASIS), ("underline", UNDERLINE))
OTHERS = (("struck", STRUCK), ("spoiler", SPOILER))


class Shown(NamedTuple):
    """One character on the screen, with everything that is done to it."""

    character: str
    styles: frozenset[str]


def read(markdown: str, styles: frozenset[str] = frozenset(), *, at_line_start: bool = True) -> list[Shown]:
    """Give the characters that people see."""
    shown: list[Shown] = []
    position = 0

    def show(text: str, *more: str) -> None:
        shown.extend(Shown(character, styles | set(more)) for character in text)

    def nested(text: str, *more: str, starts_line: bool = False) -> None:
        shown.extend(read(text, styles | set(more), at_line_start=starts_line))

    while position < len(markdown):
        is_line_start = at_line_start if position == 0 else markdown[position - 1] == "\n"
        if is_line_start and "quote" not in styles and (found := BLOCK_QUOTE.match(markdown, position)):
            nested(re.sub(r"^ *> ?", "", found[0], flags=re.MULTILINE), "quote", starts_line=True)
        elif is_line_start and "quote" not in styles and (found := QUOTE_TO_THE_END.match(markdown, position)):
            nested(found[1], "quote", starts_line=True)
        elif is_line_start and (found := HEADING.match(markdown, position)):
            nested(found[2], "heading")
        elif is_line_start and (found := LIST_ITEM.match(markdown, position)):
            show("\N{BULLET} ", "list")
        elif found := CODE_BLOCK.match(markdown, position) or CODE.match(markdown, position):
            show(found[found.lastindex or 0], "code")
        elif found := ESCAPE.match(markdown, position):
            show(found[1])
        elif found := MENTION.match(markdown, position):
            show(found[0], "mention")
        elif found := ADDRESS.match(markdown, position):
            show(found[0], f"link:{found[0]}")
        elif found := LINK.match(markdown, position):
            nested(found[1], f"link:{found[2]}")
        elif styled := _longest(markdown, position):
            style, found = styled
            nested(next(group for group in found.groups() if group is not None), style)
        else:
            found = None
            show(markdown[position])
        position = found.end() if found else position + 1
    return shown


def _longest(markdown: str, position: int) -> tuple[str, re.Match[str]] | None:
    tried = [(style, pattern.match(markdown, position)) for style, pattern in STYLED]
    matched = [(style, match) for style, match in tried if match is not None]
    if matched:
        preference = ["underline", "strong", "emphasis"]
        return max(matched, key=lambda item: (item[1].end(), preference.index(item[0])))
    for style, pattern in OTHERS:
        if match := pattern.match(markdown, position):
            return style, match
    return None


def text_of(shown: list[Shown]) -> str:
    """What can be read, without styles."""
    return "".join(character for character, _ in shown)


def styles_in(shown: list[Shown]) -> set[str]:
    """Everything that is done to any character."""
    return {style for _, styles in shown for style in styles}


def styled(shown: list[Shown], style: str) -> str:
    """The characters that have a style, in order."""
    return "".join(character for character, styles in shown if style in styles)


def quotes_in(markdown: str) -> list[list[Shown]]:
    """What each block quote shows, in order."""
    return list(_runs(read(markdown), lambda one: "quote" in one.styles))


def links_in(markdown: str) -> list[tuple[str, str]]:
    """Text and address of each link, in order."""
    links = []
    for run in _runs(read(markdown), _address_of):
        links.append((text_of(run), _address_of(run[0])))
    return links


def _address_of(one: Shown) -> str:
    return next((style.removeprefix("link:") for style in one.styles if style.startswith("link:")), "")


def _runs(shown: list[Shown], key: Callable[[Shown], object]) -> Iterator[list[Shown]]:
    """Neighbours of one key, where it is something."""
    run: list[Shown] = []
    for one in shown:
        if run and key(run[-1]) != key(one):
            yield run
            run = []
        if key(one):
            run.append(one)
    if run:
        yield run
