"""A run that stands on another: what it learns from, and what may stand on what.

It learns what the hidden units of the layers below say of the same images (`rbm.train_deep`). That is made anew for
every stretch of training, from the models below, and is nowhere kept: so a pause, a turn in the queue and a restart of
the server are for a layer what they are for any run, and the result is the same to the last bit.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm.datasets.dataset import Dataset
from rbm.errors import BadValue, NoSuchRun, Refused
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.models.deep import BLOCK, MAX_LAYERS, DeepBeliefNet
from rbm.runs.record import Run
from rbm.runs.store import Store
from rbm.training.config import TrainConfig
from rbm.training.deep import as_learned, hidden_means
from rbm.training.start import tied

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Below:
    """The layers that a run stands on. bottom: the settings of the one on the pixels. n_hidden: units of the last.

    read: their models, bottom first, from the disk: while a training waits for its turn it keeps none of them.
    """

    bottom: TrainConfig
    n_hidden: int
    read: Callable[[], tuple[RBM, ...]]


def shape(data: Dataset, below: Below | None) -> tuple[int, int]:
    """Training images, and visible units of the layer that learns from them."""
    n, pixels = data.train_images.shape
    return n, pixels if below is None else below.n_hidden


def memory(data: Dataset, n_hidden: int) -> int:
    """Bytes of all that so many hidden units say of the images of a data set."""
    return 4 * n_hidden * (len(data.train_images) + len(data.test_images))


def lesson(data: Dataset, run: Run, below: Below | None) -> dict[str, Any]:
    """What a `Trainer` of `run` is given: images, held-out ones, the labels of both, and where it starts.

    Raises ValueError where the layers below don't fit these images.
    """
    labels = (data.train_labels, data.test_labels) if run.n_classes else (None, None)
    images: list[NDArray[Any]] = [data.train_images, data.test_images]
    start = None
    if below is not None:
        layers = below.read()
        images = [_means(layers, part, below.bottom) for part in images]
        start = tied(images[0], run.config, labels[0], layers[-1])
    return {
        "images": images[0], "labels": labels[0], "validation": images[1], "validation_labels": labels[1],
        "start": start,
    }  # fmt: skip


def _means(layers: Sequence[RBM], images: NDArray[np.uint8], bottom: TrainConfig) -> Array:
    """p(h | v) (n, n_hidden of the last), a block at a time, for cut images take four times the room."""
    means = np.empty((len(images), layers[-1].n_hidden), dtype=np.float32)
    for begin in range(0, len(images), BLOCK):
        means[begin : begin + BLOCK] = hidden_means(layers, as_learned(images[begin : begin + BLOCK], bottom))
    return means


def check(below: Sequence[Run], data: str, config: TrainConfig) -> None:
    """Raises BadValue where no layer with these settings can stand on these runs, bottom first, if there are any."""
    if not below:
        return
    top = below[-1]
    if len(below) >= MAX_LAYERS:
        raise BadValue(f"a deep belief net has {MAX_LAYERS} layers at most, and {len(below)} are there")
    if top.data != data:
        raise BadValue(f"the layer below learned from {top.data}, and one on top of it learns from the same images")
    if top.n_classes:
        raise BadValue(f"only the top layer may learn the classes, and {top.name!r} has; train one without them below")
    if config.visible != "binary" or top.config.visible != "binary":
        raise BadValue('a layer on top learns from hidden units, which are on or off: visible must be "binary"')


class Towers:
    """Which runs stand on which, of a store and of the lab that trains them; what calls it holds the lab's lock.

    run, model: as they are now, be they under way or long over. go_on: trains a run that rests.
    """

    def __init__(
        self,
        store: Store,
        run: Callable[[str], Run],
        model: Callable[[Run], RBM | None],
        go_on: Callable[[Run], None],
    ) -> None:
        self._store, self._run, self._model, self._go_on = store, run, model, go_on

    def chain(self, run_id: str) -> list[Run]:
        """The runs from the one on the pixels up to this one. Raises NoSuchRun where one is gone."""
        runs = [self._run(run_id)]
        while runs[0].below:
            if len(runs) >= MAX_LAYERS:
                raise NoSuchRun(f"more than {MAX_LAYERS} layers stand on each other")
            try:
                runs.insert(0, self._run(runs[0].below))
            except NoSuchRun:
                raise NoSuchRun(f"the layer that {runs[0].name!r} stands on is gone") from None
        return runs

    def names(self, run_id: str) -> list[str]:
        """Of this run and of all that it stands on, bottom first; of none where one is gone, or there is no id."""
        try:
            return [run.name for run in self.chain(run_id)] if run_id else []
        except NoSuchRun:
            return []

    def waits_for(self, run: Run) -> str:
        """A sentence on the layer that `run` waits for."""
        try:
            below = self._run(run.below)
        except NoSuchRun:
            return "Waiting for the layer below"
        rests = "" if below.unfinished else f", which is {below.status}"
        return f"Waiting for the layer below, {below.name}{rests}"

    def net(self, run_id: str) -> DeepBeliefNet:
        """Raises Refused where a layer is gone, has no model or doesn't fit the others."""
        layers = []
        for run in self.chain(run_id):
            model = self._model(run)
            if model is None:
                raise Refused(f"the layer {run.name!r} has no model")
            layers.append(model)
        return DeepBeliefNet(tuple(layers))

    def below(self, run_id: str) -> Below:
        """What stands on this run has these layers below it."""
        runs = self.chain(run_id)
        return Below(runs[0].config, runs[-1].config.n_hidden, lambda: self.net(run_id).layers)

    def fingerprint(self, of_images: str, data: Dataset, run_id: str) -> str:
        """Tells apart what a layer on this run learns from: a hash of the images' own (`record.fingerprint`), and of
        every layer below. Raises Refused as `net` does, and BadValue where they learned from other images.
        """
        net, cut = self.net(run_id), self.chain(run_id)[0].config.binarize == "threshold"
        if net.n_pixels != data.train_images.shape[1]:
            raise BadValue(f"the layers below are for images of {net.n_pixels} pixels, and those of {data.name} differ")
        digest = hashlib.sha256(f"{of_images} {cut}".encode())
        for layer in net.layers:
            for array in (layer.weights, layer.visible_bias, layer.hidden_bias):
                digest.update(f"{array.dtype.str} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def ready(self, below: Run, run_id: str = "") -> bool:
        """Whether a layer, or the one with this id, can begin on this run. Raises Refused where it never will, or where
        another waits for it.
        """
        if below.over:
            self.net(below.id)
            return True
        if any(above.waits_below and above.id != run_id for above in self._store.standing_on(below)):
            raise Refused(f"a layer waits for {below.name!r} already; train others on it when it is finished")
        return False

    def wait_again(self, run: Run) -> None:
        """After a restart of the server: who waited for this run does so again, now that it goes on."""
        for above in self._store.standing_on(run):
            if above.status == "interrupted" and not above.fingerprint:
                self._go_on(above)
                self.wait_again(above)

    def pass_on(self, run: Run, how: str) -> None:
        """`run` came to its end: the layer that waits for it begins, or is told why it can't."""
        for above in self._store.standing_on(run):
            if not above.waits_below:
                continue
            try:
                if how != "finished":
                    raise Refused(f"the layer below, {run.name!r}, {_ENDS[how]}")
                self._go_on(above)
            except Exception as error:  # the page must be able to say it; the log keeps the traceback
                if not isinstance(error, Refused):
                    log.error("a layer could not begin", exc_info=error)
                stopped = replace(above, status="stopped", message=f"This layer did not begin: {error}.")
                self._store.keep(stopped)
                self.pass_on(stopped, "stopped")

    def check_bare(self, run: Run, advice: str) -> None:
        """Raises Refused where another has learned, or learns, from this run."""
        for above in self._store.standing_on(run):
            if above.fingerprint:
                raise Refused(f"{above.name!r} stands on this run; {advice}")


_ENDS = {"stopped": "was stopped", "deleted": "was deleted", "failed": "has failed", "diverged": "has diverged"}
