"""The command line: what it prints where, and how it ends."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot import cli
from bot.cli import NO_TOKEN
from bot.fetching import Fetched, Fetcher
from bot.records import by_moderator
from bot.render.wording import (
    NO_DATES,
    NO_SAME_POINTS,
    NO_SENTENCES,
    NOT_COVERED,
    SAME_POINTS,
    UNCERTAIN,
    UNCERTAIN_TOPIC,
)
from bot.settings import NAMES
from index import DEFAULT_ROOM, CorpusError, Library
from tests.fakes import WordEmbedder, WordReader, WordReranker
from tests.index import making
from tests.index.tiny_models import make_cross_encoder

QUESTION = "When was the lighthouse built?"
BEES = "Beekeepers feed sugar syrup in autumn"


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        [line] = self.out.splitlines()
        return json.loads(line)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Result]


@pytest.fixture
def run(
    corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `dissent-bot ...` as the console script does, in a folder without `.env`."""
    monkeypatch.setattr(cli, "SentenceTransformerEmbedder", lambda model: WordEmbedder(name=model or "words"))
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str, stdin: str | bytes = "", corpus: Path = corpus_folder) -> Result:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        monkeypatch.setattr(
            sys, "argv", ["dissent-bot", "--corpus", str(corpus), "--data", str(tmp_path / "data"), *arguments]
        )
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def built(run: Run) -> Run:
    """`run`, over a corpus that has its index."""
    assert run("corpus", "reload").code == 0
    return run


# ---- the terminal bot


@pytest.mark.parametrize("command", [[], ["run"]])
def test_without_a_token_the_bot_runs_in_the_terminal_and_says_why(built: Run, command: list[str]):
    result = built(*command, stdin=f"{QUESTION}\n")

    assert result.code == 0
    assert NO_TOKEN in result.err
    assert "built from granite in 1862" in result.out
    assert NO_TOKEN not in result.out


def test_each_line_of_the_input_is_a_question(built: Run):
    result = built("console", stdin=f"{QUESTION}\n\n  {BEES}\nWhat is the price of bitcoin?")

    asked = [line for line in result.out.splitlines() if line.startswith("? ")]
    assert asked == [f"? {QUESTION}", f"? {BEES}", "? What is the price of bitcoin?"]
    assert result.out.index("granite in 1862") < result.out.index("sugar syrup in autumn, because")
    assert NOT_COVERED in result.out
    assert (result.code, result.err) == (0, "")


def test_thanks_are_no_question(built: Run):
    result = built("console", stdin=f"{QUESTION}\nThank you!\n")

    assert result.out.endswith("? Thank you!\nAsk something that the documents may answer.\n\n")


def test_no_input_is_no_question(built: Run):
    assert built("console") == (0, "", "")


def test_input_that_is_no_text_does_no_harm(built: Run):
    result = built("console", stdin=b"caf\xe9 \xff\n" + QUESTION.encode())

    assert result.code == 0
    assert "granite in 1862" in result.out


# ---- ask


def test_an_answer_shows_quote_citation_confidence_and_generation(built: Run):
    result = built("ask", QUESTION)

    generation = built("corpus", "status", "--json").json["generation"]
    assert result.code == 0
    assert result.err == ""
    assert "The lighthouse on it was built from granite in 1862." in result.out
    assert "[1] The lighthouse of Grey Skerry" in result.out
    assert "Lights of the North, Harbour Museum, 1987-03 https://example.org/lights" in result.out
    assert f"generation {generation}" in result.out
    assert result.out.rstrip().endswith(" ms")


def test_a_quote_from_a_pdf_has_its_page_in_the_terminal_and_in_json(run: Run, corpus_folder: Path):
    blocks = [("BodyText", "The ferry leaves at dawn."), None, ("BodyText", "The ferryman rings a bell made of tin.")]
    (corpus_folder / "ferry.pdf").write_bytes(making.pdf(blocks, title="The ferry"))
    question = "What is the bell made of that the ferryman rings?"

    assert "[1] The ferry, page 2  ferry " in run("ask", question).out
    assert run("ask", question, "--json").json["quotes"][0]["page"] == 2


def test_a_document_that_is_there_already_is_told_of_by_a_reload(built: Run, corpus_folder: Path):
    (corpus_folder / "again.txt").write_text("Glass.\n\n" + (corpus_folder / "crafts" / "glass.txt").read_text())

    result = built("corpus", "reload")

    assert "again says nearly the same as crafts/glass" in result.out


def test_json_has_the_keys_and_types_that_scripts_rely_on(built: Run, corpus_folder: Path):
    answer = built("ask", QUESTION, "--json").json

    assert {key: type(value) for key, value in answer.items()} == {
        "question": str, "verdict": str, "confidence": float, "generation": str, "elapsed_ms": float, "quotes": list
    }  # fmt: skip
    quote = answer["quotes"][0]
    assert list(quote) == [
        "document", "title", "section", "page", "start", "end", "text", "highlights", "score", "publisher", "published",
        "url", "sources",
    ]  # fmt: skip
    assert quote["document"] == "sea/lighthouse"
    assert quote["title"] == "The lighthouse of Grey Skerry"
    assert (quote["page"], quote["publisher"], quote["published"]) == (None, "Harbour Museum", "1998-05-17")
    assert quote["url"] == "https://example.org/grey-skerry"
    assert quote["sources"][0] == {
        "title": "Lights of the North", "publisher": "Harbour Museum", "date": "1987-03",
        "url": "https://example.org/lights",
    }  # fmt: skip
    assert all(isinstance(edge, int) for span in quote["highlights"] for edge in span)
    text = built("corpus", "show", "sea/lighthouse", "--json").json["text"]
    assert text[quote["start"] : quote["end"]] == quote["text"]


