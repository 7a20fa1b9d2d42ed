"""Curves to compare one's own with, for the Features page: `python -m rbm.pretrained.make probe`, five minutes.

What logistic regression misreads of the held-out digits of "mnist-5k" (`rbm.measures.probe`), over the number of
labels: of pixels, of principal components, of the hidden units of a machine that has learned nothing, of the presets
trained for 30 epochs, of the models that ship, and of the top of the net that ships.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np

from rbm import datasets, pretrained
from rbm.datasets.dataset import Pixels
from rbm.measures import diagnostics, maps
from rbm.measures.probe import SIZES, Point, learning_curve
from rbm.models.arrays import Array, as_unit_interval
from rbm.models.binary import RBM
from rbm.training.config import PRESETS, TrainConfig
from rbm.training.start import untrained
from rbm.training.trainer import train

PATH = pretrained.path("probe")
DATA, COMPONENTS, EPOCHS = "mnist-5k", 50, 30
TRAINED: dict[str, TrainConfig] = {  # all 784-500, for EPOCHS
    "autoencoder": PRESETS["Autoencoder"],
    # with larger weights at first, so that "untrained" has something to say, and with momentum: it learns more in 30
    "CD-1": TrainConfig(weight_std=0.1, final_momentum=0.9),
    "PCD": PRESETS["Recommended"],
}
NAMES = ("pixels", "PCA", "untrained", *TRAINED, "digits", "strokes", "sick", "deep")


class Curve(NamedTuple):
    """`points`: by number of labels. `error`: of reconstruction on held-out digits; NaN where nothing is rebuilt."""

    points: tuple[Point, ...]
    error: float


@cache
def load() -> dict[str, Curve]:
    """The curves that ship, by NAMES. Raises BadFile where the file is damaged."""
    file = pretrained.arrays("probe")
    rows = zip(NAMES, file["errors"], file["standard_errors"], file["held_out_error"], strict=True)
    return {
        name: Curve(tuple(map(_point, file["labels"], errors, spreads, file["draws"])), float(held_out))
        for name, errors, spreads, held_out in rows
    }


def _point(labels: int, error: float, spread: float, draws: int) -> Point:
    return Point(int(labels), float(error), float(spread), int(draws))


# ---- how they are made


def make() -> None:
    found = dict(curves())
    points = np.array([[(p.error, p.standard_error, p.draws) for p in curve.points] for curve in found.values()])
    np.savez_compressed(
        PATH, labels=SIZES, errors=points[..., 0], standard_errors=points[..., 1], draws=points[0, :, 2].astype(int),
        held_out_error=[curve.error for curve in found.values()],
    )  # fmt: skip
    print(f"{PATH}: {PATH.stat().st_size / 1000:.0f} KB, {len(found)} curves")


def curves() -> Iterator[tuple[str, Curve]]:
    """All of NAMES, one by one."""
    data = datasets.load(DATA)
    for name in NAMES:
        describe, error = _description(name, data.train_images, data.test_images)
        seen, held_out = describe(data.train_images), describe(data.test_images)
        points = tuple(learning_curve(seen, data.train_labels, held_out, data.test_labels))
        yield name, Curve(points, error)


def _description(name: str, images: Pixels, held_out: Pixels) -> tuple[Callable[[Pixels], Array], float]:
    """How images are described, and the held-out error where they can be rebuilt from that."""
    if name == "pixels":
        return as_unit_interval, float("nan")
    if name == "PCA":
        axes = maps.principal(as_unit_interval(images), COMPONENTS)
        return lambda given: axes.of(as_unit_interval(given)), float("nan")
    if name in pretrained.NETS:
        net, v = pretrained.load_net(name), as_unit_interval(held_out)
        return net.up, float(diagnostics.squared_error(net.reconstruct(v, net.depth), v).mean())
    model = model_of(name, images).marginal
    error = float(diagnostics.reconstruction_error(model, held_out).mean())
    return lambda given: diagnostics.hidden(model, given), error


def model_of(name: str, images: Pixels) -> RBM:
    """The model of a curve, trained if need be."""
    if name == "untrained":
        return untrained(images, TRAINED["CD-1"])
    if name in TRAINED:
        *_, last = train(images, replace(TRAINED[name], n_hidden=500, epochs=EPOCHS))
        return last.model
    return pretrained.load(name)
