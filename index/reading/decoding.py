"""Bytes to text."""

from __future__ import annotations

import codecs

from index.errors import DocumentError


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
            "is not {encoding} text (byte 0x{byte} in line {line}); save it as UTF-8",
            encoding=name,
            byte=f"{data[error.start]:02X}",
            line=line,
        ) from error
    if "\0" in text:
        raise DocumentError("is not text (it holds zero bytes)")
    return text.replace("\r\n", "\n").replace("\r", "\n")
