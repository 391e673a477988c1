"""What a reload would change, what of it waits for a yes, and what becomes of files that cannot be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from index import CorpusError, Library, Risk, Verdict
from tests.conftest import write_corpus
from tests.fakes import WordEmbedder
from tests.index.test_library import QUESTION, ZEBRAS, another, damage, files_of, segment_files


def test_removing_more_than_a_fifth_waits_for_a_yes(library: Library) -> None:
    generation = library.generation.id
    for name in ("food/bread.md", "crafts/glass.txt"):
        (library.corpus / name).unlink()

    report = library.reload()

    assert (report.risks, report.documents_before, len(report.removed)) == ((Risk.LARGE_REMOVAL,), 6, 2)
    assert (report.made_current, library.generation.id, len(library.documents())) == (False, generation, 6)
    assert another(library).open() is None

    agreed = library.reload(yes=True)

    assert (agreed.made_current, len(library.documents())) == (True, 4)


def test_removing_a_fifth_or_less_needs_no_yes(library: Library) -> None:
    (library.corpus / "food/bread.md").unlink()

    report = library.reload()

    assert (report.risks, report.made_current, report.removed) == ((), True, ("food/bread",))


def test_the_difference_says_what_would_change_and_changes_nothing(library: Library, embedder: WordEmbedder) -> None:
    write_corpus(library.corpus, {"zebras.md": ZEBRAS, "crafts/violins.md": ZEBRAS, "broken.md": ""})
    (library.corpus / "food/bread.md").unlink()
    cache = ("files.json", "lock")
    before = (files_of(library.folder, but=cache), embedder.embedded_passages, library.generation.id)

    report = library.difference()

    assert (report.added, report.changed, report.removed) == (("zebras",), ("crafts/violins",), ("food/bread",))
    assert ([failure.path for failure in report.failed], report.made_current) == (["broken.md"], False)
    assert (files_of(library.folder, but=cache), embedder.embedded_passages, library.generation.id) == before
    assert library.reload().generation == report.generation


def test_the_difference_names_the_risks_that_need_no_building(library: Library) -> None:
    for name in ("food/bread.md", "crafts/glass.txt"):
        (library.corpus / name).unlink()

    write_corpus(library.corpus, {"broken.md": ""})

    assert library.difference().risks == (Risk.LARGE_REMOVAL, Risk.FAILURES)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("latin.md", "Café in a wrong encoding.".encode("latin-1"), "is not UTF-8 text"),
        ("binary.txt", b"text\0with zeros", "binary data"),
        ("empty.md", b"", "is empty"),
        ("blank.txt", b" \n\n\t\n", "is empty"),
        ("only-front.md", b"---\ntitle: A\n---\n", "is empty"),
        ("broken.md", b"---\ntitle: [a\n---\nText.\n", "broken front matter"),
        ("open.md", b"---\ntitle: A\nText.\n", "without a closing '---' line"),
        ("slides.pptx", b"PK", "a type that is not read, .pptx"),
        ("sea/lighthouse.txt", b"A clash of names.", "has the same name as sea/lighthouse.md"),
        ("server/own.md", b"Text.", "is kept for servers"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_and_the_rest_goes_on(
    corpus_folder: Path, tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    (corpus_folder / name).parent.mkdir(exist_ok=True)
    (corpus_folder / name).write_bytes(data)
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=WordEmbedder())

    report = library.reload()

    (failure,) = report.failed
    assert (failure.path, failure.kept) == (name, False)
    assert reason in failure.reason
    assert len(report.added) == 6
    assert library.status().failed == (failure,)
    assert not library.files_changed()


def test_a_file_that_breaks_keeps_its_last_good_version(library: Library) -> None:
    path = library.corpus / "crafts/violins.md"
    good = path.read_text()
    path.write_bytes(b"\xff broken")
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})

    report = library.reload(yes=True)

    assert [(failure.path, failure.kept) for failure in report.failed] == [("crafts/violins.md", True)]
    assert (report.added, report.changed, report.removed) == (("zebras",), (), ())
    assert library.document("crafts/violins").text == good
    assert "carved from spruce" in library.ask("violin belly carved").quotes[0].text


def test_a_kept_version_outlasts_further_reloads_and_a_restart(library: Library) -> None:
    path = library.corpus / "crafts/violins.md"
    good = path.read_text()
    path.write_bytes(b"\xff broken")
    library.reload(yes=True)
    restarted = another(library)

    report = restarted.reload()

    assert (report.has_changes, report.embedded, report.failed[0].kept) == (False, 0, True)
    assert restarted.document("crafts/violins").text == good
    assert not restarted.files_changed()


def test_a_file_that_was_mended_is_taken_in_again(library: Library) -> None:
    path = library.corpus / "crafts/violins.md"
    path.write_bytes(b"\xff broken")
    library.reload(yes=True)
    path.write_text(ZEBRAS)

    report = library.reload()

    assert (report.failed, report.changed) == ((), ("crafts/violins",))
    assert library.document("crafts/violins").text == ZEBRAS


def test_a_kept_version_whose_segment_is_damaged_is_saved_from_memory(library: Library) -> None:
    path = library.corpus / "crafts/violins.md"
    good = path.read_text()
    path.write_bytes(b"\xff broken")
    damage(segment_files(library, "crafts/violins")[0], "emptied")

    library.reload(yes=True)

    restarted = another(library)
    assert restarted.open() is None
    assert restarted.document("crafts/violins").text == good


def test_a_corpus_in_which_nothing_can_be_read_is_an_error_and_changes_nothing(library: Library) -> None:
    before = library.generation.id
    for path in list(library.corpus.rglob("*.*")):
        if path.is_file():
            path.unlink()
    (library.corpus / "slides.pptx").write_bytes(b"PK")

    with pytest.raises(CorpusError) as caught:
        library.reload(yes=True)

    assert "slides.pptx, for one, is of a type that is not read" in caught.value.user_message
    assert library.generation.id == before
    assert another(library).open() is None


def test_a_missing_corpus_folder_is_an_error_and_the_index_still_answers(library: Library) -> None:
    shutil.rmtree(library.corpus)

    with pytest.raises(CorpusError, match="there is no corpus folder"):
        library.reload(yes=True)

    reopened = another(library)
    assert reopened.open() is None
    assert reopened.ask(QUESTION).verdict is not Verdict.NOT_COVERED
