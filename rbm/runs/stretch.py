"""A stretch of training: from a checkpoint on, until it is over or its job rests. Here, or where a `Maker` makes it.

A job asks it to go on, and looks up in between; what it hears is the same wherever the arithmetic is done.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rbm.datasets.dataset import Dataset
from rbm.measures.monitors import UPDATE_RATIO, usual_every
from rbm.models.binary import RBM
from rbm.runs.record import Run
from rbm.runs.tower import Below, lesson
from rbm.training.state import Report, TrainState
from rbm.training.trainer import Trainer


class Lost(Exception):
    """Whoever trained it is gone, with all that lies after the last checkpoint: it is to be begun anew from there."""


class NoPlace(Lost):
    """Fewer trainings fit than there were places for: it is to wait for one. That is no fault of its own."""


@dataclass(frozen=True)
class Ended:
    """An epoch that ended, `seconds` after it was asked to go on. The rest as in `rbm.training.state.Report`."""

    epoch: int
    training_error: float
    validation_error: float | None
    seconds: float
    images_per_second: float
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Moved:
    """What came of going on: the seconds it took, the epochs that ended, and the model after the last of them, where
    it came along."""

    seconds: float
    epochs: tuple[Ended, ...] = ()
    model: RBM | None = None


class Stretch(Protocol):
    """Every method but `close` raises Lost, and whatever the training itself raises.

    begun: errors of training and of held-out images before the first mini-batch, where it was begun here.
    fraction: of all mini-batches. about_to_measure: the monitors that it runs when it goes on next, maybe for seconds.
    """

    begun: tuple[float, float | None]

    @property
    def epoch(self) -> int: ...

    @property
    def fraction(self) -> float: ...

    @property
    def finished(self) -> bool: ...

    @property
    def about_to_measure(self) -> tuple[str, ...]: ...

    @property
    def model(self) -> RBM:
        """A copy of the model as it is now."""

    def go_on(self, once: bool) -> Moved:
        """A mini-batch; or some more, unless only one is wanted."""

    def snapshot(self) -> TrainState: ...

    def close(self) -> None:
        """Nobody asks it any more."""


class Maker(Protocol):
    def __call__(self, run: Run, data: Dataset, below: Below | None, state: TrainState | None, /) -> Stretch:
        """Go on from `state`, or begin. Raises as `Trainer` does."""


class Here:
    """In this thread. As every Stretch; a Maker too."""

    def __init__(self, run: Run, data: Dataset, below: Below | None, state: TrainState | None) -> None:
        self._trainer = trainer_of(run, data, below, state)
        held_out = None if state else self._trainer.validation_error()
        self.begun: tuple[float, float | None] = (self._trainer.start_error, held_out)

    @property
    def epoch(self) -> int:
        return self._trainer.epoch

    @property
    def fraction(self) -> float:
        return fraction(self._trainer)

    @property
    def finished(self) -> bool:
        return self._trainer.finished

    @property
    def about_to_measure(self) -> tuple[str, ...]:
        return self._trainer.about_to_measure

    @property
    def model(self) -> RBM:
        return self._trainer.model

    def go_on(self, once: bool) -> Moved:
        begin = time.perf_counter()
        report = self._trainer.step()
        seconds = time.perf_counter() - begin
        return Moved(seconds) if report is None else Moved(seconds, (ended(report, seconds),), report.model)

    def snapshot(self) -> TrainState:
        return self._trainer.snapshot()

    def close(self) -> None:
        pass


def trainer_of(run: Run, data: Dataset, below: Below | None, state: TrainState | None) -> Trainer:
    """What trains `run` on `data`, or on what the layers below say of them."""
    return Trainer(
        config=run.config,
        **lesson(data, run, below),
        monitors=(UPDATE_RATIO, *run.measures),
        monitor_every=usual_every(run.measures, run.config.epochs),
        state=state,
    )


def fraction(trainer: Trainer) -> float:
    """Of all mini-batches that are done."""
    return (trainer.epoch + trainer.batch / trainer.batches) / trainer.config.epochs


def ended(report: Report, seconds: float) -> Ended:
    finite = {name: value for name, value in report.metrics.items() if math.isfinite(value)}
    return Ended(
        report.epoch, report.reconstruction_error, report.validation_error, seconds, report.images_per_second, finite
    )
