"""Models in files: one `.npz` with a version, plain arrays and a JSON note. Never pickle.

A file from outside is hostile until checked: `load` reads sizes before it allocates anything.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from rbm import files
from rbm.errors import BadFile, BadModelFile, BadValue
from rbm.models.binary import RBM
from rbm.models.gaussian import GaussianRBM
from rbm.models.labelled import LabelRBM

VERSION = 1
MAX_BYTES = 200 * 2**20  # of a file, and of what it unpacks to
MAX_ENTRIES = 1000  # so many may be listed, to name some of them in a message
FREE, MAX_RATIO = 16 * 2**20, 50  # a file that unpacks to more, and to so many times its size, holds no weights
MAX_NOTE = 2**16  # bytes: as objects they take a hundred times as many
KINDS: dict[str, type[RBM]] = {kind.__name__: kind for kind in (RBM, LabelRBM, GaussianRBM)}
_ARRAYS = {"weights": 2, "visible_bias": 1, "hidden_bias": 1}
_NOTE = "info"
_RESERVED = ("version", "kind", "n_classes")  # keys of the note that belong to the format

Source = str | os.PathLike[str] | IO[bytes]
Check = Callable[[int, int], None]  # of the visible and the hidden units; it raises BadFile or BadValue


def save(path: Source, model: RBM, info: dict[str, Any] | None = None, *, half_precision: bool = False) -> None:
    """Write `model` and a JSON-able note about it to `path` (replaced whole, or not at all) or an open file.

    The model is of a kind in KINDS. `half_precision` stores float16 weights: half the
    size, three significant digits. Raises TypeError or ValueError for a note (of 64 KB at most) or weights that the
    file can't hold.
    """
    taken = [key for key in _RESERVED if key in (info or {})]
    if taken:
        raise ValueError(f"the note can't have a key {taken[0]!r}, the format uses it; choose another name")
    own: dict[str, Any] = {"version": VERSION, "kind": type(model).__name__}
    if model.n_classes:
        own["n_classes"] = model.n_classes
    arrays: dict[str, Any] = {name: getattr(model, name) for name in _ARRAYS}
    if half_precision:
        if np.abs(model.weights).max() > np.finfo(np.float16).max:
            raise ValueError("these weights are too large for half precision")
        arrays["weights"] = model.weights.astype(np.float16)
    if len(json.dumps(note := {**own, **(info or {})})) > MAX_NOTE - 200:
        raise ValueError(f"the note takes more than {MAX_NOTE - 200:,} bytes as JSON; leave something out")
    data = files.npz(arrays, _NOTE, note, compressed=half_precision)  # weights in full hardly get smaller, slowly
    if isinstance(path, str | os.PathLike):
        files.write(Path(path), data)
    else:
        path.write(data)


def load(path: Source) -> RBM:
    """The model in a file that `save` wrote. Raises BadModelFile (a ValueError), or OSError."""
    return read(path)[0]


def read(path: Source, check: Check | None = None) -> tuple[RBM, dict[str, Any]]:
    """The model and the note beside it. Raises as `load` does, and what `check` raises before an array is read."""
    data = _read_bytes(path)
    try:
        with files.opened(data, MAX_ENTRIES, MAX_BYTES, free=FREE, max_ratio=MAX_RATIO) as archive:
            _check_members(archive)
            if check is not None:
                check(*_size(archive))
            info = _checked_note(files.read_note(archive, _NOTE, MAX_NOTE))
            arrays = {
                name: files.read_array(archive, files.member(archive, name), "f", n) for name, n in _ARRAYS.items()
            }
    except BadModelFile:
        raise
    except BadFile as error:
        raise BadModelFile(f"this is not a model file (.npz): {error}") from None
    try:
        with np.errstate(over="ignore"):
            return _model(arrays, info), info
    except ValueError as error:
        raise BadModelFile(f"this file holds no usable model: {error}") from None


def _size(archive: zipfile.ZipFile) -> tuple[int, int]:
    """How many visible and hidden units the file claims."""
    shape = files.read_shape(archive, "weights")
    if len(shape) != 2:
        raise BadModelFile(f"weights must be a 2-dimensional array of numbers; this has {len(shape)} dimensions")
    return shape[0], shape[1]


def _read_bytes(path: Source) -> bytes:
    """The whole file, so that from here on an OSError can only mean a damaged archive."""
    with open(path, "rb") if isinstance(path, str | os.PathLike) else nullcontext(path) as file:
        size = file.seek(0, os.SEEK_END)
        if size > MAX_BYTES:
            raise BadModelFile(f"this file has {size / 2**20:.0f} MB; {MAX_BYTES // 2**20} MB is the limit")
        file.seek(0)
        return file.read(size)


def _model(arrays: dict[str, NDArray[Any]], info: dict[str, Any]) -> RBM:
    """The model of the kind that the note names; takes the format's keys out of the note."""
    kind = info.pop("kind", "RBM")  # the first files had no other kind
    _check_kind(kind)
    return from_arrays(kind, arrays, info.pop("n_classes", None) if _has_classes(KINDS[kind]) else 0)


def from_arrays(kind: str, arrays: Mapping[str, NDArray[Any]], n_classes: int = 0) -> RBM:
    """The model of this kind, a name in KINDS, with `weights`, `visible_bias` and `hidden_bias` from `arrays`.

    `n_classes`: its class units, 0 for a kind without. Raises ValueError for what makes no such model.
    """
    _check_kind(kind)
    own: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
    if type(n_classes) is not int:
        raise ValueError(f"n_classes must be a whole number, got {n_classes!r}")
    if _has_classes(KINDS[kind]):
        own["n_classes"] = n_classes
    elif n_classes:
        raise ValueError(f"a {kind} has no classes, got n_classes = {n_classes}")
    return KINDS[kind](**own)


def kind_of(pixel_kind: str, *, classes: bool) -> str:
    """The kind whose pixels are such, beside class units or not: a name in KINDS. Raises ValueError where none is."""
    for name, kind in KINDS.items():
        if kind.pixel_kind == pixel_kind and _has_classes(kind) == classes:
            return name
    raise BadValue('labels need binary pixels; leave the labels out or use visible "binary"')


def _has_classes(kind: type[RBM]) -> bool:
    return any(field.name == "n_classes" for field in fields(kind))


def _check_kind(kind: object) -> None:
    if kind not in list(KINDS):  # whatever a file says, hashable or not
        *names, last = KINDS
        raise ValueError(f"its kind is {kind!r}, and this program knows {', '.join(names)} and {last}")


def _check_members(archive: zipfile.ZipFile) -> None:
    wanted = {f"{name}.npy" for name in (*_ARRAYS, _NOTE)}
    found = [member.filename for member in archive.infolist()]
    if sorted(found) != sorted(wanted):
        shown = ", ".join(repr(name[:40]) for name in sorted(found)[:5]) or "nothing"
        raise BadModelFile(f"a model file holds {', '.join(sorted(wanted))}; this one holds {shown}")


def _checked_note(info: Any) -> dict[str, Any]:
    """The note without its version, where that is one that this program reads."""
    version = info.pop("version", None) if isinstance(info, dict) else None
    if type(version) is not int:
        raise BadModelFile("the note in this file is not one that rbm.save wrote")
    if version != VERSION:
        raise BadModelFile(f"this file has format version {str(version)[:9]}; this program reads version {VERSION}")
    return dict(info)
