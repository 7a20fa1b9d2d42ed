"""Files that are there whole or not at all, whatever happens to the process or the power."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

_SUFFIX = ".partial"
ABANDONED = 600  # seconds after which a file half written belongs to nobody any more


def write(path: Path, data: bytes) -> None:
    """`path` becomes `data`, or stays what it was. Raises OSError."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{_SUFFIX}")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut. Windows has no such call, and keeps its own journal."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_abandoned(folder: Path) -> None:
    """Take away what killed processes left half written. Raises OSError."""
    for path in folder.glob(f".*{_SUFFIX}"):
        with suppress(FileNotFoundError):  # another process that tidies up as well
            if time.time() - path.stat().st_mtime > ABANDONED:
                path.unlink()
