from __future__ import annotations

from dataclasses import replace

import pytest

from index import PASSAGE_WEIGHTS, Answer, Diagnosis, Fault, Library, Place, Quote, SentenceTrace, Trace, Verdict
from index.confidence import shipped_calibration
from index.tracing import diagnose
from index.values import WordTrace
from tests.bot.quotes import answer_of, quote_of


def traced(library: Library, question: str, *, limit: int = 3) -> Answer:
    answer = library.ask(question, nearest=True, limit=limit, explain=True)
    assert answer.trace is not None
    return answer


def test_each_word_of_the_question_says_what_became_of_it(library: Library):
    trace = traced(library, "What did the lighthuose lamp's zeppelin burn?").trace

    assert trace is not None
    assert [(word.word, word.read_as, word.is_known) for word in trace.words] == [
        ("lighthuose", "lighthouse", True),
        ("lamp's", None, True),
        ("zeppelin", None, False),
        ("burn", None, True),
    ]
    assert trace.missing_words == ("zeppelin",)


def test_a_word_that_has_a_near_one_is_not_missing(library: Library, monkeypatch: pytest.MonkeyPatch):
    vocabulary = library.generation.vocabulary
    monkeypatch.setattr(vocabulary, "near", lambda word, embedder: (("lamp", 0.6),) if word == "lantern" else ())

    trace = traced(library, "Which lantern burned?").trace

    assert trace is not None
    assert trace.words[0].near == ("lamp",)
    assert trace.missing_words == ()


def test_the_best_sentences_stand_with_the_scores_of_every_stage(library: Library):
    answer = traced(library, "When did the lamp burn whale oil?")

    assert answer.trace is not None
    best, *others = answer.trace.sentences
    assert best.text == "Its lamp burned whale oil until 1904, then paraffin."
    assert best.place.document == "sea/lighthouse"
    assert best.is_quoted
    assert best.score == pytest.approx(
        0.7 * best.sentence_cosine
        + best.sentence_keywords
        + best.sentence_tokens
        + best.surroundings_cosine
        + 2 * best.surroundings_tokens
        + 1.1 * best.passage_keywords,
        abs=1e-4,
    )
    assert [best.score, *(other.score for other in others)] == sorted(
        (sentence.score for sentence in answer.trace.sentences), reverse=True
    )
    assert answer.quotes[0].score == pytest.approx(best.score, abs=1e-5)


def test_passages_stand_with_what_each_scored_as_a_whole(library: Library):
    trace = traced(library, "When did the lamp burn whale oil?").trace

    assert trace is not None
    best = trace.passages[0]
    assert (best.place.document, best.is_quoted) == ("sea/lighthouse", True)
    for passage in trace.passages:
        parts = (passage.cosine, passage.keywords, passage.tokens, passage.relevance)
        assert passage.score == pytest.approx(
            sum(weight * (part or 0) for weight, part in zip(PASSAGE_WEIGHTS.values(), parts, strict=True)), abs=1e-4
        )
    scores = [passage.score for passage in trace.passages]
    assert scores == sorted(scores, reverse=True)
    assert not all(passage.is_quoted for passage in trace.passages)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("the whale-zeppelin", [("whale", None, True), ("zeppelin", None, False)]),
        ("the light-house", [("light-house", None, True)]),
        ("the lighthuose-keeper", [("lighthuose", "lighthouse", True), ("keeper", None, True)]),
        ("the whale/zeppelin", [("whale", None, True), ("zeppelin", None, False)]),
        ("that lighthuose's lamp", [("lighthuose's", "lighthouse's", True), ("lamp", None, True)]),
        ("the of and", []),
    ],
)
def test_words_are_traced_as_the_search_reads_them(
    library: Library, typed: str, words: list[tuple[str, str | None, bool]]
):
    trace = traced(library, typed).trace

    assert trace is not None
    assert [(word.word, word.read_as, word.is_known) for word in trace.words] == words


# ---- what may be wrong

CALIBRATION = replace(shipped_calibration(), answered_from=0.5, not_covered_below=0.1)
HALL, YARD = Place("house", "The house", "Hall"), Place("house", "The house", "Yard")


def sentence(place: Place, score: float, *, is_repeat: bool = False) -> SentenceTrace:
    return SentenceTrace(
        place=place,
        text="It stands.",
        passage_keywords=0.0,
        passage_relevance=None,
        sentence_cosine=0.0,
        sentence_keywords=0.0,
        sentence_tokens=0.0,
        surroundings_cosine=0.0,
        surroundings_tokens=0.0,
        score=score,
        is_quoted=False,
        is_repeat=is_repeat,
    )


def trace(*sentences: SentenceTrace, missing: tuple[str, ...] = (), words: tuple[str, ...] = ("stand",)) -> Trace:
    return Trace(
        words=tuple(WordTrace(word, None, is_known=word not in missing, near=()) for word in (*words, *missing)),
        passages=(),
        sentences=sentences,
        within=None,
        strictness="normal",
        answered_from=0.5,
        not_covered_below=0.1,
    )


