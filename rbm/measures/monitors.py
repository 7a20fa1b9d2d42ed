"""Measures that can be asked for by name after every epoch: each from a model and fixed images to numbers.

Every call draws from a fresh generator of the same seed. So a measure depends on the model alone, training
draws what it would have drawn without it, and a curve over epochs is not blurred by a new choice of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rbm.errors import BadValue
from rbm.measures import exact, likelihood
from rbm.measures.diagnostics import UnitHealth, free_energy_gap, hidden_activations, unit_health, update_ratio
from rbm.measures.pseudo_likelihood import stochastic_pseudo_likelihood
from rbm.models.arrays import Array, Float64, as_floats
from rbm.models.binary import RBM
from rbm.models.layers import Learned, Parameters

SUBSET = 1000  # images of each kind: enough for a curve, and soon measured
AIS_SWEEPS = 100
UPDATE_RATIO = "update_ratio"  # needs the step as well as the model: measured by a run's Watch only

Measures = dict[str, float]


@dataclass(frozen=True, eq=False)
class Context:
    """What every epoch is measured on: pixels (n, n_pixels) as the units can have them, base-rate biases, the seed."""

    train: Array
    held_out: Array
    base: Float64
    seed: int

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(self.seed)


def make_context(
    model: RBM, train: ArrayLike, held_out: ArrayLike, seed: int, *, threshold: bool = False, subset: int = SUBSET
) -> Context:
    """A context of at most `subset` random images each, such as `model` learns from.

    For binary pixels they are made binary once: grey levels become probabilities of ink, or are cut at 0.5 with
    `threshold`. Raises ValueError for other images, and for another number of pixels held out than trained on.
    """
    pixels, others = (np.shape(images)[-1:] for images in (train, held_out))
    if pixels != others:
        raise ValueError(f"training images have {pixels[0]} pixels and held-out images {others[0]}; they must agree")
    rng = np.random.default_rng(seed)
    seen, unseen = (_subset(model.marginal, images, subset, threshold, rng) for images in (train, held_out))
    base = model.marginal.base_rates(seen.mean(axis=0, dtype=np.float64), len(seen))
    return Context(seen, unseen, base, seed)


def check(names: Iterable[str], model: RBM) -> None:
    """Raises BadValue for an unknown name, listing the known ones; for "exact" on too large a model; and for what the
    units of the model don't allow: pseudo-likelihood flips binary pixels, the rest needs units of this program.
    """
    for name in names:
        if name not in MONITORS:
            raise BadValue(f"unknown monitor {name!r}; choose from {', '.join([*MONITORS, UPDATE_RATIO])}")
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

    def after(self, epoch: int, epochs: int, model: RBM, change: Learned, values: Learned) -> Measures:
        """The measures due after `epoch`; `change` is the last update of the parameters, which now are `values`."""
        names = self.due(epoch, epochs)
        of_model = [name for name in names if name != UPDATE_RATIO]
        found = {} if self.context is None else measure(model, of_model, self.context)
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
) -> Watch:
    """The watch over a run on `images`. Raises BadValue for an unknown name, or one that can't be measured."""
    names = tuple(names)
    if every < 1:
        raise BadValue(f"monitor_every must be at least 1, got {every}")
    of_model = [name for name in names if name != UPDATE_RATIO]
    check(of_model, model)
    if not of_model:
        return Watch(names, every)
    if held_out is None:
        raise BadValue(f"the monitors {', '.join(of_model)} measure held-out images; give validation=...")
    return Watch(names, every, make_context(model, images, held_out, seed, threshold=threshold))


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


MONITORS: dict[str, Callable[[RBM, Context], Measures]] = {
    "pseudo_likelihood": _pseudo_likelihood,
    "free_energy_gap": _free_energy_gap,
    "dead_units": _dead_units,
    "saturated_units": _saturated_units,
    "ais": _ais,
    "exact": _exact,
}


FOUND: dict[str, tuple[str, ...]] = {
    "ais": ("ais", "ais_error", "ais_lower", "ais_upper", "ais_sample_size"),
    "exact": ("exact_log_likelihood",),
    UPDATE_RATIO: tuple(f"{UPDATE_RATIO}_{name}" for name in Parameters._fields),
}
"""What a monitor may find, by name, where that is not its own name alone."""


def found_by(names: Iterable[str]) -> tuple[str, ...]:
    """All that the monitors called `names` may find, in order: columns for a table."""
    return tuple(key for name in names for key in FOUND.get(name, (name,)))


def usual_every(names: Iterable[str], epochs: int) -> int:
    """After how many epochs to measure again: AIS, which takes seconds, ten times a run, all else after every one."""
    return max(1, epochs // 10) if "ais" in names else 1


def _subset(model: RBM, images: ArrayLike, size: int, threshold: bool, rng: np.random.Generator) -> Array:
    array = model.check_data(images)
    chosen = as_floats(array[np.sort(rng.permutation(len(array))[:size])])
    return (chosen >= 0.5).astype(np.float32) if threshold else model.draw_states(chosen, rng)