def test_numbers_are_rounded(built: Run):
    answer = built("ask", QUESTION, "--json").json

    assert answer["confidence"] == round(answer["confidence"], 3)
    assert answer["elapsed_ms"] == round(answer["elapsed_ms"], 1)
    assert [quote["score"] for quote in answer["quotes"]] == [round(quote["score"], 3) for quote in answer["quotes"]]


def test_the_same_question_has_the_same_answer_alone_and_in_a_batch(built: Run, tmp_path: Path):
    file = questions_file(tmp_path, {"question": BEES}, {"question": QUESTION}, {"question": QUESTION})

    answers = [built("ask", QUESTION, "--json").json, *built("ask", "--questions", file, "--json").json_lines[1:]]

    for answer in answers:
        del answer["elapsed_ms"]
    assert answers[0] == answers[1] == answers[2]


def test_a_question_that_is_not_covered_is_a_success(built: Run):
    shown = built("ask", "What is the price of bitcoin?")
    answer = built("ask", "What is the price of bitcoin?", "--json").json

    assert shown.code == 0
    assert NOT_COVERED in shown.out
    assert "Not in the documents: price, bitcoin" in shown.out
    assert (answer["verdict"], answer["quotes"]) == ("not_covered", [])


def test_an_uncertain_answer_says_so(built: Run):
    result = built("ask", "Who kept the keepers?")

    assert built("ask", "Who kept the keepers?", "--json").json["verdict"] == "uncertain"
    assert result.out.startswith(UNCERTAIN)


def test_nearest_quotes_even_what_does_not_answer(built: Run):
    answer = built("ask", "What is the price of bitcoin?", "--nearest", "--json").json

    assert answer["verdict"] == "not_covered"
    assert answer["quotes"]
    shown = built("ask", "What is the price of bitcoin?", "--nearest").out
    assert shown.startswith(f"{NOT_COVERED} The nearest passages:\nNot in the documents: price, bitcoin\n")


def test_within_searches_one_document(built: Run):
    answer = built("ask", QUESTION, "--within", "garden/bees", "--nearest", "--json").json

    assert {quote["document"] for quote in answer["quotes"]} == {"garden/bees"}


@pytest.mark.parametrize("room", [40, 200])
def test_room_bounds_the_characters_of_all_quotes(built: Run, room: int):
    answer = built("ask", "keepers", "--room", str(room), "--limit", "0", "--nearest", "--json").json

    assert answer["quotes"]
    assert sum(len(quote["text"]) for quote in answer["quotes"]) <= room


def test_limit_bounds_the_quotes_and_0_means_as_many_as_the_room_takes(built: Run):
    one, three, all_of_them = (
        built("ask", "bees, glass, violin", "--nearest", "--json", "--limit", limit).json["quotes"]
        for limit in ("1", "3", "0")
    )

    assert len(one) == 1
    assert len(three) == 3
    assert len(all_of_them) > 3
    assert sum(len(quote["text"]) for quote in all_of_them) <= DEFAULT_ROOM


def test_explain_shows_every_stage_and_ends_in_a_diagnosis(built: Run):
    result = built("ask", "when was the zeppelin lighthouse built", "--explain")

    for words in (
        "Words",
        "zeppelin",
        "Best passages",
        "Best sentences",
        "sea/lighthouse",
        "Their scores",
        "Verdict",
        "cosine of the nearest sentence",
        "answered from, at STRICTNESS=normal",
        "not covered below",
    ):
        assert words in result.out
    assert "The answer is sure enough without zeppelin." in result.out
    assert "Best sentences" not in built("ask", QUESTION).out


@pytest.mark.parametrize(
    ("question", "conclusion"),
    [
        ("where is the zeppelin harp", "A gap in the corpus: it has no form of zeppelin, harp, and no word near."),
        ("what is it with the of and", "The question has only words that stand in any text: name the person,"),
        (
            "crust steam violin clocks",
            "Probably a gap in the corpus: it has every word, but no strictness would answer.",
        ),
        ("Its lamp burned whale oil until 1904", "The answer is sure enough."),
    ],
)
def test_an_explanation_ends_in_what_a_moderator_can_do(built: Run, question: str, conclusion: str):
    out = " ".join(built("ask", question, "--explain").out.split())

    assert conclusion in out
    assert ("sure enough" in out) == conclusion.endswith("sure enough.")


def test_what_one_document_does_not_say_may_stand_in_another(built: Run):
    out = " ".join(built("ask", "crust steam violin clocks", "--within", "food/bread", "--explain").out.split())

    assert "Only food/bread was searched: ask without --within for what the other documents say." in out
    assert "gap in the corpus" not in out


def test_an_explanation_can_be_had_as_json(built: Run):
    explained = built("ask", "where is the zeppelin harp", "--explain", "--json").json["explanation"]

    assert [word["word"] for word in explained["trace"]["words"]] == ["zeppelin", "harp"]
    assert explained["trace"]["sentences"][0]["place"]["document"]
    assert explained["trace"]["answered_from"] == 0.5
    assert explained["diagnoses"] == [
        {"fault": "gap", "words": ["zeppelin", "harp"], "place": None, "short_by": 0.0, "answered_at": None}
    ]
    assert "explanation" not in built("ask", "where is the zeppelin harp", "--json").json
    assert built("ask", "?!", "--explain", "--json").json["explanation"] == {
        "signs": None,
        "trace": None,
        "diagnoses": [],
    }


def test_a_question_in_another_language_is_told_so_beside_the_json_as_well(built: Run):
    german = "Wie lange dauert es, bis man eine Antwort bekommt?"
    told = "The documents are in English; I cannot search them in German. Ask in English, please."

    shown, printed = built("ask", german, "--explain"), built("ask", german, "--json")

    assert shown.out.startswith(f"{told}\nThey do cover: ")
    assert "Not in the documents" not in shown.out
    assert "sure enough" not in shown.out
    assert (printed.json["verdict"], printed.err.strip()) == ("not_covered", told)
    assert built("ask", "¿Cuánto tiempo tarda la respuesta a un mensaje?").out.startswith(
        "Los documentos están en inglés;"
    )


