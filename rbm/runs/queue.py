"""The one line of a process: a few trainings have a worker each, one per core, and the others wait for their turn.

A worker is a place: every training that is under way brings a thread of its own (`rbm.runs.job`), which sleeps while
it waits. `Turns` says whose turn it is; while others wait, a turn is over after some seconds. A paused training has
no place. What is done at once whoever waits, a single step or an end, is done beside the workers, by as many at a
time as there are workers.
"""

from __future__ import annotations

import heapq
import itertools
import math
import os
import threading
from typing import Protocol

from rbm.errors import Busy
from rbm.runs.fairness import Applicant, Turns
from rbm.training.config import TrainConfig

MODELS = 128 * 2**20  # bytes of those that trainings show while they wait: beyond, a page shows the curve alone
MANY = 10  # workers
CROWD = 10  # times the backlog may wait, if none of an owner's waits yet


class Waiting(Applicant, Protocol):
    """A training, as the queue knows it. turn_began: while it has a worker. called: set when it gets one."""

    turn_began: float
    called: threading.Event

    @property
    def pace(self) -> float: ...

    @property
    def model_bytes(self) -> int: ...

    def note(self, **changes: object) -> None:
        """Its status has changed."""


class Queue:
    """workers: trainings at a time, by default one per core. backlog: those that may wait for a worker.

    What says so is called with `lock` held.
    """

    def __init__(self, workers: int | None = None, backlog: int = 100, turns: Turns | None = None) -> None:
        self.workers = workers or cores()
        self.backlog = backlog
        self.lock = threading.RLock()
        self.beside = threading.Semaphore(self.workers)
        self._turns = turns or Turns()
        self._arrivals = itertools.count()
        self._waiting: list[Waiting] = []
        self._active: dict[Waiting, float] = {}  # those that have a worker, and since when
        self.stretched = 1.0  # how many times longer turns are, and the time between two checkpoints
        self._pace = 0.0  # of the last one that had one

    @property
    def running(self) -> int:
        """Trainings that have a worker."""
        with self.lock:
            return len(self._active)

    @property
    def waiting(self) -> int:
        with self.lock:
            return len(self._waiting)

    def resize(self, workers: int) -> None:
        """So many trainings at a time from now on. Of more than `MANY` each has longer turns and fewer checkpoints, for
        all of them go to and fro through this server; a worker becomes free as often as before."""
        with self.lock:
            self.workers, self.stretched = workers, max(1.0, workers / MANY)
            self._call()

    # ---- with the lock held

    @property
    def overfull(self) -> bool:
        """Whether more trainings have a worker than there are, as some were lost."""
        return len(self._active) > self.workers

    def check(self, owner: str) -> None:
        """Raises Busy if too many wait, this owner's among them."""
        others = all(job.owner != owner for job in self._waiting)
        allowed = self.backlog * (CROWD if others else 1)
        if len(self._waiting) >= allowed and len(self._active) >= self.workers:
            raise Busy(
                f"{len(self._waiting)} trainings already wait for one of {self.workers} workers, and no more can; "
                "try again in a few minutes"
            )

    def enter(self, job: Waiting) -> None:
        """Stand in line, at its end; nothing changes for one that is there already."""
        if job not in self._waiting and job not in self._active:
            job.arrival = next(self._arrivals)
            self._waiting.append(job)
            job.note(status="waiting")
            self._call()

    def leave(self, job: Waiting) -> bool:
        """Give up place or worker; whether it had any."""
        if job in self._waiting:
            self._waiting.remove(job)
            return True
        since = self._active.pop(job, None)
        if since is None:
            return False
        self._pace = job.pace or self._pace
        self._turns.charge(job.owner, self._turns.clock() - since)
        self._call()
        return True

    def waits(self, job: Waiting) -> bool:
        return job in self._waiting

    def serves(self, job: Waiting) -> bool:
        """Whether it has a worker."""
        return job in self._active

    def turn_over(self, job: Waiting) -> bool:
        """Whether one that has a worker is to give it up to others."""
        seconds = self._turns.clock() - job.turn_began
        return (bool(self._waiting) or self.overfull) and self._turns.enough(job, seconds / self.stretched)

    def crowded(self, job: Waiting) -> bool:
        """Whether the models of those that wait leave no memory for its own."""
        return sum(other.model_bytes for other in self._waiting) + job.model_bytes > MODELS

    def another_turn(self, job: Waiting) -> None:
        job.turns += 1
        self.turn_begins(job)

    def turn_begins(self, job: Waiting) -> None:
        """Its seconds count from now on."""
        job.turn_began = self._turns.clock()

    def _call(self) -> None:
        while self._waiting and len(self._active) < self.workers:
            job = self._turns.pick(self._waiting, self._active, self._pace)
            self._waiting.remove(job)
            self._active[job] = self._turns.clock()
            self.another_turn(job)
            job.note(status="running")
            job.called.set()

    # ---- for whoever watches

    def outlook(self, job: Waiting) -> tuple[int | None, float | None]:
        """Place of a waiting job, and seconds until a worker is free for it: from the measured pace of others."""
        with self.lock:
            if job not in self._waiting:
                return None, None  # it has just got its worker
            order = self._turns.order(self._waiting, self._active, self._pace)
            ahead = order[: order.index(job)]
            paces = [other.pace for other in self._active if other.pace] or [self._pace]
            pace = sum(paces) / len(paces)
            if not pace:
                return len(ahead) + 1, None
            free = [other.work_left / (other.pace or pace) for other in self._active]
            heapq.heapify(free)
            for other in ahead:
                heapq.heapreplace(free, free[0] + other.work_left / pace)
            return len(ahead) + 1, free[0]


def work(config: TrainConfig, shape: tuple[int, ...]) -> float:
    """Multiplications of a training on images of this shape (n, pixels), nearly: waits are estimated by it."""
    steps = (config.gibbs_steps + (config.final_gibbs_steps or config.gibbs_steps)) / 2
    rungs = config.temperatures if config.algorithm == "pt" else 1
    return math.prod(shape) * config.n_hidden * config.epochs * (4 + 2 * steps * rungs)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
