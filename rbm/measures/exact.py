"""Exact answers by enumeration, for models with one small layer. The oracle beside every estimate.

Sums over all states of the smaller layer; the other layer is summed in closed form. All in float64, in
blocks that stay in the processor's cache, so memory is bounded whatever the number of states or images.

Gaussian pixels have no states to run through, so with them it is the hidden layer. Of a model with classes log Z is
that of pixels and classes together, for `LabelRBM` and its `marginal` alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rbm.errors import BadValue
from rbm.models.arrays import Array, Float64, Floats, log_sum_exp, sigmoid, sum_softplus_
from rbm.models.binary import RBM

MAX_UNITS = 20  # 2^20 states of 20 x 784: 3 seconds; each further unit doubles it
BLOCK_BYTES = 2 * 2**20  # of one float64 array: it fits the second-level cache of a current processor


class Gradient(NamedTuple):
    """The gradient of the mean log-likelihood, shaped as the parameters it is for (nats per unit)."""

    weights: Float64
    visible_bias: Float64
    hidden_bias: Float64


def log_partition(model: RBM) -> float:
    """log Z in nats. Raises ValueError where there are more than 20 units to enumerate."""
    return log_sum_exp(np.concatenate([log_weights for log_weights, _ in _enumerate(model.joint)]))


def log_likelihood(model: RBM, v: ArrayLike) -> Float64:
    """log p(v) (n,) in nats for states v (n, n_visible) or (n_visible,): at most 0, or of real v a log-density.

    Raises ValueError as `log_partition` does, and for v that are no states of the model: not binary, say.
    """
    return -free_energy(model, v) - log_partition(model)


def free_energy(model: RBM, v: ArrayLike) -> Float64:
    """F(v) (n,) in nats for states v, as `RBM.free_energy` but in float64 and in blocks of images.

    log p(v) is a small difference of F and log Z, both often in the hundreds: float32 would show.
    """
    if model.joint is not model:
        return _free_energy_of_pixels(model.joint, np.atleast_2d(np.asarray(v, dtype=np.float32)))
    _, c, w = _closed(model)
    seen = model.parameters.seen
    return np.concatenate(
        [
            model.visible_energy(block) - sum_softplus_(w.T @ seen(block).T + c[:, None])
            for block in state_blocks(model, v)
        ]
    )


def _free_energy_of_pixels(model: RBM, images: Array) -> Float64:
    """-log Σ_k exp(-F(x, k)) (n,) over the classes k."""
    scores = [-free_energy(model, model.join(images, np.full(len(images), k))) for k in range(model.n_classes)]
    total: Float64 = -np.logaddexp.reduce(scores, axis=0)
    return total


def gradient(model: RBM, v: ArrayLike) -> Gradient:
    """∂ mean log p(v) / ∂ parameters: what contrastive divergence approximates (Hinton 2002, eq. 5).

    For binary v (n, n_visible). Raises ValueError as `log_likelihood` does.
    """
    b, c, w = parameters(model)
    log_z = log_partition(model)
    n = len(np.atleast_2d(np.asarray(v)))
    total = Gradient(np.zeros_like(w), np.zeros_like(b), np.zeros_like(c))
    for block in state_blocks(model, v):
        total = _add(total, _moments(block, sigmoid(block @ w + c), np.full(len(block), 1 / n)))
    by_hidden = _over_hidden(model)
    for log_weights, states in _enumerate(model):
        other = sigmoid(states @ w.T + b) if by_hidden else sigmoid(states @ w + c)
        visible, hidden = (other, states) if by_hidden else (states, other)
        total = _add(total, _moments(visible, hidden, -np.exp(log_weights - log_z)))
    return total


def check_size(model: RBM) -> None:
    """Raises BadValue, naming the cost, where there are more than 20 units to enumerate."""
    units = _units(model)
    if units > MAX_UNITS:
        raise BadValue(
            f"exact sums need a layer of at most {MAX_UNITS} units; the smaller one here has {units}: "
            f"2^{units} states, 2^{units - MAX_UNITS} times the work of {MAX_UNITS} units, which beside 784 "
            "take 3 seconds. Use rbm.likelihood.ais to estimate instead"
        )


def is_small(model: RBM) -> bool:
    """Whether `check_size` passes."""
    return _units(model) <= MAX_UNITS


def _units(model: RBM) -> int:
    """How many units are enumerated: those of the smaller layer that has states."""
    return model.n_hidden if _over_hidden(model) else model.n_pixels


def _over_hidden(model: RBM) -> bool:
    return model.pixel_kind != "binary" or model.n_hidden <= model.n_pixels


def state_blocks(model: RBM, v: ArrayLike) -> Iterator[Float64]:
    """Blocks (m, n_visible) of states `v`, short enough for a float64 (m, units) of either layer.

    Raises ValueError for another shape and for what is no state of the visible units.
    """
    array = np.atleast_2d(np.asarray(v))
    if array.ndim != 2 or array.shape[1] != model.n_visible or not len(array):
        raise ValueError(f"this model asks for v of shape (n, {model.n_visible}), n at least 1; got {np.shape(v)}")
    size = block_size(max(model.weights.shape))
    for begin in range(0, len(array), size):
        block = array[begin : begin + size].astype(np.float64)
        model.check_states(block)
        yield block


def block_size(units: int) -> int:
    """How many states of `units` float64 units make a block."""
    return max(1, BLOCK_BYTES // (8 * units))


def parameters(model: RBM) -> tuple[Float64, Float64, Float64]:
    """Visible biases, hidden biases and weights in float64. Raises ValueError for other than binary units."""
    if not model.all_binary:
        raise ValueError(f"this is for binary units only; a {type(model).__name__} has others")
    return _closed(model)


def check_units(model: RBM) -> None:
    """Raises ValueError for visible units that don't sum out in a closed form known here."""
    if not model.has_closed_sums:
        raise ValueError(f"exact sums and AIS know the units of this program; a {type(model).__name__} has others")