@pytest.mark.parametrize("question", ["?!", ""])
def test_a_question_without_a_word_is_not_covered(built: Run, question: str):
    assert built("ask", question, "--json").json["verdict"] == "not_covered"
    assert built("ask", question, "--explain").out.strip() == "Ask something that the documents may answer."


def test_a_question_that_is_no_text_gets_an_answer(built: Run):
    result = built("ask", "caf\udce9 lighthouse")

    assert result.code == 0
    assert built("ask", "caf\udce9 lighthouse", "--json").code == 0


# ---- ask, many


def questions_file(folder: Path, *items: object) -> str:
    path = folder / "questions.jsonl"
    path.write_text("".join((item if isinstance(item, str) else json.dumps(item)) + "\n" for item in items))
    return str(path)


def test_a_file_of_questions_is_answered_in_order_with_ids_and_restrictions(built: Run, tmp_path: Path):
    file = questions_file(
        tmp_path,
        {"id": "q7", "question": QUESTION, "document": "garden/bees"},
        "",
        {"id": 8, "question": QUESTION, "within": "garden/bees"},
        {"question": BEES, "within": None},
    )

    answers = built("ask", "--questions", file, "--nearest", "--json").json_lines

    assert [answer.get("id") for answer in answers] == ["q7", 8, None]
    assert "id" not in answers[2]
    assert [answer["question"] for answer in answers] == [QUESTION, QUESTION, BEES]
    assert [answer["quotes"][0]["document"] for answer in answers] == ["sea/lighthouse", "garden/bees", "garden/bees"]


def test_without_json_each_answer_follows_its_question(built: Run, tmp_path: Path):
    result = built("ask", "--questions", questions_file(tmp_path, {"question": QUESTION}, {"question": BEES}))

    assert [line for line in result.out.splitlines() if line.startswith("? ")] == [f"? {QUESTION}", f"? {BEES}"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{nonsense", "line 2 is not JSON"),
        ('"just text"', 'line 2 has no "question"'),
        ('{"text": "no question"}', 'line 2 has no "question"'),
        ('{"question": 7}', 'line 2: "question" is no text'),
        ('{"question": "x", "within": 7}', 'line 2: "within" is not the name of a document'),
    ],
)
def test_a_line_that_is_no_question_is_named_and_nothing_is_answered(
    built: Run, tmp_path: Path, line: str, problem: str
):
    result = built("ask", "--questions", questions_file(tmp_path, {"question": QUESTION}, line), "--json")

    assert (result.code, result.out) == (1, "")
    assert problem in result.err


def test_a_restriction_to_no_document_is_wrong_usage_before_anything_is_answered(built: Run, tmp_path: Path):
    file = questions_file(tmp_path, {"question": QUESTION}, {"question": QUESTION, "within": "no/such"})

    result = built("ask", "--questions", file, "--json")

    assert (result.code, result.out) == (2, "")
    assert "no/such" in result.err or "no such document" in result.err


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xff"])
def test_a_file_of_questions_that_cannot_be_read_is_named(built: Run, tmp_path: Path, content: bytes | None):
    path = tmp_path / "questions.jsonl"
    if content is not None:
        path.write_bytes(content)

    result = built("ask", "--questions", str(path), "--json")

    assert (result.code, result.out) == (1, "")
    assert "questions.jsonl cannot be read" in result.err


# ---- summaries

LENGTHS = (("short", 3), ("medium", 6), ("long", 12))
SUMMARIES = (
    ["summary", "document", "sea/lighthouse"],
    ["summary", "topic", "the lighthouse of Grey Skerry"],
    ["summary", "corpus"],
    ["timeline", "the lighthouse of Grey Skerry"],
)


@pytest.mark.parametrize("command", SUMMARIES, ids=" ".join)
@pytest.mark.parametrize(("length", "sentences"), LENGTHS)
def test_a_summary_as_json_quotes_its_sources_exactly(built: Run, command: list[str], length: str, sentences: int):
    summary = built(*command, "--length", length, "--json").json

    assert list(summary) == ["verdict", "quotes"]
    assert 1 <= len(summary["quotes"]) <= sentences
    for quote in summary["quotes"]:
        text = built("corpus", "show", quote["document"], "--json").json["text"]
        assert text[quote["start"] : quote["end"]] == quote["text"]
        assert ("date" in quote) == (command[0] == "timeline")


def test_each_line_of_a_summary_is_shown_with_its_place(built: Run):
    result = built("summary", "document", "sea/lighthouse", "--length", "short")

    quotes = built("summary", "document", "sea/lighthouse", "--length", "short", "--json").json["quotes"]
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("The lighthouse of Grey Skerry\n")
    for number, quote in enumerate(quotes, 1):
        assert f"[{number}] The lighthouse of Grey Skerry" in result.out
        assert f"sea/lighthouse {quote['start']}:{quote['end']}" in result.out


def test_a_timeline_shows_dates_in_order(built: Run):
    result = built("timeline", "the keepers of the lighthouse of Grey Skerry")

    dates = [line for line in result.out.splitlines() if re.fullmatch(r"\d{4}(-\d\d)*", line)]
    assert dates == ["1862", "1894", "1904"]


def test_an_overview_shows_themes_with_their_documents(built: Run):
    result = built("summary", "corpus")

    assert not result.out.startswith("\n")
    for title in ("The lighthouse of Grey Skerry", "Keeping bees", "Sourdough bread"):
        assert title in result.out


@pytest.mark.parametrize("command", [["summary", "topic"], ["timeline"]], ids=" ".join)
def test_a_topic_that_is_not_covered_is_a_success_that_says_so(built: Run, command: list[str]):
    shown = built(*command, "the price of bitcoin")

    assert shown.code == 0
    assert NOT_COVERED in shown.out
    assert "Not in the documents: price, bitcoin" in shown.out
    assert built(*command, "the price of bitcoin", "--json").json == {"verdict": "not_covered", "quotes": []}


