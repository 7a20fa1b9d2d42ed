"""Which server processes live: each holds a lock on a file of its own, and the system lets go when it dies.

So a killed process is known to be gone at once, a busy or sleeping one is not mistaken for dead, and nobody
has to write a heartbeat. It works between containers that share a folder, where process numbers mean nothing.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, *, wait: bool) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int, *, wait: bool) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


class Presence:
    """This process, or one store in it, for the others that use `folder`. Raises OSError if it can't be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            self._remove_dead()
            self.token = secrets.token_hex(8)
            self._descriptor = os.open(self._path(self.token), os.O_RDWR | os.O_CREAT, 0o600)
            _lock(self._descriptor, wait=True)

    def close(self) -> None:
        os.close(self._descriptor)
        self._path(self.token).unlink(missing_ok=True)

    def _remove_dead(self) -> None:
        for path in self._folder.glob("*.lock"):
            if not alive(self._folder, path.stem):
                path.unlink(missing_ok=True)

    def _path(self, token: str) -> Path:
        return self._folder / f"{token}.lock"


def alive(folder: Path, token: str) -> bool:
    """Whether the process that goes by `token` in `folder` lives. Raises OSError."""
    try:
        descriptor = os.open(folder / f"{token}.lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _lock(descriptor, wait=False)
    finally:
        os.close(descriptor)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other process is in such a block for `folder`. Raises OSError."""
    descriptor = os.open(folder / "door", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)
