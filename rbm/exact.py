"""Exact answers by enumeration, for models with one small layer. The oracle beside every estimate.

Sums over all states of the smaller layer; the other layer is summed in closed form. All in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.model import RBM, Floats, sigmoid, softplus

Float64 = NDArray[np.float64]
MAX_UNITS = 20  # 2^20 states: a second; each further unit doubles it
BLOCK_BYTES = 64 * 2**20


class Gradient(NamedTuple):
    """The gradient of the mean log-likelihood, shaped as the parameters it is for (nats per unit)."""

    weights: Float64
    visible_bias: Float64
    hidden_bias: Float64


def log_partition(model: RBM) -> float:
    """log Z in nats. Raises ValueError where both layers have more than 20 units."""
    total = -np.inf
    for log_weights, _ in _enumerate(model):
        total = np.logaddexp(total, _logsumexp(log_weights))
    return float(total)


def log_likelihood(model: RBM, v: ArrayLike) -> Float64:
    """log p(v) (n,) in nats for binary v (n, n_visible). Raises ValueError as `log_partition` does."""
    b, c, w = _parameters(model)
    v = np.atleast_2d(np.asarray(v, dtype=np.float64))
    minus_free_energy: Float64 = v @ b + softplus(v @ w + c).sum(axis=1)
    return minus_free_energy - log_partition(model)


def gradient(model: RBM, v: ArrayLike) -> Gradient:
    """∂ mean log p(v) / ∂ parameters: what contrastive divergence approximates (Hinton 2002, eq. 5)."""
    b, c, w = _parameters(model)
    v = np.atleast_2d(np.asarray(v, dtype=np.float64))
    data = _moments(v, sigmoid(v @ w + c), np.full(len(v), 1 / len(v)))
    log_z = log_partition(model)
    model_side = Gradient(np.zeros_like(w), np.zeros_like(b), np.zeros_like(c))
    by_hidden = model.n_hidden <= model.n_visible
    for log_weights, states in _enumerate(model):
        other = sigmoid(states @ w.T + b) if by_hidden else sigmoid(states @ w + c)
        visible, hidden = (other, states) if by_hidden else (states, other)
        block = _moments(visible, hidden, np.exp(log_weights - log_z))
        model_side = Gradient(*(total + part for total, part in zip(model_side, block, strict=True)))
    return Gradient(*(d - m for d, m in zip(data, model_side, strict=True)))


def _moments(v: Floats, h: Floats, weight: Float64) -> Gradient:
    """Σ weight · (v hᵀ, v, h)."""
    return Gradient((v * weight[:, None]).T @ h, weight @ v, weight @ h)


def _enumerate(model: RBM) -> Iterator[tuple[Float64, Float64]]:
    """Blocks (unnormalised log-probability (m,), states (m, units)) of the smaller layer's 2^units states."""
    b, c, w = _parameters(model)
    if model.n_visible < model.n_hidden:
        b, c, w = c, b, w.T
    units = len(c)
    if units > MAX_UNITS:
        raise ValueError(
            f"exact sums need a layer of at most {MAX_UNITS} units; the smaller one here has {units}, "
            f"that is 2^{units} states. Use rbm.likelihood.ais to estimate instead"
        )
    block = max(1, BLOCK_BYTES // (8 * (len(b) + units)))
    bits = np.arange(units)
    for begin in range(0, 2**units, block):
        numbers = np.arange(begin, min(begin + block, 2**units))
        states = ((numbers[:, None] >> bits) & 1).astype(np.float64)
        yield states @ c + softplus(states @ w.T + b).sum(axis=1), states


def _parameters(model: RBM) -> tuple[Float64, Float64, Float64]:
    if type(model) is not RBM:
        raise ValueError(f"exact sums know binary units only; a {type(model).__name__} has others")
    return (
        model.visible_bias.astype(np.float64),
        model.hidden_bias.astype(np.float64),
        model.weights.astype(np.float64),
    )


def _logsumexp(x: Float64) -> float:
    top = x.max()
    return float(top + np.log(np.exp(x - top).sum()))
