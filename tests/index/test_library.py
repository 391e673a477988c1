from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import filelock
import pytest

from index import CorpusError, Library, LibraryBusyError, Span, UnknownDocumentError
from index import library as library_module
from index.building import LOCK_FILE
from index.embedding import Embedding
from tests.conftest import CORPUS, write_corpus
from tests.fakes import WordEmbedder
from tests.index.test_generation import change_json

PROJECT = Path(__file__).parents[2]
QUESTION = "When was the lighthouse on Grey Skerry built from granite?"
ZEBRAS = "Zebras are striped horses of the plains. They live in large herds.\n"


def another(library: Library, *, embedder: WordEmbedder | None = None, data: Path | None = None) -> Library:
    """A second library object over the same corpus."""
    return Library(
        corpus=library.corpus,
        data=data or library.folder.parents[1],
        embedder=embedder or WordEmbedder(),
    )


def data_of(library: Library) -> Path:
    return library.folder.parents[1]


def files_of(folder: Path, *, but: Sequence[str] = ()) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in but
    }


def shown(library: Library, question: str = QUESTION) -> dict[str, Any]:
    return library.ask(question).as_dict() | {"elapsed_ms": None, "generation": None}


# ------------------------------------------------------------------ reloading


def test_the_first_reload_takes_in_every_document(corpus_folder: Path, tmp_path: Path, embedder: WordEmbedder) -> None:
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=embedder)

    report = library.reload()

    assert report.added == (
        "crafts/glass",
        "crafts/violins",
        "food/bread",
        "games/chess-club",
        "garden/bees",
        "sea/lighthouse",
    )
    assert (report.previous, report.changed, report.removed, report.failed, report.unchanged) == (None, (), (), (), 0)
    assert report.made_current
    assert report.generation == library.generation.id
    assert report.passages == report.embedded == embedder.embedded_passages > 6
    assert [entry.id for entry in library.documents()] == list(report.added)


def test_naming_a_library_reads_and_writes_nothing(tmp_path: Path) -> None:
    Library(corpus=tmp_path / "nowhere", data=tmp_path / "data", embedder=WordEmbedder())

    assert list(tmp_path.iterdir()) == []


def test_a_reload_of_an_unchanged_corpus_embeds_nothing(library: Library, embedder: WordEmbedder) -> None:
    before = embedder.embedded_passages
    generation = library.generation.id

    report = library.reload()

    assert embedder.embedded_passages == before
    assert (report.generation, report.previous, report.embedded) == (generation, generation, 0)
    assert (report.has_changes, report.unchanged) == (False, 6)


def test_changing_one_document_embeds_only_that_one(library: Library, embedder: WordEmbedder) -> None:
    before = embedder.embedded_passages
    write_corpus(library.corpus, {"crafts/violins.md": ZEBRAS})

    report = library.reload()

    assert (report.added, report.changed, report.removed, report.unchanged) == ((), ("crafts/violins",), (), 5)
    assert embedder.embedded_passages - before == report.embedded == 1
    assert library.document("crafts/violins").text == ZEBRAS


def test_an_added_document_is_found_and_a_removed_one_is_gone(library: Library) -> None:
    write_corpus(library.corpus, {"new/zebras.md": ZEBRAS})
    (library.corpus / "food/bread.md").unlink()

    report = library.reload()

    assert (report.added, report.removed) == (("new/zebras",), ("food/bread",))
    assert library.ask("striped horses of the plains").quotes[0].citation.document == "new/zebras"
    with pytest.raises(UnknownDocumentError):
        library.document("food/bread")


def test_a_renamed_document_is_another_one(library: Library) -> None:
    (library.corpus / "food/bread.md").rename(library.corpus / "food/sourdough.md")

    report = library.reload()

    assert (report.added, report.removed) == (("food/sourdough",), ("food/bread",))
    assert library.ask("sourdough starter rye").quotes[0].citation.document == "food/sourdough"


def test_going_back_to_an_earlier_corpus_embeds_nothing(library: Library, embedder: WordEmbedder) -> None:
    generation = library.generation.id
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    library.reload()
    before = embedder.embedded_passages
    (library.corpus / "zebras.md").unlink()

    report = library.reload()

    assert (report.generation, embedder.embedded_passages) == (generation, before)


