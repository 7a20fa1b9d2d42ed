"""Learning on a machine small enough that the gradient, and what CD expects, can be summed exactly.

    exact   <v hᵀ>_data - <v hᵀ>_model        CD-k   v₀ p(h | v₀)ᵀ - v_k p(h | v_k)ᵀ

One function an idea; the trainer for real data is rbm/training/trainer.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rbm.measures import tables
from rbm.measures.exact import Gradient
from rbm.models.arrays import Array, Float64, Floats, bernoulli
from rbm.models.binary import RBM

# Two rows of two pixels: the left half, the right half, the top half, the bottom half.
FOUR_HALVES: Float64 = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1]], dtype=np.float64)

Slope = Callable[[RBM], Gradient]


class CdParts(NamedTuple):
    """What one step of CD sees of n images: `v0` (n, n_visible), `mean_h0` = p(h | v0) (n, n_hidden) and `h0` drawn
    from it; after k sweeps `mean_v1`, `v1` drawn from it, and `mean_h1` = p(h | v1)."""

    v0: Array
    mean_h0: Floats
    h0: Array
    mean_v1: Floats
    v1: Array
    mean_h1: Floats

    @property
    def gradient(self) -> Gradient:
        """The direction of the step: the positive phase minus the negative one, a mean over the images."""
        n = len(self.v0)
        weights = (self.v0.T @ self.mean_h0 - self.v1.T @ self.mean_h1) / n
        biases = (self.v0 - self.v1).mean(axis=0), (self.mean_h0 - self.mean_h1).mean(axis=0)
        return Gradient(weights.astype(np.float64), *(bias.astype(np.float64) for bias in biases))


def bars_and_stripes(side: int) -> Float64:
    """Each pattern of whole rows or whole columns once (2 · 2^side - 2, side²): MacKay 2003, section 43."""
    lines = tables.states(side)
    rows, columns = lines.repeat(side, axis=1), np.tile(lines, side)
    return np.unique(np.concatenate([rows, columns]), axis=0)


def fresh(n_visible: int, n_hidden: int, weight_std: float, seed: int) -> RBM:
    """A machine that has learned nothing: weights from N(0, weight_std²), biases 0."""
    weights = weight_std * np.random.default_rng(seed).normal(size=(n_visible, n_hidden))
    return _machine(weights, np.zeros(n_visible), np.zeros(n_hidden))


def cd_parts(model: RBM, v0: ArrayLike, rng: np.random.Generator, k: int = 1) -> CdParts:
    """One step of CD-k from images `v0` (n, n_visible), with all that it draws."""
    start = np.atleast_2d(np.asarray(v0, dtype=np.float32))
    mean_h0 = model.mean_hidden(start)
    h0 = h = bernoulli(mean_h0, rng)
    for sweep in range(k):
        mean_v = model.mean_visible(h)
        v = model.draw_visible(mean_v, rng)
        mean_h = model.mean_hidden(v)
        if sweep < k - 1:
            h = bernoulli(mean_h, rng)
    return CdParts(start, mean_h0, h0, mean_v, v, mean_h)


def expected_cd(model: RBM, data: Float64, k: int = 1) -> Gradient:
    """The mean of CD-k's step over all that it may draw, for the binary images `data` (n, n_visible)."""
    all_of = tables.tables(model)
    places = data @ 2.0 ** np.arange(model.n_visible - 1, -1, -1)
    begin = np.bincount(places.astype(int), minlength=len(all_of.visible)) / len(data)
    end = np.linalg.matrix_power(tables.sweep_matrix(all_of), k) @ begin
    change, v, h = begin - end, all_of.visible, all_of.mean_hidden
    return Gradient((v * change[:, None]).T @ h, change @ v, change @ h)


def ascend(model: RBM, slope: Slope, rate: float, steps: int) -> Iterator[RBM]:
    """`model`, and what it is after each of `steps` steps along `slope`."""
    yield model
    for _ in range(steps):
        model = step(model, slope(model), rate)
        yield model


def step(model: RBM, along: Gradient, rate: float) -> RBM:
    """`model` moved by `rate` times a gradient."""
    return _machine(
        model.weights + rate * along.weights,
        model.visible_bias + rate * along.visible_bias,
        model.hidden_bias + rate * along.hidden_bias,
    )


def _machine(weights: Floats, visible_bias: Floats, hidden_bias: Floats) -> RBM:
    return RBM(*(values.astype(np.float32) for values in (weights, visible_bias, hidden_bias)))


def cosine(one: Gradient, other: Gradient) -> float:
    """Of the angle between two directions: 1 is the same, 0 nothing in common."""
    a, b = (np.concatenate([np.ravel(part) for part in gradient]) for gradient in (one, other))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))
