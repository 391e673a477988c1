from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import CorpusError, DocumentError
from index.reading import files
from index.reading.decoding import decode
from index.reading.files import read_document, scan
from index.values import Document
from tests.conftest import write_corpus
from tests.index.strategies import texts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


def ids_of(folder: Path) -> list[str]:
    return [file.id for file in scan(folder)[0]]


def reasons_of(folder: Path) -> dict[str, str]:
    return {failure.path: failure.reason for failure in scan(folder)[1]}


def read(folder: Path, name: str, data: bytes | str) -> Document:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    (file,) = (file for file in scan(folder)[0] if file.path == name)
    return read_document(folder, file)


# ------------------------------------------------------------------- scanning


def test_markdown_and_text_files_are_documents_named_by_their_path(corpus_folder: Path) -> None:
    assert ids_of(corpus_folder) == [
        "crafts/glass",
        "crafts/violins",
        "food/bread",
        "games/chess-club",
        "garden/bees",
        "sea/lighthouse",
    ]


def test_files_that_are_no_documents_are_left_out_without_a_word(folder: Path) -> None:
    write_corpus(
        folder,
        dict.fromkeys(
            [
                "a.md",
                "README.md",
                "sub/README.md",
                "readme.MD",
                "questions.jsonl",
                "floors.json",
                ".hidden.md",
                ".git/a.md",
                "s/.x/b.md",
            ],
            "Text.",
        ),
    )

    assert scan(folder)[1] == []
    assert ids_of(folder) == ["a"]


def test_files_of_unknown_types_are_named_with_what_is_read(folder: Path) -> None:
    write_corpus(folder, {"a.md": "Text.", "b.doc": "Text.", "sub/c": "Text."})

    reasons = reasons_of(folder)

    assert ids_of(folder) == ["a"]
    assert sorted(reasons) == ["b.doc", "sub/c"]
    assert all(".md" in reason and ".txt" in reason for reason in reasons.values())


def test_suffixes_count_in_any_case(folder: Path) -> None:
    write_corpus(folder, {"a.MD": "Text.", "b.Txt": "Text."})

    assert ids_of(folder) == ["a", "b"]


def test_of_two_files_with_one_name_the_second_is_reported(folder: Path) -> None:
    write_corpus(folder, {"same.md": "Markdown.", "same.txt": "Text.", "other.md": "Text."})

    assert ids_of(folder) == ["other", "same"]
    assert reasons_of(folder) == {"same.txt": "has the same name as same.md; rename one of the two"}


def test_a_dot_in_a_name_is_no_suffix(folder: Path) -> None:
    write_corpus(folder, {"v1.2.md": "Text.", "v1.3.md": "Text."})

    assert ids_of(folder) == ["v1.2", "v1.3"]


def test_the_folder_server_is_refused_in_the_shared_corpus(folder: Path) -> None:
    write_corpus(folder, {"server/a.md": "Text.", "sub/server/b.md": "Text."})

    assert ids_of(folder) == ["sub/server/b"]
    assert list(reasons_of(folder)) == ["server/a.md"]


def test_links_that_leave_the_folder_are_left_out_and_others_are_read(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus", {"real.md": "Text.", "sub/x.md": "Text."})
    write_corpus(tmp_path, {"secret.md": "Secret.", "outside/deep.md": "Secret."})
    (folder / "out.md").symlink_to(tmp_path / "secret.md")
    (folder / "up.md").symlink_to("../secret.md")
    (folder / "folder").symlink_to(tmp_path / "outside", target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "in.md").symlink_to(folder / "real.md")

    assert ids_of(folder) == ["in", "real", "sub/x"]
    assert reasons_of(folder) == {}


def test_links_that_lead_nowhere_are_reported_and_stop_nothing(folder: Path) -> None:
    write_corpus(folder, {"real.md": "Text."})
    (folder / "dangling.md").symlink_to(folder / "gone.md")
    (folder / "self.md").symlink_to(folder / "self.md")

    assert ids_of(folder) == ["real"]
    assert sorted(reasons_of(folder)) == ["dangling.md", "self.md"]


def test_a_pipe_is_reported_and_not_waited_for(folder: Path) -> None:
    write_corpus(folder, {"real.md": "Text."})
    os.mkfifo(folder / "pipe.md")

    assert ids_of(folder) == ["real"]
    assert reasons_of(folder) == {"pipe.md": "is not a file"}


@pytest.mark.parametrize("suffix", [".md", ".doc"])
def test_a_name_that_is_no_text_is_reported_in_plain_letters(folder: Path, suffix: str) -> None:
    write_corpus(folder, {"real.md": "Text."})
    (folder / os.fsdecode(b"bad\xff" + suffix.encode())).write_bytes(b"Text.")

    failures = scan(folder)[1]

    assert ids_of(folder) == ["real"]
    assert len(failures) == 1
    assert (failures[0].path + failures[0].reason).isprintable()


def test_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="there is no corpus folder") as caught:
        scan(tmp_path / "nowhere")

    assert "nowhere" in caught.value.user_message


