"""Exact answers by enumeration, for models with one small layer. The oracle beside every estimate.

Sums over all states of the smaller layer; the other layer is summed in closed form. All in float64, in
blocks that stay in the processor's cache, so memory is bounded whatever the number of states or images.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rbm.errors import BadValue
from rbm.models.arrays import Float64, Floats, log_sum_exp, sigmoid
from rbm.models.binary import RBM

MAX_UNITS = 20  # 2^20 states of 20 x 784: 3 seconds; each further unit doubles it
BLOCK_BYTES = 2 * 2**20  # of one float64 array: it fits the second-level cache of a current processor
FACTORS = 1000  # of at most 2 each that a float64 product holds; it overflows at 2^1024


class Gradient(NamedTuple):
    """The gradient of the mean log-likelihood, shaped as the parameters it is for (nats per unit)."""

    weights: Float64
    visible_bias: Float64
    hidden_bias: Float64


def log_partition(model: RBM) -> float:
    """log Z in nats. Raises ValueError where both layers have more than 20 units."""
    return log_sum_exp(np.concatenate([log_weights for log_weights, _ in _enumerate(model)]))


def log_likelihood(model: RBM, v: ArrayLike) -> Float64:
    """log p(v) (n,) in nats, at most 0, for binary v (n, n_visible) or (n_visible,).

    Raises ValueError as `log_partition` does, and for v that are not binary.
    """
    return -free_energy(model, v) - log_partition(model)


def free_energy(model: RBM, v: ArrayLike) -> Float64:
    """F(v) (n,) in nats for binary v, as `RBM.free_energy` but in float64 and in blocks of images.

    log p(v) is a small difference of F and log Z, both often in the hundreds: float32 would show.
    """
    b, c, w = parameters(model)
    return np.concatenate(
        [-(block @ b) - sum_softplus_(w.T @ block.T + c[:, None]) for block in binary_blocks(model, v)]
    )


def gradient(model: RBM, v: ArrayLike) -> Gradient:
    """∂ mean log p(v) / ∂ parameters: what contrastive divergence approximates (Hinton 2002, eq. 5).

    For binary v (n, n_visible). Raises ValueError as `log_likelihood` does.
    """
    b, c, w = parameters(model)
    log_z = log_partition(model)
    n = len(np.atleast_2d(np.asarray(v)))
    total = Gradient(np.zeros_like(w), np.zeros_like(b), np.zeros_like(c))
    for block in binary_blocks(model, v):
        total = _add(total, _moments(block, sigmoid(block @ w + c), np.full(len(block), 1 / n)))
    by_hidden = model.n_hidden <= model.n_visible
    for log_weights, states in _enumerate(model):
        other = sigmoid(states @ w.T + b) if by_hidden else sigmoid(states @ w + c)
        visible, hidden = (other, states) if by_hidden else (states, other)
        total = _add(total, _moments(visible, hidden, -np.exp(log_weights - log_z)))
    return total


def check_size(model: RBM) -> None:
    """Raises BadValue, naming the cost, where both layers have more than 20 units."""
    units = min(model.n_visible, model.n_hidden)
    if units > MAX_UNITS:
        raise BadValue(
            f"exact sums need a layer of at most {MAX_UNITS} units; the smaller one here has {units}: "
            f"2^{units} states, 2^{units - MAX_UNITS} times the work of {MAX_UNITS} units, which beside 784 "
            "take 3 seconds. Use rbm.likelihood.ais to estimate instead"
        )


def sum_softplus_(x: Float64) -> Float64:
    """Σ_units log(1 + exp(x)) (m,) of x (units, m), which is overwritten.

    With softplus(x) = max(x, 0) + log(1 + exp(-|x|)) nothing overflows, and the factors in [1, 2] are
    multiplied before the logarithm is taken once: a third of the time of np.logaddexp(0, x).
    """
    total: Float64 = x.sum(axis=0)
    np.abs(x, out=x)
    total += x.sum(axis=0)
    total *= 0.5  # Σ max(x, 0)
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    for begin in range(0, len(x), FACTORS):
        total += np.log(np.multiply.reduce(x[begin : begin + FACTORS], axis=0))
    return total


def binary_blocks(model: RBM, v: ArrayLike) -> Iterator[Float64]:
    """Blocks (m, n_visible) of binary `v`, short enough for a float64 (m, units) of either layer.

    Raises ValueError for another shape and for values other than 0 and 1.
    """
    array = np.atleast_2d(np.asarray(v))
    if array.ndim != 2 or array.shape[1] != model.n_visible or not len(array):
        raise ValueError(f"this model asks for v of shape (n, {model.n_visible}), n at least 1; got {np.shape(v)}")
    size = block_size(max(model.weights.shape))
    for begin in range(0, len(array), size):
        block = array[begin : begin + size]
        other = block[(block != 0) & (block != 1)]
        if other.size:
            raise ValueError(f"v must be binary, 0 or 1; it holds {other[0]}. Binarise first: images > 127")
        yield block.astype(np.float64)


def block_size(units: int) -> int:
    """How many states of `units` float64 units make a block."""
    return max(1, BLOCK_BYTES // (8 * units))


def parameters(model: RBM) -> tuple[Float64, Float64, Float64]:
    """Visible biases, hidden biases and weights in float64. Raises ValueError for other than binary units."""
    if not model.all_binary:
        raise ValueError(f"exact sums know binary units only; a {type(model).__name__} has others")
    return (
        model.visible_bias.astype(np.float64),
        model.hidden_bias.astype(np.float64),
        model.weights.astype(np.float64),
    )


def _enumerate(model: RBM) -> Iterator[tuple[Float64, Float64]]:
    """Blocks (unnormalised log-probability (m,), states (m, units)) of the smaller layer's 2^units states.

    Each block of states overwrites the one before.
    """
    check_size(model)
    b, c, w = parameters(model)
    if model.n_visible < model.n_hidden:
        b, c, w = c, b, w.T
    units = len(c)
    # The low units run through the same states in every block, so their share of the total input is kept.
    low = _all_states(min(units, block_size(len(b)).bit_length() - 1))
    k, m = low.shape
    share, x, states = w[:, :k] @ low, np.empty((len(b), m)), np.empty((units, m))
    states[:k] = low
    for high in _all_states(units - k).T:
        states[k:] = high[:, None]
        np.add(share, (w[:, k:] @ high + b)[:, None], out=x)
        yield c @ states + sum_softplus_(x), states.T


def _all_states(units: int) -> Float64:
    """All binary states (units, 2^units), one a column."""
    return ((np.arange(2**units) >> np.arange(units)[:, None]) & 1).astype(np.float64)


def _moments(v: Floats, h: Floats, weight: Float64) -> Gradient:
    """Σ weight · (v hᵀ, v, h)."""
    return Gradient((v * weight[:, None]).T @ h, weight @ v, weight @ h)


def _add(a: Gradient, b: Gradient) -> Gradient:
    return Gradient(*(x + y for x, y in zip(a, b, strict=True)))
