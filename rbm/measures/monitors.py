"""Measures that can be asked for by name after every epoch: each from a model and fixed images to numbers.

Every call draws from a fresh generator of the same seed. So a measure depends on the model alone, training
draws what it would have drawn without it, and a curve over epochs is not blurred by a new choice of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.measures import exact, likelihood
from rbm.measures.diagnostics import UnitHealth, free_energy_gap, hidden_activations, unit_health, update_ratio
from rbm.measures.pseudo_likelihood import stochastic_pseudo_likelihood
from rbm.measures.trajectory import TRAJECTORY, Trajectory
from rbm.models.arrays import Array, Float64, Labels, as_floats, check_labels, sum_softplus_
from rbm.models.binary import RBM
from rbm.models.layers import Learned, Parameters

SUBSET = 1000  # images of each kind: enough for a curve, and soon measured
AIS_SWEEPS = 100
MISREAD = "misread"  # needs labels
UPDATE_RATIO = "update_ratio"  # needs the step as well as the model
OF_A_RUN = (UPDATE_RATIO, TRAJECTORY)  # need more than a model and images: measured by a run's Watch only

Measures = dict[str, float]


@dataclass(frozen=True, eq=False)
class Context:
    """What every epoch is measured on: pixels (n, n_pixels) as the units can have them, base-rate biases, the seed.

    Of a model with classes also the held-out images (n, n_pixels) as they come, grey or cut, and their labels (n,).
    """

    train: Array
    held_out: Array
    base: Float64
    seed: int
    to_read: Array | None = None
    labels: Labels | None = None

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)


def make_context(
    model: RBM,
    train: ArrayLike,
    held_out: ArrayLike,
    seed: int,
    *,
    labels: ArrayLike | None = None,
    threshold: bool = False,
    subset: int = SUBSET,
) -> Context:
    """A context of at most `subset` random images each, such as `model` learns from.

    For binary pixels they are made binary once: grey levels become probabilities of ink, or are cut at 0.5 with
    `threshold`. `labels`: of the held-out images, to tell which are misread. Raises ValueError for other images or
    labels, and for another number of pixels held out than trained on.
    """
    pixels, others = (np.shape(images)[-1:] for images in (train, held_out))
    if pixels != others:
        raise ValueError(f"training images have {pixels[0]} pixels and held-out images {others[0]}; they must agree")
    rng = np.random.default_rng(seed)
    (seen, _, _), (unseen, grey, rows) = (
        _subset(model.marginal, images, subset, threshold, rng) for images in (train, held_out)
    )
    base = model.marginal.base_rates(seen.mean(axis=0, dtype=np.float64), len(seen))
    if labels is None:
        return Context(seen, unseen, base, seed)
    return Context(seen, unseen, base, seed, grey, check_labels(labels, len(np.asarray(held_out)))[rows])


def check(names: Iterable[str], model: RBM) -> None:
    """Raises BadValue for an unknown name, listing the known ones; for "exact" on too large a model; for "misread"
    without classes; and for what the units of the model don't allow: pseudo-likelihood flips binary pixels, the rest
    needs units of this program.
    """
    for name in names:
        if name not in MONITORS:
            raise BadValue(f"unknown monitor {name!r}; choose from {', '.join([*MONITORS, *OF_A_RUN])}")
        if name == MISREAD and not model.joint.n_classes:
            raise BadValue(f"{name!r} needs classes to read, and there are none here; learn labels, or leave it out")
        if not (model.all_binary if name == "pseudo_likelihood" else model.joint.has_closed_sums):
            raise BadValue(f"{name!r} can't be measured on a {type(model).__name__}; leave it out")
        if name == "exact":
            exact.check_size(model.joint)


@dataclass(frozen=True, eq=False)
class Watch:
    """What a run is asked to measure: `names`, after every `every`-th epoch and the last one."""

    names: tuple[str, ...]
    every: int = 1
    context: Context | None = None

    def after(
        self, epoch: int, epochs: int, model: RBM, change: Learned, values: Learned, chains: Trajectory | None
    ) -> Measures:
        """The measures due after `epoch`; `change` is the last update of the parameters, which now are `values`, and
        `chains` what is known of the way of those that train it."""
        names = self.due(epoch, epochs)
        found = {} if self.context is None else measure(model, of_model(names), self.context)
        if TRAJECTORY in names and self.context is not None and chains is not None:
            found |= along_trajectory(model, self.context, chains)
        return found | (update_ratios(values, change) if UPDATE_RATIO in names else {})

    def due(self, epoch: int, epochs: int) -> tuple[str, ...]:
        """What is to be measured after `epoch` of `epochs`."""
        return () if epoch % self.every and epoch != epochs else self.names


def watch(
    names: Iterable[str],
    every: int,
    model: RBM,
    images: ArrayLike,
    held_out: ArrayLike | None,
    *,
    seed: int,
    threshold: bool,
    labels: ArrayLike | None = None,
) -> Watch:
    """The watch over a run on `images`; `labels`: of the held-out ones. Raises BadValue for an unknown name, or one
    that can't be measured."""
    names = tuple(names)
    if every < 1:
        raise BadValue(f"monitor_every must be at least 1, got {every}")
    check(of_model(names), model)
    of_images = [name for name in names if name != UPDATE_RATIO]
    if not of_images:
        return Watch(names, every)
    if held_out is None:
        raise BadValue(f"the monitors {', '.join(of_images)} measure held-out images; give validation=...")
    return Watch(names, every, make_context(model, images, held_out, seed, labels=labels, threshold=threshold))


def of_model(names: Iterable[str]) -> list[str]:
    """Those that need a model and images alone: the names in MONITORS, and any unknown one."""
    return [name for name in names if name not in OF_A_RUN]