# ------------------------------------------------------------------- decoding


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_in_a_known_encoding_is_read_without_its_byte_order_mark(encoding: str) -> None:
    assert decode("Café 😀\n".encode(encoding)) == "Café 😀\n"


@pytest.mark.parametrize("order", ["le", "be"])
def test_both_byte_orders_of_utf_16_are_read(order: str) -> None:
    assert decode("\ufeffCafé".encode(f"utf-16-{order}")) == "Café"


def test_every_line_end_becomes_one_character() -> None:
    assert decode(b"a\r\nb\rc\nd\r\n\r\ne\r\r\nf") == "a\nb\nc\nd\n\ne\n\nf"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("line\nCafé".encode("latin-1"), r"is not UTF-8 text \(byte 0xE9 in line 2\); save it as UTF-8"),
        (b"abc\x00def", "zero bytes"),
        (b"\xff\xfea\x00b", "is not UTF-16 text"),
        ("text".encode("utf-32"), "zero bytes"),
        (b"\x89PNG\r\n\x1a\n\x00", "is not UTF-8 text"),
    ],
)
def test_bytes_that_are_no_text_are_refused_and_never_guessed(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        decode(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_a_document_error(data: bytes) -> None:
    try:
        text = decode(data)
    except DocumentError:
        return

    assert "\r" not in text
    text.encode()


# -------------------------------------------------------------------- reading


def test_document_text_is_what_follows_the_front_matter_but_for_line_ends(folder: Path) -> None:
    document = read(folder, "a.md", b"\xef\xbb\xbf---\r\ntitle: Name\r\n---\r\n\r\n  Text. \r\n\tMore.\r\r\n")

    assert document.text == "\n  Text. \n\tMore.\n\n"
    assert document.title == "Name"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: From  the\n  front\n---\n# Heading\n\nText.\n", "From the front"),
        ("---\ntitle: ' '\n---\n# Heading\n\nText.\n", "Heading"),
        ("---\ntitle: 1984\n---\nText.\n", "1984"),
        ("# Heading\n\nText.\n", "Heading"),
        ("Only text.\n", "name"),
    ],
)
def test_the_title_is_the_front_matters_else_the_first_heading_else_the_name(
    folder: Path, text: str, title: str
) -> None:
    assert read(folder, "name.md", text).title == title


@pytest.mark.parametrize(
    "text",
    ["", " \n\t\n", "---\ntitle: A\n---\n", "<!-- all hidden -->\n", "[^1]: Only a source\n", "\ufeff", "---\n", "***"],
)
def test_a_file_without_text_to_quote_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(DocumentError, match="is empty"):
        read(folder, "a.md", text)


def test_a_file_that_is_too_large_is_refused_unread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1_000_000)

    with pytest.raises(DocumentError, match="is 2 MB; the limit is 1 MB"):
        read(folder, "a.md", "x" * 2_000_000)


def test_a_file_that_vanished_after_the_scan_is_refused(folder: Path) -> None:
    write_corpus(folder, {"a.md": "Text."})
    (file,) = scan(folder)[0]
    (folder / "a.md").unlink()

    with pytest.raises(DocumentError, match='cannot be opened; the system says: "No such file or directory"'):
        read_document(folder, file)


def test_the_digest_is_what_other_programs_say_of_the_file_and_depends_on_every_byte(folder: Path) -> None:
    digests = {
        read(folder, "a.md", "Text.").digest,
        read(folder, "a.md", "Text.\n").digest,
        read(folder, "a.md", "Text.\r\n").digest,
    }

    assert len(digests) == 3
    assert read(folder, "b.md", "Text.").digest == hashlib.sha256(b"Text.").hexdigest()
    assert read(folder, "b.md", "Text.").digest in digests


@given(st.one_of(texts.map(str.encode), st.binary(max_size=300)), st.sampled_from(["a.md", "a.txt"]))
@settings(max_examples=100, deadline=None)
def test_reading_any_file_gives_a_document_or_a_document_error(scratch: Path, data: bytes, name: str) -> None:
    try:
        document = read(scratch, name, data)
    except DocumentError:
        return
    finally:
        (scratch / name).unlink()

    assert document.blocks
    assert any(document.plain(block.span) for block in document.blocks)