def _closed(model: RBM) -> tuple[Float64, Float64, Float64]:
    check_units(model)
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
    b, c, w = _closed(model)
    if _over_hidden(model):
        yield from _over_states(b, c, w, model.log_visible_sum_)
        return
    pixels = slice(model.n_pixels)
    for bias, row in _classes(model, b, w):  # with a class on it is an RBM of the pixels with other hidden biases
        for log_weights, states in _over_states(c + row, b[pixels], w[pixels].T, sum_softplus_):
            yield log_weights + bias, states


def _classes(model: RBM, b: Float64, w: Float64) -> Iterator[tuple[float, Float64]]:
    """The bias and the weights (n_hidden,) of every class; nothing at all, once, where there are none."""
    if model.n_classes:
        yield from zip(b[model.n_pixels :], w[model.n_pixels :], strict=True)
    else:
        yield 0.0, np.zeros(model.n_hidden)


def _over_states(
    b: Float64, c: Float64, w: Float64, log_sum_: Callable[[Float64], Float64]
) -> Iterator[tuple[Float64, Float64]]:
    """As `_enumerate`, over the states of the layer with biases `c`; `log_sum_` sums out the one with biases `b`."""
    units = len(c)
    # The low units run through the same states in every block, so their share of the total input is kept.
    low = _all_states(min(units, block_size(len(b)).bit_length() - 1))
    k, m = low.shape
    share, x, states = w[:, :k] @ low, np.empty((len(b), m)), np.empty((units, m))
    states[:k] = low
    for high in _all_states(units - k).T:
        states[k:] = high[:, None]
        np.add(share, (w[:, k:] @ high + b)[:, None], out=x)
        yield c @ states + log_sum_(x), states.T


def _all_states(units: int) -> Float64:
    """All binary states (units, 2^units), one a column."""
    return ((np.arange(2**units) >> np.arange(units)[:, None]) & 1).astype(np.float64)


def _moments(v: Floats, h: Floats, weight: Float64) -> Gradient:
    """Σ weight · (v hᵀ, v, h)."""
    return Gradient((v * weight[:, None]).T @ h, weight @ v, weight @ h)


def _add(a: Gradient, b: Gradient) -> Gradient:
    return Gradient(*(x + y for x, y in zip(a, b, strict=True)))
