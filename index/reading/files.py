"""Find the files of a corpus folder and read each as a `Document`."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from index.errors import CorpusError, DocumentError
from index.reading.frontmatter import split_front_matter
from index.reading.markdown import read_markdown
from index.reading.outline import Outline
from index.reading.text import read_text
from index.values import Document, Failure

MAX_FILE_BYTES = 20 * 1024 * 1024
"""A text larger than this is a mistake more often than a document; it would take minutes to embed."""

READERS: dict[str, Callable[[str], Outline]] = {".md": read_markdown, ".txt": read_text}
NOT_DOCUMENTS = frozenset({"readme.md", "questions.jsonl", "floors.json"})


@dataclass(frozen=True, slots=True)
class FileState:
    """A file that will become a document, as it lies on disk."""

    id: str
    path: str
    """Below the corpus folder, with `/` and the suffix."""
    size: int
    modified_ns: int


def scan(folder: Path) -> tuple[list[FileState], list[Failure]]:
    """List the files that are documents, in path order, and those that cannot be.

    Left out without a word: `README.md`, `questions.jsonl`, `floors.json`, dot files and dot folders, links that
    leave the folder.

    Raises:
        CorpusError: The folder is missing or cannot be listed.
    """
    if not folder.is_dir():
        raise CorpusError(
            f"there is no corpus folder at {folder}",
            user_message="There is no corpus folder at {folder}. Name one with --corpus or CORPUS_DIR.",
            folder=folder,
        )
    root = folder.resolve()
    found: dict[str, FileState] = {}
    failures: list[Failure] = []
    for path in sorted(_files_below(folder)):
        name = path.relative_to(folder).as_posix()
        if _leaves(path, root):
            continue
        legible = name.encode(errors="backslashreplace").decode()
        if legible != name:
            failures.append(Failure(legible, "has a name that is not UTF-8; rename it"))
            continue
        if path.suffix.lower() not in READERS:
            known = ", ".join(sorted(READERS))
            failures.append(Failure(name, f"{path.suffix or 'a file without a suffix'} is not read; use {known}"))
            continue
        try:
            status = path.stat()
        except OSError as error:
            failures.append(Failure(name, f"cannot be opened: {error.strerror or error}"))
            continue
        if not stat.S_ISREG(status.st_mode):
            failures.append(Failure(name, "is not a file"))  # reading a pipe would wait for ever
            continue
        document_id = name[: -len(path.suffix)]
        if document_id in found:
            other = found[document_id].path
            failures.append(Failure(name, f"has the same name as {other}; rename one of the two"))
            continue
        if document_id.split("/")[0] == "server":
            failures.append(Failure(name, "the folder name 'server' is kept for servers' own documents; rename it"))
            continue
        found[document_id] = FileState(document_id, name, status.st_size, status.st_mtime_ns)
    return list(found.values()), failures


def _leaves(path: Path, root: Path) -> bool:
    try:
        return path.is_symlink() and not path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a link that leads to itself; opening it fails, and is reported
        return False


def _files_below(folder: Path) -> list[Path]:
    """Files below a folder without dot files; folders that are links are not entered, so no loop is."""
    files: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [
            Path(parent, name) for name in names if not name.startswith(".") and name.lower() not in NOT_DOCUMENTS
        ]
    return files


def read_document(folder: Path, file: FileState) -> Document:
    """Read one file.

    Raises:
        DocumentError: The file cannot be read; the message says why and what to do.
    """
    if file.size > MAX_FILE_BYTES:
        raise DocumentError(f"is {file.size / 1e6:.0f} MB; the limit is {MAX_FILE_BYTES / 1e6:.0f} MB, so split it")
    try:
        data = (folder / file.path).read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot be opened: {error.strerror or error}") from error
    metadata, text = split_front_matter(decode(data))
    outline = READERS[Path(file.path).suffix.lower()](text)
    if not outline.blocks:
        raise DocumentError("is empty; it has no text to quote")
    title = " ".join(str(metadata.get("title") or "").split()) or outline.title or Path(file.id).name
    return Document(
        id=file.id,
        path=file.path,
        title=title,
        text=text,
        digest=file_digest(file.path, data),
        blocks=outline.blocks,
        sections=outline.sections,
        hidden=outline.hidden,
        emphasis=outline.emphasis,
        marks=outline.marks,
        sources=outline.sources,
        metadata=metadata,
    )


def file_digest(path: str, data: bytes) -> str:
    """SHA-256 of a file's path below the corpus folder and its bytes: what a document is made from."""
    return hashlib.sha256(path.encode() + b"\0" + data).hexdigest()


def decode(data: bytes) -> str:
    """Decode UTF-8, or UTF-16 with a byte order mark, and make every line end `\\n`.

    Other encodings are not guessed: a wrong guess would put false characters into quotes.

    Raises:
        DocumentError: The bytes are neither; the message names the first wrong one.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, name = "utf-16", "UTF-16"
    else:
        encoding, name = "utf-8-sig", "UTF-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DocumentError(
            f"is not {name} text (byte 0x{data[error.start]:02X} in line {line}); save it as UTF-8"
        ) from error
    if "\0" in text:
        raise DocumentError("is not text (it holds zero bytes)")
    return text.replace("\r\n", "\n").replace("\r", "\n")
