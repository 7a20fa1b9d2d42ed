"""The command line: python -m rbm train | evaluate | sample.

Exit codes: 0 done, 1 training diverged, 2 what was asked for can't be done, 130 interrupted. Whatever isn't 0
says why in one line on stderr.
"""

from __future__ import annotations

import argparse
import math
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm import exact, io, likelihood
from rbm.arguments import PROGRAM, parse
from rbm.bar import Bar
from rbm.collection import Pixels
from rbm.config import TrainConfig
from rbm.datasets import as_unit_interval, log_odds
from rbm.diagnostics import reconstruction_error, squared_error
from rbm.features import n_pixels
from rbm.gaussian import GaussianRBM, Standard
from rbm.label import LabelRBM
from rbm.model import RBM, Array
from rbm.pseudo import pseudo_likelihood
from rbm.sampling import bernoulli, chain
from rbm.sources import Data, read_data
from rbm.state import Diverged, Report
from rbm.training import Trainer

SCHEDULES = {"quick": (likelihood.QUICK_SCHEDULE, 500), "full": (likelihood.FULL_SCHEDULE, 2000)}  # and Gibbs sweeps


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (by default the program's own) and return the exit code.

    Raises SystemExit, as argparse does, for --help (0) and for what can't be done (2).
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    options.command = f"{PROGRAM} {shlex.join(arguments)}"
    try:
        return {"train": train, "evaluate": evaluate, "sample": sample}[options.task](options)
    except KeyboardInterrupt:
        return _complain("interrupted; nothing is saved", 130)


# ---- the three commands


def train(options: argparse.Namespace) -> int:
    out = Path(options.out)
    with _refusals():
        config = TrainConfig(**{field.name: getattr(options, field.name) for field in fields(TrainConfig)})
        data = read_data(options.data)
        _check_target(out)
        images, held_out = (_as_trained(part, data, config.visible) for part in (data.train, data.held_out))
        trainer = Trainer(images, config, validation=held_out)
    report, stop = _run(trainer)
    if report is None:
        return _complain(f"{_why(stop)}; no epoch was finished, so nothing is saved", _code(stop))
    note = {
        "name": out.stem,
        "data": data.name,
        "shape": data.shape,
        "epochs": report.epoch,
        "validation_error": report.validation_error,
        "config": asdict(config),
        "made_by": options.command,
    }
    with _refusals():
        io.save(out, report.model, note)
    saved = f"saved the model of epoch {report.epoch} of {config.epochs} in {out}"
    if stop is not None:
        return _complain(f"{_why(stop)}; {saved}", _code(stop))
    print(saved)
    return 0


def _run(trainer: Trainer) -> tuple[Report | None, BaseException | None]:
    """The last finished epoch, and what ended the run before its time."""
    report: Report | None = None
    words, total = "epoch 1", trainer.config.epochs * trainer.batches
    with Bar(total) as bar:
        try:
            while not trainer.finished:
                finished = trainer.step()
                if finished is not None:
                    report = finished
                    bar.say(
                        f"epoch {report.epoch}: error {report.reconstruction_error:.4g}, "
                        f"held-out {report.validation_error:.4g}"
                    )
                    words = f"epoch {report.epoch + 1}, held-out error {report.validation_error:.4g}"
                bar.show(trainer.epoch * trainer.batches + trainer.batch, words)
        except (KeyboardInterrupt, Diverged) as stop:
            return report, stop
    return report, None


def evaluate(options: argparse.Namespace) -> int:
    with _refusals():
        model, note = io.read(options.model)
        data = read_data(options.data)
        rng = np.random.default_rng(options.seed)
        if isinstance(model, LabelRBM):
            raise ValueError("a model with class units is judged by rbm.LabelRBM.classify, not here")
        _check_fit(model, data)
    print(
        f"{options.model}: {model.n_visible} visible and {model.n_hidden} hidden units, "
        f"on {len(data.held_out):,} held-out images of {data.name}"
    )
    if isinstance(model, GaussianRBM):
        v = _as_trained(data.held_out, data, "gaussian")
        _print_row("reconstruction error", squared_error(v, model.mean_visible(model.mean_hidden(v))).mean())
        print("on data of variance 1; likelihoods are for binary units only")
        return 0
    config = note.get("config")
    cut = isinstance(config, dict) and config.get("binarize") == "threshold"
    seen, held_out = (_cut(part) if cut else part for part in (data.train, data.held_out))
    _measure(model, seen, held_out, options.schedule, rng)
    return 0


def _measure(model: RBM, seen: Pixels, held_out: Pixels, schedule: str, rng: np.random.Generator) -> None:
    """Print every measure as soon as it is known. Grey levels are drawn black or white once."""
    v = bernoulli(as_unit_interval(held_out), rng)
    betas, sweeps = SCHEDULES[schedule]
    base = log_odds(seen)
    with Bar(5) as bar:
        bar.show(0, "reconstruction error")
        _print_row("reconstruction error", reconstruction_error(model, held_out).mean(), bar=bar)
        bar.show(1, "pseudo-likelihood")
        _print_row("log pseudo-likelihood, nats", pseudo_likelihood(model, v).mean(), bar=bar)
        if min(model.weights.shape) <= exact.MAX_UNITS:
            bar.show(2, "exact log-likelihood")
            _print_row("log-likelihood, exact", exact.log_likelihood(model, v).mean(), bar=bar)
        bar.show(2, f"AIS at the {schedule} schedule")
        lower = likelihood.ais(model, rng, betas=betas, base=base)
        value = likelihood.average_log_likelihood(model, v, lower.log_partition)
        _print_row("log-likelihood, AIS (flatters)", value, lower.standard_error, bar)
        bar.show(3, "samples to start reverse AIS from")
        start = likelihood.model_samples(model, 100, rng, start=seen, sweeps=sweeps)
        bar.show(4, f"reverse AIS at the {schedule} schedule")
        upper = likelihood.reverse_ais(model, start, rng, betas=betas, base=base)
        value = likelihood.average_log_likelihood(model, v, upper.log_partition)
        _print_row("log-likelihood, reverse AIS (is modest)", value, upper.standard_error, bar)


def _print_row(what: str, value: float, error: float | None = None, bar: Bar | None = None) -> None:
    line = f"{what:<40}{value:10.3f}" + ("" if error is None else f" ± {error:.3f}")
    if bar is None:
        print(line)
    else:
        bar.say(line)


def sample(options: argparse.Namespace) -> int:
    out = Path(options.out)
    with _refusals():
        from PIL import Image

        model, note = io.read(options.model)
        shape = _shape(model, note)
        rng = np.random.default_rng(options.seed)
        hot = model.tempered(options.temperature)
        data = None if options.data is None else read_data(options.data)
        if data is not None:
            _check_fit(model, data)
        standard = _standard(note) if isinstance(model, GaussianRBM) else None
        if out.suffix.lower() != ".png":
            raise ValueError(f"the mosaic is a PNG image; name it {out.stem}.png, not {out.name}")
        _check_target(out)
    with Bar(options.sweeps) as bar:
        bar.show(0, "starting points")
        start = _start(hot, options.number, rng) if data is None else _images(model, data, options.number, rng)
        for done, sweep in enumerate(chain(hot, start, options.sweeps, rng), 1):
            mean = sweep.mean
            bar.show(done, "Gibbs sweeps")
    pixels = mean[:, : math.prod(shape)]
    grey = pixels if standard is None else standard.undo(pixels) / 255
    images = np.rint(255 * np.clip(grey, 0, 1)).astype(np.uint8).reshape(-1, *shape)
    with _refusals():
        Image.fromarray(mosaic(images)).save(out)
    print(f"saved {options.number} samples in {out}")
    return 0


def mosaic(images: Pixels) -> Pixels:
    """Images (n, height, width) in a near-square grid with a grey line between any two: (rows, columns)."""
    n, height, width = images.shape
    columns = math.ceil(math.sqrt(n))
    rows = -(-n // columns)
    tiles = np.full((rows * columns, height + 1, width + 1), 128, dtype=np.uint8)
    tiles[:n, :-1, :-1] = images
    grid = tiles.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    return grid.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]


def _start(model: RBM, n: int, rng: np.random.Generator) -> Array:
    """Where the chains begin: for binary units the ends of a quick AIS run, already near the model; else noise."""
    if type(model) is RBM:
        return likelihood.model_samples(model, n, rng, sweeps=0)
    if isinstance(model, GaussianRBM):
        return rng.standard_normal((n, model.n_visible), dtype=np.float32)
    return bernoulli(np.full((n, model.n_visible), 0.5), rng)


def _images(model: RBM, data: Data, n: int, rng: np.random.Generator) -> Array:
    """Where the chains begin: at `n` training images, with no class on where the model has classes."""
    chosen = data.train[rng.integers(len(data.train), size=n)]
    if isinstance(model, GaussianRBM):
        return Standard.of(data.train).apply(chosen)
    return np.pad(as_unit_interval(chosen), ((0, 0), (0, model.n_visible - chosen.shape[1])))


# ---- data


def _as_trained(images: Pixels, data: Data, visible: str) -> NDArray[Any]:
    return Standard.of(data.train).apply(images) if visible == "gaussian" else images


def _cut(images: Pixels) -> Pixels:
    return (images > 127).astype(np.uint8) * np.uint8(255)


def _standard(note: dict[str, Any]) -> Standard:
    data = note.get("data")
    if not isinstance(data, str):
        raise ValueError("the file doesn't name the data that this Gaussian model was scaled by")
    return Standard.of(read_data(data).train)


def _check_fit(model: RBM, data: Data) -> None:
    pixels = data.train.shape[1]
    if n_pixels(model) != pixels:
        raise ValueError(f"the model is of images of {n_pixels(model)} pixels, those of {data.name} have {pixels}")


def _shape(model: RBM, note: dict[str, Any]) -> tuple[int, int]:
    """(height, width) of an image: as the file says, or a square."""
    pixels = n_pixels(model)
    side = math.isqrt(pixels)
    match note.get("shape"):
        case [int(height), int(width)] if height > 0 and width > 0 and height * width == pixels:
            return height, width
    if side * side != pixels:
        raise ValueError(f"{pixels} pixels are no square, and the file doesn't say what shape its images have")
    return side, side


# ---- refusals


@contextmanager
def _refusals() -> Iterator[None]:
    """What the user can put right becomes one line; only input and output stand inside, so no bug hides."""
    try:
        yield
    except (ValueError, OSError, ModuleNotFoundError) as error:
        raise SystemExit(_complain(str(error), 2)) from None


def _why(stop: BaseException | None) -> str:
    return str(stop).split("; ")[0] if isinstance(stop, Diverged) else "interrupted"  # what is kept, we know better


def _code(stop: BaseException | None) -> int:
    return 1 if isinstance(stop, Diverged) else 130


def _complain(message: str, code: int) -> int:
    print(f"{PROGRAM}: {' '.join(message.split())}", file=sys.stderr)
    return code


def _check_target(path: Path) -> None:
    """Raises OSError where no file can be written, before hours are spent on what goes into it."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}; make it first")
    with tempfile.TemporaryFile(dir=path.parent):
        pass
