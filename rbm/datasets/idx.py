"""IDX files, the format of MNIST (yann.lecun.com/exdb/mnist): a strict reader for unsigned bytes.

0 0 8 d   d dimensions, 4 bytes each, most significant first   the bytes themselves
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import IO, Protocol

import numpy as np
from numpy.typing import NDArray

from rbm.errors import BadFile

UNSIGNED_BYTE = 8
MAX_BYTES = 512 * 2**20  # of one array: ten times MNIST
STEP = 2**20


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read(path: str | os.PathLike[str], ndim: int) -> NDArray[np.uint8]:
    """The array with `ndim` dimensions in an IDX file, plain or gzipped: uint8, writable.

    Everything is checked before memory is taken. Raises BadFile (a ValueError), or OSError.
    """
    path = Path(path)
    with path.open("rb") as file:
        return read_from(file, ndim, path.name)


def read_from(file: IO[bytes], ndim: int, name: str, max_bytes: int = MAX_BYTES) -> NDArray[np.uint8]:
    """As `read`, from an open file at its start; `name` is what messages call it.

    An array of more than `max_bytes` is refused by what its header claims, before it is unpacked.
    """
    gzipped = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    if not gzipped:
        return _read(file, ndim, name, max_bytes)
    try:
        with gzip.open(file) as unpacked:
            return _read(unpacked, ndim, name, max_bytes)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadFile(f"{name} is a damaged gzip file: {error}") from None


def find(folder: str | os.PathLike[str], name: str) -> Path:
    """The file `name` in `folder`, plain or as `name`.gz. Raises FileNotFoundError naming both."""
    for path in (Path(folder) / name, Path(folder) / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder} holds neither {name} nor {name}.gz")


def _read(file: _Reader, ndim: int, name: str, max_bytes: int) -> NDArray[np.uint8]:
    shape = _read_header(file, ndim, name)
    # of the dimensions that are not 0: no array can be 0 × 4 thousand million × 4 thousand million
    size, extent = math.prod(shape), math.prod(length or 1 for length in shape)
    if extent > max_bytes:
        raise BadFile(f"{name} claims {extent / 2**20:.3g} MB of data; {max_bytes / 2**20:.3g} MB is the limit")
    data = bytearray()
    # In steps: a file that claims much and holds little never makes us allocate what it claims.
    while len(data) < size and (step := file.read(min(STEP, size - len(data)))):
        data += step
    if len(data) < size:
        raise BadFile(f"{name} is cut off: its shape {shape} asks for {size} bytes, it holds {len(data)}")
    if file.read(1):
        raise BadFile(f"{name} goes on after the {size} bytes that its shape {shape} asks for")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _read_header(file: _Reader, ndim: int, name: str) -> tuple[int, ...]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise BadFile(f"{name} is not an IDX file: it starts with {magic.hex(' ') or 'nothing'}, not 00 00")
    if magic[2] != UNSIGNED_BYTE:
        raise BadFile(f"{name} holds data of type {magic[2]}; only unsigned bytes (type 8) can be read")
    if magic[3] != ndim:
        raise BadFile(f"{name} has {magic[3]} dimensions; {ndim} are wanted")
    header = file.read(4 * ndim)
    if len(header) < 4 * ndim:
        raise BadFile(f"{name} is cut off in its header")
    return tuple(int.from_bytes(header[i : i + 4], "big") for i in range(0, 4 * ndim, 4))