@pytest.mark.parametrize("command", [["summary", "topic"], ["timeline"]], ids=" ".join)
def test_a_topic_in_another_language_is_told_so_beside_the_json_as_well(built: Run, command: list[str]):
    german = "Wie lange dauert es, bis man eine Antwort bekommt?"
    told = "The documents are in English; I cannot search them in German. Ask in English, please."

    shown, printed = built(*command, german), built(*command, german, "--json")

    assert shown.out.startswith(told)
    assert "Not in the documents" not in shown.out
    assert (printed.json, printed.err.strip()) == ({"verdict": "not_covered", "quotes": []}, told)


def test_an_uncertain_topic_says_so(built: Run):
    assert built("summary", "topic", "Who kept the keepers?", "--json").json["verdict"] == "uncertain"
    assert UNCERTAIN_TOPIC in built("summary", "topic", "Who kept the keepers?").out


def test_a_topic_without_dates_says_so(built: Run):
    result = built("timeline", "the belly of a violin is carved from spruce")

    assert result.code == 0
    assert NO_DATES in result.out


def test_a_comparison_shows_pairs(built: Run, corpus_folder: Path):
    (corpus_folder / "sea" / "red.md").write_text("# Red Skerry\n\nThree keepers lived on the red rock at a time.\n")
    built("corpus", "reload")

    comparison = built("compare", "sea/lighthouse", "sea/red", "--json").json
    shown = built("compare", "sea/lighthouse", "sea/red").out

    assert list(comparison) == ["pairs"]
    first, *others = comparison["pairs"]
    assert first["a"]["text"] == "Three keepers lived on the rock at a time."
    assert first["b"]["text"] == "Three keepers lived on the red rock at a time."
    assert all(pair["b"] is None for pair in others)
    assert shown.startswith(SAME_POINTS)
    assert "[1a] The lighthouse of Grey Skerry" in shown
    assert "[1b] Red Skerry" in shown


def test_documents_without_a_point_in_common_are_said_to_have_none(built: Run):
    assert built("compare", "garden/bees", "crafts/violins").out.startswith(NO_SAME_POINTS)


def test_a_document_of_labels_is_said_to_have_no_sentences(built: Run, corpus_folder: Path):
    (corpus_folder / "table.md").write_text("# Months\n\n| April | Look |\n| --- | --- |\n| May | Leave |\n")
    built("corpus", "reload")

    result = built("summary", "document", "table")

    assert result.code == 0
    assert NO_SENTENCES in result.out


@pytest.mark.parametrize(
    "command",
    [["summary", "document", "nowhere"], ["compare", "nowhere", "garden/bees"], ["compare", "garden/bees", "nowhere"]],
    ids=" ".join,
)
def test_a_document_that_is_not_there_is_wrong_usage(built: Run, command: list[str]):
    result = built(*command)

    assert (result.code, result.out) == (2, "")
    assert "There is no document named 'nowhere'" in result.err


@pytest.mark.parametrize(
    "command",
    [["summary", "corpus", "--length", "huge"], ["compare", "garden/bees", "garden/bees"], ["compare", "garden/bees"]],
    ids=" ".join,
)
def test_a_summary_that_cannot_be_meant_is_wrong_usage(built: Run, command: list[str]):
    result = built(*command)

    assert (result.code, result.out) == (2, "")
    assert result.err


# ---- wrong usage


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "one", "--questions", "two.jsonl"],
        ["ask", "x", "--room", "0"],
        ["ask", "x", "--room", "many"],
        ["ask", "x", "--limit", "-1"],
        ["ask", "x", "--nonsense"],
        ["ask", "x", "--within", "no/such"],
        ["nonsense"],
        ["corpus", "nonsense"],
        ["corpus", "show"],
        ["corpus", "show", "no/such"],
    ],
)
def test_wrong_usage_ends_with_2_and_prints_nothing(built: Run, arguments: list[str]):
    result = built(*arguments)

    assert (result.code, result.out) == (2, "")
    assert result.err


