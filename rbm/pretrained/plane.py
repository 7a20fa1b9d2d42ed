"""Two numbers for a digit: an unrolled autoencoder whose top is two units is a map, and can place a new digit on it.

    python -m rbm.pretrained.make plane --data FOLDER

784-500-250-2, made as `rbm.pretrained.unrolled` is, on 50,000 digits. Of the decoder ships only what it draws at the
places of a lattice. Some minutes, one thread.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbm import datasets, pretrained
from rbm.datasets.dataset import Pixels
from rbm.measures import maps
from rbm.models.arrays import Array, Arrays, Float64, Floats, as_unit_interval, sigmoid
from rbm.pretrained import split
from rbm.pretrained.unrolled import trained
from rbm.training.unrolled import DeepAutoencoder

NAME = "plane"  # of the file
SIZES, EPOCHS, BATCH = (250, 2), 30, 200  # units on top of the bottom's 500; epochs and batches of fine-tuning
DATA = "mnist-5k"  # whose 1,000 held-out digits are mapped
ACROSS = 14  # digits on a side of the lattice
EDGES = (2, 98)  # percent of the held-out codes, in each direction, that the lattice spans
PERPLEXITY = 30
WAYS = ("PCA", "t-SNE", "units")  # to the plane


class Plane(NamedTuple):
    """`weights` (n_in, n_out), `biases` (n_out,) from the pixels up; the last layer is linear.

    `lattice` (14 · 14, 784), uint8: what the decoder draws, row by row from the top left, over `corners` ((left,
    bottom), (right, top)).

    `shares`: of a held-out digit's ten nearest in the plane, how many are of its class, by WAYS; `error`: of
    reconstruction from two numbers, mean of 10,000 held-out digits.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    lattice: Pixels
    corners: Float64
    shares: dict[str, float]
    error: float

    def place(self, images: Pixels | Floats) -> Array:
        """Where images (n, 784), uint8 or in [0, 1], lie: (n, 2)."""
        x = as_unit_interval(images)
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = sigmoid(x @ w + b)
        return np.asarray(x @ self.weights[-1] + self.biases[-1], dtype=np.float32)


@cache
def load() -> Plane:
    """What ships. Raises BadFile where the file is damaged."""
    file = pretrained.arrays(NAME)
    weights, biases = (
        tuple(file[f"{kind}_{n}"].astype(np.float32) for n in range(1 + len(SIZES))) for kind in ("weights", "biases")
    )
    shares = {way: float(share) for way, share in zip(WAYS, file["shares"], strict=True)}
    return Plane(weights, biases, file["lattice"], file["corners"], shares, float(file["error"]))


# ---- how it is made


def make(folder: Path) -> None:
    """Train, fine-tune, measure, and write the file. Raises OSError or BadFile for the folder."""
    digits, seen = split.full(folder), datasets.load(DATA)
    _, tuned = trained(digits, SIZES, EPOCHS, BATCH)
    rounded = _shipped(tuned, digits.train.max(axis=0) > 0)
    places = rounded.encode(seen.test_images)
    low, high = (np.percentile(places, q, axis=0) for q in EDGES)
    found: Arrays = {
        "lattice": (rounded.decode(_lattice(low, high)) * 255).round().astype(np.uint8),
        "corners": np.array([low, high]),
        "shares": np.array([*_shares(places, seen.test_images, seen.test_labels).values()]),
        "error": np.array(
            np.square(rounded.reconstruct(digits.held_out) - as_unit_interval(digits.held_out)).sum(1).mean()
        ),
    }
    for number in range(rounded.depth):
        found[f"weights_{number}"] = rounded.weights[number].astype(np.float16)
        found[f"biases_{number}"] = rounded.biases[number]
    path = pretrained.path(NAME)
    np.savez_compressed(path, **found)  # type: ignore[arg-type]
    print(
        f"{path}: {path.stat().st_size / 1e6:.2f} MB, error {found['error']:.2f}",
        dict(zip(WAYS, found["shares"], strict=True)),
    )


def _shipped(tuned: DeepAutoencoder, inked: NDArray[np.bool_]) -> DeepAutoencoder:
    """What comes back from the file: half precision, and pixels (784,) that no digit has `inked` have no say."""
    weights = [w.astype(np.float16).astype(np.float32) for w in tuned.weights]
    weights[0][~inked] = 0
    return DeepAutoencoder(tuple(weights), tuned.biases)


def _lattice(low: Floats, high: Floats) -> Float64:
    """Places (ACROSS · ACROSS, 2), from the top left, row by row."""
    x, y = np.linspace(low[0], high[0], ACROSS), np.linspace(high[1], low[1], ACROSS)
    return np.stack([np.tile(x, ACROSS), np.repeat(y, ACROSS)], axis=1)


def _shares(places: Floats, images: Pixels, labels: NDArray[np.int64]) -> dict[str, float]:
    """By WAYS; t-SNE and PCA of the pixels of these images themselves."""
    pixels = as_unit_interval(images)
    *_, stretched = maps.tsne(pixels, PERPLEXITY)
    flat = {"PCA": maps.principal(pixels, 2).of(pixels), "t-SNE": stretched, "units": places}
    return {way: maps.same_class_nearby(flat[way], labels) for way in WAYS}
