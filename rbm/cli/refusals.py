"""How the command line says no: one line on stderr, and an exit code."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rbm.errors import Refused


def program() -> str:
    """What was typed to start us: the installed command `rbm`, or Python with the package."""
    return "rbm" if Path(sys.argv[0]).stem == "rbm" else "python -m rbm"


def complain(message: str, code: int) -> int:
    print(f"{program()}: {' '.join(message.split())}", file=sys.stderr)
    return code


@contextmanager
def refusals() -> Iterator[None]:
    """What the user can put right becomes one line; only input and output stand inside, so no bug hides."""
    try:
        yield
    except BrokenPipeError:  # an OSError, but nothing that was asked for
        raise
    except (Refused, OSError, ModuleNotFoundError) as error:
        raise SystemExit(complain(str(error), 2)) from None


def check_target(path: Path) -> None:
    """Raises OSError where no file can be written, before hours are spent on what goes into it."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}; make it first")
    with tempfile.TemporaryFile(dir=path.parent):
        pass
