"""Which runs give way in a full store: who has most of it gives way first.

Keys are free, so an owner with a hundred of them has a hundred shares. But what one key brings or pins pushes out
nothing of those who have less, and an import pushes out no training.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rbm.runs.limits import Limits
from rbm.runs.record import Run


def leaving(runs: Iterable[Run], sizes: Mapping[str, int], limits: Limits, more: int, used: int) -> list[Run]:
    """What is removed so that `more` runs fit beside `used` bytes of the list itself, `sizes` by id being theirs.

    First what was deleted. Then, one by one, the oldest run of whoever has the largest share, imported ones before
    others; never one that is pinned or trains.
    """
    most = limits.max_megabytes * 2**20
    staying = sorted(runs, key=lambda run: (run.deleted is None, not run.imported, run.created))
    count, total = len(staying) + more, sum(sizes.values()) + used
    numbers, shares = Counter(run.owner for run in staying), Counter[str]()
    for run in staying:
        shares[run.owner] += sizes[run.id]

    def share(run: Run) -> float:
        return max(numbers[run.owner] / limits.max_runs, shares[run.owner] / most)

    free = [run for run in staying if run.deleted is not None or not (run.pinned or run.unfinished)]
    going: list[Run] = []
    while free and (count > limits.max_runs or total > most):
        run = next((one for one in free if one.deleted is not None), None) or max(free, key=share)
        free.remove(run)
        going.append(run)
        count, total = count - 1, total - sizes[run.id]
        numbers[run.owner] -= 1
        shares[run.owner] -= sizes[run.id]
    return going
