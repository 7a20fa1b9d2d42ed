"""What the hot loop does to a layer in place: from total input to mean, from mean to draw."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rbm.model import Array


class Parameters(NamedTuple):
    """The arrays that training changes in place; shaped as in `rbm.RBM`."""

    weights: Array
    visible_bias: Array
    hidden_bias: Array


class Bernoulli:
    """Units that are 0 or 1."""

    def __init__(self, rng: np.random.Generator, largest: int) -> None:
        self._rng = rng
        self._uniform = np.empty(largest, dtype=np.float32)

    def mean_(self, x: Array) -> Array:
        """x becomes sigmoid(x); with tanh, for which NumPy has SIMD code and which can't overflow."""
        x *= 0.5
        np.tanh(x, out=x)
        x *= 0.5
        x += 0.5
        return x

    def draw(self, mean: Array, out: Array) -> Array:
        """out ~ Bernoulli(mean); `out` may be `mean`."""
        uniform = self._uniform[: mean.size].reshape(mean.shape)
        self._rng.random(out=uniform, dtype=np.float32)
        return np.less(uniform, mean, out=out, casting="unsafe")


def up(p: Parameters, v: Array, out: Array) -> Array:
    """Total input of the hidden units, v·W + c."""
    np.matmul(v, p.weights, out=out)
    out += p.hidden_bias
    return out


def down(p: Parameters, h: Array, out: Array) -> Array:
    """Total input of the visible units, W·h + b."""
    np.matmul(h, p.weights.T, out=out)
    out += p.visible_bias
    return out
