"""Which runs give way in a full store: who has most of it gives way first.

Keys are free, so an owner with a hundred of them has a hundred shares. But what one key brings or pins pushes out
nothing of those who have less, and an import only runs of the importer's own.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping

from rbm.errors import Refused
from rbm.runs.limits import Limits
from rbm.runs.record import Run

DAY = 24 * 3600.0  # seconds
WRITTEN = 1_577_836_800.0  # the year 2020


def is_old(run: Run, days: float) -> bool:
    """Whether it was deleted, or began more than `days` ago; what is pinned or trains is never old.

    A date before this program was written is a damaged one, or of a clock that was wrong: it says nothing.
    """
    dated_old = WRITTEN < run.created < time.time() - days * DAY
    return run.deleted is not None or (dated_old and not (run.pinned or run.unfinished))


def with_layers_below(some: Iterable[Run], runs: Iterable[Run]) -> dict[str, Run]:
    """These and all of `runs` that they stand on, by id."""
    known, found = {run.id: run for run in runs}, {run.id: run for run in some}
    for run in list(found.values()):
        below = known.get(run.below)
        while below is not None and below.id not in found:
            found[below.id] = below
            below = known.get(below.below)
    return found


def leaving(
    runs: Iterable[Run],
    sizes: Mapping[str, int],
    limits: Limits,
    more: int,
    used: int,
    whose: str | None = None,
    below: str = "",
) -> list[Run]:
    """What is removed so that `more` runs fit beside `used` bytes of the list itself, `sizes` by id being theirs.

    runs: the oldest first. First goes what was deleted. Then, one by one, the oldest run of whoever has the largest
    share, imported ones before others; never one that is pinned or trains, or that others stand on.
    below: the run that the new one stands on.
    `whose`: only this owner's, for an import; then it raises Refused where that is not enough.
    """
    most = limits.max_megabytes * 2**20
    staying = sorted(runs, key=lambda run: (run.deleted is None, not run.imported))
    count, total = len(staying) + more, sum(sizes.values()) + used
    numbers, shares = Counter(run.owner for run in staying), Counter[str]()
    for run in staying:
        shares[run.owner] += sizes[run.id]

    def share(run: Run) -> float:
        return max(numbers[run.owner] / limits.max_runs, shares[run.owner] / most)

    free = [
        run for run in staying
        if run.deleted is not None or (whose in (None, run.owner) and not (run.pinned or run.unfinished))
    ]  # fmt: skip
    going: list[Run] = []
    above = Counter([below, *(run.below for run in staying if run.deleted is None)])  # how many stand on each
    while (loose := [run for run in free if not above[run.id]]) and (count > limits.max_runs or total > most):
        run = next((one for one in loose if one.deleted is not None), None) or max(loose, key=share)
        free.remove(run)
        going.append(run)
        count, total = count - 1, total - sizes[run.id]
        above[run.below] -= run.deleted is None
        numbers[run.owner] -= 1
        shares[run.owner] -= sizes[run.id]
    if whose is not None and (count > limits.max_runs or total > most):
        raise Refused("the store of this server is full, and an import pushes out nobody else's runs; delete one first")
    return going
