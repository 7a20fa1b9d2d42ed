"""The trainings of this process that the store does not know all about, by the id of their run."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from rbm.runs.job import Job, Keeper, Task, at
from rbm.runs.queue import Queue
from rbm.runs.record import Run
from rbm.runs.store import Store

PAUSED = 16  # trainings kept in memory; beyond these, the oldest that are paused wait on disk
UNSAVED = 16  # runs kept in memory that are over and that the disk did not take


@dataclass(frozen=True, eq=False)
class Live:
    """A training and who writes it down."""

    job: Job
    keeper: Keeper

    @property
    def run(self) -> Run:
        """The record as it is this moment."""
        return at(self.keeper.run, self.job.progress())


class Trainings:
    """Submits to the queue, and forgets what is over and saved. Threads may share it."""

    def __init__(self, store: Store, queue: Queue, every: float) -> None:
        self.lock = threading.RLock()
        self._store, self._queue, self._every = store, queue, every
        self._live: dict[str, Live] = {}

    def submit(self, run: Run, task: Task) -> None:
        """Train `run`. Raises Busy."""
        with self.lock:  # until it is in the table, its thread can't take it out
            keeper = Keeper(self._store, run, self._every, self.forget)
            self._live[run.id] = Live(self._queue.submit(task, keeper), keeper)
            self._make_room()

    def get(self, run_id: str) -> Live | None:
        with self.lock:
            return self._live.get(run_id)

    def all(self) -> list[Live]:
        with self.lock:
            return list(self._live.values())

    def of(self, owner: str) -> list[Live]:
        return [live for live in self.all() if live.keeper.run.owner == owner]

    def forget(self, run_id: str) -> None:
        with self.lock:
            self._live.pop(run_id, None)

    def _make_room(self) -> None:
        """Leave to the store, or give up, what would fill the memory: the oldest first."""
        for live in self.all():
            if live.job.over and not live.job.held:
                live.keeper.keep(live.job.progress(), None)  # the disk may take it by now
        resting = [(key, live) for key, live in self._live.items() if not live.job.held]
        paused = [key for key, live in resting if live.job.progress().status == "paused" and live.keeper.saved]
        unsaved = [key for key, live in resting if live.job.over]
        for key in paused[: max(0, len(paused) - PAUSED)] + unsaved[: max(0, len(unsaved) - UNSAVED)]:
            del self._live[key]
