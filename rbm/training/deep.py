"""Greedy training of a deep belief net, layer upon layer (Hinton, Osindero & Teh, Neural Computation 18, 2006).

Each layer learns what the hidden units of the one below say of the images, p(h | v): numbers in [0, 1], as pixels are.
To the layer above nothing else is known, and the layers below no longer change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.errors import BadValue
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.models.deep import BLOCK, DeepBeliefNet
from rbm.training.config import TrainConfig
from rbm.training.start import tied
from rbm.training.state import Report
from rbm.training.trainer import train


def train_deep(
    images: ArrayLike,
    configs: Sequence[TrainConfig],
    *,
    labels: ArrayLike | None = None,
    tie: bool = True,
    below: Sequence[RBM] = (),
) -> Iterator[tuple[int, Report]]:
    """Train a layer for each of `configs`, bottom first; yields (depth, report) after every epoch, depth from 1.

    images: (n, pixels), as `rbm.train` takes them. labels: whole numbers (n,) from 0, for the top layer alone, which
        then is an `rbm.LabelRBM`.
    tie: a layer whose shape is the transpose of the one below starts at that one's weights, transposed, and its biases,
        exchanged: the net then begins no worse than without that layer. Any other layer starts as always.
    below: layers that are trained already, bottom first; `configs` are those of the layers on top of them.

    >>> layers = {depth: report.model for depth, report in rbm.train_deep(images, configs)}
    >>> net = rbm.DeepBeliefNet(tuple(layers.values()))

    The same seeds give the same net. Raises BadValue without any config, and as `rbm.train` does.
    """
    if not configs:
        raise BadValue("a deep belief net needs a layer to train, got no config")
    stack = tuple(below)
    data = hidden_means(stack, images) if stack else as_learned(images, configs[0])
    for number, config in enumerate(configs, 1):
        on_top = labels if number == len(configs) else None
        start = tied(data, config, on_top, stack[-1]) if tie and stack else None
        for report in train(data, config, labels=on_top, start=start):
            yield len(stack) + 1, report
        stack = (*stack, report.model)
        if number < len(configs):
            data = hidden_means(stack[-1:], data)


def as_learned(images: ArrayLike, config: TrainConfig) -> NDArray[Any]:
    """The images that the bottom layer learns, cut at one half where it is told so: it then sees no others."""
    given = np.asarray(images)
    if config.binarize != "threshold":
        return given
    half = 127 if given.dtype == np.uint8 else 0.5
    return (given > half).astype(np.float32)


def hidden_means(layers: Sequence[RBM], images: ArrayLike) -> Array:
    """p(h | v) (n, n_hidden of the last) of images (n, pixels), uint8 or as the first layer learned them."""
    net = DeepBeliefNet(tuple(layers))
    given = np.asarray(images)
    means = np.empty((len(given), net.layers[-1].n_hidden), dtype=np.float32)
    for begin in range(0, len(given), BLOCK):
        means[begin : begin + BLOCK] = net.up(given[begin : begin + BLOCK])
    return means
