"""ZIP archives that documents come in, opened without trusting what they say of themselves."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib

from index.errors import DocumentError

MAX_ENTRIES = 5_000
MAX_UNPACKED_BYTES = 100 * 1024 * 1024


def open_archive(data: bytes) -> zipfile.ZipFile:
    """Open an archive that is not too large when unpacked.

    What an entry says of its size binds: `zipfile` reads no more of it than that.

    Raises:
        DocumentError: It is damaged, locked, or a bomb.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise DocumentError("is damaged: its parts cannot be listed; save it again") from error
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES:
        raise DocumentError(
            "would unpack to {size} MB in {parts} parts; the limits are {limit} MB and {most} parts",
            size=f"{unpacked / 1e6:,.0f}",
            parts=f"{len(entries):,}",
            limit=round(MAX_UNPACKED_BYTES / 1e6),
            most=f"{MAX_ENTRIES:,}",
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise DocumentError("is locked with a password; save it without one")
    return archive


def part_of(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of one part.

    Raises:
        DocumentError: It is missing or damaged.
    """
    try:
        return archive.read(name)
    except KeyError as error:
        raise DocumentError("lacks its part {part}; save it again", part=repr(name)) from error
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError) as error:
        raise DocumentError("is damaged in its part {part}; save it again", part=repr(name)) from error
