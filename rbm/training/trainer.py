"""Contrastive divergence and its persistent cousins: the whole algorithm, one mini-batch at a time.

    ΔW ∝ <v hᵀ>_data - <v hᵀ>_model         Δb ∝ <v>_data - <v>_model         Δc ∝ <h>_data - <h>_model

The data term uses p(h | v). The model term comes from the chains of rbm/training/chains.py: CD-k (Hinton, Neural
Computation 14, 2002), persistent or tempered ones. rbm/training/gradient.py makes one product of both; for the
autoencoder, which has no chains, rbm/training/autoencoder.py; for telling classes apart, discriminative.py.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.measures.monitors import watch
from rbm.models import io
from rbm.models.arrays import Array, Arrays
from rbm.models.binary import RBM
from rbm.models.layers import Learned, down, up
from rbm.training.autoencoder import Rebuilt
from rbm.training.batches import Images, held_out_images
from rbm.training.chains import Chains, start_chains, swap_rates
from rbm.training.config import TrainConfig
from rbm.training.gradients import gradient_of
from rbm.training.phases import Phases
from rbm.training.start import first_parameters, parameters_of
from rbm.training.state import Diverged, Report, TrainState, generator_state, restore, restore_generator, too_far
from rbm.training.trajectory import fitting, follow
from rbm.training.variances import run_away

FROM_DATA = ("cd", "autoencoder")  # algorithms with as many rows below the batch as it has itself
MEASURED = 1000  # images whose error is measured, at the start and in each epoch: a sixth product, if of all


def train(
    images: ArrayLike,
    config: TrainConfig,
    *,
    labels: ArrayLike | None = None,
    validation: ArrayLike | None = None,
    validation_labels: ArrayLike | None = None,
    monitors: Iterable[str] = (),
    monitor_every: int = 1,
    state: TrainState | None = None,
    start: RBM | None = None,
) -> Iterator[Report]:
    """Train a machine on `images` (n, pixels); yields a report after every epoch.

    images: uint8 or floats in [0, 1]; for `config.visible` "gaussian", floats of mean 0 and variance 1;
        for "gaussian-variance" uint8 or any floats, and the model is of images on their scale.
    labels: whole numbers (n,) from 0. They make the model an `rbm.LabelRBM` over images and classes;
        otherwise its kind is the one of `config.visible`.
    validation, validation_labels: held out, to measure and never to learn from.
    monitors: what else to measure after every `monitor_every`-th epoch and the last (`Report.metrics`):
        names from `rbm.monitors.MONITORS`, "update_ratio", or of "pcd" "trajectory". They change nothing of the run
        but its time.
    state: where an earlier run on the same images stopped (`Report.state`). The rest of the run is then bit
        for bit what the earlier one would have done, on the same machine and number of threads.
    start: a model to begin from, of the kind and shape that these images and settings ask for. Chains begin anew.

    Raises ValueError for data or a state it can't use, and Diverged within an epoch of a blow-up. The
    caller's arrays are never changed, and the same seed gives the same weights.
    """
    trainer = Trainer(
        images,
        config,
        labels=labels,
        validation=validation,
        validation_labels=validation_labels,
        monitors=monitors,
        monitor_every=monitor_every,
        state=state,
        start=start,
    )
    while not trainer.finished:
        report = trainer.step()
        if report is not None:
            yield report


class Trainer:
    """A run that moves by one mini-batch per `step`, for callers that must look up between batches."""

    def __init__(
        self,
        images: ArrayLike,
        config: TrainConfig,
        *,
        labels: ArrayLike | None = None,
        validation: ArrayLike | None = None,
        validation_labels: ArrayLike | None = None,
        monitors: Iterable[str] = (),
        monitor_every: int = 1,
        state: TrainState | None = None,
        start: RBM | None = None,
    ) -> None:
        self.config = config
        self._images = Images(images, config, labels)
        self._validation = held_out_images(validation, validation_labels, self._images, config)
        self.batches = -(-len(self._images) // config.batch_size)
        self._measure_every = max(1, len(self._images) // MEASURED)  # batches
        self.epoch = self.batch = self._measured = 0
        self._error_sum = self._seconds = 0.0
        self._rng = np.random.Generator(np.random.SFC64(config.seed))
        monitors = tuple(monitors)
        self._prepare(start)
        self._trajectory = follow(monitors, config, self._chains, self._first, started=start is not None)
        self._order = self._rng.permutation(len(self._images))
        if state is None:
            some = self._order[:MEASURED]  # at random: the first ones may all be of one class
            self.start_error = self._mean_error(self._images, some)
        else:
            self._restore(state)
        self._last_good = self.model
        cut = config.binarize == "threshold"
        self._watch = watch(
            monitors, monitor_every, self.model, images, validation,
            seed=config.seed, threshold=cut, labels=validation_labels,
        )  # fmt: skip
        self._good_at = f"epoch {self.epoch}" + (f", batch {self.batch}" if self.batch else "")

    def _prepare(self, start: RBM | None) -> None:
        """The start of every array; all that the step needs is allocated here."""
        config, rng = self.config, self._rng
        self._batch_size = batch = min(config.batch_size, len(self._images))
        base = self._images.base_rates().astype(np.float32)
        self._parameters = p = (
            first_parameters(base, config, rng) if start is None else parameters_of(start, config, self._images)
        )
        self._velocity = p.like(map(np.zeros_like, p))  # without momentum, the change by an epoch's last batch

        model_rows = batch if config.algorithm in FROM_DATA else config.chains
        rungs = config.temperatures if config.algorithm == "pt" else 1
        largest = rungs * model_rows * max(p.weights.shape)
        self._first = io.from_arrays(self._images.kind, p._asdict(), self._images.n_classes)
        self._layers = self._first.layers(rng, largest, live=p)
        self._chains: Chains = (
            Rebuilt(self._layers)
            if config.algorithm == "autoencoder"
            else start_chains(config, batch, p, base, self._layers, rng)
        )
        visible_mean = self._images.mean.astype(np.float32)
        hidden_mean = self._layers.hidden.mean_(p.hidden_bias.copy())  # while the weights are next to nothing
        self._gradient = gradient_of(config, p, batch, model_rows, visible_mean, hidden_mean, self._images.n_classes)

    @property
    def finished(self) -> bool:
        return self.epoch >= self.config.epochs

    @property
    def about_to_measure(self) -> tuple[str, ...]:
        """The monitors that the next step will run, which may take seconds: none unless it ends an epoch."""
        if self.finished or self.batch + 1 < self.batches:
            return ()
        return self._watch.due(self.epoch + 1, self.config.epochs)

    @property
    def model(self) -> RBM:
        """A copy of the model as it is now."""
        return self._images.as_given(replace(self._first, **self._parameters._asdict()))

    def step(self) -> Report | None:
        """One mini-batch; a report where it ends an epoch."""
        begin = time.perf_counter()
        with np.errstate(all="ignore"):  # a blow-up is noticed and named by its error
            self._update()
        self._seconds += time.perf_counter() - begin
        self.batch += 1
        if not np.isfinite(self._error_sum):
            raise self._diverged("the weights are no longer finite", np.inf)
        return self._end_epoch() if self.batch == self.batches else None

    @property
    def parameters(self) -> Learned:
        """The live arrays, which may be changed in place between two steps."""
        return self._parameters

    def see(self) -> Phases:
        """Both sides of the next update. It draws what `step` would: who only looks goes no further with it."""
        p, size = self._parameters, self.config.batch_size
        batch = self._order[self.batch * size : (self.batch + 1) * size]
        n, m = len(batch), self._chains.rows(len(batch))
        measured = self._measure(batch) if self.batch % self._measure_every == 0 else 0
        data_v, below = self._gradient.visible[:n], self._gradient.visible[n : n + m + measured]
        data_h, model_h = self._gradient.hidden[:n], self._gradient.hidden[n : n + m]
        self._images.fill(batch, out=data_v, rng=self._rng)
        self._layers.hidden.mean_(up(p, data_v, out=data_h))
        self._chains.run(p, self.config.gibbs_steps_at(self.epoch + self.batch / self.batches), data_h, below, model_h)
        if measured:
            self._error_sum += self._error(data_v, rebuilt=below[m:])
            self._measured += n
        return Phases(data_v, data_h, below[:m], model_h)

    def _update(self) -> None:
        seen = self.see()
        n, m, progress = len(seen.data_v), len(seen.chain_v), self.epoch + self.batch / self.batches
        # a short last batch takes a shorter step, so that an image counts the same wherever it stands
        rate = self.config.rate_at(progress) * (n / self._batch_size)
        self._move(n, m, rate)
        if self._trajectory is not None:
            self._trajectory.pushed(rate, self._gradient.offsets)

    def _move(self, n: int, m: int, rate: float) -> None:
        """The parameters take the step of so many data and model rows.

        It goes into them straight away, which saves a pass over the weights, where nobody asks for it later: without
        momentum, and before the last batch of an epoch, after which monitors look and momentum may begin.
        """
        p, velocity, momentum = self._parameters, self._velocity, self.config.momentum_at(self.epoch)
        if not momentum and self._gradient.may_add and self.batch + 1 < self.batches:
            self._gradient.step(n, m, rate, p.weights, out=p, keep=1)
            return
        self._gradient.step(n, m, rate, p.weights, out=velocity, keep=momentum)
        for value, change in zip(p, velocity, strict=True):
            value += change

    def _measure(self, batch: NDArray[np.int64]) -> int:
        """How many of the batch shall be rebuilt together with its sweep, in one product. None where grey pixels are
        drawn: their error, like that of held-out images, is between grey levels, and takes a pass of its own.
        """
        if not self._images.drawn_anew:
            return len(batch)
        self._error_sum += self._mean_error(self._images, batch) * len(batch)
        self._measured += len(batch)
        return 0

    def _error(self, v: Array, rebuilt: Array) -> float:
        """Σ over the images of the squared difference to their reconstructions, which are overwritten."""
        rebuilt -= v
        pixels = self._images.unscaled_(rebuilt[:, : self._images.n_pixels])
        return float(np.vdot(pixels, pixels))

    def _mean_error(self, images: Images, rows: NDArray[np.int64]) -> float:
        """The mean error of these images, whose grey levels stay grey."""
        visible, hidden = self._gradient.visible, self._gradient.hidden
        block, total = len(visible) // 2, 0.0
        for begin in range(0, len(rows), block):
            n = len(rows[begin : begin + block])
            v = images.fill(rows[begin : begin + block], out=visible[:n])
            h = self._layers.hidden.mean_(up(self._parameters, v, out=hidden[:n]))
            rebuilt = self._layers.visible.mean_(down(self._parameters, h, out=visible[n : 2 * n]))
            total += self._error(v, rebuilt)
        return total / len(rows)

    def _end_epoch(self) -> Report:
        n, seconds = len(self._images), self._seconds
        error = self._error_sum / self._measured
        self._stop_if_too_far(error)
        self._last_good = self.model
        self._next_epoch()
        return Report(
            epoch=self.epoch,
            model=self._last_good,
            reconstruction_error=error,
            validation_error=self.validation_error(),
            seconds=seconds,
            images_per_second=n / seconds,
            metrics=self._watch.after(
                self.epoch, self.config.epochs, self._last_good, self._velocity, self._parameters, self._trajectory
            )
            | swap_rates(self._chains.swaps),
            state=self.snapshot(),
        )

    def _stop_if_too_far(self, error: float) -> None:
        if what := too_far(self._parameters) or run_away(self._parameters):
            raise self._diverged(what, error)

    def _next_epoch(self) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        self._good_at = f"epoch {self.epoch}"
        self._error_sum, self._measured, self._seconds = 0.0, 0, 0.0
        self._order = self._rng.permutation(len(self._images))

    def validation_error(self) -> float | None:
        """Mean reconstruction error of the held-out images now, if there are any."""
        if self._validation is None:
            return None
        return self._mean_error(self._validation, np.arange(len(self._validation)))

    def snapshot(self) -> TrainState:
        """A copy of all that decides how this run goes on; may be taken between any two steps."""
        values = {
            "epoch": self.epoch,
            "batch": self.batch,
            "batch_size": self.config.batch_size,
            "error_sum": self._error_sum,
            "measured": self._measured,
            "start_error": self.start_error,
            "seconds": self._seconds,
            "generator": generator_state(self._rng),
        }
        if self._chains.swaps is not None:
            values["swaps"] = self._chains.swaps.tolist()
        return TrainState({name: array.copy() for name, array in self._arrays().items()}, values)

    def _restore(self, state: TrainState) -> None:
        values = state.values
        if state.batch and values["batch_size"] != self.config.batch_size:
            raise BadValue(
                f"the state is in the midst of an epoch, which goes on with batch_size {values['batch_size']}; "
                f"got {self.config.batch_size}"
            )
        restore(self._arrays(), fitting(state.arrays, self._trajectory))
        restore_generator(self._rng, values["generator"])
        self.epoch, self.batch = state.epoch, state.batch
        self._error_sum, self.start_error = values["error_sum"], values["start_error"]
        self._measured, self._seconds = values["measured"], values["seconds"]
        if self._chains.swaps is not None and "swaps" in values:  # states of an earlier version hold none
            self._chains.swaps[...] = values["swaps"]

    def _arrays(self) -> Arrays:
        velocity = {f"{name}_velocity": array for name, array in self._velocity._asdict().items()}
        own: Arrays = {**self._parameters._asdict(), **velocity, "order": self._order}
        return own | self._chains.arrays() | self._gradient.arrays() | self._images.arrays()

    def _diverged(self, what: str, error: float) -> Diverged:
        return Diverged(
            f"training diverged in epoch {self.epoch + 1}: {what}. Lower learning_rate "
            f"(now {self.config.learning_rate:g}); the model of {self._good_at} is kept",
            self._last_good,
            error,
        )
