"""Markdown: blocks by markdown-it (CommonMark with tables), inline markup and footnotes with exact offsets.

markdown-it tells which lines a block has, not where in a line its words stand, and a quote needs that. So blocks are
taken from it, and inline markup is found by one pattern that only ever *hides* characters: whatever the text, what
is left is the text itself, in order.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.token import Token

from index.reading.outline import Outline, OutlineBuilder
from index.values import BlockKind, Mark, Source, Span, merge_spans

MAX_NESTING = 100
"""Of lists and quotes; what lies deeper is lost, and markdown-it would recurse too deep."""

_COMMENT = re.compile(r"<!--.*?-->|^ {0,3}<!--.*\Z", re.DOTALL | re.MULTILINE)
_BLOCK_START = r"\[\^|#{1,6}[ \t]|```|~~~|>|\||<!--|[-+*][ \t]|1[.)][ \t]"
_DEFINITION = re.compile(
    rf"^ {{0,3}}\[\^([^\]\s]+)\]:[ \t]*(.*(?:\n(?:[ \t]+(?!\[\^)\S.*|(?!{_BLOCK_START})\S.*))*)", re.MULTILINE
)
_CITED = re.compile(
    r"\[(?P<title>(?:[^\[\]]|\[[^\]]*\])+)\]\((?P<url>[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)\.?\s*(?P<rest>.*)"
)
_PUBLISHED = re.compile(r"(?P<publisher>.*?)[.,]?\s*(?P<date>\d{4}(?:-\d\d){0,2}|undated)")
_ADDRESS = re.compile(r"https?://[^\s<>)\]]+")

_INLINE = re.compile(
    r"""
      (?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<code>(?P<ticks>`+)(?P<literal>[^`](?:.*?[^`])?)(?P=ticks)(?!`))
    | (?P<mark>\[\^(?P<label>[^\]\s]+)\])
    | (?P<link>!?\[(?P<text>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\](?:
          (?P<target>\(\s*(?:<[^<>\n]*>|(?:[^()\s]|\([^()\s]*\))*)(?:\s+(?:"[^"]*"|'[^']*'))?\s*\))
          | \[(?P<reference>[^\[\]]*)\]))
    | (?P<address><(?:https?://|mailto:)[^\s<>]+>)
    | (?P<tag></?[A-Za-z][^<>]*>)
    | (?P<delimiter>\*{1,3}|_{1,3})
    """,
    re.VERBOSE | re.DOTALL,
)


def read_markdown(text: str) -> Outline:
    """Read Markdown.

    Hidden are markup, link targets, images, footnote marks and definitions, and comments. Lists, tables and code are
    read line by line. Footnote definitions become sources.
    """
    builder = OutlineBuilder(text)
    removed = [Span(*match.span()) for match in _COMMENT.finditer(text)]
    body = _COMMENT.sub(_blank, text)
    labels: dict[str, int] = {}
    sources: list[Source] = []
    for definition in _DEFINITION.finditer(body):
        if definition[1] not in labels:
            labels[definition[1]] = len(sources)
            sources.append(source_of(definition[2]))
        removed.append(Span(*definition.span()))
    body = _DEFINITION.sub(_blank, body)
    hidden = merge_spans(removed)

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    parser.core.ruler.disable("inline")  # only the lines of blocks are needed
    environment: dict[str, dict[str, object]] = {}
    tokens = parser.parse(body, environment)
    line_starts = [0, *(match.end() for match in re.finditer("\n", body)), len(body) + 1]
    parents: list[Token] = []
    for token in tokens:
        if token.nesting == 1:
            parents.append(token)
        elif token.nesting == -1:
            parents.pop()
        kind = _kind_of(token, parents)
        if kind is None or token.map is None:
            continue
        content, gaps = _place_of(token, body, line_starts)
        inline = _Inline(body, labels, environment.get("references", {}))
        if token.type not in ("fence", "code_block"):
            inline.read(content)
        parts = _without(content, [*gaps, *inline.hidden, *_meeting(hidden, content)])
        if kind is BlockKind.HEADING and parts:
            heading = " ".join("".join(text[part.start : part.end] for part in parts).split())
            if heading:
                builder.open_section(int(parents[-1].tag[1:]), heading)
        if token.type in ("fence", "code_block"):  # code is never wrapped: each line is a block
            for line in re.finditer(r"[^\n]+", body[content.start : content.end]):
                span = Span(content.start + line.start(), content.start + line.end())
                builder.add(kind, _without(span, [*_meeting(merge_spans([*hidden, *gaps]), span)]))
        else:
            builder.add(kind, parts)
        builder.emphasis += inline.emphasis
        # a mark ahead of a block's first word is that block's, not the one's before
        first = builder.blocks[-1].span.start if builder.blocks else 0
        builder.marks += [Mark(max(mark.position, first), mark.source) for mark in inline.marks]
    return builder.build(tuple(sources))


def source_of(definition: str) -> Source:
    """Read a footnote's text as a source.

    The form `[Title](address). Publisher. Date.` is taken apart; anything else becomes the title, with the first
    address in it as the link.
    """
    definition = " ".join(definition.split())
    cited = _CITED.fullmatch(definition)
    if cited is None:
        address = _ADDRESS.search(definition)
        url = address[0].rstrip(".,;") if address else None
        title = definition.replace(url, "").strip(" <>.,;:") if url else definition.strip()
        return Source(title=title or (url or definition), url=url)
    rest = cited["rest"].rstrip(". ")
    published = _PUBLISHED.fullmatch(rest)
    publisher, date = (published["publisher"], published["date"]) if published else (rest, None)
    return Source(
        title=cited["title"],
        publisher=publisher.strip() or None,
        date=None if date == "undated" else date,
        url=cited["url"],
    )


def _blank(match: re.Match[str]) -> str:
    """Blanks in place of a match, line breaks kept, so that every offset stays."""
    return re.sub(r"[^\n]", " ", match[0])


def _kind_of(token: Token, parents: list[Token]) -> BlockKind | None:
    """Which block a token is, or None where it is none of its own."""
    if token.type in ("fence", "code_block", "html_block", "tr_open"):
        return BlockKind.LINES
    if token.type != "inline" or any(parent.type == "tr_open" for parent in parents):
        return None
    if parents and parents[-1].type == "heading_open":
        return BlockKind.HEADING
    in_list = any(parent.type == "list_item_open" for parent in parents)
    return BlockKind.LINES if in_list else BlockKind.PARAGRAPH


def _place_of(token: Token, body: str, line_starts: list[int]) -> tuple[Span, list[Span]]:
    """Where a block's content stands, and the gaps in it: indents and quote marks before its later lines."""
    assert token.map is not None
    first, last = token.map
    if token.type == "tr_open":
        start, end = line_starts[first], line_starts[last] - 1
        row = body[start:end]
        outer = re.fullmatch(r"([\s>]*\|?)(.*?)(\|?\s*)", row, re.DOTALL)
        assert outer is not None
        return Span(start + outer.end(1), start + outer.end(2)), []
    lines = token.content.split("\n")
    if token.type == "fence":
        first += 1
    gaps: list[Span] = []
    begin = end = line_starts[first]
    for number, content in enumerate(lines):
        content = content.strip()
        if not content or first + number >= len(line_starts) - 1:
            continue
        line_start, line_end = line_starts[first + number], line_starts[first + number + 1] - 1
        position = body.rfind(content, line_start, line_end)
        if position < 0:  # markdown-it changed the line (a tab in an indent); take it as it is
            position, content = line_start, body[line_start:line_end]
        if end == line_starts[first]:
            begin = position
        else:
            gaps.append(Span(end + 1, position))
        end = position + len(content)
    return Span(begin, max(begin, end)), gaps


def _meeting(spans: tuple[Span, ...], content: Span) -> tuple[Span, ...]:
    """Those of some sorted spans that do not overlap each other that share a character with another span."""
    first = bisect_left(spans, content.start, key=lambda span: span.end)
    last = bisect_left(spans, content.end, key=lambda span: span.start)
    return spans[first:last]


def _without(content: Span, hidden: list[Span]) -> list[Span]:
    """The parts of a span that are left when the hidden ones are taken out."""
    parts, position = [], content.start
    for start, end in sorted(hidden):
        if start > position:
            parts.append(Span(position, start))
        position = max(position, end)
    if position < content.end:
        parts.append(Span(position, content.end))
    return parts


@dataclass(slots=True)
class _Inline:
    """What is markup within one block."""

    body: str
    labels: dict[str, int]
    references: Collection[str]
    hidden: list[Span] = field(default_factory=list)
    emphasis: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def read(self, content: Span) -> None:
        """Find the markup of a span; text in links and emphasis is read in turn."""
        opened: list[tuple[str, int]] = []
        position = content.start
        while match := _INLINE.search(self.body, position, content.end):
            position = match.end()
            kind = match.lastgroup
            if match["escape"]:
                self.hidden.append(Span(match.start(), match.start() + 1))
            elif match["code"]:
                self._show_only(match, Span(*match.span("literal")))
            elif match["mark"]:
                if match["label"] in self.labels:
                    self.hidden.append(Span(*match.span()))
                    self.marks.append(Mark(match.start(), self.labels[match["label"]]))
            elif match["link"]:
                position = self._read_link(match)
            elif match["address"]:
                self._show_only(match, Span(match.start() + 1, match.end() - 1))
            elif match["tag"]:
                self.hidden.append(Span(*match.span()))
            elif kind == "delimiter":
                self._read_delimiter(match, opened, content)

    def _show_only(self, match: re.Match[str], shown: Span) -> None:
        self.hidden += [Span(match.start(), shown.start), Span(shown.end, match.end())]

    def _read_link(self, match: re.Match[str]) -> int:
        """Hide a link's target or a whole image; return where reading goes on."""
        is_reference = match["target"] is None
        label = match["reference"] or match["text"]
        if is_reference and normalizeReference(label) not in self.references:
            return match.start() + 1
        if match[0].startswith("!"):
            self.hidden.append(Span(*match.span()))
        else:
            shown = Span(*match.span("text"))
            self._show_only(match, shown)
            self.read(shown)
        return match.end()

    def _read_delimiter(self, match: re.Match[str], opened: list[tuple[str, int]], content: Span) -> None:
        """Pair `*` and `_` as CommonMark does for ordinary text; those without a partner stay as they are."""
        run = match[0]
        before = self.body[match.start() - 1] if match.start() > content.start else " "
        after = self.body[match.end()] if match.end() < content.end else " "
        can_close = not before.isspace()
        can_open = not after.isspace()
        if run[0] == "_":
            can_close, can_open = can_close and not after.isalnum(), can_open and not before.isalnum()
        for depth in range(len(opened) - 1, -1, -1) if can_close else ():
            if opened[depth][0] == run:
                start = opened[depth][1]
                self.hidden += [Span(start, start + len(run)), Span(*match.span())]
                self.emphasis.append(Span(start + len(run), match.start()))
                del opened[depth:]
                return
        if can_open:
            opened.append((run, match.start()))
