"""Estimates of log Z, each with its error, for models too large to enumerate.

Annealed importance sampling (AIS; Neal 2001) carries independent chains from a base-rate model without weights, whose
Z_0 is known, to the RBM (`rbm.measures.annealing`). A chain's weight w is right on average, E[w] = Z / Z_0. As the
logarithm is concave, E[log w] <= log Z / Z_0: the mean log-weight bounds log Z from below. Chains from samples of the
RBM down to the base bound it from above (Burda, Grosse & Salakhutdinov, AISTATS 2015). Bennett's acceptance ratio
(`rbm.measures.bennett`) makes one estimate of both, and what the chains can't tell, missed modes, the bounds do.

Of a model with classes log Z is that of pixels and classes together, for `LabelRBM` and its `marginal` alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rbm.measures.annealing import anneal, base_draws, base_log_partition
from rbm.measures.bennett import acceptance_ratio
from rbm.measures.exact import check_units, free_energy, state_blocks
from rbm.models.arrays import Array, Float64, as_floats, log_sum_exp
from rbm.models.binary import RBM
from rbm.models.sampling import gibbs

SWEEPS = 500  # Gibbs sweeps from an approximate to a good sample of the model
LONG_RUN = 500  # sweeps until the model's own samples have left where they began
FEW = 10  # effective chains: from fewer no error can be told
SURE = 2.576  # standard errors on either side hold a normal estimate in 99 % of cases


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
    """log Z by both directions, all in nats.

    `log_partition`, `standard_error`: by Bennett's acceptance ratio. The error is NaN where it can't be `trusted`.
    `lower`, `upper`: bounds from the mean log-weights, never swapped. Good chains hardly differ, so that the noise of
    these means outweighs what makes them bounds: they are then moved out to 99 % limits of `log_partition`.
    `forward`, `reverse`: AIS and reverse AIS, each with its effective sample size.
    """

    log_partition: float
    standard_error: float
    lower: float
    upper: float
    forward: Estimate
    reverse: Estimate

    @property
    def effective_sample_size(self) -> float:
        """Of the direction in which fewer chains count."""
        return min(self.forward.effective_sample_size, self.reverse.effective_sample_size)

    @property
    def trusted(self) -> bool:
        """Whether 10 chains or more count in both directions; if not, only the bounds tell anything."""
        return self.effective_sample_size >= FEW


class LogLikelihood(NamedTuple):
    """Mean log p(v) of given images in nats by a `Bracket`: what that is, with log Z taken off.

    The error is that of log Z; that other images would give another mean is not in it.
    """

    value: float
    standard_error: float
    lower: float
    upper: float


def ais(
    model: RBM,
    rng: np.random.Generator,
    chains: int = 100,
    *,
    betas: ArrayLike = FULL_SCHEDULE,
    base: ArrayLike | None = None,
) -> Estimate:
    """log Z by AIS. 784-500 with 100 chains at the full schedule: half a minute on two cores.

    `base` (n_visible,): visible biases of the base-rate model, best `arrays.log_odds(images)` of the training
    data (of Gaussian pixels their mean); without it the model's own. Of a model with classes it may be of the
    pixels alone. `betas`: inverse temperatures that rise from 0 to 1. Raises ValueError for a bad base or
    schedule, for unknown units, and for fewer than 2 chains, which show no error.
    """
    model = model.joint
    return _forward(model, rng, chains, _checked_betas(betas), _checked_base(model, base))[0]


def reverse_ais(
    model: RBM,
    v: ArrayLike,
    rng: np.random.Generator,
    *,
    betas: ArrayLike = FULL_SCHEDULE,
    base: ArrayLike | None = None,
) -> Estimate:
    """log Z by AIS from states `v` (chains, n_visible), each a sample of the model, down to the base.

    An upper bound on average only if `v` really are samples of the model: `model_samples` makes good ones.
    Starts in too few of the model's modes give too small a value. Options and errors as for `ais`.
    """
    model = model.joint
    biases = _checked_base(model, base)
    start = np.concatenate([block.astype(np.float32) for block in state_blocks(model, v)])
    _check_chains(len(start))
    log_weights = anneal(model, biases, start, _checked_betas(betas)[::-1], rng)
    return _estimate(log_weights, base_log_partition(model, biases), sign=-1)


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
    """log Z with its error between bounds, by AIS and reverse AIS together; options and errors as for `ais`.

    784-500 with 100 chains on one core: FULL_SCHEDULE, the default, about a minute; QUICK_SCHEDULE seven seconds.

    The reverse chains begin at `chains` model samples, made from `start` by `sweeps` Gibbs sweeps. `start`: as for
    `model_samples`, best training data: what the model learned to visit, found without AIS. Without it they begin
    where AIS ended, and modes that AIS missed stay missed.
    """
    model = model.joint
    betas, biases = _checked_betas(betas), _checked_base(model, base)
    forward, ends = _forward(model, rng, chains, betas, biases)
    first = resample(ends, forward.log_weights, chains, rng) if start is None else start
    samples = model_samples(model, chains, rng, start=first, sweeps=sweeps)
    return combine(
        forward, reverse_ais(model, samples, rng, betas=betas, base=biases), base_log_partition(model, biases)
    )


def combine(forward: Estimate, reverse: Estimate, base_log_partition: float) -> Bracket:
    """Both directions of one schedule and base, whose log Z_0 is `base_log_partition`, as one."""
    ratio, error = acceptance_ratio(forward.log_weights, reverse.log_weights)
    log_z, sure = base_log_partition + ratio, SURE * error
    ends = [
        base_log_partition + float(forward.log_weights.mean()),
        base_log_partition - float(reverse.log_weights.mean()),
    ]
    found = Bracket(log_z, error, min(*ends, log_z - sure), max(*ends, log_z + sure), forward, reverse)
    return found if found.trusted else found._replace(standard_error=float("nan"))


def model_samples(
    model: RBM, n: int, rng: np.random.Generator, *, start: ArrayLike | None = None, sweeps: int = SWEEPS
) -> Array:
    """`n` samples of the model, as good as can be had: states (n, n_visible).

    Gibbs chains of `sweeps` sweeps, from rows of `start` drawn at random (images as the model learns from, with or
    without class units beside their pixels), or without it from the ends of a quick AIS run, drawn by weight:
    exact as the run grows long.
    """
    model = model.joint
    if start is None:
        estimate, ends = _forward(model, rng, max(n, 2), QUICK_SCHEDULE, _checked_base(model, None))
        first = resample(ends, estimate.log_weights, n, rng)
    else:
        images = model.check_data(start)
        chosen = images[np.sort(rng.choice(len(images), n, replace=len(images) < n))]
        first = as_floats(chosen) if chosen.shape[1] == model.n_visible else model.guess(chosen)
    return gibbs(model, first, sweeps, rng)


def resample(v: Array, log_weights: Float64, n: int, rng: np.random.Generator) -> Array:
    """`n` rows of `v`, each drawn in proportion to its weight."""
    return v[rng.choice(len(v), n, p=np.exp(log_weights - log_sum_exp(log_weights)))]


def average_log_likelihood(model: RBM, v: ArrayLike, log_partition: float) -> float:
    """Mean over states `v` (n, n_visible) of log p(v) in nats, given an estimate of log Z.

    An estimate too small makes it too large: AIS flatters, reverse AIS is modest. Raises ValueError for v
    that are no states of the model: not binary, say.
    """
    return -float(free_energy(model, v).mean()) - log_partition


def log_likelihood(model: RBM, v: ArrayLike, log_z: Bracket) -> LogLikelihood:
    """`average_log_likelihood` of `v` with its error and its bounds: the largest log Z makes the lower one."""
    value = average_log_likelihood(model, v, log_z.log_partition)
    above, below = log_z.upper - log_z.log_partition, log_z.log_partition - log_z.lower
    return LogLikelihood(value, log_z.standard_error, value - above, value + below)


def _forward(
    model: RBM, rng: np.random.Generator, chains: int, betas: Float64, base: Float64
) -> tuple[Estimate, Array]:
    """The estimate and the end states (chains, n_visible), samples of the model when weighted."""
    v = base_draws(model, base, _check_chains(chains), rng)
    log_weights = anneal(model, base, v, betas, rng)
    return _estimate(log_weights, base_log_partition(model, base), sign=+1), v


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


def _checked_betas(betas: ArrayLike) -> Float64:
    array = np.asarray(betas, dtype=np.float64)
    if array.ndim != 1 or len(array) < 2 or array[0] != 0 or array[-1] != 1 or not (np.diff(array) > 0).all():
        raise ValueError("betas must rise from 0 to 1, each above the one before; rbm.likelihood.schedule makes such")
    return array


def _checked_base(model: RBM, base: ArrayLike | None) -> Float64:
    check_units(model)
    own = model.visible_bias.astype(np.float64)
    array = own if base is None else np.asarray(base, dtype=np.float64)
    if array.shape == (model.n_pixels,):
        array = np.concatenate([array, own[model.n_pixels :]])
    if array.shape != (model.n_visible,) or not np.isfinite(array).all():
        raise ValueError(f"base must be {model.n_visible} finite visible biases; got an array of shape {array.shape}")
    return array


def _check_chains(chains: int) -> int:
    if chains < 2:
        raise ValueError(f"an estimate with an error takes at least 2 chains, got {chains}; 100 is usual")
    return chains


def own_samples(
    model: RBM,
    n: int,
    rng: np.random.Generator,
    images: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    sweeps: int = LONG_RUN,
) -> Array:
    """`n` samples of the model (n, n_visible): chains of `sweeps` sweeps from training `images`, all pixels and, of a
    LabelRBM, their `labels`; without images, of a plain RBM from annealing, of a LabelRBM from noise.
    """
    if not model.n_classes:
        return model_samples(model, n, rng, start=images, sweeps=sweeps)
    if images is None or labels is None:
        images = rng.integers(0, 2, (n, model.n_pixels)).astype(np.float32)
        labels = rng.integers(0, model.n_classes, n)
    return model_samples(model, n, rng, start=model.join(images, np.asarray(labels) % model.n_classes), sweeps=sweeps)
