"""Contrastive divergence and its persistent cousins: the whole algorithm, one mini-batch at a time.

    ΔW ∝ <v hᵀ>_data - <v hᵀ>_model         Δb ∝ <v>_data - <v>_model         Δc ∝ <h>_data - <h>_model

The data term uses p(h | v). The model term comes from a Gibbs chain that starts at the data: CD-k,
Hinton, Neural Computation 14 (2002).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.config import TrainConfig
from rbm.datasets import as_unit_interval, check_images
from rbm.diagnostics import reconstruction_error
from rbm.model import RBM, Array
from rbm.units import Bernoulli, Parameters, down, up

EXPLODED = 1.1  # an epoch's error above this multiple of the start's is no learning; the tenth is for noise
START_IMAGES = 1000


class Diverged(ArithmeticError):
    """Training blew up. `model` is the last good one; the message names the parameter to change."""

    def __init__(self, message: str, model: RBM) -> None:
        super().__init__(message)
        self.model = model


@dataclass(frozen=True, eq=False)
class Report:
    """What is known at the end of an epoch.

    The errors are means over images of the squared difference between an image and its one-step mean-field
    reconstruction, summed over pixels.
    """

    epoch: int  # finished so far
    model: RBM
    reconstruction_error: float  # over the training batches, as the weights changed
    validation_error: float | None  # over the held-out images, weights frozen
    seconds: float  # spent in this epoch's updates
    images_per_second: float


def train(images: ArrayLike, config: TrainConfig, *, validation: ArrayLike | None = None) -> Iterator[Report]:
    """Train an RBM on `images` (n, pixels), uint8 or floats in [0, 1]; yields a report after every epoch.

    `validation`: held-out images to measure, never to learn from. Raises ValueError for images it can't use,
    and Diverged within an epoch of a blow-up. The caller's arrays are never changed, and the same seed gives
    the same weights.
    """
    trainer = Trainer(images, config, validation=validation)
    while not trainer.finished:
        report = trainer.step()
        if report is not None:
            yield report


class Trainer:
    """A run that moves by one mini-batch per `step`, for callers that must look up between batches."""

    def __init__(self, images: ArrayLike, config: TrainConfig, *, validation: ArrayLike | None = None) -> None:
        self.config = config
        self._images = check_images(images)
        self._validation = None if validation is None else _same_pixels(check_images(validation), self._images)
        self._rng = np.random.Generator(np.random.SFC64(config.seed))
        self._parameters = _start(self._images, config, self._rng)
        self._velocity = Parameters(*(np.zeros_like(array) for array in self._parameters))
        self._last_good = self.model
        self._order = self._rng.permutation(len(self._images))
        some = self._order[:START_IMAGES]  # at random: the first ones may all be of one class
        self.start_error = float(reconstruction_error(self._last_good, self._images[some]).mean())
        self.batches = -(-len(self._images) // config.batch_size)
        self.epoch = self.batch = 0
        self._error_sum = self._seconds = 0.0

        rows = 2 * min(config.batch_size, len(self._images))
        n_visible, n_hidden = self._parameters.weights.shape
        self._visible = np.empty((rows, n_visible), dtype=np.float32)  # data above, model below
        self._hidden = np.empty((rows, n_hidden), dtype=np.float32)
        self._drawn = np.empty((rows // 2, n_hidden), dtype=np.float32)
        self._change = Parameters(*(np.empty_like(array) for array in self._parameters))
        self._units = Bernoulli(self._rng, rows // 2 * max(n_visible, n_hidden))

    @property
    def finished(self) -> bool:
        return self.epoch >= self.config.epochs

    @property
    def model(self) -> RBM:
        """A copy of the model as it is now."""
        return RBM(*self._parameters)

    def step(self) -> Report | None:
        """One mini-batch; a report where it ends an epoch."""
        begin = time.perf_counter()
        size = self.config.batch_size
        with np.errstate(all="ignore"):  # a blow-up is noticed and named by _check
            self._update(self._order[self.batch * size : (self.batch + 1) * size])
        self._seconds += time.perf_counter() - begin
        self.batch += 1
        if not np.isfinite(self._error_sum):
            raise self._diverged("the weights are no longer finite")
        return self._end_epoch() if self.batch == self.batches else None

    def _update(self, batch: NDArray[np.int64]) -> None:
        n = len(batch)
        p, units = self._parameters, self._units
        data_v, model_v = self._visible[:n], self._visible[n : 2 * n]
        data_h, model_h = self._hidden[:n], self._hidden[n : 2 * n]

        data_v[:] = as_unit_interval(self._images[batch])
        units.mean_(up(p, data_v, out=data_h))
        self._error_sum += self._batch_error(data_v, data_h, scratch=model_v)

        model_h[:] = data_h
        for _ in range(self.config.gibbs_steps):
            h = units.draw(model_h, out=self._drawn[:n])
            units.mean_(down(p, h, out=model_v))
            if self.config.negative == "sample":
                units.draw(model_v, out=model_v)
            units.mean_(up(p, model_v, out=model_h))

        rate = np.float32(self.config.learning_rate / n)
        change = self._change
        np.subtract(data_v.sum(axis=0), model_v.sum(axis=0), out=change.visible_bias)
        np.subtract(data_h.sum(axis=0), model_h.sum(axis=0), out=change.hidden_bias)
        np.negative(model_h, out=model_h)
        np.matmul(self._visible[: 2 * n].T, self._hidden[: 2 * n], out=change.weights)  # both terms at once
        momentum = np.float32(self.config.momentum_at(self.epoch))
        for value, velocity, gradient in zip(p, self._velocity, change, strict=True):
            velocity *= momentum
            gradient *= rate
            velocity += gradient
            value += velocity

    def _batch_error(self, v: Array, mean_h: Array, scratch: Array) -> float:
        """Σ over the batch of the squared mean-field reconstruction error."""
        difference = self._units.mean_(down(self._parameters, mean_h, out=scratch))
        difference -= v
        return float(np.vdot(difference, difference))

    def _end_epoch(self) -> Report:
        error = self._error_sum / len(self._images)
        model = self._finite_model()
        if error > EXPLODED * self.start_error:
            raise self._diverged(f"the reconstruction error rose from {self.start_error:.3g} to {error:.3g}")
        self._last_good = model
        report = Report(
            epoch=self.epoch + 1,
            model=model,
            reconstruction_error=error,
            validation_error=self.validation_error(),
            seconds=self._seconds,
            images_per_second=len(self._images) / self._seconds,
        )
        self.epoch, self.batch = self.epoch + 1, 0
        self._error_sum = self._seconds = 0.0
        self._order = self._rng.permutation(len(self._images))
        return report

    def validation_error(self) -> float | None:
        """Mean reconstruction error of the held-out images now, if there are any."""
        if self._validation is None:
            return None
        return float(reconstruction_error(self.model, self._validation).mean())

    def _finite_model(self) -> RBM:
        if not all(np.isfinite(array).all() for array in self._parameters):
            raise self._diverged("the weights are no longer finite")
        return self.model

    def _diverged(self, what: str) -> Diverged:
        return Diverged(
            f"training diverged in epoch {self.epoch + 1}: {what}. Lower learning_rate "
            f"(now {self.config.learning_rate:g}); the model of epoch {self.epoch} is kept",
            self._last_good,
        )


def _start(images: NDArray[Any], config: TrainConfig, rng: np.random.Generator) -> Parameters:
    """The parameters before the first update (guide, section 8)."""
    n_visible = images.shape[1]
    weights = rng.standard_normal((n_visible, config.n_hidden), dtype=np.float32)
    weights *= config.weight_std
    visible_bias = np.zeros(n_visible, dtype=np.float32)
    if config.visible_bias == "log-odds":
        visible_bias[:] = log_odds(images)
    return Parameters(weights, visible_bias, np.full(config.n_hidden, config.hidden_bias, dtype=np.float32))


def log_odds(images: NDArray[Any]) -> NDArray[np.float64]:
    """log p/(1 - p) (n_pixels,) of the pixel means p; one imaginary grey image keeps each finite."""
    scale = 255.0 if images.dtype == np.uint8 else 1.0
    mean: NDArray[np.float64] = (images.sum(axis=0, dtype=np.float64) / scale + 0.5) / (len(images) + 1)
    odds = mean / (1 - mean)
    return np.log(odds)


def _same_pixels(validation: NDArray[Any], images: NDArray[Any]) -> NDArray[Any]:
    if validation.shape[1] != images.shape[1]:
        raise ValueError(
            f"training images have {images.shape[1]} pixels and validation images {validation.shape[1]}; "
            "they must agree"
        )
    return validation
