"""A data set as one `.npz` file: plain arrays and a JSON note, hostile until checked. Never pickle."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from rbm import files
from rbm.datasets.dataset import Dataset
from rbm.errors import BadFile

VERSION = 1
MAX_BYTES = 128 * 2**20  # 64 million pixels and their labels fit
MAX_NOTE = 2**18  # the names of 256 classes fit, however they are spelled
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
    return files.npz({part: getattr(data, part) for part in _PARTS}, _NOTE, note)


def unpack(raw: bytes, wanted: str) -> Dataset:
    """The data set called `wanted` from what `pack` made. Raises BadFile for anything else."""
    try:
        with files.opened(raw, MAX_ENTRIES, MAX_BYTES) as archive:
            if len(archive.namelist()) != len(_PARTS) + 1:
                raise ValueError(f"it holds {len(archive.namelist())} parts, not {len(_PARTS) + 1}")
            arrays: dict[str, Any] = {
                part: files.read_array(archive, files.member(archive, part), dtype.kind)
                for part, dtype in _PARTS.items()
            }
            if wrong := [part for part, dtype in _PARTS.items() if arrays[part].dtype != dtype]:
                raise ValueError(f"{wrong[0]} is not the array it should be")
            note = files.read_note(archive, _NOTE, MAX_NOTE)
        height, width = note["shape"]
        shape, names = (int(height), int(width)), tuple(map(str, note["class_names"]))
        data = Dataset(wanted, **arrays, shape=shape, source=str(note["source"]), class_names=names)
    except BadFile:
        raise
    except (ValueError, TypeError, KeyError) as error:
        raise BadFile(f"its parts do not fit together: {str(error)[:100]}") from None
    if name(data) != wanted:
        raise BadFile("its content is not what its name says")
    return data
