"""What a page asks for that takes seconds: results that come one by one, made in the line of the trainings.

An errand stands in the queue as a training does, has its turns, and gives way between two results. It is known by a
key, so that a class which asks for the same is served by one; nothing of it is kept on disk.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from rbm.errors import Busy, Refused
from rbm.models import threads
from rbm.runs.fairness import PACE
from rbm.runs.queue import Queue

MOST_KNOWN = 64  # errands whose results are at hand
MOST_UNDER_WAY = 4  # of one owner
log = logging.getLogger(__name__)


class Errand:
    """`make` yields `total` results. seconds: that all of them may take, for the queue's order.

    results: those so far. over: there will be no more. trouble: why not all of them, a sentence.
    """

    def __init__(self, owner: str, queue: Queue, make: Callable[[], Iterator[Any]], total: int, seconds: float) -> None:
        self.owner, self.total, self.seconds = owner, total, seconds
        self.results: tuple[Any, ...] = ()
        self.over, self.trouble = False, ""
        self._queue, self._make, self._stopped = queue, make, False
        self._thread = threading.Thread(target=self._live, name="rbm-errand", daemon=True)
        # what the queue wants to know (`queue.Waiting`): it counts as a training of so many multiplications
        self.arrival, self.turns, self.turn_began, self.called = 0, 0, 0.0, threading.Event()
        self.pace, self.model_bytes = 0.0, 0

    @property
    def fraction(self) -> float:
        return len(self.results) / self.total

    @property
    def work_left(self) -> float:
        return self.seconds * PACE * (1 - self.fraction)

    def note(self, **changes: object) -> None:
        """Whoever watches asks `place`."""

    @property
    def place(self) -> int | None:
        """In the queue, from 1; None while it has a worker."""
        return self._queue.outlook(self)[0]

    def begin(self) -> None:
        """Raises Busy where too many wait."""
        with self._queue.lock:
            self._queue.check(self.owner)
            self._queue.enter(self)
        self._thread.start()

    def stop(self) -> None:
        """After the result that is being made."""
        self._stopped = True
        self.called.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        self._thread.join(timeout)
        return self.over

    def _live(self) -> None:
        threads.give_way()
        try:
            for result in self._make_in_turns():
                self.results = (*self.results, result)
        except Exception as error:  # the page must be able to say it; the log keeps the traceback
            log.error("an errand failed", exc_info=error)
            self.trouble = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
        finally:
            with self._queue.lock:
                self.over = True
                self._queue.leave(self)

    def _make_in_turns(self) -> Iterator[Any]:
        """The results, each made while it has a worker."""
        results, end = iter(self._make()), object()
        while self._has_worker() and (result := next(results, end)) is not end:
            yield result
            with self._queue.lock:
                if self._queue.serves(self) and self._queue.turn_over(self):
                    self._queue.leave(self)
                    self._queue.enter(self)

    def _has_worker(self) -> bool:
        """Wait for one; False where it is stopped."""
        while not self._stopped:
            with self._queue.lock:
                self.called.clear()
                if self._queue.serves(self):
                    return True
                if self._stopped:
                    break
            self.called.wait()
        return False


class Errands:
    """Those that were asked for lately, by their keys."""

    def __init__(self, queue: Queue) -> None:
        self._queue, self._lock = queue, threading.Lock()
        self._known: OrderedDict[Hashable, Errand] = OrderedDict()

    def find(self, key: Hashable) -> Errand | None:
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def start(self, key: Hashable, owner: str, make: Callable[[], Iterator[Any]], total: int, seconds: float) -> Errand:
        """The one that is known by `key`, or a new one. Raises Busy where this owner or the queue has too many."""
        with self._lock:
            known = self._known.get(key)
            if known is not None and not known.trouble:
                return known
            if sum(one.owner == owner and not one.over for one in self._known.values()) >= MOST_UNDER_WAY:
                raise Busy(f"{MOST_UNDER_WAY} of your measurements are under way; wait until one of them is done")
            errand = Errand(owner, self._queue, make, total, seconds)
            errand.begin()
            self._known[key] = errand
            self._forget()
            return errand

    def _forget(self) -> None:
        """The oldest of too many."""
        over = [key for key, errand in self._known.items() if errand.over]
        for key in over[: max(0, len(self._known) - MOST_KNOWN)]:
            del self._known[key]

    def close(self) -> None:
        """Stop all of them."""
        with self._lock:
            for errand in self._known.values():
                errand.stop()
