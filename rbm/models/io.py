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
from rbm.models.deep import MAX_LAYERS, DeepBeliefNet
from rbm.models.gaussian import GaussianRBM
from rbm.models.labelled import LabelRBM
from rbm.models.variances import GaussianVarianceRBM

VERSION = 1
MAX_BYTES = 200 * 2**20  # of a file, and of what it unpacks to
MAX_ENTRIES = 1000  # so many may be listed, to name some of them in a message
FREE, MAX_RATIO = 16 * 2**20, 50  # a file that unpacks to more, and to so many times its size, holds no weights
MAX_NOTE = 2**16  # bytes: as objects they take a hundred times as many
KINDS: dict[str, type[RBM]] = {kind.__name__: kind for kind in (RBM, LabelRBM, GaussianRBM, GaussianVarianceRBM)}
_ARRAYS = {"weights": 2, "visible_bias": 1, "hidden_bias": 1}  # and their dimensions
_SOME = {"log_variance": 1}  # arrays that only some kinds have
_NOTE = "info"
_LAYERS = "layers"  # of a net's note: the kind of each, bottom first
_RESERVED = ("version", "kind", "n_classes", _LAYERS)  # keys of the note that belong to the format

Source = str | os.PathLike[str] | IO[bytes]
Check = Callable[[int, int], None]  # of the visible and the hidden units; it raises BadFile or BadValue


def save(
    path: Source, model: RBM | DeepBeliefNet, info: dict[str, Any] | None = None, *, half_precision: bool = False
) -> None:
    """Write `model` and a JSON-able note about it to `path` (replaced whole, or not at all) or an open file.

    The model is of a kind in KINDS, or a net of such. `half_precision` stores float16 weights: half the
    size, three significant digits. Raises TypeError or ValueError for a note (of 64 KB at most) or weights that the
    file can't hold.
    """
    taken = [key for key in _RESERVED if key in (info or {})]
    if taken:
        raise ValueError(f"the note can't have a key {taken[0]!r}, the format uses it; choose another name")
    if isinstance(model, DeepBeliefNet):
        own: dict[str, Any] = {"kind": type(model).__name__, _LAYERS: [_kind(layer) for layer in model.layers]}
        arrays = {name: array for number, layer in enumerate(model.layers, 1)
                  for name, array in _arrays_of(layer, f"_{number}", half_precision).items()}  # fmt: skip
    else:
        own, arrays = _kind(model), _arrays_of(model, "", half_precision)
    if len(json.dumps(note := {"version": VERSION, **own, **(info or {})})) > MAX_NOTE - 200:
        raise ValueError(f"the note takes more than {MAX_NOTE - 200:,} bytes as JSON; leave something out")
    data = files.npz(arrays, _NOTE, note, compressed=half_precision)  # weights in full hardly get smaller, slowly
    if isinstance(path, str | os.PathLike):
        files.write(Path(path), data)
    else:
        path.write(data)


def _kind(model: RBM) -> dict[str, Any]:
    """What the note says of a machine."""
    return {"kind": type(model).__name__} | ({"n_classes": model.n_classes} if model.n_classes else {})


def _arrays_of(model: RBM, suffix: str, half_precision: bool) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {f"{name}{suffix}": getattr(model, name) for name in model.arrays}
    if half_precision:
        if np.abs(model.weights).max() > np.finfo(np.float16).max:
            raise ValueError("these weights are too large for half precision")
        arrays[f"weights{suffix}"] = model.weights.astype(np.float16)
    return arrays


def load(path: Source) -> Any:
    """The RBM, or the DeepBeliefNet, in a file that `save` wrote. Raises BadModelFile (a ValueError), or OSError."""
    return _read(path)[0]


def read(path: Source, check: Check | None = None) -> tuple[RBM, dict[str, Any]]:
    """The machine and the note beside it. Raises as `load` does, and what `check` raises before an array is read.

    A net is refused: `read_net` reads it.
    """
    model, info = _read(path, check, net=False)
    assert not isinstance(model, DeepBeliefNet)
    return model, info


def read_net(path: Source, check: Check | None = None) -> tuple[DeepBeliefNet, dict[str, Any]]:
    """The net and the note beside it, as `read`; `check` is asked of every layer."""
    model, info = _read(path, check, net=True)
    assert isinstance(model, DeepBeliefNet)
    return model, info


def _read(
    path: Source, check: Check | None = None, net: bool | None = None
) -> tuple[RBM | DeepBeliefNet, dict[str, Any]]:
    """What is in the file; with `net` given nothing but a net, or nothing but one machine."""
    data = _read_bytes(path)
    try:
        with files.opened(data, MAX_ENTRIES, MAX_BYTES, free=FREE, max_ratio=MAX_RATIO) as archive:
            suffixes = _suffixes(archive, net)
            if check is not None:
                for suffix in suffixes:
                    check(*_size(archive, suffix))
            info = _checked_note(files.read_note(archive, _NOTE, MAX_NOTE))
            layers = [_read_arrays(archive, suffix) for suffix in suffixes]
    except BadModelFile:
        raise
    except BadFile as error:
        raise BadModelFile(f"this is not a model file (.npz): {error}") from None
    try:
        with np.errstate(over="ignore"):
            return (_net(layers, info) if suffixes[0] else _model(layers[0], info)), info
    except ValueError as error:
        raise BadModelFile(f"this file holds no usable model: {error}") from None


