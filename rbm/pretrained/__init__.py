"""The models that ship, and the command that makes them.

>>> model = rbm.pretrained.load("digits")

Each file's note says what the model is (`name`, `about`), how it was made (`made_by`, `data`, `config`) and what was
measured on it (`measured`).
"""

from __future__ import annotations

from pathlib import Path

from rbm.errors import BadValue
from rbm.models import io
from rbm.models.binary import RBM

NAMES = ("default", "strokes", "classes", "sick")  # of the files
MODELS = {"digits": "default", "strokes": "strokes", "classes": "classes", "sick": "sick"}


def load(name: str) -> RBM:
    """A shipped model of 28 × 28 pixels, by its name: "digits", "strokes", "classes" (an rbm.LabelRBM) or "sick".

    Raises BadValue, listing the names, for any other.
    """
    if name not in MODELS:
        raise BadValue(f"no model that ships is called {name!r}; choose one of {', '.join(MODELS)}")
    return io.load(path(MODELS[name]))


def path(name: str) -> Path:
    """The file of a shipped model by its name in NAMES; `rbm.load` and `rbm.io.read` take it."""
    return Path(__file__).parent / f"{name}.npz"
