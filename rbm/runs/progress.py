"""Where a training stands, for whoever watches: immutable snapshots, and a curve that never outgrows the memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rbm.models.binary import RBM

Status = Literal["waiting", "running", "paused", "finished", "stopped", "diverged", "failed", "interrupted"]
OVER: frozenset[Status] = frozenset({"finished", "stopped", "diverged", "failed"})
MOST_POINTS = 2000


@dataclass(frozen=True)
class Point:
    """One point of the learning curve; epoch 0 is the model before training.

    `seconds`: of training, up to this point. `measures`: whatever else was asked for, by name.
    """

    epoch: int
    training_error: float
    validation_error: float | None
    seconds: float = 0.0
    measures: Mapping[str, float] = field(default_factory=dict)


class History:
    """Points in the order of their epochs, at most MOST_POINTS: evenly thinned, and always the last one."""

    def __init__(self, points: Iterable[Point] = ()) -> None:
        self._kept: list[Point] = []
        self._last: Point | None = None
        self._stride = 1
        for point in points:
            self.add(point)

    def add(self, point: Point) -> None:
        self._last = point
        if point.epoch % self._stride == 0:
            self._kept.append(point)
        while len(self._kept) >= MOST_POINTS:
            self._stride *= 2
            self._kept = [kept for kept in self._kept if kept.epoch % self._stride == 0]

    def points(self) -> tuple[Point, ...]:
        missing = self._last is not None and (not self._kept or self._kept[-1] is not self._last)
        return (*self._kept, self._last) if missing and self._last else tuple(self._kept)


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a training stands: a snapshot that never changes.

    model: None before there is one. fraction: of all mini-batches. seconds: of training, without waits and
    pauses. speed: the fraction done in a second, 0 before it is known. place, wait: of a training that
    waits, its place in the queue from 1, and the seconds until a worker is free (None: nobody can know yet).
    measuring: the monitors that are at work right now, if any.
    """

    status: Status
    epochs: int
    model: RBM | None = None
    epoch: int = 0
    fraction: float = 0.0
    seconds: float = 0.0
    speed: float = 0.0
    images_per_second: float = 0.0
    history: tuple[Point, ...] = ()
    message: str = ""
    place: int | None = None
    wait: float | None = None
    measuring: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def active(self) -> bool:
        """It moves, or will without being asked."""
        return self.status in ("waiting", "running")

    @property
    def over(self) -> bool:
        return self.status in OVER

    @property
    def seconds_left(self) -> float | None:
        """Of training, at the speed so far; None before there is one."""
        if self.status == "finished":
            return 0.0
        return (1 - self.fraction) / self.speed if self.speed else None
