"""Files that are broken, huge or meant to harm: each is named with its reason, and nothing else suffers."""

from __future__ import annotations

import io
import logging
import os
import random
import resource
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from index import Library
from index.errors import DocumentError
from index.reading import child, read_document, scan
from index.reading.child import Limits, ReadingChild
from tests.conftest import CORPUS, write_corpus
from tests.fakes import WordEmbedder
from tests.index import making

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def hurried_child(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadingChild]:
    """A child that gives up sooner than the shipped one."""
    hurried = ReadingChild(Limits(time_s=30, memory_bytes=400 * MEGABYTE, answer_bytes=8 * MEGABYTE))
    monkeypatch.setattr(child, "_child", hurried)
    yield hurried
    hurried.close()


def reason_of(folder: Path, name: str, data: bytes) -> str:
    (folder / name).write_bytes(data)
    files, failures = scan(folder)
    for failure in failures:
        return failure.reason
    with pytest.raises(DocumentError) as caught:
        read_document(folder, files[0])
    return str(caught.value)


def bomb(name: str, *, others: tuple[str, ...] = (), size: int = 300 * MEGABYTE) -> bytes:
    """An archive of which one part unpacks to a thousand times its size."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other in others:
            archive.writestr(other, "<a/>")
        with archive.open(name, "w", force_zip64=True) as part:
            for _ in range(size // MEGABYTE):
                part.write(b" " * MEGABYTE)
    return out.getvalue()


def lying_bomb() -> bytes:
    """One whose list of parts says that each is small."""
    data = bytearray(making.packed({"word/document.xml": b" " * 50 * MEGABYTE}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (100).to_bytes(4, "little")
    return bytes(data)


def noise(size: int = 100_000) -> bytes:
    return random.Random(7).randbytes(size)


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
    b"<w:t>&secret;</w:t></w:r></w:p></w:body></w:document>"
)
ENTITIES_UTF_16 = ENTITIES.decode().replace('"1.0"', '"1.0" encoding="utf-16"').encode("utf-16")
DEEP_WORD = (
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    + b"<w:p>" * 50_000
    + b"</w:p>" * 50_000
    + b"</w:body></w:document>"
)
MERGES = "---\na0: &a0 {k: v}\n" + "".join(
    f"a{number}: &a{number} {{<<: [{', '.join([f'*a{number - 1}'] * 9)}]}}\n" for number in range(1, 30)
)
ALIASES = "---\na0: &a0 [x]\n" + "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, 9)
)
WHOLE_PDF = making.pdf([("BodyText", "Some text on a page. " * 50)] * 20)

HOSTILE = {
    "bomb.docx": (bomb("word/document.xml"), "would unpack to 300 MB"),
    "bomb.epub": (bomb("OPS/a.xhtml", others=("META-INF/container.xml",)), "would unpack to 300 MB"),
    "lying.docx": (lying_bomb(), "is damaged in its part 'word/document.xml'"),
    "parts.docx": (making.packed({f"word/document.xml{number or ''}": b"" for number in range(6_000)}), "6,000 parts"),
    "entities.docx": (making.word_with({"word/document.xml": ENTITIES}), "declares entities of its own"),
    "wide-entities.docx": (making.word_with({"word/document.xml": ENTITIES_UTF_16}), "declares entities of its own"),
    "deep.docx": (making.word_with({"word/document.xml": DEEP_WORD}), "nested too deep|damaged or no Word|crash"),
    "cut.docx": (making.word([("Normal", "Text.")])[:-500], "is damaged: its parts cannot be listed"),
    "empty.docx": (making.packed({"word/document.xml": b""}), "is damaged or no Word document"),
    "cut.epub": (making.epub(["<p>Text.</p>"])[:-200], "is damaged: its parts cannot be listed"),
    "nameless.epub": (making.packed({"META-INF/container.xml": b"<container/>"}), "does not name the part"),
    "cut.pdf": (WHOLE_PDF[: len(WHOLE_PDF) // 2], "ends in the middle"),
    "cut-update.pdf": (WHOLE_PDF + b"\n9 0 obj\n<< /Type /Page", "ends in the middle"),
    "locked.pdf": (making.pdf([("BodyText", "Secret.")], password="sesame"), "is locked with a password"),
    "noise.pdf": (b"%PDF-1.7\n" + noise() + b"\n%%EOF", "is a damaged PDF"),
    "blank.pdf": (making.pdf_of_lines([[]]), "only pictures"),
    "long.pdf": (making.pdf_of_lines([[(72.0, 700.0, "x")]] * 2_001), "has 2,001 pages; the limit is 2,000"),
    "noise.md": (noise(), "is not a document but binary data"),
    "noise.txt": (bytes(byte | 1 for byte in noise()), "is not UTF-8 text"),
    "noise.docx": (noise(), "is not a document but binary data"),
    "zip-noise.docx": (b"PK\x03\x04" + noise(), "is damaged: its parts cannot be listed"),
    "picture.html": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise(), "Portable Network Graphics"),
    "front.md": (b"---\ntitle: " + b"a" * 19 * MEGABYTE + b"\n---\nText.", "front matter"),
    "merges.md": (f"{MERGES}---\nText.".encode(), "'<<' in line 3"),
    "aliases.md": (f"{ALIASES}---\nText.".encode(), "front matter of more than|nested too deep"),
    "pieces.txt": (b"a\n\n" * 400_000, "cut into too many pieces"),
    "letters.txt": (b"a" * 6 * MEGABYTE, "has 6.0 million characters of text; the limit is 5 million"),
    "hollow.html": (making.webpage("<script>fill()</script><div id=app></div>"), "has no main text|is empty"),
}


HANGS_S = 60
"""Far beyond any reader's own limit, however busy the machine is."""


