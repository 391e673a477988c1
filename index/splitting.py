"""A document to passages of whole sentences, all with exact offsets.

Sentence boundaries come from nupunkt (Bommarito et al. 2025, "Precise Legal Sentence Boundary Detection for Retrieval
at Scale"), which keeps abbreviations such as "U.S. officials" or "2 FAM 071.1" whole; `docs/decisions.md` has the
comparison. It reads the plain text; the offsets of each sentence are those of the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import nupunkt

from index.values import Block, BlockKind, Document, Passage, Sentence, Span

SPLITTER_VERSION = 3
"""Raised with every change of what reading or splitting returns; generations of another version are rebuilt."""

PASSAGE_CHARACTERS = 800
WRAP_WIDTHS = range(40, 121)
"""Line lengths at which editors wrap; outside of them a line break is the author's own."""

Fits = Callable[[str], bool]


def split(document: Document, *, fits: Fits) -> tuple[Passage, ...]:
    """Split a document into passages of neighbouring sentences.

    Every visible character that is not white space lies in exactly one sentence; sentences are in text order and do
    not overlap; no passage crosses a section.

    Args:
        document: What to split.
        fits: Whether the embedding model reads a plain text whole. A sentence that does not fit is split at white
            space, and a passage never grows beyond what fits.
    """
    passages: list[Passage] = []
    sections: dict[int, list[Sentence]] = {}
    for number, block in enumerate(document.blocks):
        following = document.blocks[number + 1].span.start if number + 1 < len(document.blocks) else None
        sections.setdefault(block.section, []).extend(_sentences(document, block, following, fits))
    for section, sentences in sections.items():
        passages += (Passage(section, group) for group in _pack(document, sentences, fits))
    return tuple(passages)


def _sentences(document: Document, block: Block, following: int | None, fits: Fits) -> list[Sentence]:
    """The sentences of one block, each with the sources that its footnote marks name."""
    plain, offsets = _plain_with_offsets(document, block.span)
    spans = [
        Span(offsets[start], offsets[end - 1] + 1)
        for line_start, line_end in _lines(plain, block.kind)
        for sentence_start, sentence_end in _boundaries(plain, line_start, line_end, block.kind)
        for start, end in fitting(plain, sentence_start, sentence_end, fits)
    ]
    if not spans:
        return []
    end = len(document.text) if following is None else following
    cited: list[list[int]] = [[] for _ in spans]
    marks = [mark for mark in document.marks if block.span.start <= mark.position < end]
    for mark in marks:
        owner = max(number for number, span in enumerate(spans) if span.start <= max(mark.position, spans[0].start))
        for sources in cited if marks[0].position >= spans[-1].end else [cited[owner]]:
            if mark.source not in sources:
                sources.append(mark.source)
    return [
        Sentence(span, is_heading=block.kind is BlockKind.HEADING, sources=tuple(sources))
        for span, sources in zip(spans, cited, strict=True)
    ]


def _plain_with_offsets(document: Document, span: Span) -> tuple[str, list[int]]:
    """The visible characters of a span, line breaks kept, and where each stands in the document."""
    offsets = [offset for start, end in document.visible(span) for offset in range(start, end)]
    return "".join(document.text[offset] for offset in offsets), offsets


def _lines(plain: str, kind: BlockKind) -> Iterator[tuple[int, int]]:
    """The stretches of a block that no sentence crosses.

    A line break ends a sentence unless an editor wrapped the line there: then the next line's first word would not
    have fitted any more. In verse, chat logs and addresses that is so for the longest line at most, so a block counts
    as wrapped only where most of its breaks look so. A heading is one sentence.
    """
    lines = [match.span() for match in re.finditer(r"[^\n]+", plain)]
    if not lines:
        return
    is_wrap = [kind is BlockKind.HEADING or _is_wrap(plain, lines, number, kind) for number in range(len(lines) - 1)]
    is_wrapped = 2 * sum(is_wrap) > len(is_wrap)
    begin = lines[0][0]
    for number, (_, end) in enumerate(lines[:-1]):
        if not (is_wrapped and is_wrap[number]):
            yield begin, end
            begin = lines[number + 1][0]
    yield begin, lines[-1][1]


def _is_wrap(plain: str, lines: Sequence[tuple[int, int]], number: int, kind: BlockKind) -> bool:
    """Whether the next line's first word would not have fitted behind this line."""
    width = max(len(plain[start:end].rstrip()) for start, end in lines)
    line, following = (plain[start:end].strip() for start, end in lines[number : number + 2])
    if width not in WRAP_WIDTHS or (kind is BlockKind.LINES and _ends_sentence(line)):
        return False
    return not following or len(line) + 1 + len(following.split(maxsplit=1)[0]) > width


def _ends_sentence(line: str) -> bool:
    return line.rstrip().endswith((".", "!", "?", ":", ";"))


def _boundaries(plain: str, start: int, end: int, kind: BlockKind) -> Iterator[tuple[int, int]]:
    """Sentences of one stretch, trimmed of white space; a heading is one sentence."""
    stretch = plain[start:end]
    spans = [(0, len(stretch))] if kind is BlockKind.HEADING else nupunkt.sent_spans(stretch)
    for span_start, span_end in spans:
        text = stretch[span_start:span_end]
        trimmed = text.strip()
        if trimmed:
            trimmed_start = start + span_start + text.index(trimmed[0])
            yield trimmed_start, trimmed_start + len(trimmed)


def fitting(plain: str, start: int, end: int, fits: Fits) -> Iterator[tuple[int, int]]:
    """Pieces of a sentence that the model reads whole: cut at white space, or anywhere where there is none."""
    while not fits(plain[start:end]):
        low, high = start + 1, end - 1  # the longest piece that fits lies in between
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(plain[start:middle]) else (low, middle - 1)
        blank = max((match.start() for match in re.finditer(r"\s", plain[start:low])), default=0)
        cut = start + blank if blank else low
        yield start, start + len(plain[start:cut].rstrip())
        start = cut + len(plain[cut:end]) - len(plain[cut:end].lstrip())
    yield start, end


def _pack(document: Document, sentences: Sequence[Sentence], fits: Fits) -> Iterator[tuple[Sentence, ...]]:
    """Group a section's sentences into passages of about equal length, none longer than it may be."""
    if not sentences:
        return
    total = sentences[-1].span.end - sentences[0].span.start
    target = total / -(-total // PASSAGE_CHARACTERS)
    group: list[Sentence] = []
    for sentence in sentences:
        if group:
            start, end = group[0].span.start, group[-1].span.end
            grown = Span(start, sentence.span.end)
            is_full = end - start >= target and not group[-1].is_heading
            is_too_long = grown.end - grown.start > PASSAGE_CHARACTERS or not fits(document.plain(grown))
            if is_full or is_too_long:
                yield tuple(group)
                group = []
        group.append(sentence)
    yield tuple(group)
