"""A library's line of generations: going back, looking before a reload becomes current, what another asker reads."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import Mock

import pytest

from index import (
    AddingError,
    GoldenChange,
    HistoryError,
    Library,
    ReloadReport,
    Risk,
    StaleGenerationError,
    SupersededError,
    UnknownDocumentError,
)
from index import library as library_module
from index.building import building
from index.line import read_line, write_line
from tests.conftest import write_corpus
from tests.fakes import WordEmbedder
from tests.index.test_library import ZEBRAS, another, files_of

WHALES = "# Whales\n\nA blue whale sings at 188 decibels.\n"


@pytest.fixture
def three(library: Library) -> list[str]:
    """The ids of three generations, of which the last is current."""
    names = [library.generation.id]
    for files in ({"zebras.md": ZEBRAS}, {"whales.md": WHALES}):
        write_corpus(library.corpus, files)
        names.append(library.reload(by="Ada").generation)
    return names


def line(library: Library) -> list[str]:
    return [entry.generation for entry in library.history()]


def current(library: Library) -> str:
    """What another process would open."""
    other = another(library)
    assert other.open() is None
    return other.generation.id


# ---------------------------------------------------------------- going back


def test_the_history_shows_what_was_current_the_latest_first(library: Library, three: list[str]) -> None:
    entries = library.history()

    assert [entry.generation for entry in entries] == three[::-1]
    assert [(entry.documents, entry.by, entry.is_current) for entry in entries] == [
        (8, "Ada", True),
        (7, "Ada", False),
        (6, "", False),
    ]
    assert all(entry.passages >= entry.documents for entry in entries)


def test_a_rollback_goes_back_by_one_and_by_one_again(library: Library, three: list[str]) -> None:
    assert library.rollback() == three[1] == library.generation.id == current(library)
    assert library.rollback() == three[0] == current(library)
    assert line(library) == three[::-1]
    with pytest.raises(HistoryError):
        library.rollback()


def test_a_rollback_embeds_nothing(library: Library, three: list[str], embedder: WordEmbedder) -> None:
    before = embedder.embedded_passages

    library.rollback()

    assert embedder.embedded_passages == before
    assert {entry.id for entry in library.documents()} >= {"zebras"}
    assert "whales" not in {entry.id for entry in library.documents()}


def test_a_rollback_can_name_any_generation_of_the_history(library: Library, three: list[str]) -> None:
    library.rollback(three[0])
    assert current(library) == three[0]

    library.rollback(three[2])
    assert current(library) == three[2]


@pytest.mark.parametrize("name", ["000000000000", "", "../../etc", "empty"])
def test_a_rollback_to_what_is_not_in_the_history_is_refused(library: Library, name: str) -> None:
    before = library.generation.id

    with pytest.raises(HistoryError):
        library.rollback(name)

    assert current(library) == before


def test_a_rollback_to_a_damaged_generation_is_refused(library: Library, three: list[str]) -> None:
    (library.folder / "generations" / three[1] / "passages.faiss").write_bytes(b"")

    with pytest.raises(StaleGenerationError):
        library.rollback()

    assert current(library) == three[2]


def test_a_rollback_holds_until_somebody_reloads(library: Library, three: list[str]) -> None:
    library.rollback()
    write_corpus(library.corpus, {"otters.md": "Otters hold hands while they sleep.\n"})
    restarted = another(library)
    restarted.open()

    assert (restarted.status().is_held, restarted.may_reload_itself(), restarted.files_changed()) == (True, False, True)

    report = restarted.reload()

    assert (report.made_current, restarted.status().is_held, restarted.may_reload_itself()) == (True, False, False)
    assert {entry.id for entry in restarted.documents()} >= {"otters", "whales", "zebras"}


def test_a_rollback_that_a_start_or_a_watcher_had_to_wait_for_holds(library: Library, three: list[str]) -> None:
    write_corpus(library.corpus, {"otters.md": "Otters hold hands while they sleep.\n"})
    other, waits = another(library), []
    other.open()

    def goes_back(waited_s: int) -> None:
        waits.append(waited_s)
        if len(waits) == 1:
            write_line(library.folder, read_line(library.folder).rolled_back(three[0]))
            holding.close()

    holding = ExitStack()
    holding.enter_context(building(library.folder, None, by="Ada"))
    report = other.bring_up_to_date(on_wait=goes_back)

    assert (report, waits[0], current(library)) == (None, 0, three[0])
    assert library.status().is_held


def test_after_a_rollback_what_lies_there_already_can_be_added(library: Library, three: list[str]) -> None:
    library.rollback()

    added = library.add("whales.md", WHALES.encode())

    assert (added.document, added.replaced, added.report.added) == ("whales", False, ("whales",))
    assert current(library) == three[2]
    assert not library.status().is_held


def test_an_addition_that_is_refused_leaves_a_rollback_held(library: Library, three: list[str]) -> None:
    library.rollback()

    with pytest.raises(AddingError):
        library.add("songs.md", ZEBRAS.encode())
    with pytest.raises(UnknownDocumentError):
        library.remove("songs")

    assert (current(library), library.status().is_held) == (three[1], True)


def test_an_addition_after_a_rollback_that_is_cut_off_is_taken_in_by_the_next_start(
    library: Library, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library.rollback()
    monkeypatch.setattr(library, "_reload", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        library.add("otters.md", b"Otters hold hands while they sleep.\n")
    restarted = another(library)
    restarted.open()

    report = restarted.bring_up_to_date()

    assert report is not None
    assert "otters" in report.added
    assert report.made_current


def test_after_a_reload_one_step_back_is_what_was_current_before_it(library: Library, three: list[str]) -> None:
    library.rollback(three[0])
    write_corpus(library.corpus, {"otters.md": "Otters hold hands while they sleep.\n"})
    newest = library.reload().generation

    assert line(library) == [newest, three[0], three[2], three[1]]
    assert library.rollback() == three[0]


def test_a_reload_of_the_files_that_were_rolled_back_from_makes_them_current_again(
    library: Library, three: list[str], embedder: WordEmbedder
) -> None:
    library.rollback()
    before = embedder.embedded_passages

    assert library.reload().generation == three[2] == current(library)

    assert embedder.embedded_passages == before
    assert line(library) == [three[2], three[1], three[0]]


def test_generations_that_can_be_gone_back_to_are_kept_and_no_others(library: Library) -> None:
    names = []
    for number in range(8):
        write_corpus(library.corpus, {"zebras.md": f"There are {number} zebras.\n"})
        names.append(library.reload().generation)

    assert line(library) == names[: -library_module.KEPT_GENERATIONS - 1 : -1]
    assert {path.name for path in (library.folder / "generations").iterdir()} == set(line(library))


# -------------------------------------------------------- looking before it is made current


def test_what_is_prepared_changes_no_answer_until_it_is_made_current(library: Library) -> None:
    before = library.generation.id
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})

    report = library.prepare()

    assert (report.added, report.made_current, report.previous) == (("zebras",), False, before)
    assert current(library) == library.generation.id == before
    assert line(library) == [before]

    restarted = another(library)
    assert restarted.prepared() == restarted.status().prepared == report
    restarted.make_current(report.generation, by="Ada")

    assert current(library) == report.generation
    assert (restarted.prepared(), restarted.history()[0].by) == (None, "Ada")
    assert restarted.ask("striped horses").quotes[0].citation.document == "zebras"


def test_making_what_is_prepared_current_embeds_nothing(library: Library, embedder: WordEmbedder) -> None:
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    report = library.prepare()
    before = embedder.embedded_passages

    library.make_current(report.generation)

    assert (embedder.embedded_passages, report.embedded) == (before, 1)


def test_what_is_discarded_leaves_nothing_behind(library: Library) -> None:
    before = files_of(library.folder, but=("files.json", "lock"))
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    report = library.prepare()

    library.discard(report.generation)

    assert files_of(library.folder, but=("files.json", "lock")) == before
    assert library.prepared() is None
    with pytest.raises(SupersededError):
        library.make_current(report.generation)


def test_what_was_prepared_for_another_state_is_not_made_current(library: Library, three: list[str]) -> None:
    write_corpus(library.corpus, {"otters.md": "Otters hold hands while they sleep.\n"})
    report = library.prepare()
    library.rollback()

    assert library.prepared() is None
    with pytest.raises(SupersededError):
        library.make_current(report.generation)
    assert current(library) == three[1]


def test_of_two_that_were_prepared_the_later_counts(library: Library) -> None:
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    first = library.prepare()
    write_corpus(library.corpus, {"whales.md": WHALES})
    second = library.prepare()

    with pytest.raises(SupersededError):
        library.make_current(first.generation)
    library.make_current(second.generation)

    assert line(library)[0] == second.generation


def test_a_damaged_note_of_what_is_prepared_is_not_followed(library: Library) -> None:
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    report = library.prepare()
    note = library.folder / "prepared.json"
    content = json.loads(note.read_text())

    for damaged in ("", "[]", "{}", json.dumps(content | {"report": {}}), json.dumps(content | {"report": None})):
        note.write_text(damaged)
        assert library.prepared() is None
        with pytest.raises(SupersededError):
            library.make_current(report.generation)


def test_a_risky_reload_waits_prepared(library: Library) -> None:
    for name in ("food/bread.md", "crafts/glass.txt"):
        (library.corpus / name).unlink()

    report = library.reload()

    assert (report.made_current, library.prepared()) == (False, report)
    library.make_current(report.generation)
    assert len(library.documents()) == 4


# ----------------------------------------------------------------------- risks


def test_a_file_that_newly_cannot_be_read_waits_for_a_yes_once(library: Library) -> None:
    write_corpus(library.corpus, {"broken.md": "", "zebras.md": ZEBRAS})

    first = library.reload()
    agreed = library.reload(yes=True)
    write_corpus(library.corpus, {"whales.md": WHALES})
    later = library.reload()

    assert (first.risks, first.failed_anew, first.made_current) == ((Risk.FAILURES,), ("broken.md",), False)
    assert agreed.made_current
    assert (later.risks, [failure.path for failure in later.failed], later.made_current) == ((), ["broken.md"], True)


@pytest.fixture
def golden(library: Library) -> Library:
    """A library with three golden questions that it answers, one of them of no document."""
    facts = {
        "sea/lighthouse": ("When was the lighthouse built from granite?", "built from granite in 1862"),
        "crafts/violins": ("What is the belly of a violin carved from?", "carved from spruce"),
    }
    lines = [
        {"id": name, "question": question, "kind": "answerable", "evidence": [{"document": name, "text": text}]}
        for name, (question, text) in facts.items()
    ]
    lines.append({"id": "off", "question": "What is the price of bitcoin?", "kind": "off_topic"})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    write_corpus(library.corpus, {"questions.jsonl": text})
    library.reload(yes=True)
    return library


def test_golden_questions_that_are_answered_as_before_are_no_risk(golden: Library) -> None:
    write_corpus(golden.corpus, {"zebras.md": ZEBRAS})

    report = golden.reload()

    assert (report.golden, report.risks) == (GoldenChange(asked=2, before=2, after=2), ())


def test_golden_questions_that_are_answered_worse_wait_for_a_yes(golden: Library) -> None:
    path = golden.corpus / "crafts/violins.md"
    path.write_text(path.read_text().replace("carved from spruce", "carved from pine"))

    report = golden.reload()

    assert (report.golden, report.risks) == (GoldenChange(asked=2, before=2, after=1), (Risk.GOLDEN_WORSE,))
    assert not report.made_current


def test_a_golden_question_that_was_taken_out_is_not_answered_worse(golden: Library) -> None:
    path = golden.corpus / "questions.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))

    report = golden.reload()

    assert (report.golden, report.risks) == (GoldenChange(asked=1, before=1, after=1), ())


def test_a_first_reload_asks_for_no_yes(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", {"zebras.md": ZEBRAS, "broken.md": "", "questions.jsonl": "x\n"})

    report = Library(corpus=folder, data=tmp_path / "data", embedder=WordEmbedder()).reload()

    assert (report.risks, report.made_current, report.golden) == ((), True, None)


# ------------------------------------------------------------ what others can read


def test_others_read_who_reloads_and_how_far_it_is(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.building.TOLD_EVERY_S", 0)
    write_corpus(library.corpus, {"zebras.md": ZEBRAS, "whales.md": WHALES})
    other, told = another(library), []

    library.reload(by="Ada", on_progress=lambda done, total: told.append(other.status().running))

    running = [item for item in told if item is not None]
    assert [(item.by, item.done) for item in running[:2]] == [("Ada", 0), ("Ada", 1)]
    assert all(item.total >= item.done for item in running)
    assert other.status().running is None


def test_who_died_while_reloading_reloads_no_more(library: Library) -> None:
    (library.folder / "running.json").write_text(json.dumps({"by": "Ada", "since": "", "done": 1, "total": 2}))

    assert library.running() is None


def test_a_report_outlives_being_written_down(library: Library) -> None:
    shutil.rmtree(library.corpus / "crafts")
    write_corpus(library.corpus, {"broken.md": ""})
    report = library.prepare()

    assert report.risks
    assert another(library).prepared() == report
    assert isinstance(another(library).prepared(), ReloadReport)
