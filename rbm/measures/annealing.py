"""The walk of annealed importance sampling, up from the base-rate model to the RBM or back down, and its log-weights.

    p_β(v) ∝ exp(((1 - β) a + β b)·v) Π_j (1 + exp(β x_j)),    x = v·W + c

for visible biases a of the base and b of the model (Salakhutdinov & Murray 2008, eq. 18). The same holds of classes, of
which one is on, and of Gaussian units, where exp(-½‖v‖²) is a factor at every β; where they have variances σ² of their
own, v stands for v/σ² and the factor is exp(-Σ v²/2σ²).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from rbm.models.arrays import Array, Float64
from rbm.models.binary import RBM

CHAIN_BLOCK = 256  # chains that walk together: bounds the memory, and fills the matrix products


def base_log_partition(model: RBM, base: Float64) -> float:
    """log Z_0 in nats of the model with visible biases `base` (n_visible,) and no weights."""
    return float(model.n_hidden * np.log(2) + model.log_visible_sum_(base[:, None].copy())[0])


def base_draws(model: RBM, base: Float64, chains: int, rng: np.random.Generator) -> Array:
    """Samples (chains, n_visible) of the base-rate model."""
    alone = replace(model, weights=np.zeros_like(model.weights), visible_bias=base.astype(np.float32))
    mean = alone.mean_visible(np.zeros(model.n_hidden, dtype=np.float32))
    return model.draw_visible(np.broadcast_to(mean, (chains, model.n_visible)), rng)


def anneal(model: RBM, base: Float64, v: Array, betas: Float64, rng: np.random.Generator) -> Float64:
    """Σ_k log p_β[k](v) - log p_β[k-1](v), unnormalised (chains,); `v` is moved along by Gibbs sweeps."""
    return np.concatenate(
        [
            _anneal_block(model, base, v[begin : begin + CHAIN_BLOCK], betas, rng)
            for begin in range(0, len(v), CHAIN_BLOCK)
        ]
    )


def _anneal_block(model: RBM, base: Float64, v: Array, betas: Float64, rng: np.random.Generator) -> Float64:
    """One sweep at each inverse temperature in between; float32 chains, float64 weights."""
    down = np.ascontiguousarray(model.weights.T)  # both products then run at full speed
    slope = (model.visible_bias - base).astype(np.float32)
    x = np.empty((len(v), model.n_hidden), dtype=np.float32)
    scratch = (np.empty_like(x), np.empty_like(x))
    visible, hidden = model.layers(rng, len(v) * max(model.n_visible, model.n_hidden))
    log_weights = np.zeros(len(v))
    for before, after in pairwise(betas):
        seen = model.parameters.seen(v)
        np.matmul(seen, model.weights, out=x)
        x += model.hidden_bias
        log_weights += (after - before) * (seen @ slope)
        log_weights += softplus_step(x, before, after, *scratch)
        if after == betas[-1]:
            break
        x *= np.float32(after)
        hidden.sample(x, out=x)
        np.matmul(x, down, out=v)
        v *= np.float32(after)
        v += (base + after * slope).astype(np.float32)
        visible.sample(v, out=v)
    return log_weights


def softplus_step(x: Array, before: float, after: float, size: Array, step: Array) -> Float64:
    """Σ_j log(1 + exp(after x_j)) - log(1 + exp(before x_j)) (n,) in float32 without cancellation.

    The step is a ten-thousandth of either term, so it is computed, not the difference: with δ the step in β,
    δ max(x, 0) + log(1 + σ(-before |x|) (exp(-δ |x|) - 1)), and falling steps are minus the rising ones.
    """
    low, delta = min(before, after), abs(after - before)
    np.abs(x, out=size)
    np.multiply(size, np.float32(-delta), out=step)
    np.expm1(step, out=step)
    size *= np.float32(-0.5 * low)
    np.tanh(size, out=size)  # σ(y) = (1 + tanh(y / 2)) / 2
    size += 1
    step *= size
    step *= 0.5
    np.log1p(step, out=step)
    total: Float64 = step.sum(axis=1).astype(np.float64)
    total += delta * np.maximum(x, 0, out=size).sum(axis=1)
    return total if after > before else -total
