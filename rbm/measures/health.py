"""Is a training well? Three measures against the guide's rules of thumb, and what they mean in plain words."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rbm.measures.diagnostics import free_energy_gap, hidden_activations, unit_health
from rbm.models.binary import RBM

HEALTHY_RATIO = 1e-3  # size of an update over size of the weights (UTML TR 2010-003, section 7)
SUBSET = 300
YOUNG = 10  # epochs in which weights that began near zero may grow by large steps


class Checkup(NamedTuple):
    """`update_ratio` of the weights (None before the first epoch), shares of units, gap in nats per image."""

    epoch: int
    update_ratio: float | None
    dead: float
    always_on: float
    gap: float


def checkup(model: RBM, train: ArrayLike, held_out: ArrayLike, epoch: int, update_ratio: float | None) -> Checkup:
    """Measured on the first 300 images of each part, (n, n_visible), uint8 or floats in [0, 1]."""
    seen, unseen = np.asarray(train)[:SUBSET], np.asarray(held_out)[:SUBSET]
    units = unit_health(hidden_activations(model, unseen))
    gap = free_energy_gap(model, seen, unseen)
    return Checkup(epoch, update_ratio, float(units.dead.mean()), float(units.always_on.mean()), gap)


class Verdict(NamedTuple):
    """`ill`: nothing good can come of it. A sentence for each thing that is wrong, or one that nothing is."""

    ill: bool
    sentences: tuple[str, ...]


def verdict(found: Checkup, rate: float, *, over: bool = False, diverged: bool = False) -> Verdict:
    """What a checkup means, for a training at a learning rate of `rate`.

    over: it has come to its end, where small steps are as they should be. diverged: it blew up after the epoch that
    was checked.
    """
    if diverged:
        return Verdict(True, (
            f"The training blew up at a learning rate of {rate:g}; what is shown is the last model before. "
            "Lower the learning rate.",
        ))  # fmt: skip
    said = [*_steps(found, over), *_units(found, rate)]
    if found.gap > 10:
        said.append("Training digits are far more likely than new ones: the model memorises. Stop, or add L2.")
    return Verdict(found.dead > 0.5 or found.always_on > 0.5, tuple(said) or (_well(found),))


def _steps(found: Checkup, over: bool) -> list[str]:
    ratio = found.update_ratio
    if ratio is None:
        return []
    if ratio > (20 if found.epoch >= YOUNG else 200) * HEALTHY_RATIO:
        return ["The steps are very large for these weights: lower the learning rate."]
    if ratio < HEALTHY_RATIO / 50 and not over:
        return ["The weights hardly move: training is done, or the learning rate is too small."]
    return []


def _units(found: Checkup, rate: float) -> list[str]:
    said = []
    if found.dead > 0.1:
        said.append(
            f"{found.dead:.0%} of the units never switch on. A learning rate of {rate:g} may be too large: a lower one "
            "keeps them alive."
        )
    if found.always_on > 0.1:
        said.append(f"{found.always_on:.0%} of the units are always on and act as one more bias.")
    return said


def _well(found: Checkup) -> str:
    """Says of the steps only what is so: in the first epochs they are larger than the rule of thumb."""
    near = found.update_ratio is not None and HEALTHY_RATIO / 10 <= found.update_ratio <= 10 * HEALTHY_RATIO
    steps = "steps of a good size, " if near else ""
    return f"All is well: {steps}units that react, and new digits as likely as known ones."
