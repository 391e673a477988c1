"""A question to an answer: quotes with exact citations, a confidence, a verdict."""

from __future__ import annotations

import time
import urllib.parse
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.confidence import Strictness, confidence, verdict
from index.embedding import Embedder
from index.generation import Generation
from index.keywords import terms
from index.query import Query, read_query
from index.ranking import (
    PERFECT_SCORE,
    Run,
    Scores,
    best_and_background,
    best_first,
    choose_runs,
    highlight_floor,
    highlighted,
    ranges,
    score_passages,
    score_sentences,
)
from index.tokens import best_matches, unit_of
from index.values import (
    SECTION_SEPARATOR,
    Answer,
    Citation,
    Document,
    Quote,
    Signs,
    Span,
    Verdict,
    clip_spans,
    merge_spans,
)

DEFAULT_ROOM = 1200
DEFAULT_LIMIT = 3
CANDIDATE_PASSAGES = 100
"""Taken from each of the two retrievers, and kept of both."""


def ask(
    generation: Generation,
    embedder: Embedder,
    question: str,
    *,
    within: str | None = None,
    room: int = DEFAULT_ROOM,
    limit: int = DEFAULT_LIMIT,
    nearest: bool = False,
    base_url: str = "",
    strictness: Strictness = "normal",
) -> Answer:
    """Answer a question by quoting the corpus.

    Args:
        generation: What to search.
        embedder: The model that the generation was built with.
        question: As a person typed it; one without a word is not covered.
        within: Search only the document with this id.
        room: Characters of all quotes together.
        limit: How many quotes at most; 0 for as many as the room takes.
        nearest: Give quotes even where the question is not covered.
        base_url: An address to which a document's path is added, for documents without one of their own.
        strictness: How sure an answer must be.

    Raises:
        UnknownDocumentError: `within` names no document.
    """
    embedder.load()
    started = time.perf_counter()
    only = generation.passages_of(within) if within is not None else None
    if not any(character.isalnum() for character in question):
        return Answer(question, Verdict.NOT_COVERED, 0.0, (), generation.id, _since(started))

    query = read_query(question, generation, embedder)
    found = retrieve(generation, query, only)
    probability = confidence(found.signs)
    decision = verdict(probability, strictness)
    quotes: tuple[Quote, ...] = ()
    if decision is not Verdict.NOT_COVERED or nearest:
        quotes = quote(generation, found, room=room, limit=limit, base_url=base_url)
    if not quotes:
        decision = Verdict.NOT_COVERED  # only headings were found, or there is no room: nothing that could be quoted
    return Answer(
        question=question,
        verdict=decision,
        confidence=probability,
        quotes=quotes,
        generation=generation.id,
        elapsed_ms=_since(started),
        signs=found.signs,
        unknown_words=_unknown_words(generation, question),
        nearest_titles=_nearest_titles(generation, found),
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """The passages that may hold the answer and their sentences, all in text order, with their scores."""

    passages: NDArray[np.int64]
    passage_scores: Scores
    sentences: NDArray[np.int64]
    """Headings left out: they are never quoted."""
    sentence_scores: Scores
    """Each sentence's own score and that of its passage."""
    signs: Signs


def retrieve(generation: Generation, query: Query, only: NDArray[np.int64] | None = None) -> Candidates:
    """Find candidate passages with FAISS and with BM25, and score them and their sentences by all that is known.

    Args:
        generation: What to search.
        query: The question as read for this generation.
        only: The only passages that may be found.
    """
    passages, cosines, shares = _candidate_passages(generation, query, only)
    firsts, ends = generation.first_sentence[passages], generation.first_sentence[passages + 1]
    sentences = ranges(firsts, ends)
    matches = best_matches(
        query.tokens,
        unit_of(generation.tokens[ranges(generation.first_token[firsts], generation.first_token[ends])]),
        generation.token_counts[sentences],
    )
    sizes = ends - firsts
    passage_matches = np.maximum.reduceat(matches, np.cumsum([0, *sizes[:-1]]), axis=1)
    passage_scores = score_passages(cosines, shares, query.token_weights @ passage_matches)
    sentence_shares = generation.sentence_keywords.scores(query.terms, query.near)[sentences]
    own = score_sentences(sentence_shares, query.token_weights @ matches)
    quotable = ~generation.is_heading[sentences]
    sentences, scores = sentences[quotable], (own + np.repeat(passage_scores, sizes))[quotable]
    best, background = best_and_background(scores)
    signs = Signs(
        best_score=best / PERFECT_SCORE,
        standout=(best - background) / PERFECT_SCORE,
        sentence_cosine=float((generation.sentence_vectors[sentences] @ query.vector).max(initial=0.0)),
    )
    return Candidates(passages, passage_scores, sentences, scores, signs)


def _candidate_passages(
    generation: Generation, query: Query, only: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], Scores, Scores]:
    """Passages in text order, with their cosines and BM25 shares: the best of the two retrievers together."""
    _, dense = generation.vectors.search(query.vector, CANDIDATE_PASSAGES, within=only)
    shares = generation.passage_keywords.scores(query.terms, query.near)
    allowed = only if only is not None else np.arange(len(generation.passages))
    sparse = allowed[best_first(shares[allowed])[:CANDIDATE_PASSAGES]]
    found = np.union1d(dense, sparse[shares[sparse] > 0])
    cosines = generation.passage_vectors[found] @ query.vector
    order = best_first(score_passages(cosines, shares[found], np.zeros_like(cosines)))
    kept = np.sort(order[:CANDIDATE_PASSAGES])
    return found[kept], cosines[kept], shares[found[kept]]


