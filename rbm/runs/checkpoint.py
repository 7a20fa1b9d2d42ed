"""A training's state in a file: plain arrays and a JSON note, never pickle. A damaged file is told from a whole one."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from rbm import files
from rbm.errors import BadCheckpoint
from rbm.models.binary import RBM
from rbm.models.io import from_arrays, kind_of
from rbm.training.config import TrainConfig
from rbm.training.state import TrainState

VERSION = 1
_NOTE = "note"


def write(path: Path, state: TrainState, record: dict[str, Any]) -> None:
    """Replace `path` by `state` and a note about the run. Raises OSError."""
    note = json.dumps({"version": VERSION, "values": state.values, "record": record})
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {**state.arrays, _NOTE: np.frombuffer(note.encode(), dtype=np.uint8)}
    np.savez(buffer, **arrays)
    files.write(path, buffer.getvalue())


def read(path: Path) -> tuple[TrainState, dict[str, Any]]:
    """The state and the note about the run. Raises BadCheckpoint, or OSError where there is no such file."""
    data = io.BytesIO(path.read_bytes())
    try:
        with np.load(data, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        note = json.loads(arrays.pop(_NOTE).tobytes())
        if note["version"] != VERSION:
            raise BadCheckpoint(f"it has version {note['version']}; this program reads version {VERSION}")
        return TrainState(arrays, note["values"]), note["record"]
    except BadCheckpoint:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError, OSError) as error:
        raise BadCheckpoint(f"it is damaged ({error})") from None


def model(state: TrainState, config: TrainConfig, n_classes: int = 0) -> RBM:
    """The model as it was at this state. `n_classes`: of the labels it learns, 0 without. Raises ValueError."""
    return from_arrays(kind_of(config.visible, classes=n_classes > 0), state.arrays, n_classes)
