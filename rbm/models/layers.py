"""What the hot loop does to a layer in place: from total input to mean, from mean to draw."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from rbm.models.arrays import Array

WHOLE_WORDS = (np.random.SFC64, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox)  # raw words of 64 random bits
ONE = np.uint32(0x3F800000)  # the bits of float32 1.0


class Parameters(NamedTuple):
    """The arrays that training changes in place; shaped as in `rbm.RBM`."""

    weights: Array
    visible_bias: Array
    hidden_bias: Array


class Units(Protocol):
    """A layer. `mean_` turns total inputs (n, units) into means in place; `draw` samples, maybe in place."""

    def mean_(self, x: Array) -> Array: ...
    def draw(self, mean: Array, out: Array) -> Array: ...


class Layers(NamedTuple):
    """Both layers of a machine in training."""

    visible: Units
    hidden: Units


class Bernoulli:
    """Units that are 0 or 1."""

    def __init__(self, rng: np.random.Generator, largest: int) -> None:
        self._rng = rng
        self._shifted = np.empty(largest, dtype=np.float32)

    def mean_(self, x: Array) -> Array:
        """x becomes sigmoid(x); with tanh, for which NumPy has SIMD code and which can't overflow."""
        x *= 0.5
        np.tanh(x, out=x)
        x *= 0.5
        x += 0.5
        return x

    def draw(self, mean: Array, out: Array) -> Array:
        """out ~ Bernoulli(mean); `out` may be `mean`."""
        uniform = uniform_in_one_to_two(self._rng, mean.size).reshape(mean.shape)
        shifted = self._shifted[: mean.size].reshape(mean.shape)
        np.add(mean, 1, out=shifted)
        return np.less(uniform, shifted, out=out, casting="unsafe")


def uniform_in_one_to_two(rng: np.random.Generator, count: int) -> Array:
    """Uniform float32 (count,) on the 2^23 numbers of [1, 2): raw bits below the exponent of 1.

    Half the time of `rng.random(dtype=float32)`, which scales what it draws.
    """
    bits = _random_words(rng, count)
    bits >>= 9
    bits |= ONE
    return bits.view(np.float32)


def _random_words(rng: np.random.Generator, count: int) -> NDArray[np.uint32]:
    """Uniform uint32 (count,): the halves of raw words where those have 64 bits, as all but MT19937's have."""
    if isinstance(rng.bit_generator, WHOLE_WORDS):
        return rng.bit_generator.random_raw((count + 1) // 2).view(np.uint32)[:count]
    return rng.integers(0, 2**32, count, dtype=np.uint32)


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
