"""A question to an answer: quotes with exact citations, a confidence, a verdict."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from index.answer_spans import AnswerSpan, Reader
from index.clauses import main_stretch
from index.confidence import Strictness
from index.embedding import Embedder
from index.generation import Generation
from index.joining import SERVER_PREFIX
from index.keywords import terms
from index.languages import foreign_language
from index.query import Query, read_query
from index.ranking import HIGHLIGHT_CHARACTERS, Run, best_first, choose_runs, highlight_floor, highlighted
from index.reranking import Reranker
from index.retrieval import Candidates, rerank, retrieve, with_background
from index.tracing import diagnose, missing_words, place_of, trace_of
from index.values import (
    SECTION_SEPARATOR,
    Answer,
    Citation,
    Correction,
    Document,
    LanguageGap,
    Quote,
    ReaderTrace,
    Signs,
    Span,
    Verdict,
    clip_spans,
    merge_spans,
)

DEFAULT_ROOM = 1200
DEFAULT_LIMIT = 3


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """What a reader found in a run of sentences."""

    answer: AnswerSpan
    text: str
    """Its words, in the plain reading."""
    sentences: list[int]
    """Those that it touches, as positions among the candidates' sentences."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was found for a question, and whether it covers it."""

    query: Query
    found: Candidates
    runs: list[Run]
    """The usual quotes."""
    answers: list[RunAnswer | None]
    """What a reader found in them."""
    signs: Signs
    confidence: float
    verdict: Verdict
    language_gap: LanguageGap | None
    """Why it is not covered, where that is for the question's language."""

    @property
    def corrections(self) -> tuple[Correction, ...]:
        """Words that were read as others; of a question in another language, every word is a slip."""
        return () if self.language_gap is not None else self.query.corrections


def ask(
    generation: Generation,
    embedder: Embedder,
    question: str,
    *,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    within: str | None = None,
    room: int = DEFAULT_ROOM,
    limit: int = DEFAULT_LIMIT,
    nearest: bool = False,
    explain: bool = False,
    base_url: str = "",
    strictness: Strictness = "normal",
) -> Answer:
    """Answer a question by quoting the corpus.

    Args:
        generation: What to search.
        embedder: The model that the generation was built with.
        question: As a person typed it; one without a word is not covered.
        reranker: Reorders the best passages.
        reader: Chooses what is highlighted, and has a say in the confidence.
        within: Search only the document with this id.
        room: Characters of all quotes together.
        limit: How many quotes at most; 0 for as many as the room takes.
        nearest: Give quotes even where the question is not covered.
        explain: Say how the answer came about, too.
        base_url: An address to which a document's path is added, for documents without one of their own.
        strictness: How sure an answer must be.

    Raises:
        UnknownDocumentError: `within` names no document.
    """
    load_models(embedder, reranker, reader)
    started = time.perf_counter()
    only = generation.passages_of(within) if within is not None else None
    if not has_words(question):
        return Answer(question, Verdict.NOT_COVERED, 0.0, (), generation.id, _since(started))

    search = find(generation, embedder, question, reranker=reranker, reader=reader, only=only, strictness=strictness)
    query, found, probability, decision = search.query, search.found, search.confidence, search.verdict
    gap = search.language_gap
    runs, answers = search.runs, search.answers
    if (room, limit) != (DEFAULT_ROOM, DEFAULT_LIMIT):
        runs = choose_quotes(generation, found, room=room, limit=limit)
        answers = [None] * len(runs) if reader is None else read_quotes(generation, query, found, runs, reader)
    quotes: tuple[Quote, ...] = ()
    if decision is not Verdict.NOT_COVERED or nearest:
        quotes = quote(generation, query, found, runs, room=room, base_url=base_url, answers=answers)
    if not quotes:
        decision = Verdict.NOT_COVERED  # only headings were found, or there is no room: nothing that could be quoted
    is_refused = decision is Verdict.NOT_COVERED and gap is None
    answer = Answer(
        question=question,
        verdict=decision,
        confidence=probability,
        quotes=quotes,
        generation=generation.id,
        elapsed_ms=_since(started),
        signs=search.signs,
        unknown_words=missing_words(generation, question, query) if is_refused else (),
        corrections=search.corrections,
        nearest_titles=nearest_titles(generation, found),
        language_gap=gap,
    )
    if not explain:
        return answer
    read = tuple(
        ReaderTrace(place_of(generation, _passages_of(generation, found, run)[0]), its.text, its.answer.probability)
        for run, its in zip(runs, answers, strict=True)
        if its is not None
    )
    trace = trace_of(
        generation, question, query, found, runs if quotes else (), strictness=strictness, within=within, read=read
    )
    # of a question in another language, every word is a gap or a slip
    diagnoses = () if gap is not None else diagnose(trace, answer, generation.calibration)
    return replace(answer, trace=trace, diagnoses=diagnoses)


