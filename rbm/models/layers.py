"""What the hot loop does to a layer in place: from total input to mean or draw, from mean to draw.

A draw is exact to the last bit of its mean and costs 16 random bits. With U a whole number below 2^16 and U' a
uniform number in [0, 1), (U + U') / 2^16 is uniform, and below p if U is below the whole part of 2^16 p; only if it
is that whole part, once in 65,536 draws, does U' matter, and only then is it drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from rbm.models.arrays import Array, Float64, Floats
from rbm.models.blas import product_plus

WHOLE_WORDS = (np.random.SFC64, np.random.PCG64, np.random.PCG64DXSM, np.random.Philox)  # raw words of 64 random bits
ONE = np.float32(1)
SIDES = 65536.0  # of the die U
MOST = np.nextafter(np.float32(SIDES), np.float32(0))  # times a share of 1 it still fits into 16 bits

Places = NDArray[np.intp]
Words = NDArray[np.uint16]


class Parameters(NamedTuple):
    """The arrays that training changes in place; shaped as in `rbm.RBM`."""

    weights: Array
    visible_bias: Array
    hidden_bias: Array

    def seen(self, v: Floats) -> Floats:
        """What the hidden units see of v (n, n_visible): `v` itself."""
        return v

    def like(self, arrays: Iterable[Array]) -> Self:
        """Such a tuple of other arrays, in this order."""
        return type(self)(*arrays)


class Learned(Protocol):
    """`Parameters`, or a named tuple that begins with the same three and says what the hidden units see."""

    @property
    def weights(self) -> Array: ...
    @property
    def visible_bias(self) -> Array: ...
    @property
    def hidden_bias(self) -> Array: ...
    def seen(self, v: Floats) -> Floats:
        """What the hidden units see of v (n, n_visible), in the precision of `v`."""

    def __iter__(self) -> Iterator[Array]: ...
    def _asdict(self) -> dict[str, Any]: ...
    def like(self, arrays: Iterable[Array]) -> Self:
        """Such a tuple of other arrays, in this order."""


class Units(Protocol):
    """A layer, n rows of it. Total inputs and means may be the same array as `out`."""

    def mean_(self, x: Array) -> Array:
        """Total inputs become means in place."""

    def draw(self, mean: Array, out: Array) -> Array:
        """`out` becomes draws of units with this `mean`."""

    def sample(self, x: Array, out: Array) -> Array:
        """`out` becomes draws of units with these total inputs, which are used up: for layers whose mean nobody
        wants."""


class Layers(NamedTuple):
    """Both layers of a machine in training."""

    visible: Units
    hidden: Units


class Bernoulli:
    """Units that are 0 or 1."""

    def __init__(self, rng: np.random.Generator, largest: int) -> None:
        self._rng = rng
        self._whole = np.empty(largest, dtype=np.uint16)
        self._flags = np.empty((2, largest), dtype=np.bool_)

    def mean_(self, x: Array) -> Array:
        """x becomes sigmoid(x) = 1 - 1 / (1 + exp(x)): of NumPy's functions, exp is fast on all processors, tanh only
        on some."""
        _one_and_exp_(x)
        np.reciprocal(x, out=x)
        return np.subtract(ONE, x, out=x)

    def draw(self, mean: Array, out: Array) -> Array:
        """out ~ Bernoulli(mean); `out` may be `mean`."""
        whole = self._whole[: mean.size].reshape(mean.shape)
        np.multiply(mean, MOST, out=whole, casting="unsafe")
        dice = random_words(self._rng, mean.size).reshape(mean.shape)
        on, even = self._flags[:, : mean.size].reshape(2, *mean.shape)
        np.less(dice, whole, out=on)
        ties = np.equal(dice, whole, out=even).ravel().nonzero()[0]
        if len(ties):
            shares = mean.reshape(-1)[ties] * SIDES
            on.reshape(-1)[ties] = self._second_draw(ties, shares)
        np.copyto(out, on)
        return out

    def sample(self, x: Array, out: Array) -> Array:
        """out ~ Bernoulli(sigmoid(x)); `out` may be `x`, which is used up.

        It asks who is off: the share of that is 1 / (1 + exp(x)).
        """
        _one_and_exp_(x)
        np.divide(MOST, x, out=x)
        whole = self._whole[: x.size].reshape(x.shape)
        np.copyto(whole, x, casting="unsafe")
        dice = random_words(self._rng, x.size).reshape(x.shape)
        on, even = self._flags[:, : x.size].reshape(2, *x.shape)
        np.greater_equal(dice, whole, out=on)
        ties = np.equal(dice, whole, out=even).ravel().nonzero()[0]
        if len(ties):
            shares = x.reshape(-1)[ties] * (SIDES / float(MOST))
            on.reshape(-1)[ties] = ~self._second_draw(ties, shares)
        np.copyto(out, on)
        return out

    def _second_draw(self, ties: Places, shares: Float64) -> NDArray[np.bool_]:
        """Whether U + U' is below 2^16 p, the `shares`, where U is the whole part of it."""
        found: NDArray[np.bool_] = self._rng.random(len(ties)) < shares - self._whole[ties]
        return found


@np.errstate(over="ignore")  # 1 / (1 + inf) is right
def _one_and_exp_(x: Array) -> None:
    np.exp(x, out=x)
    x += ONE


def random_words(rng: np.random.Generator, count: int) -> Words:
    """Uniform uint16 (count,): the quarters of raw words where those have 64 bits, as all but MT19937's have."""
    if isinstance(rng.bit_generator, WHOLE_WORDS):
        return rng.bit_generator.random_raw((count + 3) // 4).view(np.uint16)[:count]
    return rng.integers(0, 2**16, count, dtype=np.uint16)


def up(p: Learned, v: Array, out: Array) -> Array:
    """Total input of the hidden units, v·W + c; of `v` they see what `p` says."""
    return product_plus(p.seen(v), p.weights, p.hidden_bias, out)


def down(p: Learned, h: Array, out: Array) -> Array:
    """Total input of the visible units, W·h + b."""
    return product_plus(h, p.weights.T, p.visible_bias, out)
