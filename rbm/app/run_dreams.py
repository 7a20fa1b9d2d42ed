"""What a run dreams: the same starts and the same random numbers for all, so that the models alone differ."""

from __future__ import annotations

import numpy as np

from rbm.app import data_sets, pictures
from rbm.app.pictures import Picture
from rbm.app.remembered import remembered
from rbm.app.server import lab
from rbm.errors import Refused
from rbm.models.arrays import Array, as_unit_interval
from rbm.models.deep import DeepBeliefNet
from rbm.models.notebook import near_square
from rbm.runs import budget
from rbm.runs.record import Run

WIDTH = 240  # screen pixels of a mosaic, about


def mosaic(run: Run, chains: int, across: int, sweeps: int) -> Picture:
    """`chains` dreams, in rows of `across`, of a run on all that it stands on. Raises Refused where it has no model."""
    seen = data_sets.find(run.data) is not None  # who brought images sees them, and nobody else
    return _mosaic(run.id, run.status, run.epoch, chains, across, sweeps, run.data, seen)


@remembered()
def _mosaic(
    run_id: str, status: str, epoch: int, chains: int, across: int, sweeps: int, data: str, seen: bool
) -> Picture:
    net = lab().net(run_id)
    if net is None:
        raise Refused("this run has no model")
    shape, rng = data_sets.shape(data, net.n_pixels) or near_square(net.n_pixels), np.random.default_rng(0)
    steps = budget.sweeps(sweeps, chains, *net.top.weights.shape)
    tiles = pictures.grey(net.dream(_starts(net, data, chains, rng), steps, rng), shape)
    scale = max(1, WIDTH // (across * shape[1]))
    return pictures.mosaic(tiles, across, f"{chains} dreams of this run after {steps} sweeps", scale=scale)


def _starts(net: DeepBeliefNet, name: str, chains: int, rng: np.random.Generator) -> Array:
    """Held-out images (chains, pixels) far apart in their order, or coin tosses where they are not here."""
    data = data_sets.find(name, net.n_pixels)
    if data is None:
        return rng.integers(0, 2, (chains, net.n_pixels)).astype(np.float32)
    places = np.linspace(0, len(data.test_images) - 1, chains).astype(int)
    return as_unit_interval(data.test_images[places])
