"""Summaries of a document, of a topic, of the corpus, and of texts outside of it: its own sentences, chosen.

Nothing is written: each line of a summary is a quote with its place. Sentences that lean on the one before them are
shown with it or not at all, headings never. How they are chosen, `index/summaries/extracting.py` says. A topic is
searched for as a question is; a bare one has its own measure of when it is covered.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.answer_spans import Reader
from index.answering import Search, find, has_words, load_models, nearest_titles, quote_of
from index.confidence import Calibration, Strictness
from index.embedding import Embedder, Vectors
from index.generation import Generation
from index.keywords import terms
from index.models import BATCH_SIZE
from index.query import Query
from index.ranking import Scores, best_first
from index.reranking import Reranker
from index.segment import reading_of
from index.splitting import split
from index.summaries.dates import find_dates
from index.summaries.extracting import LEAD_WEIGHT, OPENING_WEIGHT, RELEVANCE_WEIGHT, choose_units
from index.summaries.standing import Unit, units_of
from index.tracing import missing_words, trace_words
from index.values import (
    Block,
    BlockKind,
    Document,
    Extract,
    Length,
    Quote,
    Span,
    Summary,
    Verdict,
)

DEFAULT_ROOM = Length.MEDIUM.sentences

TOPIC_SENTENCES = 40
"""The best for a topic, from which its summary is chosen."""

TOPIC_FLOOR = 0.7
"""A sentence that scores less than this share of the best one is off the topic."""

WORDLESS_FLOOR = 0.8
"""In a summary, one that has no word of the topic is so already below this share; between the two, it is a matter of
how much the words say that it has. A timeline takes dates from sentences that do not name the topic, too."""

BARE_TOPICS = Calibration(
    intercept=-10.8,
    best_score=22.2,
    standout=0.0,
    sentence_cosine=0.0,
    answer=0.0,
    answered_from=0.5,
    not_covered_below=0.13,
)
"""How surely a topic that is no question ("Gaza") is covered. A question's answer stands out from other sentences; of a
topic on which there is much, none does, so only the best score counts. Learned on one half of
`benchmarks/summaries/topics.jsonl`, measured on the other."""

READ_AT_MOST = 400
"""Of a longer document, so many sentences are weighed against each other: those that open a section, and the nearest to
what it says as a whole."""

TEXTS_SHARE = 0.5
"""A summary of texts has no more of their sentences than this: one with all of them is none."""

_ADDRESS = re.compile(r"https?://\S+")
_NO_PROSE = re.compile(r"[^\w\s'\u2019.,!?-]+")
_FILLER = re.compile(r"\W*(?:(?:so|and|but|ok|okay|well|also|yes|yeah|no|who)\b,?\s+){0,2}", re.IGNORECASE)
"""How people begin in a chat without going on from anything; 'who' asks there."""


_ASKS = re.compile(
    r"\W*(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|has|have|had|can|could|may|might|must|"
    r"should|will|would)\b|.*\?\W*$",
    re.IGNORECASE | re.DOTALL,
)


class Sentences:
    """A generation's sentences as summaries look at them, by their numbers."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self._texts: dict[int, str] = {}

    def text_of(self, number: int) -> str:
        """The plain text of a sentence."""
        if number not in self._texts:
            self._texts[number] = self.generation.text_of(number)
        return self._texts[number]

    def document_of(self, number: int) -> int:
        """The position of a sentence's document in the generation."""
        owner, _ = self.generation.passages[int(self.generation.passage_of_sentence[number])]
        return owner

    def section_of(self, number: int) -> tuple[int, int]:
        """The document and the section of a sentence, as positions."""
        owner, passage = self.generation.passages[int(self.generation.passage_of_sentence[number])]
        return owner, passage.section

    def follows(self, number: int) -> bool:
        """Whether the sentence before this one belongs with it."""
        if number == 0 or self.generation.sentences[number - 1].is_heading:
            return False
        return self.section_of(number) == self.section_of(number - 1)

    def units_of(self, numbers: Sequence[int]) -> list[Unit]:
        """What can be shown for some sentences; see `index.summaries.standing.units_of`."""
        return units_of(numbers, self.text_of, self.follows)

    def texts_of(self, units: Sequence[Unit]) -> list[str]:
        return [" ".join(map(self.text_of, unit.sentences)) for unit in units]

    def vectors_of(self, units: Sequence[Unit]) -> Vectors:
        """A unit vector of each, `(units, dim)`."""
        return mean_vectors(self.generation.sentence_vectors, units)

    def opens_section(self, unit: Unit) -> bool:
        return not self.follows(unit.first)

    def numbers_of(self, document_id: str) -> NDArray[np.int64]:
        """The sentences of a document in text order, without its headings.

        Raises:
            UnknownDocumentError: There is no such document.
        """
        generation = self.generation
        passages = generation.passages_of(document_id)
        first, end = generation.first_sentence[[passages[0], passages[-1] + 1]].tolist()
        numbers = [number for number in range(first, end) if not generation.sentences[number].is_heading]
        return np.array(numbers, dtype=np.int64)

    def quotes_of(self, units: Sequence[Unit], scores: Sequence[float], base_url: str) -> tuple[Quote, ...]:
        return tuple(
            quote_of(self.generation, unit.first, unit.last, score=score, base_url=base_url)
            for unit, score in zip(units, scores, strict=True)
        )


