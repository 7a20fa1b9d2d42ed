"""Contrastive divergence and its persistent cousins: the whole algorithm, one mini-batch at a time.

    ΔW ∝ <v hᵀ>_data - <v hᵀ>_model         Δb ∝ <v>_data - <v>_model         Δc ∝ <h>_data - <h>_model

The data term uses p(h | v). The model term comes from the chains of rbm/negative.py: CD-k, Hinton, Neural
Computation 14 (2002), or persistent chains.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.batches import Images
from rbm.config import TrainConfig
from rbm.model import RBM, Array
from rbm.negative import start_chains
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
        self._images = Images(images, config.binarize)
        self._validation = None
        if validation is not None:
            self._validation = _same_pixels(Images(validation, config.binarize), self._images)
        self._rng = np.random.Generator(np.random.SFC64(config.seed))
        self._parameters = p = _start(self._images, config, self._rng)
        self._velocity = Parameters(*(np.zeros_like(array) for array in p))
        self._change = Parameters(*(np.empty_like(array) for array in p))

        batch = min(config.batch_size, len(self._images))
        largest = max(batch, config.chains if config.algorithm == "pcd" else 0)
        self._units = Bernoulli(self._rng, largest * max(p.weights.shape))
        self._chains = start_chains(config, batch, p, self._units)
        self._visible = np.empty((batch + largest, self._images.n_visible), dtype=np.float32)
        self._hidden = np.empty((batch + largest, config.n_hidden), dtype=np.float32)
        self._signs = np.empty(batch + largest, dtype=np.float32)

        self.batches = -(-len(self._images) // config.batch_size)
        self.epoch = self.batch = 0
        self._order = self._rng.permutation(len(self._images))
        self._error_sum = self._seconds = 0.0
        self._last_good = self.model
        self._start_error = self._mean_error(self._images, min(len(self._images), START_IMAGES), self._rng)

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
        """Data rows above, model rows below: both terms of the gradient in one product."""
        p, n = self._parameters, len(batch)
        m = self._chains.rows(n)
        v, h = self._visible[: n + m], self._hidden[: n + m]
        self._images.fill(batch, out=v[:n], rng=self._rng)
        self._units.mean_(up(p, v[:n], out=h[:n]))
        self._error_sum += self._batch_error(v[:n], h[:n], scratch=self._visible[n : 2 * n])
        self._chains.run(p, self.config.gibbs_steps, h[:n], v[n:], h[n:])

        rate = self.config.rate_at(self.epoch + self.batch / self.batches)
        sign = self._signs[: n + m]
        sign[:n], sign[n:] = rate / n, -rate / m
        h *= sign[:, None]  # the step size goes into the rows: they are fewer than the weights
        np.matmul(v.T, h, out=self._change.weights)
        np.matmul(sign, v, out=self._change.visible_bias)
        np.sum(h, axis=0, out=self._change.hidden_bias)
        self._apply(self.config.momentum_at(self.epoch))

    def _apply(self, momentum: float) -> None:
        for value, change, velocity in zip(self._parameters, self._change, self._velocity, strict=True):
            if momentum:
                velocity *= np.float32(momentum)
                change += velocity
            value += change
        self._change, self._velocity = self._velocity, self._change

    def _batch_error(self, v: Array, mean_h: Array, scratch: Array) -> float:
        """Σ over the batch of the squared mean-field reconstruction error."""
        difference = self._units.mean_(down(self._parameters, mean_h, out=scratch))
        difference -= v
        return float(np.vdot(difference, difference))

    def _mean_error(self, images: Images, n: int, rng: np.random.Generator | None = None) -> float:
        """The mean error of the first n images; grey levels are drawn only if a generator is given."""
        total, block = 0.0, len(self._visible) // 2
        for begin in range(0, n, block):
            rows = np.arange(begin, min(begin + block, n))
            v, h = self._visible[: len(rows)], self._hidden[: len(rows)]
            images.fill(rows, out=v, rng=rng)
            self._units.mean_(up(self._parameters, v, out=h))
            total += self._batch_error(v, h, scratch=self._visible[block : block + len(rows)])
        return total / n

    def _end_epoch(self) -> Report:
        error = self._error_sum / len(self._images)
        model = self._finite_model()
        if error > EXPLODED * self._start_error:
            raise self._diverged(f"the reconstruction error rose from {self._start_error:.3g} to {error:.3g}")
        self._last_good = model
        validation = self._validation
        report = Report(
            epoch=self.epoch + 1,
            model=model,
            reconstruction_error=error,
            validation_error=None if validation is None else self._mean_error(validation, len(validation)),
            seconds=self._seconds,
            images_per_second=len(self._images) / self._seconds,
        )
        self.epoch, self.batch = self.epoch + 1, 0
        self._error_sum = self._seconds = 0.0
        self._order = self._rng.permutation(len(self._images))
        return report

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


def _start(images: Images, config: TrainConfig, rng: np.random.Generator) -> Parameters:
    """The parameters before the first update (guide, section 8)."""
    weights = rng.standard_normal((images.n_visible, config.n_hidden), dtype=np.float32)
    weights *= config.weight_std
    visible_bias = np.zeros(images.n_visible, dtype=np.float32)
    if config.visible_bias == "log-odds":
        visible_bias[:] = log_odds(images.pixels)
    return Parameters(weights, visible_bias, np.full(config.n_hidden, config.hidden_bias, dtype=np.float32))


def log_odds(images: NDArray[Any]) -> NDArray[np.float64]:
    """log p/(1 - p) (n_pixels,) of the pixel means p; one imaginary grey image keeps each finite."""
    scale = 255.0 if images.dtype == np.uint8 else 1.0
    mean: NDArray[np.float64] = (images.sum(axis=0, dtype=np.float64) / scale + 0.5) / (len(images) + 1)
    odds = mean / (1 - mean)
    return np.log(odds)


def _same_pixels(validation: Images, images: Images) -> Images:
    if validation.n_visible != images.n_visible:
        raise ValueError(
            f"training images have {images.n_visible} pixels and validation images {validation.n_visible}; "
            "they must agree"
        )
    return validation
