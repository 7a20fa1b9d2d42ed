"""A training's state in a file: plain arrays and a JSON note, never pickle. A damaged file is told from a whole one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rbm import files
from rbm.errors import BadCheckpoint, BadFile
from rbm.models.binary import RBM
from rbm.models.io import from_arrays, kind_of
from rbm.training.config import TrainConfig
from rbm.training.state import TrainState

VERSION = 1
_NOTE = "note"
MAX_ARRAYS, MAX_BYTES = 64, 2**31  # far beyond what any training here may take


def write(path: Path, state: TrainState, record: dict[str, Any]) -> None:
    """Replace `path` by `state` and a note about the run. Raises OSError."""
    note = {"version": VERSION, "values": state.values, "record": record}
    files.write(path, files.npz(state.arrays, _NOTE, note))


def read(path: Path) -> tuple[TrainState, dict[str, Any]]:
    """The state and the note about the run. Raises BadCheckpoint, or OSError where there is no such file."""
    data = path.read_bytes()
    try:
        arrays = files.read_arrays(data, MAX_ARRAYS, MAX_BYTES)
        note = json.loads(arrays.pop(_NOTE).tobytes())
        if note["version"] != VERSION:
            raise BadCheckpoint(f"it has version {note['version']}; this program reads version {VERSION}")
        return TrainState(arrays, note["values"]), note["record"]
    except (BadFile, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, BadCheckpoint):
            raise
        raise BadCheckpoint(f"it is damaged ({error})") from None


def model(state: TrainState, config: TrainConfig, n_classes: int = 0) -> RBM:
    """The model as it was at this state. `n_classes`: of the labels it learns, 0 without. Raises ValueError."""
    found = from_arrays(kind_of(config.visible, classes=n_classes > 0), state.arrays, n_classes)
    if "pixel_scale" not in state.arrays:
        return found
    return found.rescaled(state.arrays["pixel_mean"], state.arrays["pixel_scale"])
