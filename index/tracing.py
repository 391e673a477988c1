"""How an answer came about, and what a moderator can do about one that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np

from index.confidence import Calibration, Strictness
from index.generation import Generation
from index.keywords import terms
from index.query import Query
from index.ranking import (
    PASSAGE_COSINE_WEIGHT,
    PASSAGE_KEYWORD_WEIGHT,
    PASSAGE_TOKEN_WEIGHT,
    QUOTE_FLOOR,
    RELEVANCE_WEIGHT,
    SENTENCE_COSINE_WEIGHT,
    SENTENCE_KEYWORD_WEIGHT,
    SENTENCE_TOKEN_WEIGHT,
    SURROUNDINGS_COSINE_WEIGHT,
    SURROUNDINGS_TOKEN_WEIGHT,
    Run,
    best_first,
    is_repeat,
    share_of,
)
from index.retrieval import Candidates
from index.values import (
    SECTION_SEPARATOR,
    Answer,
    Diagnosis,
    Fault,
    PassageTrace,
    Place,
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
    runs: Sequence[Run],
    *,
    strictness: Strictness,
    within: str | None = None,
    read: tuple[ReaderTrace, ...] = (),
) -> Trace:
    """What each stage made of a question: its words, the best passages and sentences with all their scores, what a
    reader read, and how sure an answer had to be.

    Args:
        generation: What was searched.
        question: As a person typed it.
        query: As it was read.
        found: What it was answered from.
        runs: What is quoted.
        strictness: How sure an answer had to be.
        within: The only document that was searched.
        read: What a reader made of the quotes.
    """
    passages, sentences = (best_first(scores)[:BEST_SHOWN] for scores in (found.passage_scores, found.sentence_scores))
    answered_from, not_covered_below = generation.calibration.limits(strictness)
    shown = [position for run in runs for position in range(run.first, run.last + 1)]
    quoted = dict(zip(shown, found.sentences[shown].tolist(), strict=True))
    words_in = cache(generation.words_of)
    return Trace(
        words=trace_words(generation, question, query),
        passages=tuple(_passage(generation, found, int(row), quoted) for row in passages),
        sentences=tuple(_sentence(generation, found, int(position), quoted, words_in) for position in sentences),
        within=within,
        strictness=strictness,
        answered_from=answered_from,
        not_covered_below=not_covered_below,
        read=read,
    )


def trace_words(generation: Generation, question: str, query: Query) -> tuple[WordTrace, ...]:
    """What became of each word of a question; function words are left out.

    Compounds whose joined form the corpus does not have ("vaccine-mandate") are traced in parts: one may be missing.
    """
    near = query.near
    words: dict[str, WordTrace] = {}
    for match in _COMPOUND.finditer(question):
        compound = terms(match[0])
        is_one = len(compound) == 1 or ("-" in match[0] and generation.has_word(compound[-1]))
        for word in [match[0]] if is_one else _JOINTS.split(match[0]):
            read_as = query.read_as(word)
            stems = terms(read_as)
            if stems:
                words[word] = WordTrace(
                    word=word,
                    read_as=read_as if read_as != word else None,
                    is_known=(is_one and generation.has_word(stems[-1])) or all(map(generation.has_word, stems)),
                    near=tuple(_word(generation, other) for stem in stems for other, _ in near.get(stem, ())),
                )
    return tuple(words.values())


def missing_words(generation: Generation, question: str, query: Query) -> tuple[str, ...]:
    """Words of a question that the corpus has in no form, not as a typo and not among near words; as typed."""
    return tuple(word.word for word in trace_words(generation, question, query) if word.is_missing)


def _word(generation: Generation, stem: str) -> str:
    return next((word for part in generation.parts if (word := part.vocabulary.word(stem))), stem)


def _passage(generation: Generation, found: Candidates, row: int, quoted: Mapping[int, int]) -> PassageTrace:
    passage = int(found.passages[row])
    return PassageTrace(
        place=place_of(generation, passage),
        cosine=float(found.parts.cosines[row]),
        keywords=float(found.parts.keyword_shares[row]),
        tokens=float(found.parts.token_matches[row]),
        relevance=_relevance(found, row),
        score=float(found.passage_scores[row]),
        is_quoted=any(generation.passage_of_sentence[number] == passage for number in quoted.values()),
    )


def _sentence(
    generation: Generation,
    found: Candidates,
    position: int,
    quoted: Mapping[int, int],
    words_in: Callable[[int], object],
) -> SentenceTrace:
    number = int(found.sentences[position])
    passage = int(generation.passage_of_sentence[number])
    row = int(np.searchsorted(found.passages, passage))
    others = [other for other in quoted.values() if generation.passage_of_sentence[other] != passage]
    return SentenceTrace(
        place=place_of(generation, passage),
        text=_opening(generation.text_of(number)),
        passage_keywords=float(found.parts.keyword_shares[row]),
        passage_relevance=_relevance(found, row),
        sentence_cosine=float(found.parts.sentence_cosines[position]),
        sentence_keywords=float(found.parts.sentence_keyword_shares[position]),
        sentence_tokens=float(found.parts.sentence_token_matches[position]),
        surroundings_cosine=float(found.parts.surroundings_cosines[position]),
        surroundings_tokens=float(found.parts.surroundings_token_matches[position]),
        score=float(found.sentence_scores[position]),
        is_quoted=position in quoted,
        is_repeat=position not in quoted and is_repeat(number, others, generation.sentence_vectors, words_in),
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


def diagnose(trace: Trace, answer: Answer, calibration: Calibration) -> tuple[Diagnosis, ...]:
    """What may be wrong with an answer, each with what it concerns.

    Without an answer, it is a *gap* where the corpus has a word of the question in no form, not as a typo and not
    among near words. Else it is a matter of *strictness* where another setting would answer, and again a gap, a likely
    one, where none would; that is not said of a corpus of which one document was searched. It may be one of *ranking*
    where a sentence of a section that is not quoted was good enough to be.
    """
    diagnoses: list[Diagnosis] = []
    is_answered = answer.verdict is Verdict.ANSWERED
    if not is_answered and trace.missing_words:
        diagnoses.append(Diagnosis(Fault.GAP, words=trace.missing_words))
    elif not is_answered and trace.words and trace.sentences:
        place, short_by = trace.sentences[0].place, trace.answered_from - answer.confidence
        setting = _answered_at(calibration, answer.confidence)
        if setting is not None:
            diagnoses.append(Diagnosis(Fault.STRICTNESS, place=place, short_by=short_by, answered_at=setting))
        elif trace.within is None:
            words = tuple(word.word for word in trace.words if not word.is_known)
            diagnoses.append(Diagnosis(Fault.GAP, words=words, place=place, short_by=short_by))
    quoted = {(quote.citation.document, quote.citation.section) for quote in answer.quotes}
    others = (
        item
        for item in trace.sentences
        if not item.is_repeat and (item.place.document, item.place.section) not in quoted
    )
    following = next(others, None)
    if answer.quotes and following is not None:
        last = min(quote.score for quote in answer.quotes)
        if following.score >= min(last, share_of(answer.quotes[0].score, QUOTE_FLOOR)):
            diagnoses.append(Diagnosis(Fault.RANKING, place=following.place, short_by=last - following.score))
    return tuple(diagnoses)


def _answered_at(calibration: Calibration, confidence: float) -> Strictness | None:
    """The highest strictness that would call it an answer."""
    settings: tuple[Strictness, ...] = ("high", "normal", "low")
    return next((one for one in settings if calibration.verdict(confidence, one) is Verdict.ANSWERED), None)
