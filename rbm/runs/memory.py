"""What trainings have freed goes back to the system.

glibc keeps an arena for each of many threads, and learns from the first large array that is freed to take others of up
to 32 MB from there too, where they leave holes: a hundred trainings that took turns held 1,050 MB between them, and
hold 260 MB with a fixed limit. No epoch becomes slower by it.
"""

from __future__ import annotations

import ctypes
import sys

M_MMAP_THRESHOLD = -3  # of <malloc.h>
LARGE = 4 * 2**20  # bytes; from here on an array is a mapping of its own


def give_back_large_arrays() -> None:
    """For the whole process. It does nothing where the C library is another one."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, LARGE)
