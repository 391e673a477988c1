"""The words of the domain as frozen values; offsets are Unicode code points of a document's text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, cast

from index.errors import DocumentError

SECTION_SEPARATOR = " > "


class Span(NamedTuple):
    """Half-open range `[start, end)` of a document's text, in Unicode code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """Where quoted words say they come from: one footnote of a document."""

    title: str
    publisher: str | None = None
    date: str | None = None
    url: str | None = None


class BlockKind(StrEnum):
    """What a block of text is; it decides where sentences may end."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LINES = "lines"
    """Lists, table rows, code: a line break always ends a sentence."""


@dataclass(frozen=True, slots=True)
class Block:
    """One structural unit of a document: a heading, a paragraph, a list item, a table row."""

    kind: BlockKind
    span: Span
    section: int
    """Position in `Document.sections`."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A footnote mark: where it stands, and which of `Document.sources` it names."""

    position: int
    source: int


@dataclass(frozen=True)
class Document:
    """One source text with its structure.

    `hidden` are the parts of the text that are not read: markup, footnote marks and definitions, comments,
    link targets. What is left is the plain reading, which is embedded, counted and shown; the quoted text itself
    stays as it is.
    """

    id: str
    path: str
    title: str
    text: str
    digest: str
    """SHA-256 of the file."""
    blocks: tuple[Block, ...]
    sections: tuple[tuple[str, ...], ...]
    """Heading paths without the title; entry 0 is `()`, the text before any heading."""
    hidden: tuple[Span, ...] = ()
    emphasis: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    sources: tuple[Source, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    pages: tuple[int, ...] = ()
    """Where each page begins; empty for formats without pages."""
    sketch: tuple[int, ...] = ()
    """By which documents that say the same are found, see `index.twins`."""

    @property
    def tags(self) -> tuple[str, ...]:
        """The front matter's tags."""
        tags = self.metadata.get("tags")
        return tuple(map(str, tags)) if isinstance(tags, list) else ()

    def page_of(self, offset: int) -> int | None:
        """The page on which a character stands, from 1; None where there are no pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None

    @cached_property
    def _hidden_ends(self) -> list[int]:
        return [span.end for span in self.hidden]

    def visible(self, span: Span) -> list[Span]:
        """The parts of a span that are not hidden, in order."""
        parts, position = [], span.start
        for hidden in self.hidden[bisect_left(self._hidden_ends, span.start + 1) :]:
            if hidden.start >= span.end:
                break
            if hidden.start > position:
                parts.append(Span(position, hidden.start))
            position = max(position, hidden.end)
        if position < span.end:
            parts.append(Span(position, span.end))
        return parts

    def plain(self, span: Span) -> str:
        """The plain reading of a span: markup left out, white space folded to single blanks."""
        return " ".join("".join(self.text[start:end] for start, end in self.visible(span)).split())


@dataclass(frozen=True, slots=True)
class Sentence:
    """The finest unit that is scored and quoted; `sources` are positions in `Document.sources`."""

    span: Span
    is_heading: bool = False
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit that is indexed and retrieved: neighbouring sentences of one section."""

    section: int
    sentences: tuple[Sentence, ...]

    @property
    def span(self) -> Span:
        return Span(self.sentences[0].span.start, self.sentences[-1].span.end)


class Verdict(StrEnum):
    """Whether the corpus holds the answer."""

    ANSWERED = "answered"
    UNCERTAIN = "uncertain"
    NOT_COVERED = "not_covered"


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands."""

    document: str
    title: str
    section: str | None
    page: int | None
    span: Span
    publisher: str | None
    published: str | None
    updated: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Quote:
    """Neighbouring sentences of one passage, character for character.

    `highlights`, `hidden` and `emphasis` are offsets of the document's text, like `citation.span`.
    """

    citation: Citation
    text: str
    highlights: tuple[Span, ...]
    hidden: tuple[Span, ...]
    emphasis: tuple[Span, ...]
    sources: tuple[Source, ...]
    score: float

    def __post_init__(self) -> None:
        if len(self.text) != self.citation.span.end - self.citation.span.start:
            raise ValueError(f"quote of {len(self.text)} characters does not fill its span {self.citation.span}")


@dataclass(frozen=True, slots=True)
class Signs:
    """What a search tells about whether it found the answer: the more, the surer. Comparable between corpora."""

    best_score: float
    """Of the best sentence, as a share of what a perfect match would score."""
    standout: float
    """How far the best sentence rises above those that only share the subject, as a share of the same."""
    sentence_cosine: float
    """Of the sentence nearest in meaning."""
    answer: float | None = None
    """From 1, a reader is sure that one of the quotes answers, to -1, it is sure that none does; None without one."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A word of a question that was read as another."""

    typed: str
    read_as: str


@dataclass(frozen=True, slots=True)
class Place:
    """A section of a document."""

    document: str
    title: str
    section: str | None


@dataclass(frozen=True, slots=True)
class WordTrace:
    """What became of a word of the question."""

    word: str
    read_as: str | None
    """What was searched for in its place: the word that it misspells, or the name that it abbreviates."""
    is_known: bool
    """Whether the corpus has it in any form, or what it was read as."""
    near: tuple[str, ...]
    """Words of the corpus that stood in for it."""

    @property
    def is_missing(self) -> bool:
        """Whether the corpus has it in no form, not as a typo and not among near words."""
        return not (self.is_known or self.near)


@dataclass(frozen=True, slots=True)
class PassageTrace:
    """What a passage scored as a whole."""

    place: Place
    cosine: float
    keywords: float
    tokens: float
    relevance: float | None
    """By a reranker; None where it did not read the passage."""
    score: float
    is_quoted: bool
    """Whether something in it is."""


@dataclass(frozen=True, slots=True)
class SentenceTrace:
    """What a sentence scored at each stage."""

    place: Place
    text: str
    """Its opening."""
    passage_keywords: float
    passage_relevance: float | None
    """By a reranker; None where it did not read the passage."""
    sentence_cosine: float
    sentence_keywords: float
    sentence_tokens: float
    surroundings_cosine: float
    surroundings_tokens: float
    score: float
    is_quoted: bool
    is_repeat: bool
    """Whether it is left out because a quote says the same."""


@dataclass(frozen=True, slots=True)
class ReaderTrace:
    """What a reader made of a quote: a probability above 0.5 says that it answers."""

    place: Place
    text: str
    """The words that it would answer with, in the plain reading."""
    probability: float


@dataclass(frozen=True, slots=True)
class Trace:
    """How an answer came about."""

    words: tuple[WordTrace, ...]
    """Those that say something: no function words."""
    passages: tuple[PassageTrace, ...]
    """The best ones, best first; as are the sentences."""
    sentences: tuple[SentenceTrace, ...]
    within: str | None
    """The only document that was searched."""
    strictness: str
    answered_from: float
    """The confidence from which on this strictness answers."""
    not_covered_below: float
    """That below which it refuses."""
    read: tuple[ReaderTrace, ...] = ()
    """The quotes in which a reader found words to answer with, best first; also those of a refusal."""

    @property
    def missing_words(self) -> tuple[str, ...]:
        """Words that the corpus has in no form, not as a typo and not among near words; as typed."""
        return tuple(word.word for word in self.words if word.is_missing)


class Fault(StrEnum):
    """Where to look when an answer is wrong."""

    GAP = "gap"
    STRICTNESS = "strictness"
    RANKING = "ranking"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What may be wrong with an answer, and what it concerns."""

    fault: Fault
    words: tuple[str, ...] = ()
    """Of a gap: the missing words; of a likely one those that the corpus has only near ones of."""
    place: Place | None = None
    """Of strictness and of a likely gap: what came nearest. Of ranking: what would have been quoted next."""
    short_by: float = 0.0
    """Of strictness and of a likely gap: how much confidence an answer lacked. Of ranking: by how much the score was
    lower than the last quote's; below zero where it had no room."""
    answered_at: str | None = None
    """Of strictness: the setting at which it would be an answer."""


@dataclass(frozen=True, slots=True)
class LanguageGap:
    """A question is in a language that the corpus does not speak."""

    asked: str
    """ISO 639-1, as are the others."""
    spoken: tuple[str, ...]
    """The languages of the corpus."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the corpus says to a question; `quotes` are best first."""

    question: str
    verdict: Verdict
    confidence: float
    quotes: tuple[Quote, ...]
    generation: str
    elapsed_ms: float
    signs: Signs | None = None
    """What the confidence was computed from; None where nothing was searched."""
    trace: Trace | None = None
    """How it came about; None where nobody asked for that, or where nothing was searched."""
    diagnoses: tuple[Diagnosis, ...] = ()
    """What may be wrong with it; empty likewise."""
    unknown_words: tuple[str, ...] = ()
    """Words of a question that is not covered that the corpus lacks, as typed."""
    corrections: tuple[Correction, ...] = ()
    """Words of the question that were read as others."""
    nearest_titles: tuple[str, ...] = ()
    """Titles of the documents that came nearest, best first: what to ask about instead."""
    language_gap: LanguageGap | None = None
    """Why it is not covered, where that is for the question's language."""

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values, in the form that scripts rely on."""
        return {
            "question": self.question,
            "verdict": str(self.verdict),
            "confidence": round(self.confidence, 3),
            "generation": self.generation,
            "elapsed_ms": round(self.elapsed_ms, 1),
            "quotes": [quote_as_dict(quote) for quote in self.quotes],
        }

    def explanation_as_dict(self) -> dict[str, Any]:
        """How the answer came about and what may be wrong with it, as plain JSON values."""
        explanation = {
            "signs": asdict(self.signs) if self.signs else None,
            "trace": asdict(self.trace) if self.trace else None,
            "diagnoses": [asdict(diagnosis) for diagnosis in self.diagnoses],
        }
        return cast("dict[str, Any]", _rounded(explanation))


def _rounded(value: object) -> object:
    """Plain values with all numbers in three decimals."""
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


def quote_as_dict(quote: Quote) -> dict[str, Any]:
    """One quote as plain JSON values; `text` equals `document.text[start:end]`."""
    citation = quote.citation
    return {
        "document": citation.document,
        "title": citation.title,
        "section": citation.section,
        "page": citation.page,
        "start": citation.span.start,
        "end": citation.span.end,
        "text": quote.text,
        "highlights": [list(span) for span in quote.highlights],
        "score": round(quote.score, 3),
        "publisher": citation.publisher,
        "published": citation.published,
        "url": citation.url,
        "sources": [
            {"title": source.title, "publisher": source.publisher, "date": source.date, "url": source.url}
            for source in quote.sources
        ],
    }


class Length(StrEnum):
    """How long a summary is."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"

    @property
    def sentences(self) -> int:
        """How many it has at most."""
        return {Length.SHORT: 3, Length.MEDIUM: 6, Length.LONG: 12}[self]


@dataclass(frozen=True, slots=True)
class Theme:
    """What some documents have in common, as an overview of the corpus shows it."""

    titles: tuple[str, ...]
    """Of the documents, the most central first."""
    quotes: int
    """How many of the summary's quotes are from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Sentences that sum up a document, a topic or the corpus, in the order to be read."""

    subject: str
    """The topic as typed, or the document's title; empty for the corpus."""
    verdict: Verdict
    quotes: tuple[Quote, ...]
    generation: str
    elapsed_ms: float
    confidence: float | None = None
    """That the corpus covers the topic; None where there is none."""
    dates: tuple[str, ...] = ()
    """Of a timeline: for each quote its date, whose place in the text is highlighted. ISO 8601, as exact as it is
    given; `1970s` for a decade."""
    themes: tuple[Theme, ...] = ()
    """Of an overview of the corpus: what the quotes are from, in their order."""
    corrections: tuple[Correction, ...] = ()
    """Words of the topic that were read as others."""
    unknown_words: tuple[str, ...] = ()
    """Words of a topic that is not covered that the corpus lacks, as typed."""
    nearest_titles: tuple[str, ...] = ()
    """Titles of the documents that came nearest to the topic, best first."""
    language_gap: LanguageGap | None = None
    """Why a topic is not covered, where that is for its language."""

    def __post_init__(self) -> None:
        if self.dates and len(self.dates) != len(self.quotes):
            raise ValueError(f"{len(self.dates)} dates for {len(self.quotes)} quotes")

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain JSON values, in the form that scripts rely on."""
        quotes = [quote_as_dict(quote) for quote in self.quotes]
        for quote, date in zip(quotes, self.dates, strict=False):
            quote["date"] = date
        return {"verdict": str(self.verdict), "quotes": quotes}


@dataclass(frozen=True, slots=True)
class Pair:
    """What two documents say on one point; None where one of them says nothing."""

    a: Quote | None
    b: Quote | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two documents say on the same points, then what only one of them says."""

    titles: tuple[str, str]
    pairs: tuple[Pair, ...]
    generation: str
    elapsed_ms: float

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON values, in the form that scripts rely on."""
        return {
            "pairs": [
                {"a": quote_as_dict(pair.a) if pair.a else None, "b": quote_as_dict(pair.b) if pair.b else None}
                for pair in self.pairs
            ]
        }


@dataclass(frozen=True, slots=True)
class Extract:
    """A stretch of a text that is not in the corpus: neighbouring sentences, character for character."""

    text: int
    """Position of the text among those that were given."""
    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be read, and why."""

    path: str
    reason: str
    kept: bool = False
    """Whether its last good version stays in use."""
    template: str = ""
    """The reason with named places, to be translated; empty where an earlier version noted it."""
    values: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What goes in them."""

    @classmethod
    def of(cls, path: str, error: DocumentError, *, kept: bool = False) -> Failure:
        """A file that an error speaks of."""
        return cls(path, str(error), kept, error.reason, error.values)


class Risk(StrEnum):
    """Why somebody has to agree before a generation becomes current."""

    LARGE_REMOVAL = "large_removal"
    """More than a fifth of the documents would go away."""
    GOLDEN_WORSE = "golden_worse"
    """Fewer golden questions are answered."""
    FAILURES = "failures"
    """Files cannot be read that were readable before, or were not there."""


@dataclass(frozen=True, slots=True)
class GoldenChange:
    """How golden questions are answered before and after: those that both generations were asked."""

    asked: int
    before: int
    """Of how many a quote held the answer."""
    after: int


@dataclass(frozen=True, slots=True)
class Twin:
    """Two documents that say the same."""

    document: str
    other: str
    is_same: bool
    """Whether their texts are the same to the character."""


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """What a reload found and did; document ids in order."""

    generation: str
    previous: str | None
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    failed: tuple[Failure, ...] = ()
    failed_anew: tuple[str, ...] = ()
    """Paths of those that had not failed before as they are now."""
    twins: tuple[Twin, ...] = ()
    """Added and changed documents that say what another one says."""
    passages: int = 0
    embedded: int = 0
    """Passages that had to be embedded anew."""
    golden: GoldenChange | None = None
    """None where there is nothing to compare."""
    golden_questions: int = 0
    """That the confidence was fitted to; 0 where it goes by the shipped numbers."""
    elapsed_s: float = 0.0
    made_current: bool = False
    risks: tuple[Risk, ...] = ()
    """Why somebody has to agree before this becomes current."""

    @property
    def has_changes(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def documents_before(self) -> int:
        return self.unchanged + len(self.changed) + len(self.removed)

    def beside(self, document: str) -> ReloadReport:
        """The same without what became of one document: what else changed."""

        def others(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(name for name in names if name != document)

        return replace(self, added=others(self.added), changed=others(self.changed), removed=others(self.removed))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ReloadReport:
        """Read what `dataclasses.asdict` and JSON made of a report.

        Raises:
            KeyError, TypeError, ValueError: It is of another form.
        """
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
        }
        values["failed"] = tuple(Failure(**failure) for failure in content["failed"])
        values["twins"] = tuple(Twin(**twin) for twin in content["twins"])
        values["risks"] = tuple(Risk(risk) for risk in content["risks"])
        values["golden"] = GoldenChange(**content["golden"]) if content["golden"] else None
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Added:
    """A document that was added."""

    document: str
    digest: str
    """SHA-256 of the original."""
    replaced: bool
    report: ReloadReport


@dataclass(frozen=True, slots=True)
class Running:
    """A reload that is under way."""

    by: str
    """Who started it; empty where nobody is named."""
    since: str
    """UTC, ISO 8601."""
    done: int
    """Passages that are embedded."""
    total: int
    """Of how many that are known so far; 0 before the first."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A generation that is or was current."""

    generation: str
    since: str
    """When a reload last made it current; UTC, ISO 8601."""
    by: str
    """Who did; empty where nobody is named."""
    documents: int
    passages: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A document as lists show it."""

    id: str
    key: str
    """At most 16 characters, stable: for buttons."""
    title: str
    path: str
    digest: str
    """SHA-256 of the file."""
    characters: int
    passages: int


@dataclass(frozen=True, slots=True)
class Quota:
    """What a server may add."""

    documents: int = 200
    bytes: int = 50_000_000
    """Of all originals."""
    characters: int = 5_000_000
    """Of all texts; they, not the bytes, cost time and memory."""


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """What a library holds now."""

    corpus: str
    generation: str | None
    built: str | None
    """UTC, ISO 8601."""
    model: str
    dimension: int | None
    documents: int
    passages: int
    files_changed: bool
    failed: tuple[Failure, ...] = ()
    is_held: bool = False
    """Whether somebody rolled back to this generation: then only a reload replaces it."""
    prepared: ReloadReport | None = None
    """A generation that is built and waits for somebody's yes."""
    running: Running | None = None
    """A reload that is under way."""
    problem: str | None = None
    """Why there is no usable generation."""
    reranker: str | None = None
    reader: str | None = None
    quota: Quota | None = None
    """How much there may be; None where nothing is set."""


def merge_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort spans and join those that touch or overlap; empty ones are dropped."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def clip_spans(spans: Sequence[Span], within: Span) -> tuple[Span, ...]:
    """The parts of the spans that lie within a span."""
    return tuple(
        Span(max(start, within.start), min(end, within.end))
        for start, end in spans
        if start < within.end and end > within.start
    )
