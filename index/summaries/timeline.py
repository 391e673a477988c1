"""What happened when: the dated sentences on a topic, in order of their dates."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from index.answer_spans import Reader
from index.answering import has_words, load_models, nearest_titles
from index.confidence import Strictness
from index.embedding import Embedder, Vectors
from index.generation import Generation
from index.keywords import terms
from index.ranking import best_first
from index.reranking import Reranker
from index.summaries.dates import DateMention, find_dates, main_date
from index.summaries.standing import Unit
from index.summaries.summarizing import DEFAULT_ROOM, Sentences, find_topic, nothing_on, units_on_topic
from index.values import Span, Summary, Verdict

CANDIDATES = 120
"""The best sentences for a topic, of which many have no date."""

SAME_EVENT_COSINE = 0.75
"""Sentences of one date that are nearer to each other than this tell the same."""

REPEAT_COSINE = 0.85
"""Sentences that are nearer than this do so whatever their dates: one of them may be less exact."""

SAME_EVENT_WORDS = 0.6
"""Sentences whose dates agree tell the same if one has this share of the other's words, without those of the topic and
of dates: what two documents tell of an event is often worded alike, but embedded in surroundings that are not."""


def timeline(
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
    """The dated sentences that say most on a topic, earliest first, each with its date and the place of that.

    For the arguments see `index.summaries.summarizing.summarize_topic`. A topic of which the corpus says nothing dated
    is covered, but has no quotes.
    """
    load_models(embedder, reranker, reader)
    started = time.perf_counter()
    if not has_words(topic):
        return nothing_on(generation, topic, None, started)
    search = find_topic(generation, embedder, topic, reranker=reranker, reader=reader, strictness=strictness)
    if search.verdict is Verdict.NOT_COVERED:
        return nothing_on(generation, topic, search, started)
    sentences = Sentences(generation)
    about = frozenset(terms(topic))
    candidates = zip(*units_on_topic(sentences, search, count=CANDIDATES), strict=True)
    events = [
        event for unit, score in candidates if (event := _event_of(sentences, unit, float(score), about)) is not None
    ]
    told = _choose(events, sentences.vectors_of([event.unit for event in events]), room)
    quotes = sentences.quotes_of([event.unit for event in told], [event.score for event in told], base_url)
    return Summary(
        subject=topic,
        verdict=search.verdict,
        quotes=tuple(replace(quote, highlights=(event.place,)) for quote, event in zip(quotes, told, strict=True)),
        generation=generation.id,
        elapsed_ms=(time.perf_counter() - started) * 1000,
        confidence=search.confidence,
        dates=tuple(event.date.iso for event in told),
        corrections=search.corrections,
        nearest_titles=nearest_titles(generation, search.found),
    )


class Event(NamedTuple):
    """What a dated sentence tells."""

    unit: Unit
    """The sentence, with what it needs before it."""
    score: float
    """How well it fits the topic."""
    date: DateMention
    """The one that counts, in the sentence's own characters."""
    place: Span
    """Where that stands in the document's text."""
    dates: frozenset[str]
    """Every date of the sentence, as ISO 8601."""
    words: frozenset[str]
    """Its terms, without those of the topic and of dates."""


def _event_of(sentences: Sentences, unit: Unit, score: float, about: frozenset[str]) -> Event | None:
    """What a unit's own sentence tells; None where it has no date."""
    generation = sentences.generation
    start, end = generation.sentences[unit.last].span
    text = generation.segments[sentences.document_of(unit.last)].document.text[start:end]
    date = main_date(text, about)
    if date is None:
        return None
    dates = find_dates(text)
    rest = sentences.text_of(unit.last)
    for mention in reversed(find_dates(rest)):
        rest = f"{rest[: mention.span.start]} {rest[mention.span.end :]}"
    return Event(
        unit,
        score,
        date,
        Span(start + date.span.start, start + date.span.end),
        frozenset(mention.iso for mention in dates),
        frozenset(terms(rest)) - about,
    )


def _choose(events: Sequence[Event], vectors: Vectors, room: int) -> list[Event]:
    """The best events, none of which is one of the others told again, earliest first.

    Args:
        events: In text order.
        vectors: A unit vector of each, `(events, dim)`.
        room: For how many sentences; first each date gets one, then more.
    """
    best = best_first(np.array([event.score for event in events])).tolist()
    chosen: list[int] = []
    for takes_new_dates in (True, False):
        for position in best:
            event = events[position]
            same = [other for other in chosen if events[other].date.iso == event.date.iso]
            size = len(event.unit.sentences)
            if position in chosen or size > room or (takes_new_dates and same):
                continue
            limits = [SAME_EVENT_COSINE if other in same else REPEAT_COSINE for other in chosen]
            cosines = (vectors[chosen] @ vectors[position]).tolist()
            is_told = any(
                cosine >= limit or _tell_the_same(event, events[other])
                for other, cosine, limit in zip(chosen, cosines, limits, strict=True)
            )
            if not is_told:
                chosen.append(position)
                room -= size
    return [events[position] for position in sorted(chosen, key=lambda place: (events[place].date.order, place))]


def _tell_the_same(a: Event, b: Event) -> bool:
    """Whether two sentences are worded alike and a date of one may be that of the other: the same, or less exact."""
    may_agree = any(
        one.startswith(other) or other.startswith(one)
        for one, other in [*((a.date.iso, date) for date in b.dates), *((b.date.iso, date) for date in a.dates)]
    )
    return may_agree and len(a.words & b.words) >= SAME_EVENT_WORDS * min(len(a.words), len(b.words))