def _read_arrays(archive: zipfile.ZipFile, suffix: str) -> dict[str, NDArray[Any]]:
    return {
        name: files.read_array(archive, files.member(archive, f"{name}{suffix}"), "f", n)
        for name, n in (_ARRAYS | _SOME).items()
        if name in _ARRAYS or f"{name}{suffix}.npy" in archive.namelist()
    }


def _size(archive: zipfile.ZipFile, suffix: str) -> tuple[int, int]:
    """How many visible and hidden units the file claims for a layer."""
    shape = files.read_shape(archive, f"weights{suffix}")
    if len(shape) != 2:
        raise BadModelFile(
            f"weights{suffix} must be a 2-dimensional array of numbers; this has {len(shape)} dimensions"
        )
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
    if odd := sorted(arrays.keys() ^ set(KINDS[kind].arrays)):
        raise ValueError(f"its kind is {kind}, and only one of the two has {', '.join(odd)}")
    return from_arrays(kind, arrays, info.pop("n_classes", None) if _has_classes(KINDS[kind]) else 0)


def _net(layers: list[dict[str, NDArray[Any]]], info: dict[str, Any]) -> DeepBeliefNet:
    """The net of layers of the kinds that the note names; takes the format's keys out of the note."""
    kind, told = info.pop("kind", None), info.pop(_LAYERS, None)
    if kind != DeepBeliefNet.__name__:
        raise ValueError(f"its kind is {str(kind)[:40]!r}, and its arrays are those of a net")
    if not isinstance(told, list) or len(told) != len(layers) or not all(isinstance(layer, dict) for layer in told):
        raise ValueError(f"the note doesn't tell the kind of each of its {len(layers)} layers")
    return DeepBeliefNet(tuple(_model(arrays, dict(layer)) for arrays, layer in zip(layers, told, strict=True)))


def from_arrays(kind: str, arrays: Mapping[str, NDArray[Any]], n_classes: int = 0) -> RBM:
    """The model of this kind, a name in KINDS, with its own of `arrays`: `weights`, `visible_bias`, `hidden_bias`.

    `n_classes`: its class units, 0 for a kind without. Raises ValueError for what makes no such model.
    """
    _check_kind(kind)
    own: dict[str, Any] = {name: arrays[name] for name in KINDS[kind].arrays}
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
        raise ValueError(f"its kind is {repr(kind)[:60]}, and this program knows {', '.join(names)} and {last}")


def _suffixes(archive: zipfile.ZipFile, net: bool | None) -> list[str]:
    """What the names of each layer's arrays end in: nothing of one machine, "_1", "_2" ... of a net's layers.

    Raises BadModelFile for any other members than those, and where `net` says that the other is wanted.
    """
    found = [member.filename for member in archive.infolist()]
    count = sum(name.startswith("weights_") for name in found) if "weights_1.npy" in found else 0
    if count > MAX_LAYERS:
        raise BadModelFile(f"a deep belief net has 1 to {MAX_LAYERS} layers, got {count}")
    suffixes = [f"_{number}" for number in range(1, count + 1)] or [""]
    wanted = sorted([f"{name}{suffix}.npy" for suffix in suffixes for name in _ARRAYS] + [f"{_NOTE}.npy"])
    some = {f"{name}{suffix}.npy" for suffix in suffixes for name in _SOME}
    if sorted(set(found) - some) != wanted or len(found) != len(set(found)):
        shown = ", ".join(repr(name[:40]) for name in sorted(found)[:5]) or "nothing"
        what = f"the file of a net of {count} layers holds {', '.join(_ARRAYS)} of each" if count else (
            f"a model file holds {', '.join(wanted)}")  # fmt: skip
        raise BadModelFile(f"{what}; this one holds {shown}")
    if net is False and count:
        raise BadModelFile(f"this file holds a deep belief net of {count} layers, and one machine is wanted here")
    if net and not count:
        raise BadModelFile("this file holds one machine, and a deep belief net is wanted here")
    return suffixes


def _checked_note(info: Any) -> dict[str, Any]:
    """The note without its version, where that is one that this program reads."""
    version = info.pop("version", None) if isinstance(info, dict) else None
    if type(version) is not int:
        raise BadModelFile("the note in this file is not one that rbm.save wrote")
    if version != VERSION:
        raise BadModelFile(f"this file has format version {str(version)[:9]}; this program reads version {VERSION}")
    return dict(info)
