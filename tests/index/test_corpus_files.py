"""A library notices which of its corpus's files have changed, and reads no other."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from index import Library
from index.reading import MAX_FILE_BYTES
from tests.conftest import write_corpus
from tests.index.test_library import ZEBRAS


def test_a_change_of_the_same_size_within_the_clocks_grain_is_seen(library: Library) -> None:
    path = library.corpus / "crafts/violins.md"
    status = path.stat()
    path.write_text(path.read_text().replace("spruce", "walnut"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    assert library.reload().changed == ("crafts/violins",)


def test_files_that_have_not_been_touched_are_not_read_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in library.corpus.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    library.reload()
    asked: list[Path] = []
    read_bytes = Path.read_bytes

    def noted(path: Path) -> bytes:
        asked.append(path)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", noted)

    library.reload()

    assert [path for path in asked if path.is_relative_to(library.corpus)] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda corpus: write_corpus(corpus, {"zebras.md": ZEBRAS}),
        lambda corpus: write_corpus(corpus, {"food/bread.md": ZEBRAS}),
        lambda corpus: (corpus / "food/bread.md").unlink(),
        lambda corpus: (corpus / "food/bread.md").rename(corpus / "food/sourdough.md"),
        shutil.rmtree,
    ],
    ids=["added", "changed", "removed", "renamed", "folder gone"],
)
def test_changed_files_are_noticed(library: Library, change: Callable[[Path], object]) -> None:
    change(library.corpus)

    assert library.files_changed()
    assert library.may_reload_itself()


def test_touched_files_and_files_that_are_no_documents_are_no_change(library: Library) -> None:
    (library.corpus / "food/bread.md").touch()
    write_corpus(library.corpus, {"README.md": "New.", ".draft.md": "New.", "sub/questions.jsonl": "{}"})

    assert not library.files_changed()


def test_an_empty_file_that_becomes_too_large_to_be_read_has_changed(library: Library) -> None:
    write_corpus(library.corpus, {"big.txt": ""})
    library.reload(yes=True)
    with (library.corpus / "big.txt").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)

    assert library.files_changed()
    assert "the limit is" in library.reload(yes=True).failed[0].reason


def test_a_file_that_could_not_be_opened_for_a_while_is_read_later(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = library.corpus / "food/bread.md"
    os.utime(path, (1_000_000_000, 1_000_000_000))
    read_bytes = Path.read_bytes

    def refuse(asked: Path) -> bytes:
        if asked == path:
            raise PermissionError(13, "Permission denied")
        return read_bytes(asked)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        refused = library.reload()
    report = library.reload()

    assert [(failure.path, failure.kept) for failure in refused.failed] == [("food/bread.md", True)]
    assert (report.failed, report.has_changes) == ((), False)
    assert not library.files_changed()


def test_a_damaged_note_of_what_files_held_is_not_believed(library: Library) -> None:
    for path in library.corpus.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    library.reload()
    note = library.folder / "files.json"
    digest = library.document("food/bread").digest
    damaged = note.read_text().replace(digest, digest[::-1])
    note.write_text(damaged)

    assert digest not in damaged
    assert not library.files_changed()
    assert not library.reload().has_changes
