"""How an answer came about, and what a moderator can do about one that is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from index.confidence import Strictness
from index.generation import Generation
from index.keywords import terms
from index.query import Query
from index.ranking import best_first
from index.retrieval import Candidates
from index.values import (
    SECTION_SEPARATOR,
    Diagnosis,
    Fault,
    Place,
    Quote,
    ReaderTrace,
    SentenceTrace,
    Trace,
    Verdict,
    WordTrace,
)

SENTENCES_SHOWN = 10
OPENING_CHARACTERS = 80


def trace_of(
    generation: Generation,
    question: str,
    query: Query,
    found: Candidates,
    quotes: Sequence[Quote],
    read: tuple[ReaderTrace, ...] = (),
) -> Trace:
    """What each stage made of a question: its words, the best sentences with all their scores, what a reader read."""
    order = best_first(found.sentence_scores)[:SENTENCES_SHOWN]
    return Trace(
        words=_words(generation, question, query),
        sentences=tuple(_sentence(generation, found, int(position), quotes) for position in order),
        read=read,
    )


def _words(generation: Generation, question: str, query: Query) -> tuple[WordTrace, ...]:
    read_as = {correction.typed: correction.read_as for correction in query.corrections}
    near = query.near
    words: dict[str, WordTrace] = {}
    for match in re.finditer(r"[^\W_]+(?:['\u2019/.&-][^\W_]+)*", question):
        word = match[0]
        stems = terms(read_as.get(word, word))
        if stems:
            words[word] = WordTrace(
                word=word,
                read_as=read_as.get(word),
                is_known=any(part.passage_keywords.has(stem) for part in generation.parts for stem in stems),
                near=tuple(other for stem in stems for other, _ in near.get(stem, ())),
            )
    return tuple(words.values())


def _sentence(generation: Generation, found: Candidates, position: int, quotes: Sequence[Quote]) -> SentenceTrace:
    number = int(found.sentences[position])
    passage = int(generation.passage_of_sentence[number])
    row = int(np.searchsorted(found.passages, passage))
    place = place_of(generation, passage)
    span = generation.sentences[number].span
    document = generation.segments[generation.passages[passage][0]].document
    text = document.plain(span)
    return SentenceTrace(
        place=place,
        text=text if len(text) <= OPENING_CHARACTERS else text[: OPENING_CHARACTERS - 1] + "\u2026",
        passage_keywords=float(found.parts.keyword_shares[row]),
        passage_relevance=_relevance(found, row),
        sentence_cosine=float(found.parts.sentence_cosines[position]),
        sentence_keywords=float(found.parts.sentence_keyword_shares[position]),
        sentence_tokens=float(found.parts.sentence_token_matches[position]),
        surroundings_cosine=float(found.parts.surroundings_cosines[position]),
        surroundings_tokens=float(found.parts.surroundings_token_matches[position]),
        score=float(found.sentence_scores[position]),
        is_quoted=any(
            quote.citation.document == place.document
            and quote.citation.span.start <= span.start
            and span.end <= quote.citation.span.end
            for quote in quotes
        ),
    )


def _relevance(found: Candidates, row: int) -> float | None:
    if found.parts.relevance is None or np.isnan(found.parts.relevance[row]):
        return None
    return float(found.parts.relevance[row])


def place_of(generation: Generation, passage: int) -> Place:
    """Where a passage stands."""
    owner, content = generation.passages[passage]
    document = generation.segments[owner].document
    return Place(document.id, document.title, SECTION_SEPARATOR.join(document.sections[content.section]) or None)


def diagnose(
    generation: Generation,
    trace: Trace,
    found: Candidates,
    quotes: Sequence[Quote],
    *,
    verdict: Verdict,
    confidence: float,
    strictness: Strictness,
) -> tuple[Diagnosis, ...]:
    """What may be wrong, each with what it concerns.

    A *gap* is a word of the question that the corpus has in no form, not as a typo and not among near words. Without
    one, it is a matter of *strictness* how sure an answer has to be; and it is one of *ranking* if a passage without a
    quote scores higher as a whole than one that is quoted.
    """
    missing = trace.missing_words
    diagnoses = [Diagnosis(Fault.GAP, words=missing)] if missing else []
    is_close = verdict is Verdict.UNCERTAIN or (verdict is Verdict.NOT_COVERED and not missing)
    if is_close and trace.sentences:
        answered_from, _ = generation.calibration.limits(strictness)
        place = trace.sentences[0].place
        diagnoses.append(Diagnosis(Fault.STRICTNESS, place=place, short_by=answered_from - confidence))
    if not quotes:
        return tuple(diagnoses)
    shown = {(quote.citation.document, quote.citation.section) for quote in quotes}
    passed_over: dict[Place, None] = {}
    for position in best_first(found.passage_scores):
        place = place_of(generation, int(found.passages[position]))
        if (place.document, place.section) not in shown:
            passed_over.setdefault(place)
            continue
        diagnoses += [Diagnosis(Fault.RANKING, place=place) for place in passed_over]
        passed_over.clear()
        shown.discard((place.document, place.section))
        if not shown:
            break
    return tuple(diagnoses)
