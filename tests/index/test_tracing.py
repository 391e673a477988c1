from __future__ import annotations

import pytest

from index import Answer, Fault, Library, Verdict


def traced(library: Library, question: str, *, limit: int = 3) -> Answer:
    answer = library.ask(question, nearest=True, limit=limit)
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


def test_a_missing_word_is_a_gap(library: Library):
    answer = traced(library, "What did the lamp's zeppelin burn?")

    assert [(item.fault, item.words) for item in answer.diagnoses if item.fault is Fault.GAP] == [
        (Fault.GAP, ("zeppelin",))
    ]


def test_an_uncertain_answer_is_a_matter_of_strictness(library: Library):
    answer = traced(library, "crust steam violin clocks")

    assert answer.verdict is Verdict.UNCERTAIN
    [found] = [item for item in answer.diagnoses if item.fault is Fault.STRICTNESS]
    assert answer.trace is not None
    assert found.place == answer.trace.sentences[0].place
    assert found.short_by == pytest.approx(0.5 - answer.confidence)


def test_a_passage_that_scores_higher_than_a_quoted_one_is_a_matter_of_ranking(library: Library):
    question = "lens weight keeper lamp boat winter"

    one, all_of_them = traced(library, question, limit=1), traced(library, question, limit=0)

    def passed_over(answer: Answer) -> set[str | None]:
        return {item.place.section for item in answer.diagnoses if item.fault is Fault.RANKING and item.place}

    quoted = {quote.citation.section for quote in one.quotes}
    assert not passed_over(one) & quoted
    assert passed_over(all_of_them) <= passed_over(one) | {None}


def test_a_question_without_a_word_has_no_trace(library: Library):
    answer = library.ask("?!")

    assert (answer.trace, answer.diagnoses, answer.unknown_words) == (None, (), ())
