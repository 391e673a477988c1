"""Figures against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from index import Library, Span, Verdict, evaluate
from index.embedding import Embedder
from index.evaluation import Asked, _confidence, bootstrap_intervals
from index.evidence import Evidence
from index.questions import EvaluationQuestion, QuestionKind
from tests.bot.quotes import answer_of, quote_of
from tests.fakes import WordEmbedder, WordReader, WordReranker


def question_of(kind: QuestionKind = QuestionKind.ANSWERABLE, document: str = "a") -> EvaluationQuestion:
    evidence = (Evidence(document, Span(0, 10)),) if kind is QuestionKind.ANSWERABLE else ()
    return EvaluationQuestion("q", "What?", kind, evidence)


def asked_with(confidence: float, *, is_hit: bool) -> Asked:
    quote = quote_of("x" * 10, start=0 if is_hit else 500, document="a")
    return Asked(question_of(), answer_of(quote, confidence=confidence))


def test_confidence_is_scored_as_a_prediction_of_a_hit():
    figures = _confidence(
        [
            asked_with(0.9, is_hit=True),
            asked_with(0.6, is_hit=False),
            asked_with(0.5, is_hit=True),
            asked_with(0.1, is_hit=False),
        ]
    )

    assert figures["brier"] == pytest.approx((0.01 + 0.36 + 0.25 + 0.01) / 4)
    assert figures["brier_of_base_rate"] == pytest.approx(0.25)
    assert figures["auc"] == pytest.approx(3 / 4)
    assert figures["risk_coverage"] == [[0.25, 0.0], [0.5, 0.5], [0.75, pytest.approx(1 / 3)], [1.0, 0.5]]


def test_where_every_question_is_hit_there_is_no_area_under_the_curve():
    assert _confidence([asked_with(0.9, is_hit=True)])["auc"] is None


def test_intervals_are_drawn_over_documents_where_there_are_enough():
    def interval(documents: list[str]) -> tuple[float, float]:
        return bootstrap_intervals({"hit@3": [float(document < "e") for document in documents]}, documents)["hit@3"]

    many, few = interval(list("abcdefgh") * 20), interval(list("ah") * 80)

    assert many[0] <= 0.25
    assert many[1] >= 0.75
    assert few[0] > 0.4
    assert few[1] < 0.6


# ---- a whole evaluation


LAMP = "Its lamp burned whale oil until 1904, then paraffin."
BEES = "A healthy hive holds about fifty thousand bees in June."


@pytest.fixture
def questions(library: Library) -> list[EvaluationQuestion]:
    def ask(identity: str, text: str, kind: QuestionKind, document: str = "", words: str = "") -> EvaluationQuestion:
        if not document:
            return EvaluationQuestion(identity, text, kind)
        start = library.document(document).text.index(words)
        return EvaluationQuestion(identity, text, kind, (Evidence(document, Span(start, start + len(words))),))

    return [
        ask("lamp", "When did the lamp burn whale oil?", QuestionKind.ANSWERABLE, "sea/lighthouse", LAMP),
        ask("bees", "How many bees does a healthy hive hold in June?", QuestionKind.PARAPHRASE, "garden/bees", BEES),
        ask("wrong", "When did the lamp burn whale oil?", QuestionKind.ANSWERABLE, "garden/bees", BEES),
        ask("keeper", "What was the lighthouse keeper's name?", QuestionKind.NEAR_TOPIC),
        ask("off", "zzz qqq xxx", QuestionKind.OFF_TOPIC),
    ]


def figures_of(library: Library, embedder: Embedder, questions: list[EvaluationQuestion]) -> dict[str, Any]:
    return evaluate(library.generation, embedder, questions).as_dict()


def test_evidence_that_is_quoted_counts_and_other_evidence_does_not(
    library: Library, embedder: WordEmbedder, questions: list[EvaluationQuestion]
):
    figures = figures_of(library, embedder, questions)

    assert figures["questions"] == {"answerable": 2, "paraphrase": 1, "near_topic": 1, "off_topic": 1}
    assert figures["hit@3"] == {"answerable": 0.5, "paraphrase": 1.0}
    assert {name: figures["retrieval"][name] for name in ("hit@1", "hit@3", "mrr")} == {
        "hit@1": 0.667,
        "hit@3": 0.667,
        "mrr": 0.667,
    }
    assert figures["retrieval"]["recall@1200"] >= 0.667
    assert figures["refusal"]["off_topic"] == {"answered": 0.0, "uncertain": 0.0, "not_covered": 1.0}
    assert figures["worst"][0]["id"] == "wrong"


def test_an_evaluation_embeds_each_question_once(
    library: Library, questions: list[EvaluationQuestion], monkeypatch: pytest.MonkeyPatch
):
    embedder, embedded = WordEmbedder(), list[str]()
    real = embedder.embed_query

    def count(question: str) -> Any:
        embedded.append(question)
        return real(question)

    monkeypatch.setattr(embedder, "embed_query", count)

    evaluate(library.generation, embedder, questions)

    assert embedded == [question.text for question in questions]


def test_an_evaluation_reranks_and_reads_each_question_once(
    library: Library, embedder: WordEmbedder, questions: list[EvaluationQuestion]
):
    reranker, reader = WordReranker("bees"), WordReader("bees")

    evaluate(library.generation, embedder, questions, reranker=reranker, reader=reader)

    assert [question for question, _ in reranker.read] == [question.text for question in questions]
    usual = [library.ask(question.text, nearest=True).quotes for question in questions]
    assert 0 < len(reader.texts) <= 3 * len(usual)


def test_highlights_are_counted_in_words_over_all_questions(library: Library, embedder: WordEmbedder):
    text = library.document("garden/bees").text
    start = text.index("fifty thousand")
    question = EvaluationQuestion(
        "bees",
        "How many bees does a healthy hive hold in June?",
        QuestionKind.ANSWERABLE,
        (Evidence("garden/bees", Span(start + 2, start + 8)),),  # it shares characters with two words
    )

    [quote] = library.ask(question.text, limit=1).quotes
    shown = sum(len(text[begin:end].split()) for begin, end in quote.highlights)
    figures = figures_of(library, embedder, [question])["highlights"]

    assert shown > 2
    assert figures["recall"] == 1.0
    assert figures["precision"] == pytest.approx(2 / shown, abs=0.001)
    assert figures["f1"] == pytest.approx(2 * 2 / (2 + shown), abs=0.001)


@pytest.mark.parametrize(("is_in_one_sentence", "share"), [(True, 1.0), (False, 0.0)])
def test_the_first_highlights_hold_evidence_only_where_a_span_is_bold_as_a_whole(
    library: Library, embedder: WordEmbedder, is_in_one_sentence: bool, share: float
):
    text = library.document("garden/bees").text
    start = text.index("fifty thousand")
    end = start + len("fifty thousand") if is_in_one_sentence else len(text)
    question = EvaluationQuestion(
        "bees",
        "How many bees does a healthy hive hold in June?",
        QuestionKind.ANSWERABLE,
        (Evidence("garden/bees", Span(start, end)),),
    )

    assert figures_of(library, embedder, [question])["highlights"]["first_holds"] == share


def test_questions_without_evidence_alone_have_no_retrieval_figures(library: Library, embedder: WordEmbedder):
    figures = figures_of(library, embedder, [question_of(QuestionKind.OFF_TOPIC)])

    assert set(figures["retrieval"].values()) == {None}
    assert figures["product"]["characters_read"] is None
    assert figures["intervals"] == {}
    assert figures["confidence"]["auc"] is None


def test_a_refused_question_shows_nothing_to_a_person():
    asked = Asked(question_of(), answer_of(quote_of("x" * 10), verdict=Verdict.NOT_COVERED))

    assert asked.product == ()
