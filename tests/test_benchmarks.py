"""The comparison with peers counts what it says that it counts; what it finds, the benchmarks measure."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import calibrate, product, quality, results, summaries
from benchmarks.quality import FIGURES, OURS, Comparison, PeerError, Shown, cut, install_peers, measure
from index import EvaluationQuestion, Library, Span, evaluate
from index.calibration import Trial
from index.evidence import Evidence, length
from index.questions import QuestionKind
from index.values import Signs
from tests.fakes import WordEmbedder
from tests.index.test_evidence import places


def piece(start: int, end: int, document: str = "a") -> Evidence:
    return Evidence(document, Span(start, end))


def test_the_last_piece_is_cut_where_the_room_ends():
    assert cut([piece(0, 10), piece(20, 30), piece(40, 50)], 15) == [piece(0, 10), piece(20, 25)]
    assert cut([piece(0, 10), piece(20, 30)], 10) == [piece(0, 10)]


def test_what_was_shown_before_takes_no_room_again():
    assert cut([piece(0, 10), piece(5, 20), piece(0, 10, "b")], 15) == [piece(0, 10), piece(5, 15)]
    assert cut([piece(0, 10), piece(2, 8), piece(10, 20)], 15) == [piece(0, 10), piece(2, 8), piece(10, 15)]


@given(places, st.integers(1, 60))
def test_pieces_fill_the_room_as_far_as_there_are_any(pieces: list[Evidence], room: int):
    assert length(cut(pieces, room)) == min(room, length(pieces))


def test_a_question_is_measured_at_each_room_and_on_the_best_pieces():
    shown = Shown({600: [piece(0, 10)], 1200: [piece(0, 10), piece(90, 110)]}, [piece(90, 110)], 1.0, 1.0)

    figures = measure(shown, [piece(100, 120)])

    assert list(figures) == list(FIGURES)
    assert (figures["recall@600"], figures["recall@1200"]) == (0, 0.5)
    assert (figures["hit@1200"], figures["mrr"]) == (0, 0.5)
    assert figures["precision"] == pytest.approx(10 / 30)
    assert figures["chroma iou"] == pytest.approx(10 / 30)


def comparison(ours: list[bool], theirs: list[bool], evidence: tuple[Evidence, ...]) -> Comparison:
    def shown(is_right: bool) -> Shown:
        found = list(evidence) if is_right else []
        return Shown({600: found, 1200: found}, found, 1.0, 1.0)

    question = EvaluationQuestion("q", "What?", QuestionKind.ANSWERABLE, evidence)
    systems = {OURS: [shown(is_right) for is_right in ours], "peer": [shown(is_right) for is_right in theirs]}
    return Comparison("set", [question] * len(ours), systems)


def test_differences_are_paired_by_question():
    rights = [True, False] * 50

    same = comparison(rights, rights, (piece(0, 10),)).differences("peer")
    better = comparison([True] * 100, rights, (piece(0, 10),)).differences("peer")

    assert same["hit@600"] == "+0.000 [+0.000, +0.000]"
    assert better["hit@600"].startswith("+0.500 [+0.4")


def test_evidence_that_overlaps_is_taken_for_alternatives():
    assert comparison([], [], ()).measure == "recall"
    assert comparison([True], [True], (piece(0, 10), piece(20, 30))).measure == "recall"
    assert comparison([True], [True], (piece(0, 10), piece(5, 12))).measure == "hit"


def test_a_peer_that_cannot_be_installed_says_why(tmp_path, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, stderr="resolving\nERROR: No matching distribution\n\n")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: failed)

    with pytest.raises(PeerError, match=r"^ERROR: No matching distribution$"):
        install_peers(tmp_path)


def test_a_peer_that_failed_is_named_with_the_reason_and_has_no_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(quality, "PEERS", {"peer": "Peer {txtai}", "broken": "Broken"})

    quality.report([comparison([True], [False], (piece(0, 10),))], {"broken": "cannot be installed: no such version"})

    text = (tmp_path / "quality.md").read_text(encoding="utf-8")
    assert "**Broken** cannot be installed: no such version" in text
    assert "| Broken" not in text
    assert re.search(r"\| Peer [\d.]+ \| 0\.000 \| 0\.000 \| 1\.00 \|", text)


def test_what_is_shown_stands_beside_what_is_found_and_what_is_highlighted(
    library: Library, embedder: WordEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    words = "Its lamp burned whale oil until 1904, then paraffin."
    start = library.document("sea/lighthouse").text.index(words)
    evidence = (Evidence("sea/lighthouse", Span(start, start + len(words))),)
    lamp = EvaluationQuestion("lamp", "When did the lamp burn whale oil?", QuestionKind.ANSWERABLE, evidence)
    refused = replace(lamp, text="zzz qqq xxx")

    product.report({"set": evaluate(library.generation, embedder, [lamp, refused])})

    text = (tmp_path / "product.md").read_text(encoding="utf-8")
    shown, highlights = (
        [cell.strip() for cell in row.split("|")] for row in re.findall(r"^\| set \| 2 .*$", text, re.M)
    )
    assert shown[3:9] == ["0.500", "0.500", "1.000", "0.500", "1.000", "0.500"]
    assert highlights[3:8] == ["1.000", "0.500", "0.667", "1.000", "0.500"]


def asked(kind: str, *, is_hit: bool = False, is_own: bool = True) -> calibrate.Asked:
    question = EvaluationQuestion("q", "What?", QuestionKind.ANSWERABLE, (piece(0, 10),))
    trial = Trial(question, kind == "masked", Signs(0.5, 0.5, 0.5), is_hit)
    return calibrate.Asked("set", kind, trial, is_own)


ASKED = [
    asked("answerable", is_hit=True),
    asked("answerable"),
    asked("look-alike"),
    asked("masked"),
    asked("off-topic", is_own=False),
]


def test_own_questions_are_asked_as_they_are_and_of_their_own_corpus():
    own, mixed = (calibrate.part_of(ASKED, "set", mix).tolist() for mix in ("own", "mixed"))

    assert own == [True, True, True, False, False]
    assert mixed == [True, True, False, True, True]


def test_a_kind_of_question_is_told_from_answerable_ones_whose_quotes_hold_the_answer():
    predicted = np.array([0.6, 0.1, 0.7, 0.5, 0.2])

    _, *rows = calibrate.areas(ASKED, predicted, 1 - predicted)

    assert rows == [
        ["set", "1", "look-alike", "1", "0.000", "1.000"],
        ["set", "1", "off-topic", "1", "1.000", "0.000"],
        ["set", "1", "masked", "1", "1.000", "0.000"],
    ]


def test_verdicts_are_those_of_probabilities_as_they_are_told():
    predicted, limits = np.array([0.4996, 0.0996, 0.3, 0.3, 0.3]), np.full(5, 0.1)

    answerable = calibrate.verdicts(ASKED, predicted, limits)[1]

    assert answerable == ["set", "answerable", "2", "0.500", "0.500", "0.000"]
    assert calibrate.refusals(ASKED, np.array([0.3, 0.01, 0, 0, 0]), limits) == "50.0% (set 50.0%)"


def test_the_surest_question_comes_first_in_the_risk():
    part = calibrate.part_of(ASKED, "set", "own")

    assert calibrate.risk_curve(ASKED, np.array([0.9, 0.1, 0.5, 1, 1]), part) == pytest.approx([0, 1 / 2, 2 / 3])


def test_summaries_are_as_long_as_comes_nearest_to_the_reference():
    assert [summaries.nearest_count([10, 10, 10], words) for words in (1, 14, 16, 26, 99)] == [1, 1, 2, 3, 3]


def test_the_references_are_as_many_and_as_long_as_they_are_said_to_be():
    references = summaries.read_references(summaries.REFERENCES)
    documents, topics = ([item for item in references if item.kind == kind] for kind in summaries.KINDS)

    assert len({item.id for item in references}) == len(references)
    assert (len(documents), len(topics)) == (24, 10)
    assert all(117 <= item.words <= 140 for item in references)
    for group in (documents, topics):
        assert [item.part for item in group] == ["develop", "judge"] * (len(group) // 2)


def test_judged_pairs_are_as_many_as_they_are_said_to_be_and_no_documents_are_in_both_parts():
    pairs = [json.loads(line) for line in summaries.PAIRS.read_text(encoding="utf-8").splitlines()]
    compared = {
        part: {(pair["a"], pair["b"]) for pair in pairs if pair["part"] == part} for part in ("develop", "judge")
    }

    assert (len(pairs), sum(pair["same_point"] for pair in pairs)) == (177, 77)
    assert len({(pair["a"], pair["b"], pair["a_says"], pair["b_says"]) for pair in pairs}) == len(pairs)
    assert not compared["develop"] & compared["judge"]
    assert all(pair["a"] < pair["b"] for pair in pairs)


def test_mmr_takes_the_nearest_first_and_then_something_else():
    vectors = np.array([[1, 0, 0], [0.99, 0.141, 0], [0.6, 0, 0.8]], dtype=np.float32)
    pool = summaries.Pool(["a", "b", "c"], vectors, [0, 1, 2], np.array([1, 0, 0], dtype=np.float32))

    assert summaries.mmr(pool) == [0, 1, 2]
    pool.target[:] = [0.8, 0, 0.6]
    assert summaries.mmr(pool)[0] == 2
    assert summaries.chosen(pool, [2, 0, 1], words=2).lines == ["a", "c"]


def test_redundancy_is_the_highest_cosine_between_two_lines():
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)

    assert summaries.Shown(["a", "b", "c"], vectors).redundancy == pytest.approx(0.8)
    assert summaries.Shown(["a"], vectors[:1]).redundancy == 0
