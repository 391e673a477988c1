from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index import Library, QuestionsError, evaluate_golden
from index.golden import read_floors
from tests.conftest import write_corpus
from tests.fakes import WordEmbedder

HIVE = {"document": "garden/bees", "text": "A healthy hive holds about fifty thousand bees in June."}
FAQ = "---\ntags: [faq]\n---\nHow many bees are in a hive? There are about fifty thousand bees in a healthy hive.\n"
IN_FAQ = {"document": "faq", "text": "There are about fifty thousand bees in a healthy hive."}


def golden(*evidence: dict[str, str]) -> str:
    line = {"id": "bees", "question": "how many bees in a healthy hive", "kind": "answerable", "evidence": evidence}
    off = {"id": "off", "question": "zzz qqq", "kind": "off_topic", "evidence": []}
    return json.dumps(line) + "\n" + json.dumps(off) + "\n"


def evaluated(library: Library, **files: str) -> dict[str, Any]:
    names = {"questions": "questions.jsonl", "floors": "floors.json", "faq": "faq.md"}
    write_corpus(library.corpus, {names[name]: text for name, text in files.items()})
    return evaluate_golden(library.draft(), library.corpus, library.embedder).as_dict()


def test_figures_stand_with_and_without_the_faq(library: Library):
    figures = evaluated(library, questions=golden(HIVE, IN_FAQ), faq=FAQ)

    assert figures["documents"] == figures["without_faq"]["documents"] + 1
    assert figures["questions"] == figures["without_faq"]["questions"] == {"answerable": 1, "off_topic": 1}
    assert figures["retrieval"]["hit@3"] == figures["without_faq"]["retrieval"]["hit@3"] == 1.0
    assert figures["retrieval"]["recall@600"] == 1.0


def test_questions_that_only_the_faq_answers_are_left_out_without_it(library: Library):
    figures = evaluated(library, questions=golden(IN_FAQ), faq=FAQ)

    assert figures["without_faq"]["questions"] == {"off_topic": 1}


def test_a_corpus_without_an_faq_has_one_set_of_figures(library: Library):
    assert "without_faq" not in evaluated(library, questions=golden(HIVE))


def test_each_floor_stands_beside_its_figure(library: Library):
    floors = {"at_least": {"retrieval.hit@3": 0.9}, "at_most": {"refusal.off_topic.not_covered": 0.5}}

    figures = evaluated(library, questions=golden(HIVE), floors=json.dumps(floors))

    assert figures["floors"] == [
        {"figure": "retrieval.hit@3", "at_least": 0.9, "value": 1.0, "is_met": True},
        {"figure": "refusal.off_topic.not_covered", "at_most": 0.5, "value": 1.0, "is_met": False},
    ]


def test_a_figure_of_nothing_meets_no_floor(tmp_path: Path):
    path = tmp_path / "floors.json"
    path.write_text('{"at_most": {"retrieval.mrr": 1}}', encoding="utf-8")

    [floor] = read_floors(path, {"retrieval": {"mrr": None}})

    assert not floor.is_met


@pytest.mark.parametrize(
    ("floors", "problem"),
    [
        ("{", "cannot be read as floors"),
        ("[]", "cannot be read as floors"),
        ('{"at_least": {"retrieval.hit@3": "high"}}', "cannot be read as floors"),
        ('{"at_least": {"retrieval.hit@9": 0.5}}', "there is no figure retrieval.hit@9"),
        ('{"at_least": {"retrieval": 0.5}}', "retrieval is not one figure"),
        ('{"at_least": {"generation.x": 0.5}}', "there is no figure generation.x"),
    ],
)
def test_floors_that_mean_nothing_are_named(library: Library, floors: str, problem: str):
    with pytest.raises(QuestionsError, match=problem.replace(".", r"\.")):
        evaluated(library, questions=golden(HIVE), floors=floors)


@pytest.mark.parametrize(
    ("questions", "problem"),
    [
        ("", "holds no question"),
        ("{}", "line 1 is no golden question"),
        (golden({"document": "garden/bees", "text": "Bees are birds."}), "does not say"),
    ],
)
def test_wrong_golden_questions_are_named(library: Library, questions: str, problem: str):
    with pytest.raises(QuestionsError, match=problem):
        evaluated(library, questions=questions)


def test_without_golden_questions_that_is_said(library: Library, embedder: WordEmbedder):
    (library.corpus / "questions.jsonl").unlink()

    with pytest.raises(QuestionsError, match="no golden questions"):
        evaluate_golden(library.generation, library.corpus, embedder)
