"""The benchmarks count what they say that they count; what they find stands in their results."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import calibrate, product, quality, results, scale, speed, summaries
from benchmarks.quality import FIGURES, OURS, Comparison, PeerError, Shown, cut, install_peers, measure
from index import EvaluationQuestion, Library, Span, evaluate
from index.calibration import Trial
from index.evidence import Evidence, length
from index.generation import open_generation
from index.questions import QuestionKind
from index.segment import Segment
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


def test_other_text_is_the_documents_and_then_copies_until_there_is_enough(library: Library):
    segments = library.generation.segments
    other = scale.OtherText(segments)

    for taken, size in ((other.tokens, lambda one: len(one.tokens)), (other.passages, lambda one: len(one.passages))):
        wanted = 5 * sum(map(size, segments)) - 1
        found = taken(wanted)
        assert all(one is segment for one, segment in zip(found, segments, strict=False))
        assert sum(map(size, found[:-1])) < wanted <= sum(map(size, found))
        assert len({one.document.id for one in found}) == len({one.document.path for one in found}) == len(found)


def copies_of(library: Library, times: int) -> list[tuple[Segment, Segment]]:
    """Each document with each of its copies."""
    segments = library.generation.segments
    copies = scale.OtherText(segments).tokens((times + 1) * sum(len(segment.tokens) for segment in segments))
    return list(zip(segments * times, copies[len(segments) :], strict=True))


def words_of(segment: Segment) -> list[str]:
    return re.findall(r"[^\W\d_]{3,}", segment.document.text)


def test_a_copy_has_other_words_of_the_same_length_and_every_span_stands_where_it_stood(library: Library):
    pairs = copies_of(library, 20)
    known = {word.casefold() for segment in library.generation.segments for word in words_of(segment)}

    words = [pair for one, copy in pairs for pair in zip(words_of(one), words_of(copy), strict=True)]

    assert all(len(word) == len(other) for word, other in words)
    assert 0.4 < np.mean([word != other for word, other in words]) <= scale.OTHER_WORDS
    assert 0.02 < np.mean([other.casefold() not in known for _, other in words]) <= scale.MADE_UP_WORDS
    for one, copy in pairs:
        assert len(one.document.text) == len(copy.document.text)
        assert one.passages == copy.passages


def test_the_vectors_of_a_copy_lie_off_the_originals_and_a_third_of_its_tokens_are_others(library: Library):
    for one, copy in copies_of(library, 2):
        for before, after in (
            (one.passage_vectors, copy.passage_vectors),
            (one.sentence_vectors, copy.sentence_vectors),
        ):
            own, lengths = np.einsum("ij,ij->i", after, before, dtype=np.float32), np.linalg.norm(after, axis=1)
            assert lengths == pytest.approx(np.ones(len(after)), abs=1e-2)
            assert 0.7 < own.min() <= own.max() < 0.99
    changed = np.concatenate([(one.tokens != copy.tokens).any(axis=1) for one, copy in copies_of(library, 20)])
    assert changed.mean() == pytest.approx(scale.OTHER_TOKENS, abs=0.02)


def test_other_text_is_always_the_same_and_no_two_copies_are(library: Library):
    once, again = (copies_of(library, 2) for _ in range(2))

    for (_, one), (_, other) in zip(once, again, strict=True):
        assert one.document.text == other.document.text
        assert np.array_equal(one.passage_vectors, other.passage_vectors)
        assert np.array_equal(one.tokens, other.tokens)
    assert len({copy.document.text for _, copy in once}) == len(once)


def test_few_documents_are_those_with_most_evidence_and_keep_what_can_be_asked_of_them(library: Library):
    kinds = {"off": QuestionKind.OFF_TOPIC, "near": QuestionKind.NEAR_TOPIC}
    holders = {
        "a": ["sea/lighthouse", "food/bread"],
        "b": ["sea/lighthouse", "garden/bees"],
        "c": ["crafts/glass"] * 5,
        "d": ["garden/bees", "games/chess-club"],
        "e": ["food/bread"],
        "f": ["food/bread"],
        "off": [],
        "near": [],
    }
    questions = [
        EvaluationQuestion(
            name,
            "What?",
            kinds.get(name, QuestionKind.ANSWERABLE),
            tuple(piece(place, place + 1, document) for place, document in enumerate(documents)),
        )
        for name, documents in holders.items()
    ]

    few, asked = scale.few_documents(library.generation, questions)

    assert [segment.document.id for segment in few.segments] == ["food/bread", "garden/bees", "sea/lighthouse"]
    assert {question.id: [one.document for one in question.evidence] for question in asked} == {
        "a": ["sea/lighthouse", "food/bread"],
        "b": ["sea/lighthouse", "garden/bees"],
        "d": ["garden/bees"],
        "e": ["food/bread"],
        "f": ["food/bread"],
        "off": [],
    }


def test_a_corpus_has_a_row_of_how_much_it_finds_and_how_much_off_topic_it_refuses(
    library: Library, embedder: WordEmbedder
):
    words = "Its lamp burned whale oil until 1904, then paraffin."
    start = library.document("sea/lighthouse").text.index(words)
    evidence = (piece(start, start + len(words), "sea/lighthouse"),)
    lamp = EvaluationQuestion("lamp", "When did the lamp burn whale oil?", QuestionKind.ANSWERABLE, evidence)
    missed = EvaluationQuestion("missed", "What is the sourdough starter fed with?", QuestionKind.PARAPHRASE, evidence)
    strange = EvaluationQuestion("strange", "zzz qqq xxx", QuestionKind.OFF_TOPIC)
    generation = library.generation

    refused = scale.row("sea", evaluate(generation, embedder, [lamp, missed, strange]), generation)
    unasked = scale.row("sea", evaluate(generation, embedder, [lamp]), generation)

    count = str(len(generation.passages))
    assert refused == ["sea", count, "2", "0.500", "1.000", "1.000"]
    assert unasked == ["sea", count, "1", "1.000", "1.000", ""]


def test_the_nearest_passages_that_are_missed_lower_the_recall(
    library: Library, embedder: WordEmbedder, monkeypatch: pytest.MonkeyPatch
):
    vectors, found = library.generation.vectors, iter([4, 4, 1])
    search = vectors.search
    monkeypatch.setattr(scale, "CANDIDATE_PASSAGES", 4)
    monkeypatch.setattr(vectors, "search", lambda query, _, rows: search(query, next(found), rows))

    rows = scale.recall(library.generation, embedder, ["the lamp", "the bees", "the oven"])

    assert rows[:2] == [
        ["recall@4 of the nearest passages, mean", "0.7500"],
        ["the same in the worst question", "0.25"],
    ]


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_a_passage_takes_on_disk_is_all_that_is_written_and_apart_what_a_generation_adds(
    library: Library, tmp_path: Path
):
    generation, folder = library.generation, tmp_path / "large"

    rows = scale.write(generation, folder)

    count = len(generation.passages)
    assert rows == [
        ["on disk, a passage", f"{size_of(folder) / count:,.0f} bytes"],
        ["of which what a generation adds", f"{size_of(folder / 'generations') / count:,.0f} bytes"],
    ]


class Clock:
    """Time that passes only while something is done that is said to take time."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def takes(self, seconds: list[float], work: Callable[..., Any] = lambda *arguments: None) -> Callable[..., Any]:
        """What takes so long, one time after the other."""
        left = iter(seconds)

        def timed(*arguments: Any, **options: Any) -> Any:
            self.now += next(left)
            return work(*arguments, **options)

        return timed