def mean_vectors(vectors: NDArray[np.float16] | Vectors, units: Sequence[Unit]) -> Vectors:
    """A unit vector of each unit, `(units, dim)`: the mean of its sentences'."""
    if not units:
        return np.empty((0, vectors.shape[1]), dtype=np.float32)
    means = np.stack([vectors[list(unit.sentences)].astype(np.float32).mean(axis=0) for unit in units])
    unit_length: Vectors = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    return unit_length


def summarize_document(
    generation: Generation, document_id: str, *, room: int = DEFAULT_ROOM, base_url: str = ""
) -> Summary:
    """Sum up one document, in the order of its text.

    A document without one whole sentence, a table say, has no summary: then there are no quotes.

    Raises:
        UnknownDocumentError: There is no such document.
    """
    started = time.perf_counter()
    sentences = Sentences(generation)
    numbers = sentences.numbers_of(document_id)
    units = sentences.units_of(worth_reading(sentences, numbers).tolist())
    merits = np.array([OPENING_WEIGHT * sentences.opens_section(unit) for unit in units], dtype=np.float32)
    merits[:1] += LEAD_WEIGHT
    chosen = choose_units(units, sentences.texts_of(units), sentences.vectors_of(units), merits, sentences=room)
    rank = {position: place for place, position in enumerate(chosen)}
    in_order = sorted(chosen)
    return Summary(
        subject=generation.segment(document_id).document.title,
        verdict=Verdict.ANSWERED if chosen else Verdict.NOT_COVERED,
        quotes=sentences.quotes_of(
            [units[position] for position in in_order], [1 / (1 + rank[position]) for position in in_order], base_url
        ),
        generation=generation.id,
        elapsed_ms=_since(started),
    )