def quote(
    generation: Generation, candidates: Candidates, *, room: int, limit: int, base_url: str = ""
) -> tuple[Quote, ...]:
    """Quote the best sentences of the candidates; see `choose_runs`."""
    numbers, scores = candidates.sentences, candidates.sentence_scores
    spans = [generation.sentences[number].span for number in numbers]
    runs = choose_runs(
        scores,
        generation.passage_of_sentence[numbers],
        [end - start for start, end in spans],
        generation.sentence_vectors[numbers],
        numbers,
        room=room,
        limit=limit,
        gaps=[0, *(after.start - before.end for before, after in pairwise(spans))],
    )
    if not runs:
        return ()
    floor = highlight_floor(scores)
    return tuple(
        _quote_of(generation, numbers, run, highlighted(scores, run, floor), room=room, base_url=base_url)
        for run in runs
    )


def _quote_of(
    generation: Generation, numbers: NDArray[np.int64], run: Run, strong: list[int], *, room: int, base_url: str
) -> Quote:
    sentences = [generation.sentences[number] for number in numbers[run.first : run.last + 1]]
    owner, passage = generation.passages[run.passage]
    document = generation.segments[owner].document
    span = Span(sentences[0].span.start, sentences[-1].span.end)
    if span.end - span.start > room:
        span = _cut(document, span, room)
    cited = dict.fromkeys(source for sentence in sentences for source in sentence.sources)
    section = SECTION_SEPARATOR.join(document.sections[passage.section])
    metadata = document.metadata
    return Quote(
        citation=Citation(
            document=document.id,
            title=document.title,
            section=section or None,
            page=None,
            span=span,
            publisher=_text(metadata.get("publisher")),
            published=_text(metadata.get("published")),
            updated=_text(metadata.get("updated")),
            url=_text(metadata.get("url")) or address_of(document, base_url),
        ),
        text=document.text[span.start : span.end],
        highlights=_joined(
            document.text, clip_spans([generation.sentences[numbers[number]].span for number in strong], span)
        ),
        hidden=clip_spans(document.hidden, span),
        emphasis=clip_spans(document.emphasis, span),
        sources=tuple(document.sources[source] for source in cited),
        score=run.score,
    )


def address_of(document: Document, base_url: str) -> str | None:
    """The document's path with its suffix, behind the base address."""
    return f"{base_url.rstrip('/')}/{urllib.parse.quote(document.path)}" if base_url else None


def _cut(document: Document, span: Span, room: int) -> Span:
    """Shorten a span to the room, at white space where there is any."""
    end = span.start + max(1, room)
    text = document.text[span.start : end]
    if not document.text[end].isspace():
        kept = text.rsplit(maxsplit=1)[0] if len(text.split()) > 1 else text
        text = kept
    return Span(span.start, span.start + len(text.rstrip()))


def _joined(text: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Join spans that only white space parts."""
    joined: list[Span] = []
    for span in merge_spans(spans):
        if joined and not text[joined[-1].end : span.start].strip():
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return tuple(joined)


def _nearest_titles(generation: Generation, found: Candidates, count: int = 3) -> tuple[str, ...]:
    titles: dict[str, None] = {}
    for position in best_first(found.passage_scores):
        owner, _ = generation.passages[found.passages[position]]
        titles.setdefault(generation.segments[owner].document.title)
        if len(titles) == count:
            break
    return tuple(titles)


def _unknown_words(generation: Generation, question: str) -> tuple[str, ...]:
    """Words of the question that the corpus has in no form, as typed."""
    unknown = {}
    for word in question.split():
        stems = terms(word)
        if stems and not any(generation.passage_keywords.has(stem) for stem in stems):
            unknown[word.strip("?!.,;:\"'()[]{}<>*_`~")] = True
    return tuple(word for word in unknown if word)


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