def test_an_index_that_is_opened_costs_what_it_adds_and_its_first_questions_only_warm(
    library: Library, embedder: WordEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    generation, clock = library.generation, Clock()
    count = len(generation.passages)
    scale.write(generation, tmp_path / "large")
    held = iter([5_000, 5_000 + 7_000 * count])
    monkeypatch.setattr(scale, "time", clock)
    monkeypatch.setattr(scale, "held_memory", lambda: next(held))
    monkeypatch.setattr(scale, "peak_memory", lambda: 5_000 + 9_000 * count)
    monkeypatch.setattr(scale, "SentenceTransformerEmbedder", lambda: embedder)
    monkeypatch.setattr(embedder, "embed_query", clock.takes([9] * 6 + [0.01] * 11 + [0.5] * 10))
    monkeypatch.setattr(scale, "open_generation", clock.takes([3], open_generation))
    answering = [9] * 5 + [number / 1000 for number in (*range(20, 31), *range(50, 60))]
    monkeypatch.setattr(scale, "ask", clock.takes(answering))

    rows = dict(scale.opened(tmp_path / "large", generation.id, ["Why?"] * 26))

    arrays = (generation.passage_vectors, generation.sentence_vectors, generation.tokens)
    assert rows == {
        "in memory, a passage": "7,000 bytes",
        "of which vectors and tokens": f"{sum(array.nbytes for array in arrays) / count:,.0f} bytes",
        "in memory while opening, a passage": "9,000 bytes",
        "opening it": "3 s",
        "a question's own embedding": "10.0 ms",
        "an answer, median": "30.0 ms",
        "an answer, 95th percentile": "58.0 ms",
        "an answer in embeddings, median": "3.00",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell it in other ways")
def test_memory_is_told_in_bytes():
    before = scale.held_memory()

    block = b"x" * 50_000_000

    assert scale.held_memory() - before == pytest.approx(len(block), rel=0.1)
    assert scale.peak_memory() > 0.9 * scale.held_memory()


def test_the_first_answers_of_a_running_bot_only_warm(library: Library, monkeypatch: pytest.MonkeyPatch):
    clock = Clock()
    monkeypatch.setattr(speed, "time", clock)
    monkeypatch.setattr(speed, "WARM_ROUNDS", 3)
    monkeypatch.setattr(library, "ask", clock.takes([9] * 5 + [0.03, 0.5, 0.03]))
    monkeypatch.setattr(library.embedder, "embed_query", clock.takes([9] * 5 + [0.01, 0.01, 0.5]))

    assert speed.warm(library) == pytest.approx((0.03, 0.01))


def test_a_cold_start_ends_with_the_first_line_that_says_something():
    late = ["-c", "import time; print(flush=True); time.sleep(0.3); print('done')"]

    assert speed.seconds_to_first_line(late) > 0.3
    for command in (["-c", "print()"], ["-c", "import sys; print('done'); sys.exit(1)"]):
        with pytest.raises(RuntimeError, match="failed"):
            speed.seconds_to_first_line(command)


def test_speed_tells_each_time_in_those_of_what_stands_beside_it(
    corpus_folder: Path, embedder: WordEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    sizes: list[int] = []

    def cold(corpus: Path, data: Path) -> tuple[float, float, float]:
        sizes.append(size_of(data))
        return 3.0, 0.75, 4.0

    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(sys, "argv", ["speed", str(corpus_folder)])
    monkeypatch.setattr(speed, "SentenceTransformerEmbedder", lambda: embedder)
    monkeypatch.setattr(speed, "warm", lambda library: (0.03, 0.01))
    monkeypatch.setattr(speed, "cold", cold)

    speed.main()

    text = (tmp_path / "speed.md").read_text(encoding="utf-8")
    [passages] = re.findall(r"building the index: (\d+) passages", text)
    assert "| 3.0 s | importing sentence-transformers: 4.0 s | 0.75 |" in text
    assert "| 3.0 s | importing PyTorch alone: 0.8 s | 4.00 |" in text
    assert "| 30 ms | the question's own embedding: 10 ms | 3.00 |" in text
    assert f"| index on disk, a passage | {sizes[0] / int(passages) / 1024:.1f} KiB |" in text
