"""What a training has to tell, and how much of that the disk has: its curve, and the state to go on from.

Keeping is to cost little: it happens every few seconds, or more rarely where the disk is slow.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from rbm.models.binary import RBM
from rbm.runs.progress import History, Point
from rbm.runs.record import Run
from rbm.runs.store import Store
from rbm.training.state import TrainState

SHARE = 20  # keeping takes at most one part in so many of the time, however slow the disk
MOST_UNSAVED = 500  # epochs; tiny models make thousands in a few seconds


class Ledger:
    """Of one training, for its thread. every: seconds between two times that it is kept.

    saved: whether the disk took all of it the last time. state: to go on from, where the disk did not take that.
    """

    def __init__(self, store: Store, points: Iterable[Point], every: float) -> None:
        self._store, self._every = store, every
        self._history = History(points)
        self.saved = True
        self.state: TrainState | None = None
        self._unsaved: list[Point] = []
        self._told = 0
        self._next = time.monotonic() + every

    @property
    def points(self) -> tuple[Point, ...]:
        """The curve, thinned where it is long."""
        return self._history.points()

    def add(self, *points: Point) -> None:
        for point in points:
            self._history.add(point)
        self._unsaved += points
        self._told += len(points)

    def go_back(self, epoch: int) -> None:
        """Forget of the curve what lies after this epoch."""
        self._history = History(point for point in self._history.points() if point.epoch <= epoch)

    @property
    def due(self) -> bool:
        """Whether it is time to keep it."""
        return time.monotonic() >= self._next or self._told >= MOST_UNSAVED

    def keep(
        self, run: Run, model: RBM | None, state: TrainState | None, begin: float | None, stretched: float
    ) -> bool:
        """Write down where `run` stands, with what is known besides; whether the disk took it.

        begin: when that was asked for, if not now. stretched: so many times as long until the next time.
        """
        begin = time.monotonic() if begin is None else begin
        self.saved = self._store.keep(run, self._unsaved, state=state, model=model)
        # where the disk takes nothing for hours, the curve is kept thinned
        self._unsaved, self._told = [] if self.saved else list(History(self._unsaved).points()), 0
        if state is not None:
            self.state = None if self.saved else state
        end = time.monotonic()
        self._next = end + max(self._every * stretched, SHARE * (end - begin))
        return self.saved
