"""What a server adds is stored whole, is its own, and goes when it says so."""

from __future__ import annotations

import io
import shutil
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import (
    AddingError,
    DocumentError,
    HistoryError,
    Library,
    LibraryBusyError,
    NameTakenError,
    Quota,
    ServerLibrary,
    Twin,
    UnknownDocumentError,
)
from index.building import building
from index.library import KEPT_GENERATIONS
from index.originals import safe_name
from index.reading import scan
from tests.conftest import write_corpus
from tests.fakes import WordEmbedder

WHALES = b"# Whales\n\nA blue whale sings at 188 decibels.\n"
OTTERS = b"# Otters\n\nOtters hold hands while they sleep.\n"


@pytest.fixture
def own(library: Library, tmp_path: Path) -> ServerLibrary:
    """A server's library, with nothing in it."""
    return ServerLibrary(7, data=tmp_path / "data", shared=library)


def again(own: ServerLibrary) -> ServerLibrary:
    """The same in another process."""
    other = ServerLibrary(7, data=own.home.parents[1], shared=own)
    other.open()
    return other


def names(own: ServerLibrary) -> list[str]:
    return [entry.id for entry in own.documents()] if own.opened else []


def files_of(own: ServerLibrary) -> dict[str, bytes]:
    return {file.path: (own.corpus / file.path).read_bytes() for file in own.originals.files()}


# --------------------------------------------------------------------- adding


def test_naming_a_servers_library_writes_nothing(own: ServerLibrary) -> None:
    assert not own.home.exists()
    assert (own.open(), own.opened, own.may_reload_itself(), own.status().documents) == (None, None, False, 0)
    assert not own.home.exists()


def test_an_added_document_is_stored_as_it_came_and_answers(own: ServerLibrary) -> None:
    data = WHALES.replace(b"\n", b"\r\n")

    added = own.add("Whales of the North.md", data, by="Ada")

    assert (added.document, added.replaced) == ("server/Whales of the North", False)
    assert (added.report.added, added.report.made_current) == (("server/Whales of the North",), True)
    assert files_of(own) == {"Whales of the North.md": data}
    assert own.ask("How loud does a blue whale sing?").quotes[0].citation.document == added.document
    assert names(again(own)) == [added.document]
    assert own.history()[0].by == "Ada"


def test_adding_a_second_document_embeds_only_that_one(own: ServerLibrary, embedder: WordEmbedder) -> None:
    own.add("whales.md", WHALES)

    assert own.add("otters.md", OTTERS).report.embedded == 1
    assert names(own) == ["server/otters", "server/whales"]


@pytest.mark.parametrize("name", ["whales.md", "whales.txt", "WHALES.md"])
def test_a_document_is_never_replaced_silently(own: ServerLibrary, name: str) -> None:
    own.add("whales.md", WHALES)

    with pytest.raises(AddingError, match="is there already") as refused:
        own.add(name, OTTERS)

    assert "server/whales" in refused.value.user_message
    assert files_of(own) == {"whales.md": WHALES}


def test_a_document_is_replaced_where_that_is_said(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)

    added = own.add("whales.md", OTTERS, replace=True)

    assert (added.replaced, added.report.changed, files_of(own)) == (True, ("server/whales",), {"whales.md": OTTERS})
    assert own.rollback()
    assert "decibels" in own.document("server/whales").text


def test_the_same_bytes_under_another_name_are_recognised(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)

    with pytest.raises(AddingError) as refused:
        own.add("songs.md", WHALES)

    assert refused.value.user_message == "That document is there already, as server/whales."
    assert files_of(own) == {"whales.md": WHALES}


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("latin.md", b"caf\xe9", "is not UTF-8 text"),
        ("empty.txt", b" \n", "is empty"),
        ("zeros.md", b"a\0", "binary data"),
    ],
)
def test_what_cannot_be_read_is_not_stored(own: ServerLibrary, name: str, data: bytes, reason: str) -> None:
    own.add("whales.md", WHALES)

    with pytest.raises(DocumentError, match=reason) as refused:
        own.add(name, data)

    assert refused.value.user_message.startswith(f"{name} ")
    assert files_of(own) == {"whales.md": WHALES}
    assert not (own.corpus / ".incoming").exists()


@pytest.mark.parametrize("replace", [False, True])
def test_what_cannot_be_read_is_said_before_its_name_is_asked_about(own: ServerLibrary, replace: bool) -> None:
    own.add("whales.md", WHALES)

    with pytest.raises(DocumentError, match="is empty"):
        own.add("whales.md", b" \n", replace=replace)

    assert files_of(own) == {"whales.md": WHALES}
    assert not (own.corpus / ".incoming").exists()


