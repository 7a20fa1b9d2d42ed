"""The unrolled deep autoencoder: a net's layers as encoder and, turned over, as decoder, fine-tuned by backpropagation.

    v -> h1 -> ... -> code -> ... -> h1' -> v'        loss = -Σ_pixels v log v' + (1 - v) log(1 - v'), mean over images

Greedy training finds the region of good weights, backpropagation what a code of few numbers needs (Hinton &
Salakhutdinov, Science 313, 2006). From the first update on encoder and decoder share nothing. The optimiser is Adam
(Kingma & Ba, arXiv 1412.6980, algorithm 1), the only thing here that the paper of 2006 couldn't have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models.arrays import Array, Floats, as_unit_interval, sigmoid, softplus
from rbm.models.deep import BLOCK, DeepBeliefNet

DECAY, SQUARE_DECAY, TINY = 0.9, 0.999, 1e-8  # of Adam: β1, β2 and ε


@dataclass(frozen=True, eq=False, repr=False)
class DeepAutoencoder:
    """Layers of units, each y = σ(x W + b), but the code where it is linear: y = x W + b.

    `weights` (n_in, n_out) and `biases` (n_out,) from the pixels to the code, then down again: 2 · depth of each.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    linear_code: bool = True

    @property
    def depth(self) -> int:
        return len(self.weights) // 2

    def __repr__(self) -> str:
        sizes = "-".join(str(len(w)) for w in self.weights[: self.depth + 1])
        return f"DeepAutoencoder({sizes}, {'linear' if self.linear_code else 'logistic'} code)"

    def encode(self, v: ArrayLike) -> Floats:
        """Codes (n, units) of images v (n, n_pixels), uint8 or in [0, 1]."""
        return self._blocks(self._pixels(v), 0, self.depth)

    def decode(self, code: ArrayLike) -> Floats:
        """Pixel means (n, n_pixels), in [0, 1], of codes (n, units)."""
        code = np.asarray(code, dtype=self.weights[0].dtype)
        if code.ndim != 2 or code.shape[1] != (units := len(self.weights[self.depth])):
            raise BadValue(f"a code here has {units} units; got an array of shape {code.shape}")
        return self._blocks(code, self.depth, 2 * self.depth)

    def reconstruct(self, v: ArrayLike) -> Floats:
        """Pixel means (n, n_pixels) of images v (n, n_pixels), from their codes alone."""
        return self.decode(self.encode(v))

    def layers_of(self, x: Floats, begin: int, end: int) -> list[Floats]:
        """What the layers `begin` to `end` make of `x` (n, n_in), one after the other."""
        activities = []
        for level in range(begin, end):
            x = x @ self.weights[level] + self.biases[level]
            if not (self.linear_code and level == self.depth - 1):
                x = sigmoid(x)
            activities.append(x)
        return activities

    def _blocks(self, x: Floats, begin: int, end: int) -> Floats:
        return np.concatenate([self.layers_of(x[at : at + BLOCK], begin, end)[-1] for at in range(0, len(x), BLOCK)])

    def _pixels(self, v: ArrayLike) -> Array:
        pixels = as_unit_interval(v)
        if pixels.shape[1] != (n := len(self.weights[0])):
            raise BadValue(f"this autoencoder has {n} pixels; got images of {pixels.shape[1]}")
        return pixels


class Gradient(NamedTuple):
    """The mean loss in nats an image, and its derivatives, shaped as the parameters they are for."""

    loss: float
    weights: list[Floats]
    biases: list[Floats]


def unroll(net: DeepBeliefNet, *, linear_code: bool = True) -> DeepAutoencoder:
    """The autoencoder that `net` is before any fine-tuning: up by each layer's means, and down by them.

    A linear code is the total input x of the top's hidden units, not σ(x); the layer that reads it then takes the
    tangent σ(x) ≈ 1/2 + x/4. Classes at the top are left out. Raises BadValue for Gaussian pixels.
    """
    if net.layers[0].pixel_kind != "binary":
        raise BadValue("an unrolled autoencoder rebuilds pixels in [0, 1]; this net's are Gaussian")
    up = [layer.weights[: layer.n_pixels] for layer in net.layers]
    up_biases = [layer.hidden_bias for layer in net.layers]
    down: list[Floats] = [w.T for w in reversed(up)]
    down_biases: list[Floats] = [layer.visible_bias[: layer.n_pixels] for layer in reversed(net.layers)]
    if linear_code:
        down_biases[0] = down_biases[0] + down[0].sum(axis=0) / 2
        down[0] = down[0] / 4
    weights = tuple(np.array(w, dtype=np.float32, order="C") for w in (*up, *down))
    biases = tuple(np.array(b, dtype=np.float32) for b in (*up_biases, *down_biases))
    return DeepAutoencoder(weights, biases, linear_code)


