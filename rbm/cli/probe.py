"""rbm probe: can a straight line read what the hidden units say? Beside it, the same of the pixels."""

from __future__ import annotations

import argparse

from rbm.cli.bar import Bar
from rbm.cli.data import as_learned, check_fit, read_data
from rbm.cli.options import Add, add_data, add_model, add_seed
from rbm.cli.refusals import refusals
from rbm.datasets.dataset import Dataset
from rbm.errors import BadValue
from rbm.measures import diagnostics
from rbm.measures.probe import SIZES, Point, check_labels, learning_curve
from rbm.models import io
from rbm.models.arrays import as_floats


def add_options(add: Add) -> None:
    add_model(add)
    add_data(add, "labelled images to read")
    add_seed(add)


def run(options: argparse.Namespace) -> int:
    with refusals():
        model, note = io.read(options.model)
        data = read_data(options.data)
        check_fit(model, data)
        if not len(data.test_images):
            raise BadValue(f"{data.name} holds no image out to read")
        check_labels(data.train_labels)
        sizes = _sizes(data)
    seen, held_out = (as_learned(part, data, model, note) for part in (data.train_images, data.test_images))
    descriptions = [
        (as_floats(seen), as_floats(held_out)),
        (diagnostics.hidden(model.marginal, seen), diagnostics.hidden(model.marginal, held_out)),
    ]
    curves = [
        learning_curve(first, data.train_labels, others, data.test_labels, seed=options.seed)
        for first, others in descriptions
    ]
    print(f"{'labels':>8}{'pixels':>20}{f'{model.n_hidden} hidden units':>20}   misread, % ± standard error")
    with Bar(len(sizes)) as bar:
        for done, (pixels, hidden) in enumerate(zip(*curves, strict=True)):
            bar.show(done, "logistic regression")
            bar.say(f"{pixels.labels:8}{_cell(pixels)}{_cell(hidden)}")
    return 0


def _sizes(data: Dataset) -> list[int]:
    """The numbers of labels that `learning_curve` will try. Raises BadValue where there is none."""
    images, classes = len(data.train_labels), len(data.classes)
    sizes = [size for size in SIZES if classes <= size <= images]
    if not sizes:
        raise BadValue(
            f"{data.name} has {images:,} training images of {classes:,} classes; the probe needs at least {SIZES[0]} "
            f"images, and one of each class among {SIZES[-1]:,}"
        )
    return sizes


def _cell(point: Point) -> str:
    spread = f" ± {100 * point.standard_error:.1f}" if point.draws > 1 else ""
    return f"{f'{100 * point.error:.1f}{spread}':>20}"
