"""What the hot loop does to a layer in place: from total input to mean, from mean to draw."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from rbm.models.arrays import Array, one_of, softmax
from rbm.models.binary import RBM
from rbm.models.gaussian import GaussianRBM
from rbm.models.labelled import LabelRBM

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


class Visible(Units, Protocol):
    """A visible layer also knows which model it belongs to."""

    def model(self, p: Parameters) -> RBM: ...


class Layers(NamedTuple):
    """Both layers of a machine in training."""

    visible: Visible
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

    def model(self, p: Parameters) -> RBM:
        return RBM(*p)


def uniform_in_one_to_two(rng: np.random.Generator, count: int) -> Array:
    """Uniform float32 (count,) on the 2^23 numbers of [1, 2): raw bits below the exponent of 1.

    Half the time of `rng.random(dtype=float32)`, which scales what it draws.
    """
    bits = rng.bit_generator.random_raw((count + 1) // 2).view(np.uint32)[:count]
    bits >>= 9
    bits |= ONE
    return bits.view(np.float32)


class PixelsAndClass(Bernoulli):
    """Bernoulli pixels, then a softmax group of `n_classes` units of which one is on."""

    def __init__(self, rng: np.random.Generator, largest: int, n_classes: int) -> None:
        super().__init__(rng, largest)
        self._n_classes = n_classes

    def mean_(self, x: Array) -> Array:
        classes = softmax(x[:, -self._n_classes :])
        super().mean_(x)
        x[:, -self._n_classes :] = classes
        return x

    def draw(self, mean: Array, out: Array) -> Array:
        edges = mean[:, -self._n_classes :].cumsum(axis=1)
        super().draw(mean, out=out)
        out[:, -self._n_classes :] = one_of(edges, self._rng)
        return out

    def model(self, p: Parameters) -> RBM:
        return LabelRBM(*p, n_classes=self._n_classes)


class Gaussian:
    """Real-valued units of unit variance: the total input is the mean."""

    def __init__(self, rng: np.random.Generator, largest: int) -> None:
        self._rng = rng
        self._noise = np.empty(largest, dtype=np.float32)

    def mean_(self, x: Array) -> Array:
        return x

    def draw(self, mean: Array, out: Array) -> Array:
        """out ~ N(mean, 1); `out` may be `mean`."""
        noise = self._noise[: mean.size].reshape(mean.shape)
        self._rng.standard_normal(out=noise, dtype=np.float32)
        return np.add(mean, noise, out=out)

    def model(self, p: Parameters) -> RBM:
        return GaussianRBM(*p)


def layers_of(model: RBM, rng: np.random.Generator, largest: int) -> Layers:
    """The layers of a model; `largest` is the size of the largest array they will draw."""
    hidden = Bernoulli(rng, largest)
    if isinstance(model, LabelRBM):
        return Layers(PixelsAndClass(rng, largest, model.n_classes), hidden)
    return Layers(Gaussian(rng, largest), hidden) if isinstance(model, GaussianRBM) else Layers(hidden, hidden)


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