def load_models(*models: Embedder | Reranker | Reader | None) -> None:
    """Load the models that there are, so that no question's time includes it."""
    for model in models:
        if model is not None:
            model.load()


def has_words(question: str) -> bool:
    """Whether there is anything to search for."""
    return any(character.isalnum() for character in question)


def find(
    generation: Generation,
    embedder: Embedder,
    question: str,
    *,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    only: NDArray[np.int64] | None = None,
    strictness: Strictness = "normal",
) -> Search:
    """Search for a question and judge whether what is found covers it; for the arguments see `ask`.

    The verdict is that on the usual quotes, whatever is shown in the end.
    """
    query = read_query(question, generation, embedder)
    found = retrieve(generation, query, only)
    if only is not None:
        found = with_background(found, retrieve(generation, query))
    if reranker is not None:
        found = rerank(generation, query, found, reranker)
    runs = choose_quotes(generation, found, room=DEFAULT_ROOM, limit=DEFAULT_LIMIT)
    signs = found.signs
    answers: list[RunAnswer | None] = [None] * len(runs)
    if reader is not None:
        answers = read_quotes(generation, query, found, runs, reader)
        signs = with_answer(signs, answers)
    probability = generation.calibration.probability(signs)
    verdict = generation.calibration.verdict(probability, strictness)
    gap = None if verdict is Verdict.ANSWERED else language_gap(generation, question)
    if gap is not None:
        verdict = Verdict.NOT_COVERED
    return Search(query, found, runs, answers, signs, probability, verdict, gap)


def language_gap(generation: Generation, question: str) -> LanguageGap | None:
    """The language of a question that the corpus does not speak; None where it speaks it, or may."""

    def knows(word: str) -> bool:
        return all(generation.has_word(stem) for stem in terms(word))

    asked = foreign_language(question, lambda: generation.languages, knows)
    return LanguageGap(asked, generation.languages) if asked else None


def choose_quotes(generation: Generation, candidates: Candidates, *, room: int, limit: int) -> list[Run]:
    """The best sentences of the candidates; see `choose_runs`."""
    numbers = candidates.sentences
    starts, ends = generation.sentence_spans[numbers].T
    passages = generation.passage_of_sentence[numbers]
    return choose_runs(
        candidates.sentence_scores,
        passages,
        generation.heading_of_passage[passages],
        _lengths(generation, candidates),
        generation.sentence_vectors[numbers],
        numbers,
        room=room,
        limit=limit,
        words_of=cache(lambda number: generation.words_of(int(numbers[number]))),
        gaps=[0, *(starts[1:] - ends[:-1]).tolist()],
    )


def read_quotes(
    generation: Generation, query: Query, candidates: Candidates, runs: Sequence[Run], reader: Reader
) -> list[RunAnswer | None]:
    """What a reader finds in each run; it reads the passages that the run touches whole, and answers from the run.

    Returns:
        None for a run of which it knows no word.
    """
    readings = [_reading(generation, _passages_of(generation, candidates, run)) for run in runs]
    shown: list[list[Span]] = []
    for run, (_, sentences) in zip(runs, readings, strict=True):
        before = generation.first_sentence[_passages_of(generation, candidates, run)[0]]
        first, last = candidates.sentences[[run.first, run.last]] - before
        shown.append(sentences[first : last + 1])
    texts = [(text, Span(spans[0].start, spans[-1].end)) for (text, _), spans in zip(readings, shown, strict=True)]
    answers: list[RunAnswer | None] = []
    for run, spans, (text, _), answer in zip(runs, shown, texts, reader.read(query.text, texts), strict=True):
        if answer is None:
            answers.append(None)
            continue
        start, end = answer.span
        touched = [run.first + number for number, span in enumerate(spans) if span.start < end and span.end > start]
        answers.append(RunAnswer(answer, text[start:end], touched))
    return answers


def _passages_of(generation: Generation, candidates: Candidates, run: Run) -> range:
    """The passages that a run touches."""
    first, last = generation.passage_of_sentence[candidates.sentences[[run.first, run.last]]].tolist()
    return range(first, last + 1)


def _reading(generation: Generation, passages: range) -> tuple[str, list[Span]]:
    """The plain text of some passages, and the spans of their sentences in that text."""
    text, spans = "", []
    for passage in passages:
        text += "\n" if text else ""
        plain, sentences = generation.reading(passage)
        spans += [Span(len(text) + span.start, len(text) + span.end) for span in sentences]
        text += plain
    return text, spans


def with_answer(signs: Signs, answers: Sequence[RunAnswer | None]) -> Signs:
    """The signs with what a reader found in the quotes; without quotes it says nothing."""
    if not answers:
        return signs
    probability = max(answer.answer.probability if answer else 0.0 for answer in answers)
    return replace(signs, answer=round(2 * probability - 1, 6))


