"""What ties a training to its run: it writes down what the training tells it, every few seconds at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from rbm.progress import History, Point, Progress
from rbm.records import Run
from rbm.runs import Store
from rbm.state import TrainState

MOST_UNSAVED = 500  # epochs; tiny models make thousands in a few seconds
SHARE = 20  # keeping takes at most one part in so many of the time, however slow the disk


class Keeper:
    """The recorder of a run. `every`: seconds between checkpoints. `done(id)` is called once the end is on disk."""

    def __init__(self, store: Store, run: Run, every: float, done: Callable[[str], None]) -> None:
        self.run = run
        self.saved = False  # whether all that it was told is on disk
        self._store, self._every, self._done = store, every, done
        self._lock = threading.Lock()  # its thread and its owner both change the record
        self._unsaved: list[Point] = []
        self._told = 0
        self._next = time.monotonic() + every

    def change(self, column: str, value: object) -> None:
        """What the owner changes in the record, should it be written down only later."""
        with self._lock:
            self.run = replace(self.run, **{column: value})  # type: ignore[arg-type]

    def point(self, point: Point) -> None:
        self._unsaved.append(point)
        self._told += 1

    def due(self) -> bool:
        return time.monotonic() >= self._next or self._told >= MOST_UNSAVED

    def keep(self, progress: Progress, state: TrainState | None) -> None:
        begin = time.monotonic()
        with self._lock:
            self.run = at(self.run, progress)
        model = progress.model if progress.over else None
        self.saved = self._store.keep(self.run, self._unsaved, state=state, model=model)
        self._told = 0
        # where the disk takes nothing for hours, the curve is kept thinned
        self._unsaved = [] if self.saved else list(History(self._unsaved).points())
        end = time.monotonic()
        self._next = end + max(self._every, SHARE * (end - begin))
        if self.saved and progress.over:
            self._done(self.run.id)


def at(run: Run, progress: Progress) -> Run:
    """The record of a run whose training stands there."""
    last = progress.history[-1] if progress.history else None
    return replace(
        run,
        status=progress.status,
        message=progress.message,
        epoch=progress.epoch,
        fraction=progress.fraction,
        seconds=progress.seconds,
        training_error=last.training_error if last else None,
        validation_error=last.validation_error if last else None,
    )
