"""Find the files of a corpus folder and read each as a `Document`."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from index.errors import CorpusError, DocumentError
from index.reading.child import read_apart
from index.reading.kinds import SUFFIXES
from index.values import Document, Failure

MAX_FILE_BYTES = 20 * 1024 * 1024
"""A file larger than this is a mistake more often than a document; it would take minutes to embed."""

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
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
            failures.append(Failure.of(legible, DocumentError("has a name that is not UTF-8; rename it")))
            continue
        if _UNPRINTABLE.search(name):
            legible = _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", name)
            failures.append(Failure.of(legible, DocumentError("has a control character in its name; rename it")))
            continue
        if path.suffix.lower() not in SUFFIXES:
            failures.append(Failure.of(name, _of_another_type(path.suffix)))
            continue
        try:
            status = path.stat()
        except OSError as error:
            failures.append(Failure.of(name, _unopened(error)))
            continue
        if not stat.S_ISREG(status.st_mode):
            failures.append(Failure.of(name, DocumentError("is not a file")))  # reading a pipe would wait for ever
            continue
        document_id = name[: -len(path.suffix)]
        if document_id in found:
            other = found[document_id].path
            same = DocumentError("has the same name as {other}; rename one of the two", other=other)
            failures.append(Failure.of(name, same))
            continue
        if document_id.split("/")[0] == "server":
            failures.append(
                Failure.of(
                    name,
                    DocumentError("is in a folder named 'server', which is kept for servers' own documents; rename it"),
                )
            )
            continue
        found[document_id] = FileState(document_id, name, status.st_size, status.st_mtime_ns)
    return list(found.values()), failures


def _of_another_type(suffix: str) -> DocumentError:
    known = ", ".join(sorted(SUFFIXES))
    if not suffix:
        return DocumentError("has no suffix that says what it is; use {known}", known=known)
    return DocumentError("is of a type that is not read, {suffix}; use {known}", suffix=suffix, known=known)


def _unopened(error: OSError) -> DocumentError:
    return DocumentError('cannot be opened; the system says: "{problem}"', problem=error.strerror or str(error))


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
        raise DocumentError(
            "is {size} MB; the limit is {limit} MB, so split it",
            size=round(file.size / 1e6),
            limit=round(MAX_FILE_BYTES / 1e6),
        )
    try:
        data = (folder / file.path).read_bytes()
    except OSError as error:
        raise _unopened(error) from error
    reading = read_apart(Path(file.path).name, data)
    outline = reading.outline
    return Document(
        id=file.id,
        path=file.path,
        title=outline.title or Path(file.id).name,
        text=reading.text,
        digest=file_digest(data),
        blocks=outline.blocks,
        sections=outline.sections,
        hidden=outline.hidden,
        emphasis=outline.emphasis,
        marks=outline.marks,
        sources=outline.sources,
        metadata=reading.metadata,
        pages=reading.pages,
        sketch=reading.sketch,
    )


def file_digest(data: bytes) -> str:
    """SHA-256 of a file's bytes, as `sha256sum` says it."""
    return hashlib.sha256(data).hexdigest()
