"""A data set as one `.npz` file: plain arrays and a JSON note, hostile until checked. Never pickle."""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm import files
from rbm.datasets.dataset import Dataset
from rbm.errors import BadFile

VERSION = 1
MAX_BYTES = 128 * 2**20  # 64 million pixels and their labels fit
_PARTS: dict[str, np.dtype[Any]] = {
    "train_images": np.dtype(np.uint8),
    "train_labels": np.dtype(np.int64),
    "test_images": np.dtype(np.uint8),
    "test_labels": np.dtype(np.int64),
}
_NOTE = "note"


def name(data: Dataset) -> str:
    """What a data set is called by its content: "own-" and 16 hexadecimal digits."""
    content = f"{data.fingerprint} {list(data.class_names)}"
    return f"own-{hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()[:16]}"


MAX_ENTRIES = 100_000  # pixels may look like the beginning of an entry, and are counted as one


def pack(data: Dataset, title: str) -> bytes:
    """The data set and what its reader calls it, uncompressed: images are read often and compress slowly."""
    note = {
        "version": VERSION,
        "title": title,
        "shape": list(data.shape),
        "source": data.source,
        "class_names": list(data.class_names),
    }
    arrays: dict[str, Any] = {part: getattr(data, part) for part in _PARTS}
    arrays[_NOTE] = np.frombuffer(json.dumps(note).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack(raw: bytes, wanted: str) -> tuple[Dataset, str]:
    """The data set called `wanted` and its title from what `pack` made. Raises BadFile for anything else."""
    try:
        with files.opened(raw, MAX_ENTRIES, MAX_BYTES) as archive:
            if len(archive.namelist()) != len(_PARTS) + 1:
                raise ValueError(f"it holds {len(archive.namelist())} parts, not {len(_PARTS) + 1}")
            arrays = {part: _array(archive, part, dtype) for part, dtype in _PARTS.items()}
            note = json.loads(_array(archive, _NOTE, np.dtype(np.uint8)).tobytes())
        height, width = note["shape"]
        shape, names = (int(height), int(width)), tuple(map(str, note["class_names"]))
        title = str(note["title"])
        data = Dataset(wanted, **arrays, shape=shape, source=str(note["source"]), class_names=names)
    except BadFile:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadFile(f"its parts do not fit together: {str(error)[:100]}") from None
    if name(data) != wanted:
        raise BadFile("its content is not what its name says")
    return data, title


def _array(archive: zipfile.ZipFile, part: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """One array of this type, if its header fits its size."""
    try:
        raw = files.read_member(archive, archive.getinfo(f"{part}.npy"))
    except KeyError:
        raise ValueError(f"{part} is missing") from None
    file = io.BytesIO(raw)
    shape, fortran, found = files.read_npy_header(file)
    whole = all(type(length) is int and length > 0 for length in shape)
    if found != dtype or fortran or not whole or file.tell() + math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError(f"{part} is not the array it should be")
    return np.frombuffer(raw, dtype, offset=file.tell()).reshape(shape)
