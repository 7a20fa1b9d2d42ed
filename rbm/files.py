"""Files that are there whole or not at all, and archives from outside, hostile until checked.

Whatever happens to the process or the power, `write` leaves the old file or the new one. Nothing of an archive is
unpacked before its size is known.
"""

from __future__ import annotations

import io
import json
import math
import os
import struct
import sys
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rbm.errors import BadFile

_SUFFIX = ".partial"
ABANDONED = 600  # seconds after which a file half written belongs to nobody any more

MAX_RATIO = 300  # unpacked bytes for a packed one, where there are more than FREE; deflate can reach 1032
FREE = 2**20
MAX_NDIM = 5
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


# ---- zip archives and arrays in them from outside, hostile until checked


@contextmanager
def opened(
    data: bytes, max_files: int, max_bytes: int, *, free: int = FREE, max_ratio: int = MAX_RATIO
) -> Iterator[zipfile.ZipFile]:
    """The zip archive `data`: at most `max_files` members, stored or deflated, unpacking to `max_bytes` at most.

    What unpacks to more than `free` bytes and to `max_ratio` times its size is a bomb. Raises BadFile for any other.
    """
    check_entries(data, max_files)
    with _damage_named():
        archive = zipfile.ZipFile(io.BytesIO(data))
    with archive:
        members = archive.infolist()
        _check(members, max_bytes)
        check_ratio(len(data), sum(member.file_size for member in members), free, max_ratio)  # members may overlap
        for member in members:
            check_ratio(member.compress_size, member.file_size, free, max_ratio)
        yield archive


@contextmanager
def _damage_named() -> Iterator[None]:
    """Whatever zipfile raises over a damaged archive as BadFile."""
    try:
        yield
    except BadFile:
        raise
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


def check_entries(data: bytes, max_files: int) -> None:
    """Raises BadFile when the directory of the zip archive `data` may hold more than `max_files` entries.

    zipfile makes an object of each entry, half a kilobyte for 46 bytes, before they could be counted otherwise.
    """
    if (entries := data.count(_ENTRY)) > max_files:
        raise BadFile(f"this file holds {entries} others; {max_files} is the limit")


def check_ratio(packed: int, unpacked: int, free: int = FREE, max_ratio: int = MAX_RATIO) -> None:
    """Raises BadFile when `packed` bytes that claim to become `unpacked` are a bomb."""
    if unpacked > free and unpacked > max_ratio * packed:
        raise BadFile(
            f"{packed} bytes in this file unpack to {unpacked / 2**20:.0f} MB; {max_ratio} times is the limit"
        )


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member, as many as it claims at most. Raises BadFile where it is damaged."""
    with _damage_named(), archive.open(member) as file:
        return file.read(member.file_size + 1)  # the last byte makes zipfile check the CRC


def npz(arrays: Mapping[str, NDArray[Any]], name: str, note: Any, *, compressed: bool = False) -> bytes:
    """Arrays, and a JSON note among them called `name`, as an .npz file. Raises TypeError for what JSON can't hold."""
    buffer = io.BytesIO()
    save: Any = np.savez_compressed if compressed else np.savez
    save(buffer, **arrays, **{name: np.frombuffer(json.dumps(note).encode(), dtype=np.uint8)})
    return buffer.getvalue()


def read_note(archive: zipfile.ZipFile, name: str, max_bytes: int) -> Any:
    """The note that `npz` put into a file. Raises BadFile for more than `max_bytes`, and for what is no JSON.

    Read as objects a note takes a hundred times its bytes.
    """
    size = (found := member(archive, name)).file_size
    if size > max_bytes:
        raise BadFile(f"the note in this file takes {size:,} bytes; {max_bytes:,} is the limit")
    try:
        return json.loads(read_array(archive, found, "u", 1).tobytes())
    except BadFile:
        raise
    except (ValueError, RecursionError):
        raise BadFile("the note in this file is no JSON") from None


def read_array(archive: zipfile.ZipFile, place: zipfile.ZipInfo, kinds: str, ndim: int | None = None) -> NDArray[Any]:
    """The array in a member, of one of numpy's `kinds` and of `ndim` dimensions if given, read-only.

    Its header must fit the size of its member before a byte of data is read. Raises BadFile.
    """
    name = PurePosixPath(place.filename).stem
    with _damage_named(), archive.open(place) as file:
        shape, fortran, dtype = _header(file, name)
        _check_array(name, shape, dtype, kinds, ndim)
        size = math.prod(shape) * dtype.itemsize
        if not size or file.tell() + size != place.file_size:
            raise BadFile(f"{name} claims shape {_short(shape)}, which does not fit its {place.file_size} bytes")
        data = file.read(size + 1)  # the last byte makes zipfile check the CRC
    if len(data) != size:
        raise BadFile(f"{name} is cut off")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def read_arrays(data: bytes, max_files: int, max_bytes: int) -> dict[str, NDArray[Any]]:
    """All arrays of numbers in the npz file `data`, read-only. Raises BadFile."""
    with opened(data, max_files, max_bytes) as archive:
        return {PurePosixPath(place.filename).stem: read_array(archive, place, "biuf") for place in archive.infolist()}


def read_shape(archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
    """What the header of `name`.npy says, and no more is read: it may still be nonsense. Raises BadFile."""
    with _damage_named(), archive.open(member(archive, name)) as file:
        return _header(file, name)[0]


def _check_array(name: str, shape: tuple[int, ...], dtype: np.dtype[Any], kinds: str, ndim: int | None) -> None:
    """Raises BadFile for a header of anything but a small number of positive lengths and a type that is wanted."""
    if dtype.kind not in kinds or dtype.hasobject or ndim not in (None, len(shape)):
        wanted = "an array" if ndim is None else f"a {ndim}-dimensional array"
        raise BadFile(f"{name} must be {wanted} of numbers; this is {str(dtype)[:60]} of shape {_short(shape)}")
    if len(shape) > MAX_NDIM or not all(type(length) is int and length > 0 for length in shape):
        raise BadFile(f"{name} has an impossible shape, {_short(shape)}")


def _short(shape: tuple[int, ...]) -> str:
    text = str(shape)
    return text if len(text) <= 60 else f"{text[:57]}..."


def member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Where the array called `name` is. Raises BadFile."""
    try:
        return archive.getinfo(f"{name}.npy")
    except KeyError:
        raise BadFile(f"{name} is missing") from None


def _header(file: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether column by column, and type of an array (.npy format 1.0): leaves `file` at its data."""
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("another version of the format")
        return np.lib.format.read_array_header_1_0(file, max_header_size=1000)
    # all that a crooked header can raise; UserWarning: one from Python 2, where warnings are errors
    except (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError, UserWarning):
        raise BadFile(f"{name} is not stored as a plain array") from None
