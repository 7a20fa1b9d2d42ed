"""Estimates of log Z, each with its error, for models too large to enumerate.

Annealed importance sampling (AIS; Neal 2001) carries independent chains from a base-rate model without
weights, whose Z is known, to the RBM by way of the distributions of Salakhutdinov & Murray (2008), eq. 18:

    p_β(v) ∝ exp((1 - β) a·v + β b·v) Π_j (1 + exp(β x_j)),    x = v·W + c,    Z_0 = 2^n_hidden Π_i (1 + exp(a_i))

Where chains get lost on the way Z comes out too small: log Z is underestimated on average. Run from samples
of the RBM down to the base it is overestimated on average (Burda, Grosse & Salakhutdinov 2015). So the two
bracket log Z, and the width of the bracket tells what the standard error of either can't: missed modes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rbm.measures.exact import binary_blocks, free_energy, parameters
from rbm.models.arrays import Array, Float64, as_unit_interval, bernoulli, check_images, log_sum_exp, sigmoid
from rbm.models.binary import RBM
from rbm.models.layers import Bernoulli
from rbm.models.sampling import gibbs

CHAIN_BLOCK = 256  # chains that walk together: bounds the memory, and fills the matrix products
SWEEPS = 500  # Gibbs sweeps from an approximate to a good sample of the model
LONG_RUN = 500  # sweeps until the model's own samples have left where they began


def schedule(*pieces: tuple[int, float]) -> Float64:
    """Inverse temperatures from 0: for each piece (steps, end), so many even steps up to `end`."""
    betas = [np.zeros(1)]
    for steps, end in pieces:
        betas.append(np.linspace(betas[-1][-1], end, steps + 1)[1:])
    return np.concatenate(betas)


FULL_SCHEDULE = schedule((500, 0.5), (4000, 0.9), (10_000, 1.0))
"""The 14,500 steps of Salakhutdinov & Murray (2008), section 6.1."""
QUICK_SCHEDULE = schedule((50, 0.5), (350, 0.9), (1000, 1.0))
"""Near a tenth of it, in the same proportions: for a screen, and only ever as a bracket."""


class Estimate(NamedTuple):
    """An estimate of log Z from independent chains.

    `log_partition`, `standard_error` (delta method; trust it when many chains count) in nats.
    `effective_sample_size`: how many chains count, from 1 to all of them: (Σ w)² / Σ w².
    `log_weights`: float64 (chains,); E[w] = Z / Z_0 for AIS and Z_0 / Z for reverse AIS.
    """

    log_partition: float
    standard_error: float
    effective_sample_size: float
    log_weights: Float64


class Bracket(NamedTuple):
    """`lower` by AIS, low on average, and `upper` by reverse AIS, high on average; noise may swap them."""

    lower: Estimate
    upper: Estimate


def ais(
    model: RBM,
    rng: np.random.Generator,
    chains: int = 100,
    *,
    betas: ArrayLike = FULL_SCHEDULE,
    base: ArrayLike | None = None,
) -> Estimate:
    """log Z by AIS. 784-500 with 100 chains at the full schedule: half a minute on two cores.

    `base` (n_visible,): visible biases of the base-rate model, best `arrays.log_odds(images)` of the
    training data; without it the model's own. `betas`: inverse temperatures that rise from 0 to 1.
    Raises ValueError for a bad base or schedule, for other than binary units, and for fewer than 2 chains,
    which show no error.
    """
    return _forward(model, rng, chains, _checked_betas(betas), _checked_base(model, base))[0]


def reverse_ais(
    model: RBM,
    v: ArrayLike,
    rng: np.random.Generator,
    *,
    betas: ArrayLike = FULL_SCHEDULE,
    base: ArrayLike | None = None,
) -> Estimate:
    """log Z by AIS from binary `v` (chains, n_visible), each a sample of the model, down to the base.

    An upper bound on average only if `v` really are samples of the model: `model_samples` makes good ones.
    Starts in too few of the model's modes give too small a value. Options and errors as for `ais`.
    """
    biases = _checked_base(model, base)
    start = np.concatenate([block.astype(np.float32) for block in binary_blocks(model, v)])
    _check_chains(len(start))
    log_weights = _anneal(model, biases, start, _checked_betas(betas)[::-1], rng)
    return _estimate(log_weights, _base_log_partition(model, biases), sign=-1)


def bracket(
    model: RBM,
    rng: np.random.Generator,
    chains: int = 100,
    *,
    betas: ArrayLike = FULL_SCHEDULE,
    base: ArrayLike | None = None,
    start: ArrayLike | None = None,
    sweeps: int = SWEEPS,
) -> Bracket:
    """AIS and reverse AIS, the latter from `chains` model samples made from `start` by `sweeps` Gibbs sweeps.

    784-500 with 100 chains on one core: FULL_SCHEDULE, the default, about a minute; QUICK_SCHEDULE seven seconds.

    `start` (n, n_visible): images, best training data: what the model learned to visit, found without AIS.
    Without it the reverse chains start from where AIS ended, and modes that AIS missed stay missed.
    """
    betas, biases = _checked_betas(betas), _checked_base(model, base)
    lower, ends = _forward(model, rng, chains, betas, biases)
    first = resample(ends, lower.log_weights, chains, rng) if start is None else start
    samples = model_samples(model, chains, rng, start=first, sweeps=sweeps)
    return Bracket(lower, reverse_ais(model, samples, rng, betas=betas, base=biases))


def model_samples(
    model: RBM, n: int, rng: np.random.Generator, *, start: ArrayLike | None = None, sweeps: int = SWEEPS
) -> Array:
    """`n` samples of the model, as good as can be had: binary (n, n_visible).

    Gibbs chains of `sweeps` sweeps, from rows of `start` drawn at random (images, uint8 or in [0, 1]), or
    without it from the ends of a quick AIS run, drawn by weight: exact as the run grows long.
    """
    if start is None:
        estimate, ends = _forward(model, rng, max(n, 2), QUICK_SCHEDULE, _checked_base(model, None))
        first = resample(ends, estimate.log_weights, n, rng)
    else:
        images = check_images(start)
        first = as_unit_interval(images[np.sort(rng.choice(len(images), n, replace=len(images) < n))])
    return gibbs(model, first, sweeps, rng)


def resample(v: Array, log_weights: Float64, n: int, rng: np.random.Generator) -> Array:
    """`n` rows of `v`, each drawn in proportion to its weight."""
    return v[rng.choice(len(v), n, p=np.exp(log_weights - log_sum_exp(log_weights)))]


def average_log_likelihood(model: RBM, v: ArrayLike, log_partition: float) -> float:
    """Mean over binary `v` (n, n_visible) of log p(v) in nats, given an estimate of log Z.

    An estimate too small makes it too large: AIS flatters, reverse AIS is modest. Raises ValueError for v
    that are not binary.
    """
    return -float(free_energy(model, v).mean()) - log_partition


def _forward(
    model: RBM, rng: np.random.Generator, chains: int, betas: Float64, base: Float64
) -> tuple[Estimate, Array]:
    """The estimate and the end states (chains, n_visible), samples of the model when weighted."""
    v = bernoulli(np.broadcast_to(sigmoid(base), (_check_chains(chains), len(base))), rng)
    log_weights = _anneal(model, base, v, betas, rng)
    return _estimate(log_weights, _base_log_partition(model, base), sign=+1), v


def _anneal(model: RBM, base: Float64, v: Array, betas: Float64, rng: np.random.Generator) -> Float64:
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
    units = Bernoulli(rng, len(v) * max(model.n_visible, model.n_hidden))
    log_weights = np.zeros(len(v))
    for before, after in pairwise(betas):
        np.matmul(v, model.weights, out=x)
        x += model.hidden_bias
        log_weights += (after - before) * (v @ slope)
        log_weights += _softplus_step(x, before, after, *scratch)
        if after == betas[-1]:
            break
        x *= np.float32(after)
        units.draw(units.mean_(x), out=x)
        np.matmul(x, down, out=v)
        v *= np.float32(after)
        v += (base + after * slope).astype(np.float32)
        units.draw(units.mean_(v), out=v)
    return log_weights


def _softplus_step(x: Array, before: float, after: float, size: Array, step: Array) -> Float64:
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


def _estimate(log_weights: Float64, base_log_partition: float, sign: int) -> Estimate:
    n = len(log_weights)
    log_mean = log_sum_exp(log_weights) - np.log(n)
    relative = np.exp(log_weights - log_mean)
    return Estimate(
        log_partition=float(base_log_partition + sign * log_mean),
        standard_error=float(relative.std(ddof=1) / np.sqrt(n)),
        effective_sample_size=float(n**2 / np.square(relative).sum()),
        log_weights=log_weights,
    )


def _base_log_partition(model: RBM, base: Float64) -> float:
    return float(model.n_hidden * np.log(2) + np.logaddexp(0, base).sum())


def _checked_betas(betas: ArrayLike) -> Float64:
    array = np.asarray(betas, dtype=np.float64)
    if array.ndim != 1 or len(array) < 2 or array[0] != 0 or array[-1] != 1 or not (np.diff(array) > 0).all():
        raise ValueError("betas must rise from 0 to 1, each above the one before; rbm.likelihood.schedule makes such")
    return array


def _checked_base(model: RBM, base: ArrayLike | None) -> Float64:
    visible_bias = parameters(model)[0]
    array = visible_bias if base is None else np.asarray(base, dtype=np.float64)
    if array.shape != (model.n_visible,) or not np.isfinite(array).all():
        raise ValueError(f"base must be {model.n_visible} finite visible biases; got an array of shape {array.shape}")
    return array


def _check_chains(chains: int) -> int:
    if chains < 2:
        raise ValueError(f"an estimate with an error takes at least 2 chains, got {chains}; 100 is usual")
    return chains


def own_samples(
    model: RBM, n: int, rng: np.random.Generator, images: ArrayLike | None = None, labels: ArrayLike | None = None
) -> Array:
    """`n` samples of the model (n, n_visible): chains of 500 sweeps from training `images`, all pixels and, of a
    LabelRBM, their `labels`; without images, of a plain RBM from annealing, of a LabelRBM from noise.
    """
    if not model.n_classes:
        return model_samples(model, n, rng, start=images, sweeps=LONG_RUN)
    if images is None or labels is None:
        images = rng.integers(0, 2, (n, model.n_pixels)).astype(np.float32)
        labels = rng.integers(0, model.n_classes, n)
    return model_samples(model, n, rng, start=model.join(images, np.asarray(labels) % model.n_classes), sweeps=LONG_RUN)
