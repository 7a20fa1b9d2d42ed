"""The trainings of this process of which there is more to know than the store does: one that is over and kept is gone
from here."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rbm.errors import Busy, Refused
from rbm.runs.job import Job
from rbm.runs.limits import Limits
from rbm.runs.record import Run

UNSAVED = 16  # at rest, that the disk did not take: so many are kept in memory

ELSEWHERE = (
    "another process of this server trains this run, and only that one controls it; it is shown here as it was "
    "last saved. Reload the page to get there"
)


class Jobs:
    """By their runs' ids. holder: of this process, as runs name it. lock: held whenever they change, by whoever has to
    look and then to act."""

    def __init__(self, holder: str, limits: Limits) -> None:
        self.lock = threading.RLock()
        self._holder, self._limits = holder, limits
        self._jobs: dict[str, Job] = {}

    def find(self, run_id: str) -> Job | None:
        """Every page asks at every look, and doesn't wait for the lock, which a start holds while it makes room."""
        job = self._jobs.get(run_id)
        if job is None or not job.kept:
            return job
        if self.lock.acquire(blocking=False):
            try:
                if self._jobs.get(run_id) is job and job.kept:
                    del self._jobs[run_id]
            finally:
                self.lock.release()
        return None

    def all(self) -> list[Job]:
        """In the order in which they came."""
        return [job for run_id in list(self._jobs) if (job := self.find(run_id))]

    def of(self, run: Run) -> Job:
        """Raises Refused where nothing trains it here."""
        job = self.find(run.id)
        if job is not None:
            return job
        self.check_here(run)
        raise Refused(f"this run is {run.status}, and nothing trains it now")

    def begin(self, job: Job, how: Callable[[Job], None]) -> None:
        """Let it do what `how` asks for. Raises Busy, and then nothing has changed."""
        with self.lock:
            self._tidy()
            before = self._jobs.get(job.run.id)
            self._jobs[job.run.id] = job
            try:
                how(job)
            except Busy:
                self._jobs.pop(job.run.id)
                if before is not None:
                    self._jobs[job.run.id] = before
                raise

    def forget(self, run_id: str) -> None:
        with self.lock:
            self._jobs.pop(run_id, None)

    def unfinished(self, owner: str, but: str = "") -> int:
        """How many of this owner's are not over, besides the one of run `but`."""
        return sum(job.owner == owner and not job.over and job.run.id != but for job in self.all())

    def check_share(self, owner: str, but: str = "") -> None:
        """Raises Busy where this owner has as many as one may have."""
        unfinished = self.unfinished(owner, but)
        if unfinished >= self._limits.max_active:
            raise Busy(
                f"you have {unfinished} unfinished trainings, and RBM_MAX_ACTIVE allows no more on this server; "
                "stop one, or wait until one is finished"
            )

    def check_here(self, run: Run) -> None:
        """Raises Refused where another process has it."""
        if run.unfinished and run.holder != self._holder:
            raise Refused(ELSEWHERE)

    def _tidy(self) -> None:
        """Give what the disk did not take to it again, and give up the oldest of what would fill the memory."""
        resting = [job for job in self.all() if not job.moving]
        for job in resting:
            job.keep_again()
        for job in [job for job in resting if not job.kept][:-UNSAVED]:
            del self._jobs[job.run.id]
