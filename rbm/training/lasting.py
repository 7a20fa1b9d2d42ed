"""A run whose caller brings the images of each step, as `partial_fit` does.

A new trainer for each call would cost as much as ten batches of ten images.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from rbm.models.layers import Parameters
from rbm.training.batches import Images
from rbm.training.config import TrainConfig
from rbm.training.trainer import Trainer


class Lasting(Trainer):
    """A trainer without labels, monitors and held-out images, of which each epoch is one batch of `batch_size`."""

    def serves(self, config: TrainConfig, own: Parameters) -> bool:
        """Whether a step with these settings, whatever their seed, and from parameters of these shapes is its next."""
        same = all(mine.shape == live.shape for mine, live in zip(own, self.parameters, strict=True))
        return same and replace(self.config, seed=config.seed) == config

    def step_on(self, images: ArrayLike, own: Parameters) -> None:
        """One step from the parameters `own` by `images`, as many and as wide as before.

        Bit for bit the step of a new trainer with the state of this one, without the report and its copies. Raises
        ValueError for bad images, and Diverged, whose model then isn't the last good one: `own` is.
        """
        for mine, live in zip(own, self.parameters, strict=True):
            live[...] = mine
        self._images = Images(images, self.config)
        with np.errstate(all="ignore"):
            self._update()
        self._stop_if_too_far(self._error_sum / self._measured)
        self._next_epoch()
