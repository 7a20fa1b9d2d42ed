"""The models that ship with the app, and the command that makes them.

Each file's note says what the model is (`name`, `about`), how it was made (`made_by`, `data`, `config`) and what was
measured on it (`measured`).
"""

from __future__ import annotations

from pathlib import Path

NAMES = ("default", "strokes", "classes", "sick")


def path(name: str) -> Path:
    """The file of a shipped model, which `rbm.load` and `rbm.io.read` take."""
    return Path(__file__).parent / f"{name}.npz"