def along_trajectory(model: RBM, context: Context, chains: Trajectory) -> Measures:
    """Mean log-likelihood of held-out images, nats, by what the training's own chains tell of log Z, and how many of
    them count; once too few do, that alone. Of a model with classes they are summed out."""
    standing = chains.standing(model)
    found = {f"{TRAJECTORY}_sample_size": standing.sample_size}
    if standing.log_partition is None:
        return found
    return {TRAJECTORY: _mean_unnormalised(model, context.held_out) - standing.log_partition, **found}


def _mean_unnormalised(model: RBM, v: Array) -> float:
    """Mean of log p(v) + log Z in nats over states v (n, n_pixels): the product in float32, which is a third of the
    time and rounds 1e-6 nats off the mean, the sums in float64."""
    if not model.all_binary:
        return -float(model.marginal.free_energy(v).mean(dtype=np.float64))
    x = v @ model.weights + model.hidden_bias
    return float((v @ model.visible_bias + sum_softplus_(x.T.astype(np.float64))).mean())


def update_ratios(values: Learned, change: Learned) -> Measures:
    """Mean size of the last update over mean size of the values, of weights and of each bias."""
    return {
        f"{UPDATE_RATIO}_{name}": update_ratio(getattr(change, name), getattr(values, name))
        for name in Parameters._fields
    }


def measure(model: RBM, names: Iterable[str], context: Context) -> Measures:
    """All that the monitors called `names` measure, together. Raises ValueError as `check` does.

    A model with classes is measured as one of its pixels: the classes are summed out.
    """
    names = tuple(names)
    check(names, model)
    return {key: value for name in names for key, value in MONITORS[name](model.marginal, context).items()}


def _pseudo_likelihood(model: RBM, context: Context) -> Measures:
    """Mean stochastic log pseudo-likelihood of held-out images, nats."""
    values = stochastic_pseudo_likelihood(model, context.held_out, context.rng())
    return {"pseudo_likelihood": float(values.mean())}


def _free_energy_gap(model: RBM, context: Context) -> Measures:
    return {"free_energy_gap": free_energy_gap(model, context.train, context.held_out)}


def _dead_units(model: RBM, context: Context) -> Measures:
    return {"dead_units": float(_health(model, context).dead.sum())}


def _saturated_units(model: RBM, context: Context) -> Measures:
    return {"saturated_units": float(_health(model, context).always_on.sum())}


def _health(model: RBM, context: Context) -> UnitHealth:
    return unit_health(hidden_activations(model, context.held_out))


def _ais(model: RBM, context: Context) -> Measures:
    """Mean log-likelihood of held-out images, nats, by the quick bracket of log Z; about five seconds.

    `ais` and its error only where they can be trusted; `ais_lower` and `ais_upper` bound it, and `ais_sample_size` is
    the effective number of chains.
    """
    log_z = likelihood.bracket(
        model,
        context.rng(),
        betas=likelihood.QUICK_SCHEDULE,
        base=context.base,
        start=context.train,
        sweeps=AIS_SWEEPS,
    )
    found = likelihood.log_likelihood(model, context.held_out, log_z)
    bounds = {
        "ais_lower": found.lower,
        "ais_upper": found.upper,
        "ais_sample_size": log_z.effective_sample_size,
    }
    return bounds | ({"ais": found.value, "ais_error": found.standard_error} if log_z.trusted else {})


def _exact(model: RBM, context: Context) -> Measures:
    """Mean exact log-likelihood of held-out images, nats."""
    return {"exact_log_likelihood": float(exact.log_likelihood(model, context.held_out).mean())}


def _misread(model: RBM, context: Context) -> Measures:
    """The share of held-out images, from 0 to 1, whose most probable class is another than theirs."""
    if context.to_read is None or context.labels is None:
        raise BadValue(f"{MISREAD!r} compares with the labels of held-out images; give them")
    return {MISREAD: float((model.joint.classify(context.to_read) != context.labels).mean())}


MONITORS: dict[str, Callable[[RBM, Context], Measures]] = {
    "pseudo_likelihood": _pseudo_likelihood,
    "free_energy_gap": _free_energy_gap,
    "dead_units": _dead_units,
    "saturated_units": _saturated_units,
    "ais": _ais,
    "exact": _exact,
    MISREAD: _misread,
}


FOUND: dict[str, tuple[str, ...]] = {
    "ais": ("ais", "ais_error", "ais_lower", "ais_upper", "ais_sample_size"),
    "exact": ("exact_log_likelihood",),
    TRAJECTORY: (TRAJECTORY, f"{TRAJECTORY}_sample_size"),
    UPDATE_RATIO: tuple(f"{UPDATE_RATIO}_{name}" for name in Parameters._fields),
}
"""What a monitor may find, by name, where that is not its own name alone."""


def found_by(names: Iterable[str]) -> tuple[str, ...]:
    """All that the monitors called `names` may find, in order: columns for a table."""
    return tuple(key for name in names for key in FOUND.get(name, (name,)))


def usual_every(names: Iterable[str], epochs: int) -> int:
    """After how many epochs to measure again: AIS, which takes seconds, ten times a run, all else after every one."""
    return max(1, epochs // 10) if "ais" in names else 1


def _subset(
    model: RBM, images: ArrayLike, size: int, threshold: bool, rng: np.random.Generator
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Random images as states of the units, as grey as the model may see them, and their places."""
    array = model.check_data(images)
    rows = np.sort(rng.permutation(len(array))[:size])
    chosen = as_floats(array[rows])
    if threshold:
        cut = (chosen >= 0.5).astype(np.float32)
        return cut, cut, rows
    return model.draw_states(chosen, rng), chosen, rows