def quote(
    generation: Generation,
    query: Query,
    candidates: Candidates,
    runs: Sequence[Run],
    *,
    room: int,
    base_url: str = "",
    answers: Sequence[RunAnswer | None] = (),
) -> tuple[Quote, ...]:
    """Quote the sentences that were chosen.

    Args:
        generation: Where they stand.
        query: What was asked.
        candidates: What they were chosen from.
        runs: As chosen for the room.
        room: A sentence that is longer is cut.
        base_url: See `ask`.
        answers: Of a reader, one a run. Where one answers, what it touches is highlighted, else what stands out.
    """
    if not runs:
        return ()
    scores, numbers = candidates.sentence_scores, candidates.sentences
    if any(answer is not None and answer.answer.is_answer for answer in answers):
        strong = [
            [generation.sentences[number].span for number in numbers[answer.sentences]]
            if answer is not None and answer.answer.is_answer
            else []
            for answer in answers
        ]
    else:
        floor = highlight_floor(scores)
        lengths = _lengths(generation, candidates)
        strong = [
            [
                _at_a_glance(generation, query, int(number))
                for number in numbers[highlighted(scores, lengths, run, floor)]
            ]
            for run in runs
        ]
    return tuple(
        quote_of(
            generation,
            int(numbers[run.first]),
            int(numbers[run.last]),
            strong=spans,
            score=run.score,
            room=room,
            base_url=base_url,
        )
        for run, spans in zip(runs, strong, strict=True)
    )


def _lengths(generation: Generation, candidates: Candidates) -> list[int]:
    """Characters of each sentence."""
    lengths: list[int] = np.diff(generation.sentence_spans[candidates.sentences])[:, 0].tolist()
    return lengths


def _at_a_glance(generation: Generation, query: Query, number: int) -> Span:
    """A sentence, or of one that is too long for bold its clauses with most of the question's words and near words."""
    span = generation.sentences[number].span
    if span.end - span.start <= HIGHLIGHT_CHARACTERS:
        return span
    owner, _ = generation.passages[generation.passage_of_sentence[number]]
    document = generation.segments[owner].document
    text = [" "] * (span.end - span.start)
    for start, end in document.visible(span):
        text[start - span.start : end - span.start] = document.text[start:end]
    keywords = generation.parts[0].passage_keywords
    near = query.near

    def says(stretch: str) -> float:
        held = set(terms(stretch))
        shares = {term: [weight for other, weight in near.get(term, ()) if other in held] for term in query.terms}
        return sum(
            keywords.weight(term) * (1.0 if term in held else max(weights, default=0.0))
            for term, weights in shares.items()
        )

    start, end = main_stretch("".join(text), says, HIGHLIGHT_CHARACTERS)
    return Span(span.start + start, span.start + end)


def quote_of(
    generation: Generation,
    first: int,
    last: int,
    *,
    score: float,
    strong: Sequence[Span] = (),
    room: int | None = None,
    base_url: str = "",
) -> Quote:
    """Quote neighbouring sentences of one section.

    Args:
        generation: Where they stand.
        first: Number of the first sentence.
        last: Number of the last one.
        score: How good they are.
        strong: What is highlighted.
        room: Characters; what is longer is cut.
        base_url: See `ask`.
    """
    sentences = [generation.sentences[number] for number in range(first, last + 1)]
    owner, passage = generation.passages[generation.passage_of_sentence[first]]
    document = generation.segments[owner].document
    span = Span(sentences[0].span.start, sentences[-1].span.end)
    if room is not None and span.end - span.start > room:
        span = _cut(document, span, room)
    cited = dict.fromkeys(source for sentence in sentences for source in sentence.sources)
    section = SECTION_SEPARATOR.join(document.sections[passage.section])
    metadata = document.metadata
    return Quote(
        citation=Citation(
            document=document.id,
            title=document.title,
            section=section or None,
            page=document.page_of(span.start),
            span=span,
            publisher=_text(metadata.get("publisher")),
            published=_text(metadata.get("published")),
            updated=_text(metadata.get("updated")),
            url=_text(metadata.get("url")) or address_of(document, base_url),
        ),
        text=document.text[span.start : span.end],
        highlights=_joined(document.text, clip_spans(strong, span)),
        hidden=clip_spans(document.hidden, span),
        emphasis=clip_spans(document.emphasis, span),
        sources=tuple(document.sources[source] for source in cited),
        score=score,
    )


def address_of(document: Document, base_url: str) -> str | None:
    """The document's path with its suffix, behind the base address; a server's own document stands nowhere there."""
    if not base_url or document.id.startswith(SERVER_PREFIX):
        return None
    return f"{base_url.rstrip('/')}/{urllib.parse.quote(document.path)}"


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


def nearest_titles(generation: Generation, found: Candidates, count: int = 3) -> tuple[str, ...]:
    """Titles of the documents that came nearest, best first."""
    titles: dict[str, None] = {}
    for position in best_first(found.passage_scores):
        owner, _ = generation.passages[found.passages[position]]
        titles.setdefault(generation.segments[owner].document.title)
        if len(titles) == count:
            break
    return tuple(titles)


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
