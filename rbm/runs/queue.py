"""The one queue of a process: a few trainings run, one per core, and the others wait for their turn.

A worker is a thread that lives as long as a job has its turn; an idle queue has no thread at all. Jobs are
taken in the order they came. A paused job holds no worker, only its memory. Resumed, it goes before all
that have not had a turn yet, as it has already waited once; a job that was paused while it waited goes to
the end. A single step is one mini-batch, so it takes no turn: it runs at once, beside the workers.
"""

from __future__ import annotations

import heapq
import os
import threading

from rbm.errors import Busy
from rbm.models import threads
from rbm.runs.job import Forgetful, Job, Recorder, Task


class Queue:
    """workers: jobs that run at a time, by default one per core. backlog: jobs that may wait for a worker."""

    def __init__(self, workers: int | None = None, backlog: int = 100) -> None:
        self.workers = workers or cores()
        self.backlog = backlog
        self._changed = threading.Condition(threading.RLock())
        self._waiting: list[Job] = []
        self._active: set[Job] = set()  # those that have a worker
        self._pace = 0.0  # of the last job that had one

    def submit(self, task: Task, recorder: Recorder | None = None) -> Job:
        """A job that runs as soon as a worker is free. Raises Busy if too many wait already."""
        with self._changed:
            if len(self._waiting) >= self.backlog and len(self._active) >= self.workers:
                raise Busy(
                    f"{len(self._waiting)} trainings already wait for one of {self.workers} workers, and no more can; "
                    "try again in a few minutes"
                )
            job = Job(task, recorder or Forgetful(), self._changed, self._settle, self._outlook)
            self._settle(job)
            return job

    @property
    def running(self) -> int:
        """Jobs that have a worker."""
        with self._changed:
            return len(self._active)

    @property
    def waiting(self) -> int:
        with self._changed:
            return len(self._waiting)

    def _settle(self, job: Job) -> None:
        """Do what the job's owner wants, as far as it goes. With the lock held."""
        if job.held or job.over:
            return  # the thread that is at it looks for itself
        if job.wanted == "stop" or job.steps:
            self._leave(job)
            self._launch(job)
        elif job.wanted == "pause":
            self._leave(job)
            job.mark("paused")
        elif job not in self._waiting:
            job.mark("waiting")
            place = sum(other.had_turn for other in self._waiting) if job.had_turn else len(self._waiting)
            self._waiting.insert(place, job)
        self._dispatch()
        self._changed.notify_all()

    def _leave(self, job: Job) -> None:
        if job in self._waiting:
            self._waiting.remove(job)

    def _dispatch(self) -> None:
        while self._waiting and len(self._active) < self.workers:
            job = self._waiting.pop(0)
            job.had_turn = True
            self._active.add(job)
            self._launch(job)

    def _launch(self, job: Job) -> None:
        job.held = True
        job.mark("running")  # at once: who looks before its thread has begun must not take it for one at rest
        try:
            threading.Thread(target=self._work, args=(job,), name="rbm-training", daemon=True).start()
        except RuntimeError as error:  # the system has no more threads to give
            job.held = False
            self._active.discard(job)
            job.fail(error)

    def _work(self, job: Job) -> None:
        """A thread's whole life."""
        try:
            with threads.one_thread():
                job.run()
        finally:
            with self._changed:
                self._pace = job.pace or self._pace
                self._active.discard(job)
                job.held = False
                self._settle(job)  # its owner may have changed their mind since it last looked
                self._dispatch()
                self._changed.notify_all()

    def _outlook(self, job: Job) -> tuple[int | None, float | None]:
        """Place of a waiting job, and seconds until a worker is free for it: from the measured pace of others."""
        with self._changed:
            if job not in self._waiting:
                return None, None  # it has just got its worker
            ahead = self._waiting[: self._waiting.index(job)]
            paces = [other.pace for other in self._active if other.pace] or [self._pace]
            pace = sum(paces) / len(paces)
            if not pace:
                return len(ahead) + 1, None
            free = [other.work_left / (other.pace or pace) for other in self._active]
            heapq.heapify(free)
            for other in ahead:
                heapq.heapreplace(free, free[0] + other.work_left / pace)
            return len(ahead) + 1, free[0]


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
