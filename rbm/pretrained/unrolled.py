"""The unrolled deep autoencoder that ships, with what to compare it with: PCA of as many numbers, and the greedy net.

    python -m rbm.pretrained.make unrolled --data FOLDER

784-500-250-30: the model "first" below, two layers trained greedily on top, then all of it turned over and
fine-tuned by backpropagation (`rbm.training.unrolled`), on 50,000 digits. Ten minutes, one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rbm import pretrained
from rbm.datasets.dataset import Pixels
from rbm.measures import maps
from rbm.models.arrays import Array, Arrays, Floats, as_unit_interval
from rbm.models.binary import RBM
from rbm.models.deep import DeepBeliefNet
from rbm.pretrained import split
from rbm.pretrained.split import Digits
from rbm.training.config import TrainConfig
from rbm.training.deep import train_deep
from rbm.training.unrolled import DeepAutoencoder, fine_tune, unroll

NAME = "unrolled"  # of the file
CODE = (250, 30)  # units on top of the bottom's 500
EPOCHS = 15  # of fine-tuning
WAYS = ("PCA", "greedy", "unrolled")
PARAMETERS = ("weights", "visible_bias", "hidden_bias")


class Codes(NamedTuple):
    """Three ways to say a digit in 30 numbers. `errors`: of the 10,000 held-out digits, by WAYS."""

    pca: maps.Principal
    greedy: DeepBeliefNet
    tuned: DeepAutoencoder
    errors: dict[str, float]

    def rebuilt(self, images: Pixels) -> dict[str, Floats]:
        """Images (n, 784) as each way brings them back, by WAYS; of PCA also a bit beyond black and white."""
        v = as_unit_interval(images)
        flat = self.pca.of(v) @ self.pca.axes.T + self.pca.mean
        ways = (flat, self.greedy.reconstruct(v, self.greedy.depth), self.tuned.reconstruct(v))
        return dict(zip(WAYS, ways, strict=True))


@cache
def load() -> Codes:
    """What ships. Raises BadFile where the file, or that of the net's bottom, is damaged."""
    file = pretrained.arrays(NAME)
    pca = maps.Principal(_single(file["pca_mean"]), _single(file["pca_axes"]))
    upper = (RBM(*(_single(file[f"greedy_{name}_{n}"]) for name in PARAMETERS)) for n in range(len(CODE)))
    depth = 2 * (1 + len(CODE))
    weights, biases = (tuple(_single(file[f"{kind}_{n}"]) for n in range(depth)) for kind in ("weights", "biases"))
    errors = {way: float(error) for way, error in zip(WAYS, file["errors"], strict=True)}
    return Codes(pca, DeepBeliefNet((pretrained.first(), *upper)), DeepAutoencoder(weights, biases), errors)


def _single(array: Floats) -> Array:
    return array.astype(np.float32)


def errors_of(codes: Codes, images: Pixels) -> dict[str, Floats]:
    """Squared errors (n,) of images (n, 784), summed over pixels, by WAYS."""
    v = as_unit_interval(images)
    return {way: np.square(back - v).sum(axis=1) for way, back in codes.rebuilt(images).items()}


# ---- how it is made


def make(folder: Path) -> None:
    """Train both layers, fine-tune, measure, and write the file. Raises OSError or BadFile for the folder."""
    digits = split.full(folder)
    greedy, tuned = trained(digits, CODE, EPOCHS)
    path = pretrained.path(NAME)
    found = _packed(maps.principal(as_unit_interval(digits.train), CODE[-1]), greedy, tuned)
    np.savez_compressed(path, errors=np.zeros(len(WAYS)), **found)  # type: ignore[arg-type]
    load.cache_clear()
    measured = {way: float(error.mean()) for way, error in errors_of(load(), digits.held_out).items()}
    np.savez_compressed(path, errors=np.array([*measured.values()]), **found)  # type: ignore[arg-type]
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB", measured)


def trained(
    digits: Digits, sizes: Sequence[int], epochs: int, batch_size: int = 100
) -> tuple[DeepBeliefNet, DeepAutoencoder]:
    """The model "first" with layers of `sizes` on top of it, trained greedily; and that unrolled and fine-tuned."""
    train, held_out = as_unit_interval(digits.train), as_unit_interval(digits.held_out)
    bottom = pretrained.first()
    greedily = [TrainConfig(n_hidden=n, epochs=10, learning_rate=0.1, schedule="linear") for n in sizes]
    layers = {}
    for depth, report in train_deep(train, greedily, below=[bottom]):
        layers[depth] = report.model
        print(f"layer {depth}, epoch {report.epoch:3}  error {report.reconstruction_error:.3f}", flush=True)
    greedy = DeepBeliefNet((bottom, *layers.values()))
    for epoch, tuned in enumerate(fine_tune(unroll(greedy), train, epochs=epochs, batch_size=batch_size), 1):
        error = np.square(tuned.reconstruct(held_out) - held_out).sum(axis=1).mean()
        print(f"fine-tuned, epoch {epoch:3}  held-out error {error:.3f}", flush=True)
    return greedy, tuned


def _packed(pca: maps.Principal, greedy: DeepBeliefNet, tuned: DeepAutoencoder) -> Arrays:
    """Weights in half precision, and all else as it is."""
    found: Arrays = {"pca_mean": pca.mean, "pca_axes": pca.axes.astype(np.float16)}
    for number, layer in enumerate(greedy.layers[1:]):
        for name in PARAMETERS:
            array = getattr(layer, name)
            found[f"greedy_{name}_{number}"] = array.astype(np.float16) if name == "weights" else array
    for number, (weights, biases) in enumerate(zip(tuned.weights, tuned.biases, strict=True)):
        found[f"weights_{number}"], found[f"biases_{number}"] = weights.astype(np.float16), biases
    return found