def found(
    shown: Trace, *quotes: Quote, verdict: Verdict = Verdict.UNCERTAIN, confidence: float = 0.4
) -> list[Diagnosis]:
    return list(diagnose(shown, answer_of(*quotes, verdict=verdict, confidence=confidence), CALIBRATION))


def quote_from(place: Place, score: float) -> Quote:
    return replace(quote_of("It stands.", document=place.document, section=place.section), score=score)


@pytest.mark.parametrize("verdict", [Verdict.UNCERTAIN, Verdict.NOT_COVERED])
def test_without_an_answer_a_missing_word_is_a_gap_and_nothing_else(verdict: Verdict):
    shown = trace(sentence(HALL, 2.0), missing=("zeppelin", "harp"))

    assert found(shown, verdict=verdict) == [Diagnosis(Fault.GAP, words=("zeppelin", "harp"))]


def test_an_answer_that_is_sure_enough_without_a_word_has_no_gap():
    assert found(trace(sentence(HALL, 2.0), missing=("lol",)), verdict=Verdict.ANSWERED, confidence=0.7) == []


@pytest.mark.parametrize("confidence", [0.45, 0.4])
def test_strictness_is_blamed_where_another_setting_would_answer(confidence: float):
    [item] = found(trace(sentence(HALL, 2.0), sentence(YARD, 1.0)), confidence=confidence)

    assert (item.fault, item.place, item.answered_at) == (Fault.STRICTNESS, HALL, "low")
    assert item.short_by == pytest.approx(0.5 - confidence)


@pytest.mark.parametrize(
    ("confidence", "verdict"), [(0.399, Verdict.UNCERTAIN), (0.1, Verdict.UNCERTAIN), (0.05, Verdict.NOT_COVERED)]
)
def test_what_no_setting_would_answer_is_probably_a_gap(confidence: float, verdict: Verdict):
    shown = trace(sentence(HALL, 2.0), sentence(YARD, 1.0))
    shown = replace(shown, words=(*shown.words, WordTrace("capital", None, is_known=False, near=("capitol",))))

    [item] = found(shown, verdict=verdict, confidence=confidence)

    assert (item.fault, item.words, item.place, item.answered_at) == (Fault.GAP, ("capital",), HALL, None)
    assert item.short_by == pytest.approx(0.5 - confidence)


def test_one_document_says_nothing_of_a_gap_in_the_corpus():
    assert found(replace(trace(sentence(HALL, 2.0)), within="house"), confidence=0.2) == []


def test_a_high_strictness_is_told_that_the_normal_one_would_answer():
    shown = replace(trace(sentence(HALL, 2.0)), strictness="high", answered_from=0.6)

    assert [item.answered_at for item in found(shown, confidence=0.55)] == ["normal"]


def test_nothing_is_blamed_where_no_word_says_anything_or_nothing_was_found():
    assert found(trace(sentence(HALL, 2.0), words=())) == []
    assert found(trace()) == []


BARN, MILL = Place("barn", "The barn", None), Place("mill", "The mill", None)


def test_what_would_be_quoted_next_is_a_matter_of_ranking():
    shown = trace(sentence(HALL, 3.0), sentence(YARD, 2.9), sentence(MILL, 2.7, is_repeat=True), sentence(BARN, 2.5))
    quotes = (quote_from(HALL, 3.0), quote_from(YARD, 2.9))

    [item] = found(shown, *quotes, verdict=Verdict.ANSWERED, confidence=0.7)

    assert (item.fault, item.place) == (Fault.RANKING, BARN)
    assert item.short_by == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("sentences", "quotes"),
    [
        ([(HALL, 3.0), (YARD, 2.5)], [(HALL, 3.0), (YARD, 2.0)]),  # the section is quoted, with other sentences
        ([(HALL, 3.0), (YARD, 2.2)], [(HALL, 3.0)]),  # it was too far behind the best one to be quoted
        ([(HALL, 3.0), (YARD, 2.5)], []),  # nothing is quoted, so nothing lost its place
    ],
)
def test_no_more_is_said_of_ranking(sentences: list[tuple[Place, float]], quotes: list[tuple[Place, float]]):
    shown = trace(*(sentence(*item) for item in sentences))

    assert found(shown, *(quote_from(*item) for item in quotes), verdict=Verdict.ANSWERED, confidence=0.7) == []


def test_a_sentence_that_had_no_room_is_named(library: Library):
    answer = library.ask("winter boat weeks gulls; maple; steam", nearest=True, room=110, limit=0, explain=True)

    [item] = [item for item in answer.diagnoses if item.fault is Fault.RANKING]
    assert item.place is not None
    assert item.place.document == "crafts/violins"
    assert item.short_by < 0


def test_a_question_without_a_word_has_no_trace(library: Library):
    answer = library.ask("?!", explain=True)

    assert (answer.trace, answer.diagnoses, answer.unknown_words) == (None, (), ())
