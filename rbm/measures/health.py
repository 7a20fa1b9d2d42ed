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


def verdict(found: Checkup) -> list[str]:
    """A sentence for each thing that is wrong; one sentence if nothing is."""
    ratio, said = found.update_ratio, []
    if ratio is not None and ratio > (20 if found.epoch >= YOUNG else 200) * HEALTHY_RATIO:
        said.append("The steps are very large for these weights: lower the learning rate.")
    if ratio is not None and ratio < HEALTHY_RATIO / 50:
        said.append("The weights hardly move: training is done, or the learning rate is too small.")
    if found.dead > 0.1:
        said.append(f"{found.dead:.0%} of the units never switch on: a lower learning rate keeps them alive.")
    if found.always_on > 0.1:
        said.append(f"{found.always_on:.0%} of the units are always on and act as one more bias.")
    if found.gap > 10:
        said.append("Training digits are far more likely than new ones: the model memorises. Stop, or add L2.")
    return said or ["All is well: steps of a good size, units that react, and new digits as likely as known ones."]
