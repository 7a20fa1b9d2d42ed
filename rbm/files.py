"""Files that are there whole or not at all, and archives from outside, hostile until checked.

Whatever happens to the process or the power, `write` leaves the old file or the new one. Nothing of an archive is
unpacked before its size is known.
"""

from __future__ import annotations

import io
import os
import struct
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np

from rbm.errors import BadFile

_SUFFIX = ".partial"
ABANDONED = 600  # seconds after which a file half written belongs to nobody any more

MAX_RATIO = 300  # unpacked bytes for a packed one, of members above FREE bytes; deflate can reach 1032
FREE = 2**20
_ENTRY = b"PK\x01\x02"  # how every entry of a zip's directory begins


def write(path: Path, data: bytes) -> None:
    """`path` becomes `data`, or stays what it was. Raises OSError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{_SUFFIX}")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut. Windows has no such call, and keeps its own journal."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_abandoned(folder: Path) -> None:
    """Take away what killed processes left half written. Raises OSError."""
    for path in folder.glob(f".*{_SUFFIX}"):
        with suppress(FileNotFoundError):  # another process that tidies up as well
            if time.time() - path.stat().st_mtime > ABANDONED:
                path.unlink()


# ---- zip archives and .npy headers from outside, hostile until checked


@contextmanager
def opened(data: bytes, max_files: int, max_bytes: int) -> Iterator[zipfile.ZipFile]:
    """The zip archive `data`: at most `max_files` members, stored or deflated, unpacking to `max_bytes` at most.

    Raises BadFile for any other.
    """
    check_entries(data, max_files)
    with _damage_named():
        archive = zipfile.ZipFile(io.BytesIO(data))
    with archive:
        _check(archive.infolist(), max_bytes)
        yield archive


@contextmanager
def _damage_named() -> Iterator[None]:
    """Whatever zipfile raises over a damaged archive as BadFile."""
    try:
        yield
    except zipfile.BadZipFile as error:
        raise BadFile(f"this archive is damaged: {str(error)[:100]!r}") from None
    except (EOFError, RuntimeError, ValueError, OverflowError, OSError, struct.error, zlib.error) as error:
        raise BadFile(f"this archive is damaged or locked: {str(error)[:100]!r}") from None


def _check(members: list[zipfile.ZipInfo], max_bytes: int) -> None:
    size = sum(member.file_size for member in members)
    if size > max_bytes:
        raise BadFile(f"this archive unpacks to {size / 2**20:.0f} MB; {max_bytes / 2**20:.0f} MB is the limit")
    for member in members:
        if member.flag_bits & 1:
            raise BadFile("this archive is locked with a password")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadFile("this archive is compressed in an unusual way; make an ordinary zip")
        check_ratio(member.compress_size, member.file_size)


def check_entries(data: bytes, max_files: int) -> None:
    """Raises BadFile when the directory of the zip archive `data` may hold more than `max_files` entries.

    zipfile makes an object of each entry, half a kilobyte for 46 bytes, before they could be counted otherwise.
    """
    if (entries := data.count(_ENTRY)) > max_files:
        raise BadFile(f"this file holds {entries} others; {max_files} is the limit")


def check_ratio(packed: int, unpacked: int) -> None:
    """Raises BadFile when `packed` bytes that claim to become `unpacked` are a bomb."""
    if unpacked > FREE and unpacked > MAX_RATIO * packed:
        raise BadFile(f"{packed} bytes in this file unpack to {unpacked / 2**20:.0f} MB: that is no image data")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, as many as it claims at most. Raises BadFile where it is damaged."""
    with _damage_named(), archive.open(member) as file:
        return file.read(member.file_size + 1)  # the last byte makes zipfile check the CRC


def read_npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether column by column, and type of an array (.npy format 1.0): leaves `file` at its data.

    Raises BadFile for anything else; the shape may still be nonsense.
    """
    try:
        if (version := np.lib.format.read_magic(file)) != (1, 0):
            raise BadFile(f"array format {version}")
        header = np.lib.format.read_array_header_1_0(file, max_header_size=1000)
    # all that a crooked header can raise; UserWarning: one from Python 2, where warnings are errors
    except (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError, UserWarning):
        raise BadFile("not stored as a plain array") from None
    return header
