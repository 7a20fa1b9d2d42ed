"""Models in files: one `.npz` with a version, plain arrays and a JSON note. Never pickle.

A file from outside is hostile until checked: `load` reads sizes before it allocates anything.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
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
KINDS: dict[str, type[RBM]] = {kind.__name__: kind for kind in (RBM, LabelRBM, GaussianRBM)}
_ARRAYS = {"weights": 2, "visible_bias": 1, "hidden_bias": 1}
_NOTE = "info"
_RESERVED = ("version", "kind", "n_classes")  # keys of the note that belong to the format

Source = str | os.PathLike[str] | IO[bytes]


def save(path: Source, model: RBM, info: dict[str, Any] | None = None, *, half_precision: bool = False) -> None:
    """Write `model` and a JSON-able note about it to `path` (replaced whole, or not at all) or an open file.

    The model is of a kind in KINDS. `half_precision` stores float16 weights: half the
    size, three significant digits. Raises TypeError or ValueError for a note or weights the file can't hold.
    """
    taken = [key for key in _RESERVED if key in (info or {})]
    if taken:
        raise ValueError(f"the note can't have a key {taken[0]!r}, the format uses it; choose another name")
    own: dict[str, Any] = {"version": VERSION, "kind": type(model).__name__}
    if model.n_classes:
        own["n_classes"] = model.n_classes
    note = json.dumps({**own, **(info or {})})
    arrays: dict[str, Any] = {name: getattr(model, name) for name in _ARRAYS}
    if half_precision:
        if np.abs(model.weights).max() > np.finfo(np.float16).max:
            raise ValueError("these weights are too large for half precision")
        arrays["weights"] = model.weights.astype(np.float16)
    buffer = io.BytesIO()
    arrays[_NOTE] = np.frombuffer(note.encode(), dtype=np.uint8)
    np.savez_compressed(buffer, **arrays)
    if not isinstance(path, str | os.PathLike):
        path.write(buffer.getvalue())
        return
    files.write(Path(path), buffer.getvalue())


def load(path: Source) -> RBM:
    """The model in a file that `save` wrote. Raises BadModelFile (a ValueError), or OSError."""
    return read(path)[0]


def read(path: Source) -> tuple[RBM, dict[str, Any]]:
    """The model and the note beside it. Raises as `load` does."""
    data = _read_bytes(path)
    try:
        files.check_entries(data, MAX_ENTRIES)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive)
            arrays = {name: _read_array(archive, name, ndim) for name, ndim in _ARRAYS.items()}
            info = _parse_note(_read_array(archive, _NOTE, 1))
    except BadModelFile:
        raise
    except BadFile as error:
        raise BadModelFile(str(error)) from None
    except zipfile.BadZipFile as error:
        raise BadModelFile(f"this is not a model file (.npz): {error}") from None
    except (EOFError, RuntimeError, ValueError, OverflowError, OSError, zlib.error) as error:
        raise BadModelFile(f"this file is damaged or locked: {error}") from None
    try:
        with np.errstate(over="ignore"):
            return _model(arrays, info), info
    except ValueError as error:
        raise BadModelFile(f"this file holds no usable model: {error}") from None


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
    size = sum(member.file_size for member in archive.infolist())
    if size > MAX_BYTES:
        raise BadModelFile(f"this file unpacks to {size / 2**20:.0f} MB; {MAX_BYTES // 2**20} MB is the limit")
    if not {member.compress_type for member in archive.infolist()} <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BadModelFile("this file is compressed in a way that rbm.save never uses")


def _read_array(archive: zipfile.ZipFile, name: str, ndim: int) -> NDArray[Any]:
    """One array, its header checked against the size of its member before a byte of data is read."""
    size = archive.getinfo(f"{name}.npy").file_size
    with archive.open(f"{name}.npy") as member:
        try:
            shape, fortran, dtype = files.read_npy_header(member)
        except BadFile:
            raise BadModelFile(f"{name} is not stored as a plain array") from None
        kinds = "u" if name == _NOTE else "f"
        if dtype.kind not in kinds or dtype.hasobject or fortran or len(shape) != ndim:
            order = ", column by column" if fortran else ""
            raise BadModelFile(
                f"{name} must be a {ndim}-dimensional array of numbers; this is {dtype} of shape {shape}{order}"
            )
        count = math.prod(shape)
        if (
            not all(type(length) is int and length > 0 for length in shape)
            or member.tell() + count * dtype.itemsize != size
        ):
            raise BadModelFile(f"{name} claims shape {shape}, which does not fit its {size} bytes")
        data = member.read(count * dtype.itemsize + 1)  # the last byte makes zipfile check the CRC
    if len(data) != count * dtype.itemsize:
        raise BadModelFile(f"{name} is cut off")
    return np.frombuffer(data, dtype=dtype).reshape(shape)


def _parse_note(raw: NDArray[Any]) -> dict[str, Any]:
    try:
        info = json.loads(raw.tobytes().decode())
        version = info.pop("version")
        if not isinstance(version, int):
            raise TypeError
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        raise BadModelFile("the note in this file is not one that rbm.save wrote") from None
    if version != VERSION:
        raise BadModelFile(f"this file has format version {str(version)[:9]}; this program reads version {VERSION}")
    return dict(info)
