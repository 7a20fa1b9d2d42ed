"""Whether a data set, settings and measures go together, before a training begins."""

from __future__ import annotations

import numpy as np

from rbm.datasets.dataset import Dataset
from rbm.errors import BadValue
from rbm.measures import monitors
from rbm.measures.trajectory import TRAJECTORY
from rbm.models.binary import RBM
from rbm.training import autoencoder, discriminative, trajectory
from rbm.training.config import TrainConfig


def n_classes(data: Dataset, labels: bool) -> int:
    """Class units of a model that learns the labels too; 0 for one that doesn't."""
    return int(data.train_labels.max()) + 1 if labels else 0


def check(data: Dataset, config: TrainConfig, labels: bool, measures: tuple[str, ...], n_visible: int = 0) -> None:
    """Raises BadValue for what can't be trained, or not measured.

    `measures`: names of `rbm.monitors.MONITORS`, or "trajectory".
    n_visible: units that it learns from, where these are not the pixels.
    """
    if labels and not data.labelled:
        raise BadValue("these images are of one class only, so there are none to learn; train without classes")
    if labels and data.test_labels.max() > data.train_labels.max():
        raise BadValue("some classes occur among the held-out images only; bring the images with another split")
    autoencoder.check_data(config, labels=labels)
    discriminative.check_data(config, labels=labels)
    of_pixels = tuple(name for name in measures if not (labels and name == monitors.MISREAD))
    if of_pixels and (labels or config.visible != "binary"):
        raise BadValue(
            "the measures are for binary pixels without labels: choose none of them, or train without classes"
        )
    shape = (n_visible or data.train_images.shape[1], config.n_hidden)
    if TRAJECTORY in of_pixels:
        trajectory.check(config, started=bool(n_visible))
    of_model = [name for name in of_pixels if name != TRAJECTORY]
    monitors.check(of_model, RBM(*(np.zeros(size, np.float32) for size in (shape, shape[0], shape[1]))))
