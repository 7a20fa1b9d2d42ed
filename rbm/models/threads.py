"""One BLAS thread for each training: the rule that shares the cores out.

Trainings run side by side, one per core, so the cores are busy already. OpenBLAS threads spin while they
wait for one another: two trainings with two threads each, or one with two beside a busy page, are ten times
slower than with one thread each (`python -m benchmarks.jobs`). One training alone on an idle machine would
gain a half from a second thread, and is not given it: the sums of OpenBLAS depend on the number of threads
in their last bits, so only a fixed number makes a resumed run bit-identical whatever else ran.

The setting belongs to the process, not to a thread. So it is made when the first training begins, undone
when the last one ends, and never touched in between.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import LibController, ThreadpoolController

NICE = 10  # of 19: a tenth of what another gets
_lock = threading.Lock()
_before: dict[LibController, int] = {}
_users = 0


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS calls of the whole process use one thread while any such block runs."""
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            for library in ThreadpoolController().select(user_api="blas").lib_controllers:
                _before[library] = library.num_threads
                library.set_num_threads(1)


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            for library, threads in _before.items():
                library.set_num_threads(threads)
            _before.clear()


def give_way() -> None:
    """From now on this thread comes after others where the processor is busy: pages answer half as quickly again while
    sixty trainings wait for two cores, and no training ends later. Linux alone tells threads apart."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