@pytest.mark.parametrize("name", HOSTILE)
def test_each_hostile_file_gives_one_clear_reason(tmp_path: Path, name: str) -> None:
    data, expected = HOSTILE[name]
    started = time.monotonic()

    reason = reason_of(tmp_path, name, data)

    assert any(part in reason for part in expected.split("|")), reason
    assert len(reason) < 250
    assert "\n" not in reason
    assert "Traceback" not in reason
    assert time.monotonic() - started < HANGS_S


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    impatient = ReadingChild(Limits(time_s=2))
    monkeypatch.setattr(child, "_child", impatient)
    try:
        assert "took longer than 2 s to read" in reason_of(tmp_path, "comments.md", b"a <!--" * 400_000)
    finally:
        impatient.close()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("deep.html", making.webpage("<div>" * 100_000 + "Something stands at the bottom of it. " * 20)),
        ("deep-lists.html", making.webpage("<ul><li>x" * 20_000)),
        ("deep.md", b"> " * 50_000 + b"text"),
        ("brackets.md", b"[" * 200_000),
        ("open.html", b"<" * 500_000),
        ("attributes.html", b"<p " + b"a=1 " * 200_000 + b">Text."),
    ],
)
def test_deep_nesting_gives_a_document_or_one_reason_and_never_hangs(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    started = time.monotonic()

    try:
        outcome = read_document(tmp_path, scan(tmp_path)[0][0]).title
    except DocumentError as error:
        outcome = str(error)

    assert 0 < len(outcome) < 250
    assert time.monotonic() - started < HANGS_S


@pytest.mark.parametrize("size", [1_000 * MEGABYTE, 200 * MEGABYTE])
def test_a_huge_text_is_refused_by_its_size_unread(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge.md").open("wb") as file:
        file.write(b"---\ntitle: ")
        file.truncate(size)  # holes, which take no room on the disk
    (file_state,) = scan(tmp_path)[0]
    reads: list[Path] = []
    monkeypatch.setattr(Path, "read_bytes", reads.append)

    with pytest.raises(DocumentError, match=f"is {size // MEGABYTE} MB; the limit is 21 MB, so split it"):
        read_document(tmp_path, file_state)

    assert not reads


@pytest.mark.parametrize("name", ["a\nb.md", "a\x1b[31mred.md", "a\x7f.txt", "re\u202ecod.pdf", "\x01.md"])
def test_names_with_control_characters_are_refused_in_plain_letters(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Text.")

    files, (failure,) = scan(tmp_path)

    assert files == []
    assert failure.reason == "has a control character in its name; rename it"
    assert failure.path.isprintable()


def test_dots_in_names_lead_nowhere(tmp_path: Path) -> None:
    write_corpus(tmp_path, {"a..b.md": "Text.", "..md": "Text.", "...": "Text.", "..x/c.md": "Text."})

    files, failures = scan(tmp_path)

    assert [file.id for file in files] == ["a..b"]
    assert failures == []


# ---------------------------------------------------------------- the whole corpus


def peak_memory() -> int:
    """The most that this process has ever held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def test_a_corpus_with_all_of_them_is_read_but_for_them(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", CORPUS)
    for name, (data, _) in HOSTILE.items():
        (folder / name).write_bytes(data)
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(1_000 * MEGABYTE)
    library = Library(corpus=folder, data=tmp_path / "data", embedder=WordEmbedder())
    before = peak_memory()

    report = library.reload()

    reasons: dict[str, list[str]] = {}
    for failure in report.failed:
        reasons.setdefault(failure.path, []).append(failure.reason)
    clashing = {name for name in HOSTILE if sum(Path(name).stem == Path(other).stem for other in HOSTILE) > 1}
    assert set(reasons) == {*HOSTILE, "huge.txt"}
    assert all(len(given) == 1 for given in reasons.values())
    assert all(failure.template.format(**failure.values) == failure.reason for failure in report.failed)
    assert all(
        any(part in reasons[name][0] for part in expected.split("|"))
        for name, (_, expected) in HOSTILE.items()
        if name not in clashing
    )
    assert len(library.documents()) == 6
    assert library.ask("When was the lighthouse built?").quotes
    assert peak_memory() - before < 250 * MEGABYTE


HARBOUR = "The harbour opens at dawn and shuts at dusk."
BREAKING = {
    "harbour.docx": (making.word([("Normal", HARBOUR)]), bomb("word/document.xml"), "would unpack to 300 MB"),
    "harbour.epub": (making.epub([f"<p>{HARBOUR}</p>"]), b"PK\x03\x04" + noise(), "is damaged"),
    "harbour.html": (making.webpage(f"<p>{HARBOUR}</p>"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary data"),
    "harbour.pdf": (
        making.pdf([("BodyText", HARBOUR)]),
        making.pdf([("BodyText", "Locked.")], password="sesame"),
        "is locked with a password",
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_file_that_can_no_longer_be_read_keeps_its_last_good_version(tmp_path: Path, name: str) -> None:
    good, broken, reason = BREAKING[name]
    folder = write_corpus(tmp_path / "corpus", CORPUS)
    (folder / "sea" / name).write_bytes(good)
    library = Library(corpus=folder, data=tmp_path / "data", embedder=WordEmbedder())
    library.reload()
    (folder / "sea" / name).write_bytes(broken)

    report = library.reload()
    library.make_current(report.generation)

    (failure,) = report.failed
    assert (failure.path, failure.kept) == (f"sea/{name}", True)
    assert reason in failure.reason
    assert HARBOUR in library.document("sea/harbour").text
    assert library.status().failed == (failure,)


# ---------------------------------------------------------------- the child


def test_one_child_reads_many_files(tmp_path: Path, hurried_child: ReadingChild) -> None:
    folder = write_corpus(tmp_path, {f"{number}.md": f"Text {number}." for number in range(50)})

    started = {hurried_child._running().pid for file in scan(folder)[0] if read_document(folder, file)}

    assert len(started) == 1


def test_a_child_that_dies_over_a_file_is_replaced_for_the_next(tmp_path: Path, hurried_child: ReadingChild) -> None:
    folder = write_corpus(tmp_path, {"a.md": "Text.", "slow.md": "a <!--" * 400_000})
    good, slow = scan(folder)[0]
    read_document(folder, good)
    killer = threading.Timer(0.5, os.kill, [hurried_child._running().pid, signal.SIGKILL])
    killer.start()

    with pytest.raises(DocumentError, match="made its reader crash"):
        read_document(folder, slow)

    assert read_document(folder, good).text == "Text."


def test_a_child_that_died_between_two_files_is_not_missed(tmp_path: Path, hurried_child: ReadingChild) -> None:
    folder = write_corpus(tmp_path, {"a.md": "Text."})
    (file,) = scan(folder)[0]
    read_document(folder, file)
    process = hurried_child._running()
    process.kill()
    process.wait()

    assert read_document(folder, file).text == "Text."


def test_what_a_library_says_of_a_damaged_file_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    fresh = ReadingChild()
    caplog.set_level(logging.INFO)

    with pytest.raises(DocumentError) as told:
        fresh.read("empty.docx", HOSTILE["empty.docx"][0])
    fresh.close()

    assert told.value.reason == "is damaged or no Word document; save it again"
    assert "cannot read empty.docx: " in caplog.text


def test_a_child_that_waited_long_is_not_relied_on(
    hurried_child: ReadingChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried_child.read("a.md", b"Text.")
    before = hurried_child._running().pid
    monkeypatch.setattr(child, "RESTART_S", 0)

    assert hurried_child.read("a.md", b"Text.").text == "Text."
    assert hurried_child._running().pid != before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_leaves_the_child_to_its_parent(hurried_child: ReadingChild) -> None:
    hurried_child.read("a.md", b"Text.")
    before = hurried_child._running().pid

    forked = os.fork()
    if forked == 0:
        hurried_child.forget()
        os._exit(0 if hurried_child._process is None else 1)

    assert os.waitpid(forked, 0)[1] == 0
    assert hurried_child.read("a.md", b"More.").text == "More."
    assert hurried_child._running().pid == before


def test_the_child_knows_no_secret_and_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "hunter2")
    fresh = ReadingChild()
    fresh.read("a.md", b"Text.")
    process = Path(f"/proc/{fresh._running().pid}")
    if not process.exists():
        pytest.skip("this system does not show what a process has loaded")

    environment, loaded = (process / "environ").read_bytes(), (process / "maps").read_text()
    fresh.close()

    assert b"hunter2" not in environment
    assert "torch" not in loaded


def test_memory_that_a_file_needs_is_bounded(tmp_path: Path) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("this system cannot limit the memory of a process")
    narrow = ReadingChild(Limits(memory_bytes=60 * MEGABYTE))
    parts = making.word_with({"word/document.xml": b"<a>" + b"<b/>" * 1_500_000 + b"</a>"})

    with pytest.raises(DocumentError, match=r"needs too much memory|is damaged or no Word document"):
        narrow.read("a.docx", parts)

    assert narrow.read("a.md", b"Text.").text == "Text."
    narrow.close()


def test_a_child_is_not_left_behind(tmp_path: Path) -> None:
    fresh = ReadingChild()
    fresh.read("a.md", b"Text.")
    process = fresh._running()

    fresh.close()

    assert process.poll() is not None
