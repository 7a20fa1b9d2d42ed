"""What the tests of the command line share: small images, the program's words, and its refusals."""

import sys
from pathlib import Path

import numpy as np
import pytest

from rbm.cli import main

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(2)
PATTERNS = 255 * RNG.integers(0, 2, (3, 3, 5), dtype=np.uint8)
WHICH = RNG.integers(0, 3, 66)
IMAGES = PATTERNS[WHICH] ^ (255 * (RNG.random((66, 3, 5)) < 0.05)).astype(np.uint8)
FAST = ["--data", "digits-8x8", "--n-hidden", "5", "--epochs", "2", "--batch-size", "400"]


def write_idx(path, array):
    sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes())


def text(*words):
    return [str(word) for word in words]


def program(*words):
    return [sys.executable, "-m", "rbm", *text(*words)]


def refused(capsys, *words):
    """The one line on stderr with which `words` end in exit code 2."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(text(*words))
    out, err = capsys.readouterr()
    assert (stop.value.code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("python -m rbm")
    return err
