from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from index import Library, Twin, check_corpus
from index.twins import find_twins, likeness, sketch_of
from index.values import Document
from tests.conftest import CORPUS, write_corpus
from tests.fakes import WordEmbedder
from tests.index import making
from tests.index.documents import text_document_of
from tests.index.strategies import texts

STORY = " ".join(
    f"On day {day} the keeper wrote down {day * 7} ships and {day * 3} gulls in his book." for day in range(30)
)


def document_of(name: str, text: str) -> Document:
    return replace(text_document_of(text), id=name, path=f"{name}.txt", sketch=sketch_of(text))


def twins_of(**documents: str) -> list[Twin]:
    found = {name: document_of(name, text) for name, text in documents.items()}
    return list(find_twins(found, list(found)))


@given(texts)
def test_a_text_is_wholly_like_itself_however_it_is_cased_and_spaced(text: str) -> None:
    other = "  ".join(text.upper().lower().casefold().split())

    assert sketch_of(text.casefold()) == sketch_of(other)
    assert likeness(sketch_of(text), sketch_of(text)) in ((1.0,) if sketch_of(text) else (0.0,))


@given(st.integers(0, 29))
def test_the_estimate_is_near_the_true_share(kept: int) -> None:
    sentences = STORY.split(". ")
    other = ". ".join(
        [*sentences[:kept], *(f"No {number} {number} is like any {number} other" for number in range(90, 120 - kept))]
    )
    words = [text.casefold().replace(".", "").split() for text in (STORY, other)]
    one, two = ({tuple(w[start : start + 5]) for start in range(len(w) - 4)} for w in words)

    assert abs(likeness(sketch_of(STORY), sketch_of(other)) - len(one & two) / len(one | two)) < 0.2


def test_documents_with_the_same_text_are_twins_told_of_once() -> None:
    assert twins_of(a=STORY, b=STORY, c="Another text altogether.") == [Twin("a", "b", is_same=True)]


def test_a_document_with_one_changed_sentence_is_nearly_the_same() -> None:
    changed = STORY.replace("On day 7 the keeper wrote", "On the seventh day, a Sunday, nobody wrote")

    assert twins_of(a=STORY, b=changed) == [Twin("a", "b", is_same=False)]


def test_documents_that_share_a_part_are_no_twins() -> None:
    half = STORY[: len(STORY) // 2]

    assert twins_of(a=STORY, b=half + " ".join(f"But word{number} was new." for number in range(100))) == []


def test_short_documents_are_twins_only_if_they_are_the_same() -> None:
    assert twins_of(a="The gate is open today.", b="The gate is open now.", c="The gate is open today.") == [
        Twin("a", "c", is_same=True)
    ]


def test_of_many_copies_each_is_told_of() -> None:
    found = twins_of(**{f"copy{number:02}": STORY for number in range(40)})

    assert {twin.document for twin in found} | {twin.other for twin in found} == {f"copy{n:02}" for n in range(40)}


def test_a_reload_tells_of_a_document_that_is_there_already_and_takes_it_in(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", CORPUS | {"story.txt": STORY})
    library = Library(corpus=folder, data=tmp_path / "data", embedder=WordEmbedder())
    assert library.reload().twins == ()
    (folder / "again.pdf").write_bytes(making.pdf([("BodyText", STORY)]))
    write_corpus(folder, {"copy.txt": STORY})

    report = library.reload()

    assert report.added == ("again", "copy")
    assert {frozenset((twin.document, twin.other)) for twin in report.twins} <= {
        frozenset(("again", "copy")),
        frozenset(("again", "story")),
        frozenset(("copy", "story")),
    }
    assert {"again", "copy"} <= {name for twin in report.twins for name in (twin.document, twin.other)}
    assert library.reload().twins == ()


def test_a_copy_that_comes_back_after_it_was_removed_is_told_of_again(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", CORPUS | {"story.txt": STORY, "copy.txt": STORY})
    library = Library(corpus=folder, data=tmp_path / "data", embedder=WordEmbedder())
    library.reload()
    (folder / "copy.txt").unlink()
    library.reload()
    write_corpus(folder, {"copy.txt": STORY})

    prepared = library.prepare()

    assert prepared.twins == (Twin("copy", "story", is_same=True),)
    assert library.prepared() == prepared


def test_checking_a_corpus_tells_of_twins_once_and_not_of_each_passage(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", {"story.txt": STORY})
    (folder / "again.pdf").write_bytes(making.pdf([("BodyText", STORY)]))

    said = [(finding.path, finding.what) for finding in check_corpus(folder, WordEmbedder())]

    assert ("again.pdf", "it says the same as story.txt; keep one of the two") in said
    assert not [what for _, what in said if "repeats" in what]
