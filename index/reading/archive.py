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
            f"would unpack to {unpacked / 1e6:,.0f} MB in {len(entries):,} parts; "
            f"the limits are {MAX_UNPACKED_BYTES / 1e6:.0f} MB and {MAX_ENTRIES:,} parts"
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
        raise DocumentError(f"lacks its part {name!r}; save it again") from error
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError) as error:
        raise DocumentError(f"is damaged in its part {name!r}; save it again") from error