@pytest.mark.parametrize(
    ("quota", "names_part"),
    [(Quota(documents=2), "2 documents"), (Quota(bytes=150), "MB together"), (Quota(characters=130), "characters")],
)
def test_a_quota_is_kept_and_named(own: ServerLibrary, quota: Quota, names_part: str) -> None:
    own.originals.quota = quota
    own.add("whales.md", WHALES)
    own.add("otters.md", OTTERS)
    before = files_of(own)

    with pytest.raises(AddingError) as refused:
        own.add("zebras.md", b"# Zebras\n\nZebras are striped horses of the plains, and they live in herds.\n")

    assert names_part in refused.value.user_message
    assert files_of(own) == before
    own.remove("server/otters")
    own.add("seals.md", b"Seals bark.\n")
    own.add("whales.md", WHALES + b"Some.\n", replace=True)


def test_a_file_too_large_to_be_read_is_refused(own: ServerLibrary) -> None:
    with pytest.raises(AddingError) as refused:
        own.add("large.txt", b"a" * (20 * 1024 * 1024 + 1))

    assert "larger than" in refused.value.user_message
    assert files_of(own) == {}


def test_where_waiting_is_refused_nothing_is_stored_while_somebody_else_reloads(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)

    with building(own.folder, None, by="Bob"), pytest.raises(LibraryBusyError):
        own.add("otters.md", OTTERS)

    assert files_of(own) == {"whales.md": WHALES}


def test_what_was_stored_before_a_crash_is_taken_in_by_the_next_start(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    own.originals.add("otters.md", OTTERS)
    restarted = again(own)

    report = restarted.bring_up_to_date(yes=True, by="the bot")

    assert report is not None
    assert report.added == ("server/otters",)
    assert (names(restarted), restarted.may_reload_itself()) == (["server/otters", "server/whales"], False)
    assert restarted.bring_up_to_date() is None


def test_what_was_stored_before_a_crash_can_be_added_again(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    own.originals.add("otters.md", OTTERS)

    added = own.add("sea otters.md", OTTERS)

    assert (added.document, added.replaced, added.report.added) == ("server/otters", False, ("server/otters",))
    assert files_of(own) == {"whales.md": WHALES, "otters.md": OTTERS}


def test_what_was_stored_before_a_crash_counts_for_the_quota(own: ServerLibrary) -> None:
    own.originals.quota = Quota(characters=130)
    own.add("whales.md", WHALES)
    own.originals.add("otters.md", OTTERS)

    with pytest.raises(AddingError, match="characters"):
        own.add("zebras.md", b"# Zebras\n\nZebras are striped horses of the plains.\n")


def test_a_file_that_differs_in_the_case_of_its_name_replaces_the_one_that_is_there(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)

    added = own.add("WHALES.MD", OTTERS, replace=True)

    assert (added.document, added.replaced, files_of(own)) == ("server/whales", True, {"whales.md": OTTERS})


@pytest.mark.parametrize("replace", [False, True])
def test_a_file_of_another_kind_is_never_offered_to_replace_one(own: ServerLibrary, replace: bool) -> None:
    own.add("whales.md", WHALES)

    with pytest.raises(AddingError, match="is there already") as refused:
        own.add("whales.txt", OTTERS, replace=replace)

    assert not isinstance(refused.value, NameTakenError)
    assert "its file is whales.md" in refused.value.user_message
    assert files_of(own) == {"whales.md": WHALES}


def test_a_document_like_a_shared_one_is_told_of_and_added(own: ServerLibrary, library: Library) -> None:
    shared = (library.corpus / "sea/lighthouse.md").read_bytes()

    added = own.add("lighthouse.md", shared)
    nearly = own.add("tower.md", shared.replace(b"1862", b"1863"))

    assert added.report.twins == (Twin("server/lighthouse", "sea/lighthouse", is_same=True),)
    assert [(twin.document, twin.is_same) for twin in nearly.report.twins] == [("server/tower", False)]
    assert names(own) == ["server/lighthouse", "server/tower"]


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".md",
        "..",
        "../up.md",
        "a/b.md",
        "a\\b.md",
        "c:d.md",
        "nul.md",
        "COM1.txt",
        "con.tar.md",
        "line\x00feed.md",
        "bell\x07.md",
        "\u202egnp.md",
        ".hidden.md",
        "dot..md",
        "README.md",
        "questions.jsonl",
        "what?.md",
        "slides.pptx",
        "nothing",
        "a" * 98 + ".md",
        "\U0001f40b" * 60 + ".md",
    ],
)
def test_a_name_that_could_do_harm_is_refused_and_nothing_is_stored(own: ServerLibrary, name: str) -> None:
    with pytest.raises(AddingError):
        own.add(name, WHALES)

    assert not own.corpus.exists()