def test_progress_is_told_up_to_the_last_passage(corpus_folder: Path, tmp_path: Path) -> None:
    library = Library(corpus=corpus_folder, data=tmp_path / "data", embedder=WordEmbedder())
    told: list[tuple[int, int]] = []

    report = library.reload(on_progress=lambda done, total: told.append((done, total)))

    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(0 < done <= total for done, total in told)
    assert told[-1] == (report.embedded, report.embedded)


def test_only_the_last_few_generations_are_kept_and_no_segment_without_one(library: Library) -> None:
    for number in range(8):
        write_corpus(library.corpus, {"zebras.md": f"There are {number} zebras.\n"})
        library.reload()

    generations = [path.name for path in (library.folder / "generations").iterdir()]
    manifests = [
        json.loads((library.folder / "generations" / name / "manifest.json").read_text()) for name in generations
    ]
    used = {entry["segment"] for manifest in manifests for entry in manifest["documents"]}
    assert len(generations) == library_module.KEPT_GENERATIONS
    assert library.generation.id in generations
    assert {path.stem for path in (library.folder / "segments").iterdir()} == used


# ------------------------------------------------------------ opening and status


def test_a_second_library_on_the_same_data_opens_without_embedding(library: Library) -> None:
    embedder = WordEmbedder()
    second = another(library, embedder=embedder)

    problem = second.open()

    assert (problem, embedder.embedded_passages) == (None, 0)
    assert second.generation.id == library.generation.id
    assert shown(second) == shown(library)


def test_a_library_that_was_never_built_says_so(tmp_path: Path) -> None:
    library = Library(corpus=write_corpus(tmp_path / "corpus", CORPUS), data=tmp_path / "data", embedder=WordEmbedder())

    assert library.open() == "there is no index yet"
    with pytest.raises(CorpusError):
        library.ask(QUESTION)
    assert (library.status().generation, library.status().files_changed) == (None, True)


def test_a_running_library_notices_a_generation_that_another_made_current(library: Library) -> None:
    second = another(library)
    second.open()
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    library.reload()

    assert second.ask("striped horses").generation != library.generation.id
    assert second.open() is None
    assert second.ask("striped horses").quotes[0].citation.document == "zebras"


def test_an_opened_generation_answers_while_its_files_are_pruned(library: Library) -> None:
    second = another(library)
    second.open()
    before = shown(second)
    for number in range(library_module.KEPT_GENERATIONS + 1):
        write_corpus(library.corpus, {"zebras.md": f"There are {number} zebras.\n"})
        library.reload()

    assert not (library.folder / "generations" / second.generation.id).exists()
    assert shown(second) == before


def test_another_model_has_generations_of_its_own(library: Library) -> None:
    other = another(library, embedder=WordEmbedder(name="other"))

    assert other.open() == "there is no index yet"
    other.reload()
    assert other.folder != library.folder
    assert another(library).open() is None


def test_another_corpus_has_generations_of_its_own(library: Library, tmp_path: Path) -> None:
    elsewhere = write_corpus(tmp_path / "elsewhere" / "corpus", {"zebras.md": ZEBRAS})
    other = Library(corpus=elsewhere, data=data_of(library), embedder=WordEmbedder())

    other.reload()

    assert other.folder != library.folder
    assert [entry.id for entry in other.documents()] == ["zebras"]
    assert len(library.documents()) == 6


def test_the_status_says_what_is_current(library: Library) -> None:
    status = library.status()

    assert status.corpus == str(library.corpus)
    assert (status.generation, status.model, status.dimension) == (library.generation.id, "words", 256)
    assert (status.documents, status.passages) == (6, len(library.generation.passages))
    assert (status.files_changed, status.failed, status.is_held, status.problem) == (False, (), False, None)


# --------------------------------------------------------------------- damage


def damage(path: Path, kind: str, seed: int = 0) -> None:
    data = bytearray(path.read_bytes())
    if kind == "missing":
        path.unlink()
        return
    if data:
        place = random.Random(seed).randrange(len(data))
        if kind == "flipped bit":
            data[place] ^= 1
        elif kind == "flipped byte":
            data[place] ^= 0xFF
        elif kind == "truncated":
            del data[place:]
    path.write_bytes(b"" if kind == "emptied" else data)


