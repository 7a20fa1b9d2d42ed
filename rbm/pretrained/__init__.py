"""The models that ship, and the command that makes them.

>>> model = rbm.pretrained.load("digits")
>>> net = rbm.pretrained.load_net("deep")

Each file's note says what the model is (`name`, `about`), how it was made (`made_by`, `data`, `config`) and what was
measured on it (`measured`).
"""

from __future__ import annotations

from pathlib import Path

from rbm import files
from rbm.errors import BadFile, BadValue
from rbm.models import io
from rbm.models.arrays import Arrays
from rbm.models.binary import RBM
from rbm.models.deep import DeepBeliefNet

NAMES = ("default", "strokes", "classes", "sick")  # of the files
MODELS = {"digits": "default", "strokes": "strokes", "classes": "classes", "sick": "sick"}
NETS = {"deep": "deep"}


def load(name: str) -> RBM:
    """A shipped model of 28 × 28 pixels, by its name: "digits", "strokes", "classes" (an rbm.LabelRBM) or "sick".

    Raises BadValue, listing the names, for any other.
    """
    if name not in MODELS:
        raise BadValue(f"no model that ships is called {name!r}; choose one of {', '.join(MODELS)}")
    return io.read(path(MODELS[name]))[0]


def first() -> RBM:
    """What "digits" went on from, and what the towers that ship stand on. Raises BadFile, where it is damaged."""
    return io.read(path("first"))[0]


def load_net(name: str) -> DeepBeliefNet:
    """A shipped deep belief net of 28 × 28 pixels, by its name: "deep". Raises BadValue, for any other."""
    if name not in NETS:
        raise BadValue(f"no net that ships is called {name!r}; choose one of {', '.join(NETS)}")
    return io.read_net(path(NETS[name]))[0]


def arrays(name: str) -> Arrays:
    """The arrays of another file that ships, read-only. Raises BadFile, naming it, where it is damaged."""
    where = path(name)
    try:
        return files.read_arrays(where.read_bytes(), max_files=64, max_bytes=64 * 2**20)
    except (BadFile, OSError) as error:
        raise BadFile(f"{where.name}, which ships with the program, can't be read: {error}; install it again") from None


def path(name: str) -> Path:
    """The file of a shipped model by its name in NAMES; `rbm.load` and `rbm.io.read` take it."""
    return Path(__file__).parent / f"{name}.npz"