def test_a_name_is_stored_composed_and_with_single_blanks() -> None:
    decomposed = unicodedata.normalize("NFD", "Über  die\tWale.md")

    assert safe_name(f" {decomposed} ") == "Über die Wale.md"


@given(st.text(max_size=120).map(lambda text: text + ".md") | st.text(max_size=30))
def test_whatever_the_name_what_is_accepted_is_one_file_of_the_folder(name: str) -> None:
    try:
        accepted = safe_name(name)
    except AddingError:
        return
    assert Path(accepted).name == accepted
    assert accepted not in (".", "..")
    assert safe_name(accepted) == accepted


def test_a_name_that_is_accepted_is_one_that_a_scan_finds(tmp_path: Path) -> None:
    accepted = ["Über die Wale.md", "a.b.TXT", "鯨.md", "O'Brien & sons (2).md"]

    write_corpus(tmp_path, {safe_name(name): "Text.\n" for name in accepted})

    found, unreadable = scan(tmp_path)
    assert (sorted(file.path for file in found), unreadable) == (sorted(accepted), [])


# ----------------------------------------------------------------- going back


def test_going_back_brings_the_files_of_that_time_back_and_holds_by_itself(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    own.add("otters.md", OTTERS)
    own.add("whales.md", WHALES + b"Some whales.\n", replace=True)
    third = files_of(own)
    own.remove("server/otters")

    own.rollback()
    assert files_of(own) == third
    own.rollback()
    assert files_of(own) == {"whales.md": WHALES, "otters.md": OTTERS}
    own.rollback()
    assert files_of(own) == {"whales.md": WHALES}

    restarted = again(own)
    assert (names(restarted), restarted.may_reload_itself(), restarted.status().is_held) == (
        ["server/whales"],
        False,
        False,
    )


def test_what_came_later_than_the_generation_gone_back_to_can_be_gone_forward_to(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    latest = own.add("otters.md", OTTERS).report.generation
    own.rollback()
    assert not own.reload().has_changes

    own.rollback(latest)

    assert files_of(own) == {"whales.md": WHALES, "otters.md": OTTERS}
    assert names(again(own)) == ["server/otters", "server/whales"]


@pytest.mark.parametrize("change", [OTTERS, OTTERS + b"Some otters.\n"])
def test_after_going_back_what_had_been_added_since_can_be_added_anew(own: ServerLibrary, change: bytes) -> None:
    own.add("whales.md", WHALES)
    own.add("otters.md", OTTERS)
    own.rollback()

    added = own.add("otters.md", change)

    assert (added.replaced, added.report.added, added.report.removed) == (False, ("server/otters",), ())
    assert files_of(own) == {"whales.md": WHALES, "otters.md": change}


def test_a_removal_that_was_undone_stays_undone_when_something_is_added(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    own.add("otters.md", OTTERS)
    own.remove("server/whales")
    own.rollback()
    file = io.BytesIO()

    assert own.originals.export(file) == 2
    report = own.add("zebras.md", b"Zebras are striped.\n").report

    assert (report.added, report.changed, report.removed) == (("server/zebras",), (), ())
    assert names(again(own)) == ["server/otters", "server/whales", "server/zebras"]
    assert own.remove("server/zebras").removed == ("server/zebras",)


def test_after_going_back_the_quota_counts_what_is_there_then(own: ServerLibrary) -> None:
    own.originals.quota = Quota(characters=130)
    own.add("whales.md", WHALES)
    own.add("otters.md", OTTERS)
    own.rollback()

    own.add("zebras.md", b"# Zebras\n\nZebras are striped horses of the plains.\n")

    assert sum(entry.characters for entry in own.documents()) <= 130
    with pytest.raises(AddingError, match="characters"):
        own.add("otters.md", OTTERS)


def test_what_was_stored_before_a_crash_is_not_lost_by_going_back(own: ServerLibrary) -> None:
    first = own.add("whales.md", WHALES).report.generation
    own.add("otters.md", OTTERS)
    own.originals.add("zebras.md", b"Zebras are striped.\n")
    restarted = again(own)

    assert restarted.rollback() == first

    assert files_of(restarted) == {"whales.md": WHALES}
    restarted.rollback(restarted.history()[0].generation)
    assert names(restarted) == ["server/otters", "server/whales", "server/zebras"]


def test_going_back_that_was_cut_off_is_finished_by_whoever_comes_next(
    own: ServerLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own.add("whales.md", WHALES).report.generation
    own.add("otters.md", OTTERS)
    with monkeypatch.context() as patch:
        patch.setattr(own, "_finish_rollback", lambda: None)
        own.rollback()
    assert (own.status().is_held, files_of(own)) == (True, {"whales.md": WHALES, "otters.md": OTTERS})
    restarted = again(own)

    assert restarted.may_reload_itself()
    assert restarted.bring_up_to_date(yes=True) is None

    assert (restarted.status().generation, files_of(own)) == (first, {"whales.md": WHALES})
    assert (restarted.status().is_held, restarted.may_reload_itself()) == (False, False)


def test_a_generation_whose_file_is_lost_is_held_and_a_change_says_what_goes_with_it(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    own.add("otters.md", OTTERS)
    own.remove("server/whales")
    shutil.rmtree(own.folder / "originals")

    own.rollback()
    restarted = again(own)
    assert restarted.bring_up_to_date(yes=True) is None
    assert (names(restarted), restarted.status().is_held) == (["server/otters", "server/whales"], True)

    report = restarted.add("zebras.md", b"Zebras are striped.\n").report
    assert (report.added, report.removed) == (("server/zebras",), ("server/whales",))


def test_a_file_is_kept_as_long_as_its_generation_can_be_gone_back_to(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    own.remove("server/whales")
    assert [path.read_bytes() for path in (own.folder / "originals").iterdir()] == [WHALES]

    for number in range(KEPT_GENERATIONS):
        own.add("otters.md", OTTERS + b"One more.\n" * number, replace=True)

    kept = {path.read_bytes() for path in (own.folder / "originals").iterdir()}
    assert kept == {OTTERS + b"One more.\n" * number for number in range(KEPT_GENERATIONS - 1)}


# ------------------------------------------------------------------- removing


def test_a_removed_document_is_gone_and_can_be_gone_back_to(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    own.add("otters.md", OTTERS)

    report = own.remove("server/whales", by="Bob")

    assert (report.removed, report.made_current, names(again(own))) == (("server/whales",), True, ["server/otters"])
    assert files_of(own) == {"otters.md": OTTERS}
    own.rollback()
    assert names(again(own)) == ["server/otters", "server/whales"]
    own.remove("server/whales")
    assert names(again(own)) == ["server/otters"]


def test_removing_the_last_document_leaves_nothing_and_can_be_undone(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)

    report = own.remove("server/whales")

    assert (report.generation, report.made_current, own.opened) == ("empty", True, None)
    restarted = again(own)
    assert (restarted.opened, restarted.may_reload_itself(), restarted.status().documents) == (None, False, 0)
    assert [entry.documents for entry in restarted.history()] == [0, 1]
    restarted.rollback()
    assert names(again(own)) == ["server/whales"]
    assert again(own).rollback("empty") == "empty"
    assert names(again(own)) == []


@pytest.mark.parametrize("document", ["server/otters", "whales", "server/../whales", "server/"])
def test_removing_what_is_not_there_is_refused(own: ServerLibrary, document: str) -> None:
    own.add("whales.md", WHALES)

    with pytest.raises(UnknownDocumentError):
        own.remove(document)

    assert files_of(own) == {"whales.md": WHALES}


def test_an_export_holds_the_originals_and_nothing_else(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES.replace(b"\n", b"\r\n"))
    own.add("Über Otter.md", OTTERS)
    file = io.BytesIO()

    assert own.originals.export(file) == 2

    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {"whales.md": WHALES.replace(b"\n", b"\r\n"), "Über Otter.md": OTTERS}


def test_what_is_forgotten_is_nowhere_any_more(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    other = again(own)

    own.forget()

    assert not any(b"whale" in path.read_bytes() for path in own.home.parent.rglob("*") if path.is_file())
    assert list(own.home.parent.iterdir()) == []
    assert own.opened is None
    assert (other.open(), other.opened) == (None, None)
    with pytest.raises(HistoryError):
        own.rollback()


def test_forgetting_twice_and_adding_again_work(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    own.forget()
    own.forget()

    own.add("otters.md", OTTERS)

    assert (names(own), [entry.documents for entry in own.history()]) == (["server/otters"], [1])


def test_an_addition_that_waited_while_everything_was_forgotten_begins_anew(own: ServerLibrary) -> None:
    own.add("whales.md", WHALES)
    other = again(own)

    with building(own.folder, None, by="Ada"):
        other.add("otters.md", OTTERS, on_wait=lambda waited_s: shutil.rmtree(own.home, ignore_errors=True))

    assert (files_of(own), names(again(own))) == ({"otters.md": OTTERS}, ["server/otters"])


def test_the_data_folder_can_be_moved(own: ServerLibrary, library: Library, tmp_path: Path) -> None:
    own.add("whales.md", WHALES)
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    moved = ServerLibrary(7, data=tmp_path / "elsewhere", shared=library)

    assert (moved.open(), names(moved), moved.may_reload_itself()) == (None, ["server/whales"], False)
