"""Which format a file has is told by its first bytes; whatever it holds becomes a Dataset."""

from __future__ import annotations

import gzip
import io
import os
import re
import zlib
from pathlib import PurePath
from typing import IO, cast

import numpy as np

from rbm import files
from rbm.datasets import idx
from rbm.datasets.dataset import Dataset, Labels, hold_out
from rbm.datasets.upload import arrays, pictures, scaling, table
from rbm.datasets.upload.options import (
    MAX_BYTES,
    MAX_CLASSES,
    MAX_FILES,
    MAX_PIXELS,
    MAX_UNPACKED,
    Options,
    Parsed,
    shown,
)
from rbm.errors import BadFile

_WHOLE = re.compile(r"\d{1,9}(\.0*)?", re.ASCII)


def read(file: IO[bytes], name: str, options: Options | None = None) -> Dataset:
    """The images in an uploaded file: .npz, CSV, IDX (either of them also as .gz), or a zip of PNG and JPEG.

    `name` is what it is called. Labels that are whole numbers below 256 are kept, others numbered by their names
    in order; without labels all are 0. Raises BadFile for whatever can't be used, and BadValue where another size
    would do.
    """
    options = options or Options()
    data = _bytes(file)
    try:
        parsed = _parse(data, shown(name), options)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadFile(f"{shown(name)} is a damaged gzip file: {error}") from None
    return _dataset(parsed, shown(name), options)


def _bytes(file: IO[bytes]) -> bytes:
    size = file.seek(0, os.SEEK_END)
    if size > MAX_BYTES:
        raise BadFile(f"this file has {size / 2**20:.0f} MB; {MAX_BYTES // 2**20} MB is the limit")
    file.seek(0)
    return file.read(size)


def _parse(data: bytes, name: str, options: Options) -> Parsed:
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        with files.opened(data, MAX_FILES, MAX_UNPACKED) as archive:
            read_from = arrays.read if arrays.holds_arrays(archive) else pictures.read
            return read_from(archive, options)
    if data[:8] == b"\x89PNG\r\n\x1a\n" or data[:3] == b"\xff\xd8\xff":
        raise BadFile("this is a single picture; put the pictures into a zip")
    if data[:2] != b"\x1f\x8b":
        return _plain(io.BytesIO(data), name, options, MAX_UNPACKED)
    limit = min(MAX_UNPACKED, max(files.FREE, files.MAX_RATIO * len(data)))
    with gzip.open(io.BytesIO(data)) as file:  # unpacked in steps, and no further than the limit
        return _plain(cast(IO[bytes], file), name, options, limit)


def _plain(file: IO[bytes], name: str, options: Options, max_bytes: int) -> Parsed:
    start = file.read(3)
    file.seek(0)
    if start != b"\0\0\x08":
        return table.read(file, options, max_bytes)
    images = idx.read_from(file, 3, name, min(max_bytes, MAX_PIXELS))
    if not images.size:
        raise BadFile(f"{name} holds no images")
    return Parsed(*scaling.fit(images, options))


def _dataset(parsed: Parsed, name: str, options: Options) -> Dataset:
    images, n = parsed.images, len(parsed.images)
    if n < 2:
        raise BadFile("this file holds one image; at least one to learn and one to hold out are wanted")
    labels, names = _classes(parsed.labels, n)
    if parsed.n_test is None:
        count = min(n - 1, max(1, round(options.test_fraction * n)))
        train, test = hold_out(labels, count, options.seed)
    else:
        train, test = np.split(np.arange(n), [n - parsed.n_test])
    parts = (images[train], labels[train], images[test], labels[test])
    told = f"{len(set(parsed.labels))} classes" if parsed.labels else "no labels"
    source = f"{name}: {n:,} images of {parsed.shape[0]} × {parsed.shape[1]} pixels, {told}"
    return Dataset(PurePath(name).stem or "upload", *parts, parsed.shape, source, names)


def _classes(words: list[str] | None, n: int) -> tuple[Labels, tuple[str, ...]]:
    """Labels (n,) and the names of 0, 1, ...: numbers name themselves."""
    if words is None:
        return np.zeros(n, np.int64), ()
    kinds = sorted(set(words))
    if all(_WHOLE.fullmatch(word) and float(word) < MAX_CLASSES for word in kinds):
        return np.array([int(float(word)) for word in words], np.int64), ()
    if len(kinds) > MAX_CLASSES:
        raise BadFile(f"these labels have {len(kinds):,} different values; {MAX_CLASSES} classes are the limit")
    number = {word: i for i, word in enumerate(kinds)}
    return np.array([number[word] for word in words], np.int64), tuple(shown(word) or "(none)" for word in kinds)
