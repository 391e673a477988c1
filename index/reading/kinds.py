"""Which format bytes are in, told by the bytes. A name only tells apart what is text: Markdown, HTML, plain."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum

import puremagic

from index.errors import DocumentError
from index.reading.archive import open_archive
from index.reading.decoding import decode

SUFFIXES = {
    ".docx": "DOCX",
    ".epub": "EPUB",
    ".htm": "HTML",
    ".html": "HTML",
    ".md": "Markdown",
    ".pdf": "PDF",
    ".txt": "text",
}
"""Of the files that are taken for documents."""

_WEBPAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+)?html\b", re.I | re.S
)
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")


class Kind(StrEnum):
    """A format that is read."""

    DOCX = "docx"
    EPUB = "epub"
    MARKDOWN = "markdown"
    PDF = "pdf"
    TEXT = "text"
    WEBPAGE = "webpage"


def kind_of(suffix: str, data: bytes) -> Kind:
    """Tell the format of a file.

    Args:
        suffix: Of its name, in lower case.
        data: Its bytes.

    Raises:
        DocumentError: It is none that is read; the message names it where it is known.
    """
    if data.lstrip()[:5] == b"%PDF-" or (suffix == ".pdf" and b"%PDF-" in data[:1024]):
        return Kind.PDF
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _kind_of_archive(data)
    if data.startswith(_OLD_OFFICE):
        raise DocumentError("is in an old Office format, or locked with a password; save it as .docx without one")
    if data.startswith(rb"{\rtf"):
        raise DocumentError("is RTF; save it as .docx")
    if _WEBPAGE.match(data[:2048]):
        return Kind.WEBPAGE
    if b"\0" in data[:4096] and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _not_a_document(data)
    if suffix in (".html", ".htm"):
        return Kind.WEBPAGE
    if suffix in (".docx", ".epub", ".pdf"):
        try:
            decode(data)
        except DocumentError as error:
            raise DocumentError(
                "is no {format}, whatever its name says; save or download it again", format=SUFFIXES[suffix]
            ) from error
    return Kind.MARKDOWN if suffix == ".md" else Kind.TEXT


def _kind_of_archive(data: bytes) -> Kind:
    names = set(open_archive(data).namelist())
    if "word/document.xml" in names:
        return Kind.DOCX
    if "META-INF/container.xml" in names:
        return Kind.EPUB
    if "xl/workbook.xml" in names:
        raise DocumentError("is a spreadsheet; save what matters as .docx or .md")
    if "ppt/presentation.xml" in names:
        raise DocumentError("is a set of slides; save it as .pdf")
    if "content.xml" in names:
        raise DocumentError("is an OpenDocument file; save it as .docx")
    raise DocumentError("is an archive; unpack it and add what is in it")


def _not_a_document(data: bytes) -> DocumentError:
    """What bytes are, in words."""
    known = ", ".join(sorted(SUFFIXES))
    try:
        best = max(puremagic.magic_string(data[:8192]), key=lambda match: match.confidence)
    except (puremagic.PureError, ValueError):
        return DocumentError("is not a document but binary data; what is read is {known}", known=known)
    return DocumentError(
        "is not a document but binary data ({what}); what is read is {known}",
        what=best.name or best.extension,
        known=known,
    )