def fine_tune(
    start: DeepAutoencoder,
    images: ArrayLike,
    *,
    epochs: int = 20,
    learning_rate: float = 1e-3,
    batch_size: int = 100,
    seed: int = 0,
) -> Iterator[DeepAutoencoder]:
    """The autoencoder after every epoch on images (n, n_pixels), uint8 or in [0, 1]; `start` stays as it is.

    The rate falls evenly to zero. Raises BadValue for other images, or for epochs, rate or batch size not above 0.
    """
    if epochs < 1 or batch_size < 1 or not learning_rate > 0:
        raise BadValue(
            f"epochs, batch_size and learning_rate must be above 0, got {epochs}, {batch_size} and {learning_rate}"
        )
    v = start._pixels(images)
    rng, adam = np.random.default_rng(seed), Adam((*start.weights, *start.biases))
    now = DeepAutoencoder(tuple(adam.values[: 2 * start.depth]), tuple(adam.values[2 * start.depth :]),
                          start.linear_code)  # fmt: skip
    batches = -(-len(v) // batch_size)
    for epoch in range(epochs):
        order = rng.permutation(len(v))
        for batch in range(batches):
            rows = order[batch * batch_size : (batch + 1) * batch_size]
            found = gradient(now, v[rows])
            adam.step([*found.weights, *found.biases], learning_rate * (1 - (epoch + batch / batches) / epochs))
        yield DeepAutoencoder(
            tuple(w.copy() for w in now.weights), tuple(b.copy() for b in now.biases), now.linear_code
        )


def gradient(autoencoder: DeepAutoencoder, v: Floats) -> Gradient:
    """The loss of images v (n, n_pixels) in [0, 1] and its gradient, by backpropagation (Rumelhart et al. 1986)."""
    activities = [v, *autoencoder.layers_of(v, 0, 2 * autoencoder.depth)]
    rebuilt = activities[-1]
    total_input = activities[-2] @ autoencoder.weights[-1] + autoencoder.biases[-1]
    loss = float((softplus(total_input) - v * total_input).sum()) / len(v)  # = -v log v' - (1 - v) log(1 - v')
    delta: Floats = (rebuilt - v) / v.dtype.type(len(v))  # of the total inputs: σ' cancels there
    weights: list[Floats] = []
    biases: list[Floats] = []
    for level in range(2 * autoencoder.depth - 1, -1, -1):
        below = activities[level]
        weights.append(below.T @ delta)
        biases.append(delta.sum(axis=0))
        if level:
            delta = delta @ autoencoder.weights[level].T
            if not (autoencoder.linear_code and level == autoencoder.depth):
                delta *= below * (1 - below)
    return Gradient(loss, weights[::-1], biases[::-1])


class Adam:
    """Steps of a size of their own for every number: its mean gradient over the root of its mean square."""

    def __init__(self, start: tuple[Floats, ...]) -> None:
        self.values = [value.copy() for value in start]
        self._mean: list[NDArray[np.floating]] = [np.zeros_like(value) for value in start]
        self._square: list[NDArray[np.floating]] = [np.zeros_like(value) for value in start]
        self._steps = 0

    def step(self, gradients: list[Floats], rate: float) -> None:
        """Change `values` in place, downhill."""
        self._steps += 1
        size = rate * np.sqrt(1 - SQUARE_DECAY**self._steps) / (1 - DECAY**self._steps)
        for value, mean, square, g in zip(self.values, self._mean, self._square, gradients, strict=True):
            mean += (1 - DECAY) * (g - mean)
            square += (1 - SQUARE_DECAY) * (g * g - square)
            value -= value.dtype.type(size) * mean / (np.sqrt(square) + TINY)
