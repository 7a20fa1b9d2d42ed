"""What the shipped models learn from, apart from what the lab calls held out."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import rbm
from rbm.pretrained import split

RNG = np.random.default_rng(5)


def test_copies_are_found_up_to_a_grey_level() -> None:
    pixels = RNG.integers(0, 254, (101, 29), dtype=np.uint8)
    wanted = pixels[[7, 53]].copy()
    wanted[0] += RNG.integers(0, 2, 29, dtype=np.uint8)
    wanted[1, 3] += 1
    stranger = pixels[[11]].copy()
    stranger[0, 5] = (int(stranger[0, 5]) + 100) % 254
    assert split.copies(pixels, np.vstack([wanted, stranger])).tolist() == [7, 53]


@pytest.mark.parametrize("seen", [False, True])
def test_no_held_out_digit_is_learned_from(tmp_path: Path, seen: bool) -> None:
    """A folder of 1,300 digits, among them 200 of the held-out ones (with pixels of value 1 lost) or none."""
    data = rbm.datasets.load("mnist-5k")
    twins = data.test_images[::5].copy()
    twins[twins == 1] = 0
    images = np.vstack([data.train_images[: 1300 - 200 * seen], *([twins] if seen else [])])
    write(tmp_path / "train-images-idx3-ubyte.gz", images.reshape(-1, 28, 28))
    write(tmp_path / "train-labels-idx1-ubyte.gz", np.zeros(len(images), np.uint8))
    digits = split.full(tmp_path, held_out=300)
    assert (len(digits.train), len(digits.held_out)) == (1000, 300)
    near = np.abs(digits.train[:, None, ::9].astype(int) - data.test_images[None, ::25, ::9]).max(axis=2)
    assert near.min() > 1
    kept_apart = {image.tobytes() for image in digits.held_out}
    assert all(image.tobytes() in kept_apart for image in twins) == seen


def write(path: Path, array: np.ndarray) -> None:
    head = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(gzip.compress(head + array.tobytes(), mtime=0))


@pytest.mark.parametrize("name", ["default", "classes"])
def test_the_notes_of_the_large_models_say_so(name: str) -> None:
    _, note = rbm.io.read(rbm.pretrained.path(name))
    assert note["data"].endswith(split.APART)