def segment_files(library: Library, document: str) -> list[Path]:
    key = library.generation.manifest.segments[document]
    return [library.folder / "segments" / f"{key}.{suffix}" for suffix in ("json", "npz")]


@pytest.mark.parametrize("kind", ["flipped bit", "truncated", "missing"])
def test_a_damaged_file_is_detected_and_the_next_reload_mends_it(library: Library, tmp_path: Path, kind: str) -> None:
    expected = shown(library)

    for seed, name in enumerate(files_of(library.folder)):
        data = tmp_path / f"copy-{seed}"
        shutil.copytree(data_of(library), data)
        damaged = another(library, data=data)
        damage(damaged.folder / name, kind, seed)

        problem = damaged.open()

        if name.startswith(("segments/", "generations/")):
            assert problem, f"{name} is {kind}, and nobody noticed"
            assert name.startswith("segments/") or damaged.status().problem or "manifest" not in name
        elif problem is None:
            assert shown(damaged) == expected, f"{name} is {kind}, and was misread"

        report = damaged.reload()

        assert report.generation == library.generation.id
        assert shown(damaged) == expected
        mended = another(library, data=data)
        assert mended.open() is None, f"{name} is {kind}, and stayed so"
        assert shown(mended) == expected
        assert not mended.files_changed(), f"{name} is {kind}, and files seem changed for ever"


@pytest.mark.parametrize("number", [0, 1])
def test_a_running_library_mends_a_segment_that_was_damaged_meanwhile(
    library: Library, embedder: WordEmbedder, number: int
) -> None:
    before = embedder.embedded_passages
    damage(segment_files(library, "food/bread")[number], "flipped byte")

    report = library.reload()

    passages = len(library.generation.segment("food/bread").passages)
    assert (report.embedded, embedder.embedded_passages) == (passages, before + passages)
    assert another(library).open() is None


def test_a_running_library_mends_a_generation_that_was_damaged_meanwhile(library: Library) -> None:
    damage(library.folder / "generations" / library.generation.id / "passages.faiss", "truncated")

    library.reload()

    assert another(library).open() is None


@pytest.mark.parametrize("change", [{"format": [99, 99]}, {"splitter": 99}])
def test_a_generation_of_another_version_is_rebuilt(library: Library, change: dict[str, Any]) -> None:
    change_json(library.folder / "generations" / library.generation.id / "manifest.json", change)
    second = another(library)

    assert "another version" in (second.open() or "")
    assert "another version" in (second.status().problem or "")
    assert second.reload().made_current
    assert another(library).open() is None


def test_a_segment_of_another_version_is_rebuilt(library: Library) -> None:
    change_json(segment_files(library, "food/bread")[0], {"format": 99})
    second = another(library)

    assert "format 99" in (second.open() or "")
    assert second.reload().embedded == len(library.generation.segment("food/bread").passages)
    assert another(library).open() is None


@pytest.mark.parametrize(
    "content", ["[]", '{"generation": 7}', '{"generation": "../../etc"}', '{"generation": "abc"}', "x"]
)
def test_a_wrong_note_of_what_is_current_is_never_followed(library: Library, content: str) -> None:
    (library.folder / "current.json").write_text(content)
    second = another(library)

    assert second.open() is not None
    assert second.reload().generation == library.generation.id
    assert second.open() is None


# --------------------------------------------------------------- two builders


