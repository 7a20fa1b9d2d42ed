"""rbm sample: a mosaic of what the model dreams."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np

from rbm.cli.bar import Bar
from rbm.cli.data import check_fit, read_data, standard_of
from rbm.cli.options import Add, add_model, add_seed, whole_from
from rbm.cli.refusals import check_target, refusals
from rbm.datasets.dataset import Dataset, Pixels
from rbm.errors import BadValue
from rbm.measures import likelihood
from rbm.models import io
from rbm.models.arrays import Array, as_unit_interval, bernoulli
from rbm.models.binary import RBM
from rbm.models.gaussian import Standard
from rbm.models.sampling import chain


def add_options(add: Add) -> None:
    add_model(add)
    add("--out", required=True, help="where to save the mosaic, a .png file; replaces it (required)")
    add(
        "--data",
        help="start the chains at its training images (as for train); without it they start from the model's own "
        "distribution as AIS finds it, which after contrastive divergence can be far from the data (default: none)",
    )
    add("--number", type=whole_from(1), default=100, help="how many samples (default: 100)")
    add("--sweeps", type=whole_from(1), default=1000, help="Gibbs sweeps; the last p(v | h) is shown (default: 1000)")
    add("--temperature", type=float, default=1.0, help="above 1 more varied, below 1 more typical (default: 1.0)")
    add_seed(add)


def run(options: argparse.Namespace) -> int:
    out, rng = Path(options.out), np.random.default_rng(options.seed)
    with refusals():
        from PIL import Image

        model, note = io.read(options.model)
        shape = _shape(model, note)
        hot = model.tempered(options.temperature)
        data = None if options.data is None else read_data(options.data)
        if data is not None:
            check_fit(model, data)
        standard = standard_of(note) if model.pixel_kind == "gaussian" else None
        if out.suffix.lower() != ".png":
            raise BadValue(f"the mosaic is a PNG image; name it {out.stem}.png, not {out.name}")
        check_target(out)
    mean = _run_chains(hot, data, options.number, options.sweeps, rng)
    pixels = mean[:, : math.prod(shape)]
    grey = pixels if standard is None else standard.undo(pixels) / 255
    images = np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8).reshape(-1, *shape)
    with refusals():
        Image.fromarray(mosaic(images)).save(out)
    print(f"saved {options.number} samples in {out}")
    return 0


def _run_chains(model: RBM, data: Dataset | None, n: int, sweeps: int, rng: np.random.Generator) -> Array:
    """The last p(v | h) (n, n_visible) of `n` chains."""
    with Bar(sweeps) as bar:
        bar.show(0, "starting points")
        start = _start(model, n, rng) if data is None else _images(model, data, n, rng)
        for done, sweep in enumerate(chain(model, start, sweeps, rng), 1):
            mean: Array = sweep.mean
            bar.show(done, "Gibbs sweeps")
    return mean


def _start(model: RBM, n: int, rng: np.random.Generator) -> Array:
    """Where the chains begin: the ends of a quick AIS run, already near the model; for some units noise."""
    if model.all_binary or model.pixel_kind == "gaussian-variance":
        return likelihood.model_samples(model, n, rng, sweeps=0)
    if model.pixel_kind == "gaussian":
        return rng.standard_normal((n, model.n_visible), dtype=np.float32)
    return bernoulli(np.full((n, model.n_visible), 0.5), rng)


def _images(model: RBM, data: Dataset, n: int, rng: np.random.Generator) -> Array:
    """Where the chains begin: at `n` training images, with no class on where the model has classes."""
    chosen = data.train_images[rng.integers(len(data.train_images), size=n)]
    if model.pixel_kind == "gaussian":
        return Standard.of(data.train_images).apply(chosen)
    return np.pad(as_unit_interval(chosen), ((0, 0), (0, model.n_visible - chosen.shape[1])))


def mosaic(images: Pixels) -> Pixels:
    """Images (n, height, width) in a near-square grid with a grey line between any two: (rows, columns)."""
    n, height, width = images.shape
    columns = math.ceil(math.sqrt(n))
    rows = -(-n // columns)
    tiles = np.full((rows * columns, height + 1, width + 1), 128, dtype=np.uint8)
    tiles[:n, :-1, :-1] = images
    grid = tiles.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    return grid.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]


def _shape(model: RBM, note: dict[str, Any]) -> tuple[int, int]:
    """(height, width) of an image: as the file says, or a square."""
    pixels = model.n_pixels
    side = math.isqrt(pixels)
    match note.get("shape"):
        case [int(height), int(width)] if height > 0 and width > 0 and height * width == pixels:
            return height, width
    if side * side != pixels:
        raise BadValue(f"{pixels} pixels are no square, and the file doesn't say what shape its images have")
    return side, side
