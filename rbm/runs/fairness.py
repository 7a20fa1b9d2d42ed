"""Whose turn it is: an honest start begins soon and a small training ends soon, whatever else waits.

Keys are free, so turns between owners alone don't hold against somebody with a hundred of them. Therefore:

1. An owner who has had no turn for a minute begins a new training at once, before all others, with a short turn. The
   very first goes on until whoever watches has seen it move, for a turn at most.
2. Then goes whose owner asks for least: the seconds of training that all their unfinished ones still need, and
   those they have had lately. One training of 15 s goes before four of them, and before one of an hour. Of those
   who ask for about the same, whose training hasn't been seen to move.
3. Every fourth turn is for the training that has waited longest, so that none waits for ever.

Where it ends: N keys that nobody has seen, and that ask for no more than an honest visitor does, delay a beginning by
N/2 seconds over the number of workers; and those can't be told from many honest visitors.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeVar

FIRST, TURN = 0.5, 3.0  # seconds of a turn
SEEN = 0.01  # of a training: what a bar shows
FRESH = 60.0  # seconds without a turn after which an owner may begin before all others
HALF_LIFE = 600.0  # seconds in which half of what an owner has had is forgotten
OLDEST_EVERY = 4  # turns
PACE = 1e9  # multiplications a second, before any was measured


class Applicant(Protocol):
    """A training, as far as turns are concerned. arrival: of the present wait, the later the higher. turns: it has had,
    the present one among them. fraction: that is done."""

    owner: str
    arrival: int
    turns: int

    @property
    def fraction(self) -> float: ...

    @property
    def work_left(self) -> float: ...


A = TypeVar("A", bound=Applicant)


class Turns:
    """Remembers who has had how much. Not for several threads at once: the queue's lock guards it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._had: dict[str, tuple[float, float]] = {}  # by owner: seconds, and the end of the last turn
        self._given = 0

    def order(self, waiting: Sequence[A], active: Collection[A], pace: float = 0.0) -> list[A]:
        """Those that wait, the next first. `pace`: work in a second, for all alike: whose turn fell into a busy moment
        doesn't ask for more."""
        demand: dict[str, float] = {}
        for one in (*waiting, *active):
            seconds = one.work_left / (pace or PACE)
            demand[one.owner] = demand.get(one.owner, self.had(one.owner)) + seconds
        busy = {one.owner for one in active}

        def rank(one: A) -> tuple[bool, int, bool, float, bool, int]:
            asked = demand[one.owner]
            about = round(math.log2(max(asked, 1.0)))
            return not self._begins(one, busy), about, one.fraction >= SEEN, asked, not one.turns, one.arrival

        return sorted(waiting, key=rank)

    def pick(self, waiting: Sequence[A], active: Collection[A], pace: float = 0.0) -> A:
        """The next, whose turn begins now."""
        first = self.order(waiting, active, pace)[0]
        if self._begins(first, {one.owner for one in active}):
            return first
        self._given += 1
        return first if self._given % OLDEST_EVERY else min(waiting, key=lambda one: one.arrival)

    def enough(self, one: Applicant, seconds: float) -> bool:
        """Whether its turn is over after so many, should others wait. The very first of an owner goes on until it is
        seen to move."""
        short = one.turns == 1 and (one.fraction >= SEEN or one.owner in self._had)
        return seconds >= (FIRST if short else TURN)

    def had(self, owner: str) -> float:
        """Seconds of training that an owner has had lately."""
        seconds, end = self._had.get(owner, (0.0, 0.0))
        return seconds * math.exp2((end - self.clock()) / HALF_LIFE)

    def charge(self, owner: str, seconds: float) -> None:
        """A turn is over."""
        self._had[owner] = self.had(owner) + seconds, self.clock()
        if len(self._had) > 10_000:  # who forgets whom costs nobody anything but a place
            del self._had[min(self._had, key=lambda one: self._had[one][1])]

    def _begins(self, one: Applicant, busy: Collection[str]) -> bool:
        seen = self._had.get(one.owner)
        return not one.turns and one.owner not in busy and (seen is None or self.clock() - seen[1] >= FRESH)
