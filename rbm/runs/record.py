"""What is written down about a run."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from rbm.datasets.dataset import Dataset
from rbm.errors import BadValue
from rbm.models import io
from rbm.runs.progress import OVER, Progress, Status
from rbm.training.config import TrainConfig

VERSIONS: dict[str, str] = {"format": str(io.VERSION), "numpy": np.__version__, "machine": platform.machine()}


@dataclass(frozen=True)
class Run:
    """The record of one training.

    id: whoever knows it may read the run, so it can't be guessed. owner: a hash of the owner's key.
    n_classes: of the labels that are trained on; 0 where none are. fingerprint: of the training images and
    these labels. versions: what a bit-identical repetition depends on. holder: the process that trains it.
    training_error, validation_error: of the last epoch. below: the id of the run that this one stands on, "" for none;
    until that one is finished, there is no fingerprint. sweep: what runs that were started together have in common.
    """

    name: str
    owner: str
    data: str
    fingerprint: str
    config: TrainConfig
    created: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    n_classes: int = 0
    measures: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=lambda: VERSIONS)
    status: Status = "waiting"
    message: str = ""
    epoch: int = 0
    fraction: float = 0.0
    seconds: float = 0.0
    training_error: float | None = None
    validation_error: float | None = None
    holder: str = ""
    pinned: bool = False
    imported: bool = False
    deleted: float | None = None
    below: str = ""
    sweep: str = ""

    @property
    def over(self) -> bool:
        return self.status in OVER

    @property
    def unfinished(self) -> bool:
        """Somebody trains it, or will without being asked; `holder` says who."""
        return self.status in ("waiting", "running")

    @property
    def rests(self) -> bool:
        """Nothing trains it, nothing will without being asked, and it can go on."""
        return self.status in ("interrupted", "paused", "stopped", "failed") and not self.imported

    @property
    def waits_below(self) -> bool:
        """It begins when the layer below is finished."""
        return self.status == "waiting" and bool(self.below) and not self.fingerprint

    def at(self, progress: Progress) -> Run:
        """The record of this run when its training stands there."""
        last = progress.history[-1] if progress.history else None
        return replace(
            self,
            status=progress.status,
            message=progress.message,
            epoch=progress.epoch,
            fraction=progress.fraction,
            seconds=progress.seconds,
            training_error=last.training_error if last else None,
            validation_error=last.validation_error if last else None,
        )


COLUMNS = tuple(column.name for column in fields(Run))
_JSON = ("config", "versions", "measures")


def row(run: Run) -> dict[str, Any]:
    """The run in numbers and strings, by column."""
    values = {name: getattr(run, name) for name in COLUMNS}
    return values | {
        "config": configuration(run.config),
        "versions": json.dumps(dict(run.versions), sort_keys=True),
        "measures": json.dumps(run.measures),
    }


def from_row(values: Mapping[str, Any]) -> Run:
    """The run of a row. Raises BadValue, naming the column, for what `row` never made."""
    given = {}
    for name in COLUMNS:
        if name in ("below", "sweep") and name not in values:  # an earlier version wrote this, which knew none
            continue
        try:
            given[name] = _checked(name, values[name])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadValue(f"its {name} can't be read ({type(error).__name__}: {str(error)[:80]})") from None
    return Run(**given)


_TEXTS = ("id", "owner", "name", "data", "fingerprint", "message", "holder", "below", "sweep")
_DATE = (0.0, 1e11)  # seconds that a calendar can show
_RANGES: dict[str, tuple[float, float]] = {
    "created": _DATE,
    "deleted": _DATE,
    "fraction": (0, 1),
    "epoch": (0, 10**9),
    "n_classes": (0, 10**6),
}


def _checked(name: str, value: Any) -> Any:
    """A column as `Run` has it. Raises ValueError or TypeError."""
    if name == "config":
        return TrainConfig(**json.loads(value))
    if name == "versions":
        return dict(json.loads(value))
    if name == "measures":
        return tuple(_text(each) for each in json.loads(value))
    if name in _TEXTS:
        return _text(value)
    if name == "status":
        return get_args(Status)[get_args(Status).index(value)]
    if name in ("pinned", "imported"):
        return bool(number(value))
    if value is None and name in ("training_error", "validation_error", "deleted"):
        return None
    found = number(value)
    low, high = _RANGES.get(name, (-math.inf, math.inf))
    if not low <= found <= high:
        raise ValueError(f"{value!r} can't be")
    return int(found) if name in ("epoch", "n_classes") else float(found)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def number(value: Any) -> float:
    """A finite number as it is. Raises ValueError for anything else."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return value


def configuration(config: TrainConfig) -> str:
    """The same settings give the same text, which is that of an earlier version where none is told that it knew not:
    a run that was kept then is found again."""
    told = {name: value for name, value in asdict(config).items() if name not in _LATER or value != _LATER[name]}
    return json.dumps(told, sort_keys=True)


_LATER = {"discriminative": 0.0}  # settings that the first stores didn't know, and what they were then


def fingerprint(data: Dataset, labels: bool = False) -> str:
    """Tells training sets apart: a hash of the images, and of the labels if they are trained on."""
    digest = hashlib.sha256()
    arrays: list[NDArray[Any]] = [data.train_images, *([data.train_labels] if labels else [])]
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
