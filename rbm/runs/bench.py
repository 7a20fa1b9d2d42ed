"""What stands on a worker of a cluster and trains there what the lab sends: one for each lab and worker process.

It keeps the images that were brought once, and a trainer for every stretch that is under way. It knows nothing of
Dask, which carries its methods to the worker; what they raise is handed over as a value, so that any other error means
that the way to the worker is broken.
"""

from __future__ import annotations

import hashlib
import pickle
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from rbm.datasets.dataset import Dataset
from rbm.models import threads
from rbm.models.binary import RBM
from rbm.runs.record import VERSIONS, Run
from rbm.runs.stretch import Ended, Moved, ended, fraction, trainer_of
from rbm.runs.tower import Below
from rbm.training.config import TrainConfig
from rbm.training.state import Diverged, TrainState
from rbm.training.trainer import Trainer

SLOW = {"ais", "exact"}  # monitors that may take seconds
MOST_BYTES = 2**30  # of images that are kept beside those in use
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Raised:
    """What a training raised, instead of an answer. model, error: as of Diverged, which can't be sent as it is."""

    error: Exception
    model: RBM | None = None
    held: float = 0.0

    def again(self) -> Exception:
        """What is to be raised where it arrives."""
        return self.error if self.model is None else Diverged(str(self.error), self.model, self.held)


@dataclass(frozen=True, eq=False)
class Standing:
    """Where a stretch stands, as `Stretch` has it."""

    epoch: int
    fraction: float
    finished: bool
    about_to_measure: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Layers:
    """The models that a run stands on, and the settings of the lowest."""

    models: tuple[RBM, ...]
    bottom: TrainConfig


def handed_over(method: Callable[Concatenate[Bench, P], R]) -> Callable[Concatenate[Bench, P], R | Raised]:
    """Every exception as a value."""

    @wraps(method)
    def answer(bench: Bench, /, *args: P.args, **kwargs: P.kwargs) -> R | Raised:
        try:
            return method(bench, *args, **kwargs)
        except Diverged as error:
            return Raised(ArithmeticError(str(error)), error.model, error.error)
        except Exception as error:  # whoever asked is to be told, whatever it is
            return Raised(_portable(error))

    return answer


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # of a kind that can't be sent
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def versions() -> dict[str, str]:
    """What must be the same here and there for the same result to the last bit."""
    return {"program": _program(), **VERSIONS}


@cache
def _program() -> str:
    """A hash of all that trains, and of what is sent to and fro."""
    digest, package = hashlib.sha256(), Path(__file__).parents[1]
    for folder in ("datasets", "measures", "models", "runs", "training"):
        for path in sorted((package / folder).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Bench:
    """BLAS uses one thread in this process from now on, as it does for trainings in the lab's own."""

    def __init__(self) -> None:
        self._stay = ExitStack()
        self._stay.enter_context(threads.one_thread())
        self._data: OrderedDict[str, Dataset] = OrderedDict()
        self._trainers: dict[str, Trainer] = {}

    @handed_over
    def versions(self) -> dict[str, str]:
        return versions()

    @handed_over
    def has(self, fingerprint: str) -> bool:
        """Whether these images are here."""
        return fingerprint in self._data

    @handed_over
    def bring(self, data: Dataset, fingerprint: str) -> None:
        """Keep these images; those that were used longest ago go where there are too many."""
        self._data[fingerprint] = data
        while len(self._data) > 1 and sum(map(_size, self._data.values())) > MOST_BYTES:
            self._data.popitem(last=False)

    @handed_over
    def begin(
        self, key: str, run: Run, fingerprint: str, layers: Layers | None, state: TrainState | None
    ) -> tuple[Standing, float, float | None, RBM]:
        """Where it stands, the errors before the first mini-batch and the model. Raises KeyError without its images."""
        data = self._data[fingerprint]
        self._data.move_to_end(fingerprint)
        below = None
        if layers is not None:
            models = layers.models
            below = Below(layers.bottom, models[-1].n_hidden, lambda: models)
        trainer = self._trainers[key] = trainer_of(run, data, below, state)
        held_out = None if state else trainer.validation_error()
        return _standing(trainer), trainer.start_error, held_out, trainer.model

    @handed_over
    def go_on(self, key: str, seconds: float, with_model: bool) -> tuple[Standing, Moved]:
        """Mini-batches for so many seconds, at least one; one that measures is the last, and is not begun after others.

        with_model: it comes along where an epoch ended; that of the last epoch of all always does.
        """
        trainer = self._trainers[key]
        begin, epochs, model = time.perf_counter(), list[Ended](), None
        while True:
            measures = not SLOW.isdisjoint(trainer.about_to_measure)
            report = trainer.step()
            passed = time.perf_counter() - begin
            if report is not None:
                epochs.append(ended(report, passed))
                model = report.model
            if trainer.finished or measures or passed >= seconds or not SLOW.isdisjoint(trainer.about_to_measure):
                break
        keep = with_model or trainer.finished
        return _standing(trainer), Moved(passed, tuple(epochs), model if keep else None)

    @handed_over
    def model(self, key: str) -> RBM:
        return self._trainers[key].model

    @handed_over
    def snapshot(self, key: str) -> TrainState:
        return self._trainers[key].snapshot()

    @handed_over
    def end(self, key: str) -> None:
        """Forget it."""
        self._trainers.pop(key, None)


def _standing(trainer: Trainer) -> Standing:
    return Standing(trainer.epoch, fraction(trainer), trainer.finished, trainer.about_to_measure)


def _size(data: Dataset) -> int:
    return data.train_images.nbytes + data.test_images.nbytes
