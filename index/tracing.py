"""How an answer came about, and what a moderator can do about one that is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from index.confidence import Calibration, Strictness
from index.generation import Generation
from index.keywords import terms
from index.query import Query
from index.ranking import (
    PASSAGE_COSINE_WEIGHT,
    PASSAGE_KEYWORD_WEIGHT,
    PASSAGE_TOKEN_WEIGHT,
    RELEVANCE_WEIGHT,
    SENTENCE_COSINE_WEIGHT,
    SENTENCE_KEYWORD_WEIGHT,
    SENTENCE_TOKEN_WEIGHT,
    SURROUNDINGS_COSINE_WEIGHT,
    SURROUNDINGS_TOKEN_WEIGHT,
    best_first,
)
from index.retrieval import Candidates
from index.values import (
    SECTION_SEPARATOR,
    Diagnosis,
    Fault,
    PassageTrace,
    Place,
    Quote,
    ReaderTrace,
    SentenceTrace,
    Trace,
    Verdict,
    WordTrace,
)

BEST_SHOWN = 10
"""So many passages and sentences."""
OPENING_CHARACTERS = 80

PASSAGE_WEIGHTS: Mapping[str, float] = {
    "cosine": PASSAGE_COSINE_WEIGHT,
    "keywords": PASSAGE_KEYWORD_WEIGHT,
    "tokens": PASSAGE_TOKEN_WEIGHT,
    "relevance": RELEVANCE_WEIGHT,
}
"""What the score of a `PassageTrace` is the sum of: its fields, each times this."""

SENTENCE_WEIGHTS: Mapping[str, float] = {
    "sentence_cosine": SENTENCE_COSINE_WEIGHT,
    "sentence_keywords": SENTENCE_KEYWORD_WEIGHT,
    "sentence_tokens": SENTENCE_TOKEN_WEIGHT,
    "surroundings_cosine": SURROUNDINGS_COSINE_WEIGHT,
    "surroundings_tokens": SURROUNDINGS_TOKEN_WEIGHT,
    "passage_keywords": PASSAGE_KEYWORD_WEIGHT,
    "passage_relevance": RELEVANCE_WEIGHT,
}
"""The same of a `SentenceTrace`."""

_COMPOUND = re.compile(r"[^\W_]+(?:['\u2019/.&-][^\W_]+)*")
_JOINTS = re.compile(r"[/.&-]")


def trace_of(
    generation: Generation,
    question: str,
    query: Query,
    found: Candidates,
    quotes: Sequence[Quote],
    *,
    strictness: Strictness,
    read: tuple[ReaderTrace, ...] = (),
) -> Trace:
    """What each stage made of a question: its words, the best passages and sentences with all their scores, what a
    reader read, and how sure an answer had to be.
    """
    passages, sentences = (best_first(scores)[:BEST_SHOWN] for scores in (found.passage_scores, found.sentence_scores))
    answered_from, not_covered_below = generation.calibration.limits(strictness)
    return Trace(
        words=words_of(generation, question, query),
        passages=tuple(_passage(generation, found, int(row), quotes) for row in passages),
        sentences=tuple(_sentence(generation, found, int(position), quotes) for position in sentences),
        strictness=strictness,
        answered_from=answered_from,
        not_covered_below=not_covered_below,
        read=read,
    )


def words_of(generation: Generation, question: str, query: Query) -> tuple[WordTrace, ...]:
    """What became of each word of a question; function words are left out.

    Compounds whose joined form the corpus does not have ("vaccine-mandate") are traced in parts: one may be missing.
    """

    def is_known(stem: str) -> bool:
        return any(part.passage_keywords.has(stem) for part in generation.parts)

    near = query.near
    words: dict[str, WordTrace] = {}
    for match in _COMPOUND.finditer(question):
        compound = terms(match[0])
        is_one = len(compound) == 1 or ("-" in match[0] and is_known(compound[-1]))
        for word in [match[0]] if is_one else _JOINTS.split(match[0]):
            read_as = query.read_as(word)
            stems = compound[-1:] if is_one and read_as == word else terms(read_as)
            if stems:
                words[word] = WordTrace(
                    word=word,
                    read_as=read_as if read_as != word else None,
                    is_known=all(is_known(stem) for stem in stems),
                    near=tuple(other for stem in stems for other, _ in near.get(stem, ())),
                )
    return tuple(words.values())


def _passage(generation: Generation, found: Candidates, row: int, quotes: Sequence[Quote]) -> PassageTrace:
    passage = int(found.passages[row])
    place = place_of(generation, passage)
    owner, content = generation.passages[passage]
    document = generation.segments[owner].document.id
    return PassageTrace(
        place=place,
        cosine=float(found.parts.cosines[row]),
        keywords=float(found.parts.keyword_shares[row]),
        tokens=float(found.parts.token_matches[row]),
        relevance=_relevance(found, row),
        score=float(found.passage_scores[row]),
        is_quoted=any(
            quote.citation.document == document
            and quote.citation.span.start < content.span.end
            and content.span.start < quote.citation.span.end
            for quote in quotes
        ),
    )


def _sentence(generation: Generation, found: Candidates, position: int, quotes: Sequence[Quote]) -> SentenceTrace:
    number = int(found.sentences[position])
    passage = int(generation.passage_of_sentence[number])
    row = int(np.searchsorted(found.passages, passage))
    place = place_of(generation, passage)
    span = generation.sentences[number].span
    document = generation.segments[generation.passages[passage][0]].document
    return SentenceTrace(
        place=place,
        text=_opening(document.plain(span)),
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


def _opening(text: str) -> str:
    return text if len(text) <= OPENING_CHARACTERS else text[: OPENING_CHARACTERS - 1] + "\u2026"


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
    trace: Trace, quotes: Sequence[Quote], *, verdict: Verdict, confidence: float, calibration: Calibration
) -> tuple[Diagnosis, ...]:
    """What may be wrong, each with what it concerns.

    Without an answer, it is a *gap* where the corpus has a word of the question in no form, not as a typo and not
    among near words; else it is a matter of *strictness* how sure an answer has to be. It is one of *ranking* where
    the best sentence whose section is not quoted scores higher than a quote.
    """
    diagnoses: list[Diagnosis] = []
    if verdict is not Verdict.ANSWERED and trace.missing_words:
        diagnoses.append(Diagnosis(Fault.GAP, words=trace.missing_words))
    elif verdict is not Verdict.ANSWERED and trace.words and trace.sentences:
        diagnoses.append(
            Diagnosis(
                Fault.STRICTNESS,
                place=trace.sentences[0].place,
                short_by=trace.answered_from - confidence,
                answered_at=next(
                    (
                        setting
                        for setting in ("high", "normal", "low")
                        if calibration.verdict(confidence, setting) is Verdict.ANSWERED
                    ),
                    None,
                ),
            )
        )
    quoted = {(quote.citation.document, quote.citation.section) for quote in quotes}
    others = [item for item in trace.sentences if (item.place.document, item.place.section) not in quoted]
    if quotes and others and others[0].score > min(quote.score for quote in quotes):
        diagnoses.append(Diagnosis(Fault.RANKING, place=others[0].place))
    return tuple(diagnoses)