class StoppingEmbedder(WordEmbedder):
    """Stops in the middle of a build until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.is_building = threading.Event()
        self.may_go_on = threading.Event()

    def embed_passages(self, passages: Sequence[tuple[str, Sequence[Span]]]) -> list[Embedding]:
        self.is_building.set()
        assert self.may_go_on.wait(30)
        return super().embed_passages(passages)


def test_while_one_thread_builds_another_is_refused_and_questions_are_answered(library: Library) -> None:
    embedder = StoppingEmbedder()
    builder = another(library, embedder=embedder)
    builder.open()
    before = builder.generation.id
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    thread = threading.Thread(target=builder.reload)
    thread.start()
    try:
        assert embedder.is_building.wait(30)

        with pytest.raises(LibraryBusyError):
            library.reload()
        with pytest.raises(LibraryBusyError):
            builder.difference()
        assert builder.ask(QUESTION).generation == before
    finally:
        embedder.may_go_on.set()
        thread.join(30)

    assert builder.ask("striped horses").quotes[0].citation.document == "zebras"
    assert library.reload().embedded == 0


def test_a_look_at_whether_somebody_builds_refuses_no_reload(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.building.LOOKED_AT_S", 1)
    look = filelock.FileLock(library.folder / LOCK_FILE, thread_local=False)
    look.acquire()
    threading.Timer(0.02, look.release).start()
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})

    assert library.reload().added == ("zebras",)


def test_a_second_process_is_waited_for_where_somebody_is_told(library: Library) -> None:
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    command = [sys.executable, "-m", "tests.index.holding", str(library.corpus), str(data_of(library))]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        stdin, told = process.stdin, []

        with pytest.raises(LibraryBusyError):
            library.reload()

        def let_it_go_on(waited_s: int) -> None:
            if waited_s:
                return
            told.append(process.poll())
            stdin.write("\n")
            stdin.flush()

        report = library.reload(on_wait=let_it_go_on)
        built = process.stdout.readline().strip()

    assert told == [None]
    assert (process.returncode, report.generation, report.embedded) == (0, built, 0)
    assert library.ask("striped horses").quotes[0].citation.document == "zebras"


def test_a_lock_of_a_process_that_died_is_free_again(library: Library) -> None:
    write_corpus(library.corpus, {"zebras.md": ZEBRAS})
    command = [sys.executable, "-m", "tests.index.holding", str(library.corpus), str(data_of(library))]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        process.kill()
        process.wait(30)

    assert library.reload().added == ("zebras",)


def test_looking_while_another_thread_reloads_never_fails(library: Library) -> None:
    problems: list[BaseException] = []
    is_over = threading.Event()

    def look() -> None:
        try:
            while not is_over.is_set():
                library.files_changed()
                library.status()
                library.ask(QUESTION)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(6):
            write_corpus(library.corpus, {"zebras.md": f"There are {number} zebras.\n"})
            library.reload()
    finally:
        is_over.set()
        for thread in threads:
            thread.join(30)

    assert problems == []


# -------------------------------------------------------------------- crashes


@pytest.mark.parametrize(("has_old_generation", "deaths"), [(True, 15), (False, 8)])
def test_a_crash_at_any_moment_leaves_the_old_or_the_new_generation_whole(
    corpus_folder: Path, tmp_path: Path, has_old_generation: bool, deaths: int
) -> None:
    template = tmp_path / "template"
    template.mkdir()
    library = Library(corpus=corpus_folder, data=template, embedder=WordEmbedder())
    old = library.reload().generation if has_old_generation else None
    write_corpus(corpus_folder, {"zebras.md": ZEBRAS, "food/bread.md": "Rye bread keeps for a week.\n"})
    (corpus_folder / "games/chess-club.txt").unlink()
    copies = tmp_path / "copies"
    command = [
        sys.executable,
        "-m",
        "tests.index.crashing",
        str(corpus_folder),
        str(template),
        str(copies),
        str(deaths),
    ]

    names = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.split()

    whole = another(library, data=copies / "whole")
    assert whole.open() is None
    new = whole.generation.id
    assert len(names) == deaths
    opened = []
    for name in names:
        survivor = another(library, data=copies / name)
        problem = survivor.open()
        opened.append(None if problem else survivor.generation.id)
        assert opened[-1] in (old, new), name
        assert problem is None or not has_old_generation, name
        if problem is None:
            assert survivor.ask(QUESTION).quotes[0].citation.document == "sea/lighthouse", name

        report = survivor.reload()

        assert (report.generation, report.made_current) == (new, True), name
        assert shown(survivor) == shown(whole), name
        assert files_of(survivor.folder / "segments").keys() == files_of(whole.folder / "segments").keys(), name
        assert not list((survivor.folder / "generations").glob(".building-*")), name
        assert another(library, data=copies / name).open() is None, name
    assert old in opened