def worth_reading(sentences: Sentences, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """All of a document's sentences, or those of a long one that may well be in its summary."""
    if len(numbers) <= READ_AT_MOST:
        return numbers
    vectors = sentences.generation.sentence_vectors[numbers].astype(np.float32)
    nearness = np.round(vectors @ vectors.mean(axis=0), 6)
    opens = np.array([not sentences.follows(number) for number in numbers.tolist()])
    return np.sort(numbers[best_first(np.where(opens, 1 + nearness, nearness), READ_AT_MOST)])


def summarize_topic(
    generation: Generation,
    embedder: Embedder,
    topic: str,
    *,
    room: int = DEFAULT_ROOM,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    base_url: str = "",
    strictness: Strictness = "normal",
) -> Summary:
    """Sum up what the corpus says on a topic: the document that says most of it first, each in the order of its text.

    Args:
        generation: What to search.
        embedder: The model that the generation was built with.
        topic: As a person typed it.
        room: For how many sentences.
        reranker: Reorders the best passages.
        reader: Has a say in whether it is covered.
        base_url: An address to which a document's path is added, for documents without one of their own.
        strictness: How surely it must be covered.
    """
    load_models(embedder, reranker, reader)
    started = time.perf_counter()
    if not has_words(topic):
        return nothing_on(generation, topic, None, started)
    search = find_topic(generation, embedder, topic, reranker=reranker, reader=reader, strictness=strictness)
    sentences = Sentences(generation)
    units, scores = units_on_topic(sentences, search)
    if search.verdict is Verdict.NOT_COVERED or not units:
        return nothing_on(generation, topic, search, started)
    shares = _word_shares(sentences, search.query, [unit.last for unit in units])
    kept = np.flatnonzero(scores >= (WORDLESS_FLOOR + (TOPIC_FLOOR - WORDLESS_FLOOR) * shares) * scores.max())
    units, scores = [units[position] for position in kept.tolist()], scores[kept]
    spread = max(float(scores.max() - scores.min()), 1e-6)
    texts = sentences.texts_of(units)
    chosen = choose_units(
        units,
        texts,
        sentences.vectors_of(units),
        np.asarray(RELEVANCE_WEIGHT * (scores - scores.min()) / spread, dtype=np.float32),
        sentences=room,
        sides=[sentences.document_of(unit.last) for unit in units],
        times=[{mention.year for mention in find_dates(text)} for text in texts],
    )
    in_order = _by_document(sentences, units, scores, chosen)
    return Summary(
        subject=topic,
        verdict=search.verdict,
        quotes=sentences.quotes_of(
            [units[position] for position in in_order], [float(scores[position]) for position in in_order], base_url
        ),
        generation=generation.id,
        elapsed_ms=_since(started),
        confidence=search.confidence,
        corrections=search.corrections,
        nearest_titles=nearest_titles(generation, search.found),
    )


def find_topic(
    generation: Generation,
    embedder: Embedder,
    topic: str,
    *,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    strictness: Strictness = "normal",
) -> Search:
    """Search for a topic and judge whether it is covered; for the arguments see `summarize_topic`.

    One that is put as a question is judged as that question; of any other, the corpus must have at least one word.
    """
    search = find(generation, embedder, topic, reranker=reranker, reader=reader, strictness=strictness)
    if _ASKS.match(topic):
        return search
    confidence = BARE_TOPICS.probability(search.signs)
    verdict = BARE_TOPICS.verdict(confidence, strictness)
    gap = None if verdict is Verdict.ANSWERED else search.language_gap
    words = trace_words(generation, topic, search.query)
    has_none = bool(words) and all(word.is_missing for word in words)
    if gap is not None or has_none:
        verdict = Verdict.NOT_COVERED
    return replace(search, confidence=confidence, verdict=verdict, language_gap=gap)


def units_on_topic(sentences: Sentences, search: Search, *, count: int = TOPIC_SENTENCES) -> tuple[list[Unit], Scores]:
    """What can be shown of the sentences that are best for a topic, in text order, and their scores."""
    found = search.found
    if not len(found.sentences):
        return [], np.empty(0, dtype=np.float32)
    best = np.sort(best_first(found.sentence_scores, count))
    best = best[found.sentence_scores[best] >= TOPIC_FLOOR * found.sentence_scores.max()]
    score_of = dict(zip(found.sentences[best].tolist(), found.sentence_scores[best].tolist(), strict=True))
    units = sentences.units_of(list(score_of))
    return units, np.array([score_of[unit.last] for unit in units], dtype=np.float32)


def _word_shares(sentences: Sentences, query: Query, numbers: Sequence[int]) -> Scores:
    """How much of what a query's words say each sentence has, itself or in words near them, from 0 to 1."""
    parts = sentences.generation.parts
    near = {term: dict(query.near.get(term, ())) for term in query.terms}
    known = [term for term in query.terms if near[term] or sentences.generation.has_word(term)]
    weights = np.array([parts[0].passage_keywords.weight(term) for term in known], dtype=np.float32)
    shares = np.zeros((len(numbers), len(known)), dtype=np.float32)
    for row, number in enumerate(numbers):
        words = set(terms(sentences.text_of(number)))
        shares[row] = [
            max((share for word, share in {**near[term], term: 1.0}.items() if word in words), default=0.0)
            for term in known
        ]
    return np.asarray(shares @ weights / max(float(weights.sum()), 1e-6), dtype=np.float32)


def nothing_on(generation: Generation, topic: str, search: Search | None, started: float) -> Summary:
    """Say that a topic is not covered, with what helps to ask again."""
    refusal = Summary(
        subject=topic,
        verdict=Verdict.NOT_COVERED,
        quotes=(),
        generation=generation.id,
        elapsed_ms=_since(started),
        confidence=0.0,
    )
    if search is None:
        return refusal
    return replace(
        refusal,
        elapsed_ms=_since(started),
        confidence=search.confidence,
        corrections=search.corrections,
        unknown_words=missing_words(generation, topic, search.query),
        nearest_titles=nearest_titles(generation, search.found),
        language_gap=search.language_gap,
    )


def _by_document(sentences: Sentences, units: Sequence[Unit], scores: Scores, chosen: Sequence[int]) -> list[int]:
    """Chosen units with those of one document together: the document with the best one first, then in text order."""
    documents: dict[int, list[int]] = {}
    for position in sorted(chosen):
        documents.setdefault(sentences.document_of(units[position].last), []).append(position)
    groups = sorted(documents.values(), key=lambda group: (-max(float(scores[position]) for position in group), group))
    return [position for group in groups for position in group]


def summarize_texts(
    texts: Sequence[str],
    embedder: Embedder,
    *,
    room: int = DEFAULT_ROOM,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Extract, ...]:
    """Sum up texts that are not in the corpus, the messages of a conversation say; nothing of them is kept.

    Args:
        texts: In order. A line break ends a sentence, as in a chat.
        embedder: Any model.
        room: For how many sentences.
        on_progress: Called between batches with the count of passages embedded, and of all.

    Returns:
        In order of the texts, and no more than half of their sentences: none where hardly anything is said. Those that
        people write without capitals or full stops count like others; cries and single words do not.
    """
    documents = [_document_of(text) for text in texts]
    spans: list[tuple[int, Span]] = []
    plain: list[str] = []
    rows: list[Vectors] = []
    passages = [
        (number, passage)
        for number, document in enumerate(documents)
        for passage in split(document, fits=embedder.fits)
    ]
    for first in range(0, len(passages), BATCH_SIZE):
        batch = passages[first : first + BATCH_SIZE]
        readings = [reading_of(documents[number], passage) for number, passage in batch]
        for (number, passage), embedding in zip(batch, embedder.embed_passages(readings), strict=True):
            spans += [(number, sentence.span) for sentence in passage.sentences]
            plain += [documents[number].plain(sentence.span) for sentence in passage.sentences]
            rows.append(embedding.vectors[1:])
        if on_progress is not None:
            on_progress(min(first + BATCH_SIZE, len(passages)), len(passages))
    if not spans:
        return ()
    vectors = np.concatenate(rows)
    units = units_of(
        range(len(spans)),
        lambda place: _as_prose(plain[place]),
        lambda place: place > 0 and spans[place][0] == spans[place - 1][0],
    )
    units = _without_asides(units, lambda unit: plain[unit.last])
    chosen = choose_units(
        units,
        [" ".join(plain[place] for place in unit.sentences) for unit in units],
        mean_vectors(vectors, units),
        np.zeros(len(units), dtype=np.float32),
        sentences=max(1, min(room, int(TEXTS_SHARE * len(spans)))),
    )
    rank = {position: place for place, position in enumerate(chosen)}
    return tuple(
        Extract(
            spans[units[position].last][0],
            Span(spans[units[position].first][1].start, spans[units[position].last][1].end),
            1 / (1 + rank[position]),
        )
        for position in sorted(chosen)
    )


def _as_prose(text: str) -> str:
    """A sentence of a chat as one would write it elsewhere, to tell whether it can be read alone."""
    words = _FILLER.sub("", _NO_PROSE.sub(" ", _ADDRESS.sub(" ", text)), count=1).strip()
    return f"{words[:1].upper()}{words[1:]}."


def _without_asides(units: Sequence[Unit], text_of: Callable[[Unit], str]) -> list[Unit]:
    """Leave out what has no word in common with anything else, as good wishes have none; all of it, if all is so."""
    words = [set(terms(text_of(unit))) for unit in units]
    counts = Counter(word for found in words for word in found)
    kept = [unit for unit, found in zip(units, words, strict=True) if any(counts[word] > 1 for word in found)]
    return kept or list(units)


def _document_of(text: str) -> Document:
    """A text as a document whose every line can be quoted."""
    blocks = (Block(BlockKind.LINES, Span(0, len(text)), 0),) if text.strip() else ()
    return Document(id="", path="", title="", text=text, digest="", blocks=blocks, sections=((),))


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
