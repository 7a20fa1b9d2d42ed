"""Runs that were started together over a grid of settings: which of them wait for a place, and which begins next.

A sweep is as one visitor with many wishes: no more of its runs are under way than there are workers and one that
stands in line, and than its owner may have, less one, so that a training beside it finds a place too. The others wait
here, and are in the store as any run.
Where the server is restarted they are interrupted, as are those that were under way; `Lab.resume_sweep` goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from rbm.errors import Busy, Refused
from rbm.runs.record import Run
from rbm.runs.store import Store

log = logging.getLogger(__name__)


class Sweeps:
    """Those that wait, of a store and of the lab that trains them; what calls it holds the lab's lock.

    places: how many runs of an owner may be under way while a sweep waits. active: how many are. train: trains a run
    that rests; it raises Refused.
    """

    def __init__(
        self, store: Store, places: Callable[[], int], active: Callable[[str], int], train: Callable[[Run], None]
    ) -> None:
        self._store, self._places, self._active, self._train = store, places, active, train
        self._waiting: dict[str, str] = {}  # runs in their order, and whose they are

    def __contains__(self, run_id: str) -> bool:
        """Whether this run waits for a place."""
        return run_id in self._waiting

    def start(self, owner: str, runs: list[Run]) -> None:
        """New runs of this owner. Raises Busy while others of theirs wait, and as `Store.make_room` and `add`."""
        self._check_none_waits(owner)
        self._store.make_room(len(runs))
        for run in runs:
            self._store.add(run)
        self._wait([self._store.get(run.id) for run in runs])  # what waits is in the list or nowhere

    def go_on(self, owner: str, runs: list[Run]) -> None:
        """Runs of this owner that rest, unless another process has them by now. Raises Busy as `start`."""
        self._check_none_waits(owner)
        claimed = [run for run in runs if self._store.claim(run)]
        self._wait([self._store.get(run.id) for run in claimed])

    def _check_none_waits(self, owner: str) -> None:
        if owner in self._waiting.values():
            raise Busy("a sweep of yours waits for its places already; stop it, or wait until it is nearly done")

    def _wait(self, runs: list[Run]) -> None:
        """These stand in line from now on, and those for whom there is a place begin."""
        self._waiting.update((run.id, run.owner) for run in runs)
        self.begin()

    def take_out(self, run_id: str) -> bool:
        """It waits no longer; whether it did."""
        return self._waiting.pop(run_id, None) is not None

    def begin(self) -> None:
        """Let those begin for whom there is a place."""
        for run_id, owner in list(self._waiting.items()):
            if self._active(owner) >= self._places():
                continue
            try:
                run = self._store.get(run_id)
                self._train(run)
            except Busy:  # the queue is full: when the next training ends there is room
                return
            except Refused as error:
                self._give_up(run_id, error)
            except Exception as error:  # the page must be able to say it; the log keeps the traceback
                log.error("a run of a sweep could not begin", exc_info=error)
                self._give_up(run_id, error)
            self._waiting.pop(run_id, None)

    def _give_up(self, run_id: str, error: Exception) -> None:
        try:
            run = self._store.get(run_id)
        except Refused:  # deleted in another window
            return
        self._store.keep(replace(run, status="stopped", message=f"This run of the sweep did not begin: {error}."))

    @property
    def said(self) -> str:
        """Of a run that waits here, a sentence."""
        places = self._places()
        return f"Waiting for its turn in the sweep, which trains {places} run{'s' if places > 1 else ''} at a time"