def test_a_wrong_setting_ends_with_2_and_is_named(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("STRICTNESS", "medium")

    result = run("ask", QUESTION)

    assert (result.code, result.out) == (2, "")
    assert result.err == "STRICTNESS: 'medium' is not allowed; use normal, low or high.\n"


def test_an_unknown_setting_in_the_file_ends_with_2(run: Run, tmp_path: Path):
    (tmp_path / ".env").write_text("DISCORD_TOKN=secret.secret\n")

    result = run("corpus", "status")

    assert (result.code, result.out) == (2, "")
    assert "DISCORD_TOKN" in result.err
    assert "secret.secret" not in result.err


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"], ["corpus", "reload", "--help"]])
def test_help_is_a_result(run: Run, arguments: list[str]):
    result = run(*arguments)

    assert result.code == 0
    assert "Usage" in result.out
    assert result.err == ""


# ---- what there is to answer from


@pytest.mark.parametrize("command", [["ask", QUESTION], ["console"], ["corpus", "list"], ["corpus", "reload"], ["run"]])
def test_without_a_corpus_folder_a_plain_line_says_so(run: Run, tmp_path: Path, command: list[str]):
    result = run(*command, corpus=tmp_path / "nowhere")

    assert (result.code, result.out) == (1, "")
    assert "nowhere" in result.err


@pytest.mark.parametrize("command", [["ask", QUESTION, "--json"], ["corpus", "reload", "--json"]])
def test_an_empty_corpus_folder_is_a_failure_in_plain_words(run: Run, tmp_path: Path, command: list[str]):
    (tmp_path / "empty").mkdir()

    result = run(*command, corpus=tmp_path / "empty")

    assert (result.code, result.out) == (1, "")
    assert "There is nothing to answer from" in result.err
    assert "Put .md or .pdf files there." in result.err


def test_a_data_folder_that_cannot_be_written_is_a_failure_in_plain_words(run: Run, tmp_path: Path):
    (tmp_path / "data").write_text("a file is in the way")

    result = run("ask", QUESTION)

    assert (result.code, result.out) == (1, "")
    assert "data" in result.err


def test_the_first_question_builds_the_index_and_says_so(run: Run):
    result = run("ask", QUESTION, "--json")

    assert result.code == 0
    assert result.json["verdict"] == "answered"
    assert "Building the index" in result.err


def test_a_file_that_cannot_be_read_is_named_and_left_out(run: Run, corpus_folder: Path):
    (corpus_folder / "broken.md").write_bytes(b"\xff\xff\xff")

    result = run("ask", QUESTION, "--json")

    assert result.json["verdict"] == "answered"
    assert "Left out broken.md: it" in result.err


def test_changed_files_are_mentioned_and_the_current_generation_answers(built: Run, corpus_folder: Path):
    before = built("ask", QUESTION, "--json").json["generation"]
    (corpus_folder / "whales.md").write_text("# Whales\n\nA blue whale sings at 188 decibels.\n")

    result = built("ask", QUESTION, "--json")

    assert result.json["generation"] == before
    assert "have changed since" in result.err


# ---- models that are set


def test_a_reranker_and_a_reader_are_used_and_explained(built: Run, monkeypatch: pytest.MonkeyPatch):
    question = "Which lamp burned oil beside the honey and the bees?"
    plain = built("ask", question, "--nearest", "--explain")
    monkeypatch.setattr(cli, "CrossEncoderReranker", WordReranker)
    monkeypatch.setattr(cli, "QuestionAnsweringReader", WordReader)
    monkeypatch.setenv("RERANKER_MODEL", "sugar")
    monkeypatch.setenv("READER_MODEL", "syrup")

    result = built("ask", question, "--nearest", "--explain")

    for words in ("reranker", "What the reader would answer", "what the reader finds"):
        assert words in result.out
        assert words not in plain.out
    assert re.search(r"1\.000 +garden/bees +syrup", result.out)
    assert "sugar syrup" in built("ask", question, "--nearest", "--json").json["quotes"][0]["text"]


def test_the_models_that_are_set_are_named(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cli, "CrossEncoderReranker", WordReranker)
    monkeypatch.setattr(cli, "QuestionAnsweringReader", WordReader)
    unset = run("corpus", "status")
    monkeypatch.setenv("RERANKER_MODEL", "sugar")
    monkeypatch.setenv("READER_MODEL", "syrup")

    assert "reranker of sugar" in run("corpus", "status").out
    status = run("corpus", "status", "--json").json
    assert (status["reranker"], status["reader"]) == ("reranker of sugar", "reader of syrup")
    assert "reranker" not in unset.out


@pytest.mark.parametrize("setting", ["RERANKER_MODEL", "READER_MODEL"])
@pytest.mark.parametrize("command", [["ask", QUESTION], ["console"], ["evaluate", "--golden"]])
def test_a_model_that_is_not_there_is_a_failure_at_the_start(
    built: Run, monkeypatch: pytest.MonkeyPatch, setting: str, command: list[str]
):
    monkeypatch.setenv(setting, "./no-such-model")

    result = built(*command, stdin=QUESTION)

    assert (result.code, result.out) == (1, "")
    assert result.err == (
        f"There is no model folder at ./no-such-model. Set {setting} to a folder or a model's name.\n"
    )


@pytest.mark.model
def test_a_model_of_the_wrong_kind_is_a_failure_that_says_so(
    built: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("RERANKER_MODEL", str(make_cross_encoder(tmp_path / "model", [QUESTION], "built", labels=3)))

    result = built("ask", QUESTION)

    assert (result.code, result.out) == (1, "")
    assert "sorts into 3 classes instead of giving one score" in result.err


# ---- corpus


def test_status_before_and_after_the_first_index(run: Run, corpus_folder: Path):
    before = run("corpus", "status")
    before_json = run("corpus", "status", "--json").json
    run("corpus", "reload")
    after = run("corpus", "status")
    after_json = run("corpus", "status", "--json").json

    assert "none yet; `corpus reload` builds one" in before.out
    assert (before_json["generation"], before_json["documents"], before_json["files_changed"]) == (None, 0, True)
    assert after_json["generation"] in after.out
    assert (after_json["documents"], after_json["files_changed"], after_json["model"]) == (6, False, "words")
    assert after_json["corpus"] == str(corpus_folder)


def test_a_reload_reports_what_it_took_in(run: Run, corpus_folder: Path):
    first = run("corpus", "reload", "--json").json
    (corpus_folder / "whales.md").write_text("# Whales\n\nA blue whale sings at 188 decibels.\n")
    (corpus_folder / "food" / "bread.md").write_text("# Bread\n\nBread is baked.\n")
    (corpus_folder / "crafts" / "glass.txt").unlink()
    second = run("corpus", "reload", "--json").json
    shown = run("corpus", "reload")

    assert len(first["added"]) == 6
    assert (second["added"], second["changed"], second["removed"]) == (["whales"], ["food/bread"], ["crafts/glass"])
    assert (second["unchanged"], second["made_current"], second["previous"]) == (4, True, first["generation"])
    assert f"Generation {second['generation']} stays current" in shown.out
    assert shown.code == 0


def test_a_dry_run_changes_nothing(built: Run, corpus_folder: Path):
    before = built("corpus", "status", "--json").json["generation"]
    (corpus_folder / "whales.md").write_text("# Whales\n\nA blue whale sings at 188 decibels.\n")

    result = built("corpus", "reload", "--dry-run")
    report = built("corpus", "reload", "--dry-run", "--json").json

    assert result.code == 0
    assert f"Dry run: generation {report['generation']} would become current." in result.out
    assert (report["added"], report["made_current"]) == (["whales"], False)
    assert built("corpus", "status", "--json").json["generation"] == before != report["generation"]


def test_a_large_removal_needs_a_yes(built: Run, corpus_folder: Path):
    before = built("corpus", "status", "--json").json["generation"]
    for path in list(corpus_folder.rglob("*.txt")):
        path.unlink()

    refused = built("corpus", "reload")
    refused_json = built("corpus", "reload", "--json")
    looked_at = built("corpus", "reload", "--dry-run")
    kept = built("corpus", "status", "--json").json["generation"]
    agreed = built("corpus", "reload", "--yes")

    assert (refused.code, refused_json.code, looked_at.code, agreed.code) == (1, 1, 0, 0)
    assert "Not made current: 2 of 6 documents would go away." in refused.out
    assert "--yes" in refused.err
    assert refused_json.json["risks"] == ["large_removal"]
    assert kept == before
    assert built("corpus", "status", "--json").json["documents"] == 4


def test_the_list_names_every_document(built: Run):
    shown = built("corpus", "list")
    entries = built("corpus", "list", "--json").json

    assert [entry["id"] for entry in entries] == [
        "crafts/glass", "crafts/violins", "food/bread", "games/chess-club", "garden/bees", "sea/lighthouse"
    ]  # fmt: skip
    assert all(entry["id"] in shown.out and entry["title"] in shown.out for entry in entries)
    assert all(len(entry["key"]) <= 16 for entry in entries)


def test_a_document_is_shown_with_all_that_is_known_of_it(built: Run, corpus_folder: Path):
    shown = built("corpus", "show", "sea/lighthouse")
    content = built("corpus", "show", "sea/lighthouse", "--json").json

    file_text = (corpus_folder / "sea" / "lighthouse.md").read_text(encoding="utf-8")
    assert content["text"] == file_text.split("---\n", 2)[2]
    assert content["text"].rstrip() in shown.out
    assert content["tags"] == ["sea", "light"]
    assert "tags: sea, light" in shown.out
    assert content["sources"][0]["url"] == "https://example.org/lights"


def test_square_brackets_of_documents_are_shown_as_they_are(built: Run, corpus_folder: Path):
    (corpus_folder / "marks.md").write_text("# [bold]Marks[/bold]\n\nThe zeppelin [red]lands[/red] at noon.\n")
    built("corpus", "reload")

    assert "[bold]Marks[/bold]" in built("corpus", "list").out
    assert "[red]lands[/red]" in built("ask", "When does the zeppelin land?").out


# ---- failing


# ---- checking and evaluating

HIVE = {"document": "garden/bees", "text": "A healthy hive holds about fifty thousand bees in June."}


@pytest.fixture
def golden_corpus(corpus_folder: Path) -> Path:
    """The corpus with one golden question that it answers and one that it does not cover."""
    lines: list[dict[str, Any]] = [
        {"id": "bees", "question": "how many bees in a healthy hive", "kind": "answerable", "evidence": [HIVE]},
        {"id": "off", "question": "zzz qqq", "kind": "off_topic", "evidence": []},
    ]
    (corpus_folder / "questions.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return corpus_folder


@pytest.fixture
def question_set(tmp_path: Path) -> Path:
    """A question set of one document and one question."""
    text = "The lamp burned whale oil until 1904."
    folder = tmp_path / "set"
    (folder / "corpus").mkdir(parents=True)
    (folder / "corpus" / "lamp.md").write_text(text, encoding="utf-8")
    question = {"id": "q", "question": "What did the lamp burn?", "document": "lamp", "answerable": True}
    (folder / "questions.jsonl").write_text(json.dumps(question | {"evidence": [[16, 25]]}), encoding="utf-8")
    return folder


def test_golden_questions_are_evaluated_on_the_files_as_they_lie_and_nothing_becomes_current(
    built: Run, golden_corpus: Path
):
    before = built("corpus", "status", "--json").json["generation"]
    (golden_corpus / "new.md").write_text("A healthy wasp nest holds about four thousand wasps.", encoding="utf-8")

    figures = built("evaluate", "--golden", "--json").json

    assert figures["retrieval"]["hit@3"] == 1.0
    assert figures["refusal"]["off_topic"]["not_covered"] == 1.0
    assert figures["generation"] != before
    assert built("corpus", "status", "--json").json["generation"] == before


def test_a_missed_floor_is_a_failure_that_names_it(run: Run, golden_corpus: Path):
    floors = {"at_least": {"retrieval.hit@3": 0.5}, "at_most": {"refusal.off_topic.not_covered": 0.5}}
    (golden_corpus / "floors.json").write_text(json.dumps(floors), encoding="utf-8")

    result = run("evaluate", "--golden")

    assert result.code == 1
    assert "refusal.off_topic.not_covered must be at most 0.500 and is 1.000" in result.err
    assert "hit@3" in result.out
    assert "hit@3" not in result.err


def test_golden_figures_are_shown_as_tables_with_the_worst_questions(run: Run, golden_corpus: Path):
    result = run("evaluate", "--golden")

    assert result.code == 0
    for words in ("evidence recall, 600 characters", "hit@3", "Verdicts", "off topic", "Served worst", "how many bees"):
        assert words in result.out


def test_a_question_set_is_evaluated_on_its_own_documents(run: Run, question_set: Path, tmp_path: Path):
    off_topic = questions_file(tmp_path, {"question": "zzz qqq"})

    figures = run("evaluate", str(question_set), "--off-topic", off_topic, "--json").json

    assert figures["questions"] == {"answerable": 1, "off_topic": 1}
    assert figures["retrieval"]["hit@600"] == 1.0
    assert figures["elapsed_ms"]["p99"] >= figures["elapsed_ms"]["p50"] > 0


def test_models_that_are_set_are_evaluated(run: Run, golden_corpus: Path, monkeypatch: pytest.MonkeyPatch):
    reranker, reader = WordReranker("sugar"), WordReader("fifty thousand")
    monkeypatch.setattr(cli, "CrossEncoderReranker", lambda model: reranker)
    monkeypatch.setattr(cli, "QuestionAnsweringReader", lambda model: reader)
    plain = run("evaluate", "--golden", "--json").json
    assert (reranker.read, reader.texts) == ([], [])

    monkeypatch.setenv("READER_MODEL", "reader")
    monkeypatch.setenv("RERANKER_MODEL", "reranker")
    figures = run("evaluate", "--golden", "--json").json

    assert [question for question, _ in reranker.read] == ["how many bees in a healthy hive", "zzz qqq"]
    assert any("fifty thousand" in text for text, _ in reader.texts)
    assert plain["confidence"]["brier"] != figures["confidence"]["brier"]


def test_a_set_of_off_topic_questions_alone_can_be_shown(run: Run, question_set: Path):
    lines = (question_set / "questions.jsonl").read_text(encoding="utf-8").replace("true", "false")
    (question_set / "questions.jsonl").write_text(lines, encoding="utf-8")

    result = run("evaluate", str(question_set))

    assert result.code == 0
    assert "near topic" in result.out
    assert "hit@3" not in result.out


@pytest.mark.parametrize(
    "arguments", [["evaluate"], ["evaluate", "x", "--golden"], ["evaluate", "--golden", "--off-topic", "x"]]
)
def test_evaluate_wants_a_set_or_the_golden_questions(run: Run, arguments: list[str]):
    assert run(*arguments).code == 2


def test_a_folder_that_is_no_question_set_is_a_failure_in_plain_words(run: Run, tmp_path: Path):
    result = run("evaluate", str(tmp_path))

    assert result.code == 1
    assert "questions.jsonl cannot be read: there is no such file" in result.err


def test_findings_are_listed_and_fail(run: Run, corpus_folder: Path):
    result = run("corpus", "check")

    assert result.code == 1
    assert "garden/bees.md: the front matter has no licence" in result.out
    assert "questions.jsonl:1: is no golden question" in result.out


def test_a_corpus_with_remarks_alone_passes(run: Run, tmp_path: Path):
    front = "---\ntitle: A\nsummary: B.\nupdated: 2026-01-01\nlicence: CC0\n---\n"
    folder = tmp_path / "clean"
    folder.mkdir()
    (folder / "a.md").write_text(front + "See [this](http://example.org).", encoding="utf-8")

    result = run("corpus", "check", "--json", corpus=folder)

    assert result.code == 0
    assert result.json == [
        {"path": "a.md", "line": 7, "what": "http://example.org is without https", "is_remark": True}
    ]


def test_a_failure_of_the_index_is_one_plain_line(run: Run, monkeypatch: pytest.MonkeyPatch):
    def fail(self: object) -> str | None:
        raise CorpusError("details for the log", user_message="Plain words.")

    monkeypatch.setattr(Library, "open", fail)

    assert run("ask", QUESTION) == (1, "", "Plain words.\n")


def test_an_interrupted_command_leaves_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch):
    def interrupt(self: object) -> str | None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "open", interrupt)

    result = run("ask", QUESTION)

    assert (result.code, result.out) == (130, "")


# ---- adding, removing, going back

WHALES = "# Songs of whales\n\nA blue whale sings at 188 decibels.\n"
SERVER = ["--server", "123456789012345678"]


@pytest.fixture
def whales(tmp_path: Path) -> str:
    """A file to add."""
    path = tmp_path / "whales.md"
    path.write_text(WHALES)
    return str(path)


def test_a_file_is_copied_into_the_corpus_and_answers(built: Run, corpus_folder: Path, whales: str):
    result = built("corpus", "add", whales)

    assert result.code == 0
    assert "Added whales." in result.out
    assert "is current: " in result.out
    assert (corpus_folder / "whales.md").read_text() == WHALES
    assert "188 decibels" in built("ask", "How loud does a blue whale sing?").out


def test_a_file_is_never_overwritten_silently(built: Run, corpus_folder: Path, whales: str):
    (corpus_folder / "whales.md").write_text("Other whales.\n")

    refused = built("corpus", "add", whales)
    kept = (corpus_folder / "whales.md").read_text()
    replaced = built("corpus", "add", whales, "--replace", "--json")

    assert (refused.code, refused.out) == (1, "")
    assert "There is another document named whales." in refused.err
    assert kept == "Other whales.\n"
    assert (replaced.json["document"], replaced.json["replaced"]) == ("whales", True)
    assert replaced.json["report"]["made_current"] is True


def test_adding_what_is_no_file_is_wrong_usage(built: Run):
    result = built("corpus", "add", "nowhere.md")

    assert (result.code, result.out) == (2, "")
    assert "there is no file" in result.err


def test_a_document_is_fetched_from_an_address(built: Run, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch):
    address = "https://example.org/sea/whales.md"

    async def fetch(fetcher: Fetcher, asked: str) -> Fetched:
        assert (fetcher.is_allowed, asked) == (True, address)
        return Fetched("whales.md", WHALES.encode(), address)

    monkeypatch.setattr(Fetcher, "fetch", fetch)
    result = built("corpus", "add", address)

    assert result.code == 0
    assert f"Added whales, fetched from {address}." in " ".join(result.out.split())
    assert (corpus_folder / "whales.md").read_text() == WHALES


@pytest.mark.parametrize(
    ("address", "allowed", "reason"),
    [
        ("http://example.org/whales.md", "1", "I fetch only addresses that begin with https://"),
        ("https://127.0.0.1/whales.md", "1", "127.0.0.1"),
        ("https://example.org/whales.md", "0", "switched addresses off"),
    ],
)
def test_an_address_that_must_not_be_fetched_is_refused_with_the_reason(
    built: Run, corpus_folder: Path, monkeypatch: pytest.MonkeyPatch, address: str, allowed: str, reason: str
):
    before = sorted(corpus_folder.rglob("*"))
    monkeypatch.setenv("ALLOW_URLS", allowed)

    result = built("corpus", "add", address)

    assert (result.code, result.out) == (1, "")
    assert reason in result.err
    assert sorted(corpus_folder.rglob("*")) == before


def test_removing_asks_first_and_can_be_gone_back_from(built: Run, corpus_folder: Path):
    refused = built("corpus", "remove", "food/bread")
    still_there = (corpus_folder / "food/bread.md").exists()
    removed = built("corpus", "remove", "food/bread", "--yes", "--json")
    back = built("corpus", "rollback")

    assert (refused.code, still_there) == (1, True)
    assert "--yes" in refused.err
    assert removed.json["removed"] == ["food/bread"]
    assert not (corpus_folder / "food/bread.md").exists()
    assert (back.code, built("corpus", "show", "food/bread").code) == (0, 0)


def test_removing_what_is_not_there_is_wrong_usage(built: Run):
    result = built("corpus", "remove", "no/such", "--yes")

    assert (result.code, result.out) == (2, "")
    assert "There is no document named 'no/such'" in result.err


def test_the_history_is_shown_and_gone_back_in(built: Run, whales: str):
    first = built("corpus", "status", "--json").json["generation"]
    second = built("corpus", "add", whales, "--json").json["report"]["generation"]

    history = built("corpus", "history", "--json").json
    shown = built("corpus", "history")
    back = built("corpus", "rollback", "--json").json
    status = built("corpus", "status")
    too_far = built("corpus", "rollback")
    forward = built("corpus", "rollback", second)

    assert [(entry["generation"], entry["is_current"]) for entry in history] == [(second, True), (first, False)]
    assert [entry["by"] for entry in history] == ["terminal", "terminal"]
    assert re.search(rf"{second} +yes .*\n{first} ", shown.out)
    assert back == {"generation": first, "previous": second}
    assert "until the next `corpus reload`" in status.out
    assert (too_far.code, too_far.out) == (1, "")
    assert "The history shows" in too_far.err
    assert f"Generation {second} is current" in forward.out


def test_the_history_says_which_people_of_discord_changed_the_corpus(built: Run, corpus_folder: Path, tmp_path: Path):
    (corpus_folder / "news.txt").write_text("News\n\nThe harbour was dredged in 2020.")
    Library(corpus=corpus_folder, data=tmp_path / "data", embedder=WordEmbedder()).reload(
        by=by_moderator(11 * 10**17, 12 * 10**17)
    )

    words = built("corpus", "history").out.split()

    assert {"Discord", str(11 * 10**17), str(12 * 10**17)} <= set(words)


def test_the_status_says_of_a_broken_file_that_its_last_good_version_stays(built: Run, corpus_folder: Path):
    (corpus_folder / "sea/lighthouse.md").write_bytes(b"\xff\xfe\xff")
    built("corpus", "reload", "--yes")

    assert "kept the last good version of sea/lighthouse.md: it is not UTF-16 text" in built("corpus", "status").out


def test_before_anything_is_built_there_is_no_history(run: Run):
    assert "Nothing was current yet." in run("corpus", "history").out
    assert run("corpus", "history", "--json").json == []
    assert run("corpus", "rollback").code == 1


def test_an_export_holds_the_files(built: Run, corpus_folder: Path, tmp_path: Path):
    path = tmp_path / "out.zip"

    result = built("corpus", "export", str(path), "--json")
    again = built("corpus", "export", str(path))

    assert result.json == {"file": str(path), "documents": 6}
    with zipfile.ZipFile(path) as archive:
        assert archive.read("food/bread.md") == (corpus_folder / "food/bread.md").read_bytes()
        assert len(archive.namelist()) == 6
    assert (again.code, again.out) == (1, "")
    assert "is there already" in again.err


def test_each_command_takes_a_servers_own_documents(built: Run, corpus_folder: Path, tmp_path: Path, whales: str):
    empty = [built("corpus", command, *SERVER, "--json").json for command in ("list", "check", "history")]
    nothing = built("corpus", "export", str(tmp_path / "out.zip"), *SERVER)
    added = built("corpus", "add", whales, *SERVER, "--json").json
    listed = built("corpus", "list", *SERVER, "--json").json
    shown = built("corpus", "show", "server/whales", *SERVER)
    status = built("corpus", "status", *SERVER, "--json").json
    reloaded = built("corpus", "reload", *SERVER, "--json").json
    dry = built("corpus", "reload", "--dry-run", *SERVER, "--json").json
    exported = built("corpus", "export", str(tmp_path / "out.zip"), *SERVER, "--json").json
    removed = built("corpus", "remove", "server/whales", "--yes", *SERVER, "--json").json
    back = built("corpus", "rollback", *SERVER, "--json").json

    assert empty == [[], [], []]
    assert nothing.code == 1
    assert (added["document"], [entry["id"] for entry in listed]) == ("server/whales", ["server/whales"])
    assert "188 decibels" in shown.out
    assert (status["documents"], status["files_changed"]) == (1, False)
    assert (reloaded["made_current"], reloaded["unchanged"], dry["unchanged"]) == (True, 1, 1)
    assert (exported["documents"], removed["removed"]) == (1, ["server/whales"])
    assert back["generation"] == added["report"]["generation"]
    assert "whales.md: the front matter has no title" in built("corpus", "check", *SERVER).out
    assert not (corpus_folder / "whales.md").exists()
    assert built("corpus", "show", "server/whales").code == 2


def test_a_generation_that_waits_for_a_yes_is_told_in_the_status(built: Run, corpus_folder: Path):
    for path in list(corpus_folder.rglob("*.txt")):
        path.unlink()
    built("corpus", "reload")

    status = built("corpus", "status")
    as_json = built("corpus", "status", "--json").json

    assert re.search(r"waits for a yes +2 of 6 documents would go away", status.out)
    assert as_json["prepared"]["risks"] == ["large_removal"]
