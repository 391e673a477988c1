"""What happened when: the dated sentences on a topic, in order of their dates."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from index.answer_spans import Reader
from index.answering import find, has_words, load_models, nearest_titles
from index.confidence import Strictness
from index.embedding import Embedder, Vectors
from index.generation import Generation
from index.ranking import Scores, best_first
from index.reranking import Reranker
from index.summaries.dates import DateMention, main_date
from index.summaries.standing import Unit
from index.summaries.summarizing import DEFAULT_ROOM, Sentences, nothing_on, units_on_topic
from index.values import Span, Summary, Verdict

CANDIDATES = 120
"""The best sentences for a topic, of which many have no date."""

SAME_EVENT_COSINE = 0.75
"""Sentences of one date that are nearer to each other than this tell the same."""

REPEAT_COSINE = 0.85
"""Sentences that are nearer than this do so whatever their dates: one of them may be less exact."""


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
    search = find(generation, embedder, topic, reranker=reranker, reader=reader, strictness=strictness)
    if search.verdict is Verdict.NOT_COVERED:
        return nothing_on(generation, topic, search, started)
    sentences = Sentences(generation)
    units, scores = units_on_topic(sentences, search, count=CANDIDATES)
    dates = [_date_of(sentences, unit) for unit in units]
    chosen = _choose(dates, scores, sentences.vectors_of(units), [len(unit.sentences) for unit in units], room)
    in_order = sorted(chosen, key=lambda position: (_known(dates[position]).order, position))
    quotes = sentences.quotes_of(
        [units[position] for position in in_order], [float(scores[position]) for position in in_order], base_url
    )
    places = [_known(dates[position]).span for position in in_order]
    return Summary(
        subject=topic,
        verdict=search.verdict,
        quotes=tuple(replace(quote, highlights=(place,)) for quote, place in zip(quotes, places, strict=True)),
        generation=generation.id,
        elapsed_ms=(time.perf_counter() - started) * 1000,
        confidence=search.confidence,
        dates=tuple(_known(dates[position]).iso for position in in_order),
        corrections=search.corrections,
        nearest_titles=nearest_titles(generation, search.found),
    )


def _date_of(sentences: Sentences, unit: Unit) -> DateMention | None:
    """The date of a unit's own sentence, its place one of the document's text."""
    generation = sentences.generation
    start, end = generation.sentences[unit.last].span
    date = main_date(generation.segments[sentences.document_of(unit.last)].document.text[start:end])
    return date and replace(date, span=Span(start + date.span.start, start + date.span.end))


def _known(date: DateMention | None) -> DateMention:
    assert date is not None  # only dated sentences are chosen
    return date


def _choose(
    dates: Sequence[DateMention | None], scores: Scores, vectors: Vectors, sizes: Sequence[int], room: int
) -> list[int]:
    """The best dated units, none of which tells what another one does: first one for each date, then more."""
    chosen: list[int] = []
    dated = [(position, date) for position in best_first(scores).tolist() if (date := dates[position]) is not None]
    for takes_new_dates in (True, False):
        for position, date in dated:
            same = [other for other in chosen if _known(dates[other]).iso == date.iso]
            if position in chosen or sizes[position] > room or (takes_new_dates and same):
                continue
            limits = [SAME_EVENT_COSINE if other in same else REPEAT_COSINE for other in chosen]
            cosines = (vectors[chosen] @ vectors[position]).tolist()
            if all(cosine < limit for cosine, limit in zip(cosines, limits, strict=True)):
                chosen.append(position)
                room -= sizes[position]
    return chosen
