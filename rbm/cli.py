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
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from rbm import datasets
from rbm.datasets import mnist
from rbm.datasets.catalogue import Data, read_data
from rbm.datasets.dataset import Pixels
from rbm.measures import exact, likelihood
from rbm.measures.diagnostics import n_pixels, reconstruction_error, squared_error
from rbm.measures.pseudo_likelihood import pseudo_likelihood
from rbm.models import io
from rbm.models.arrays import Array, as_unit_interval, log_odds
from rbm.models.binary import RBM
from rbm.models.gaussian import GaussianRBM, Standard
from rbm.models.labelled import LabelRBM
from rbm.models.sampling import bernoulli, chain
from rbm.training.config import TrainConfig
from rbm.training.settings import settings_of
from rbm.training.state import Diverged, Report
from rbm.training.trainer import Trainer

SCHEDULES = {"quick": (likelihood.QUICK_SCHEDULE, 500), "full": (likelihood.FULL_SCHEDULE, 2000)}  # and Gibbs sweeps

PROGRAM = "python -m rbm"
DATA = (
    f"{', '.join(datasets.names())}, or a folder with {mnist.TRAIN_IMAGES} and maybe {mnist.TEST_IMAGES}, "
    "or .gz of them"
)

Add = Callable[..., argparse.Action]

WIDTH = 24  # of the bar, in characters
PAUSE = 0.1  # seconds between two drawings of the same words


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


def console() -> NoReturn:
    """The installed command `rbm`."""
    sys.exit(main())


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


# ---- what can be asked for on the command line


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options, with `task` the command. Raises SystemExit: 0 after --help, 2 and one line for a bad one."""
    parser = _Parser(prog=PROGRAM, description="Train, measure and sample restricted Boltzmann machines.")
    commands = parser.add_subparsers(title="commands", dest="task", required=True)
    for task, (words, add_options) in _TASKS.items():
        command = commands.add_parser(task, help=words, description=words, allow_abbrev=False)
        add_options(command.add_argument)
    return parser.parse_args(arguments)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, where argparse prints its usage too."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def _train(add: Add) -> None:
    add("--data", required=True, help=f"what to learn: {DATA} (required)")
    add("--out", required=True, help="where to save the model, an .npz file; replaces it (required)")
    for field in fields(TrainConfig):
        known, default = settings_of(TrainConfig)[field.name], field.default
        how: dict[str, Any] = {"type": known.kind, "metavar": "X" if known.kind is float else "N"}
        if known.choices:
            how = {"choices": list(known.choices)}
        elif known.kind is bool:
            how = {"action": argparse.BooleanOptionalAction}
            default = "on" if default else "off"
        action = add(_flag(field.name), default=field.default, **how)
        action.help = f"{known.words} (default: {'none' if default is None else default})".replace("%", "%%")


def _evaluate(add: Add) -> None:
    add("model", help="a file that train or rbm.save wrote")
    add("--data", required=True, help=f"what to measure on: {DATA} (required)")
    add(
        "--schedule",
        choices=("quick", "full"),
        default="quick",
        help="of annealed importance sampling: quick takes seconds, full the 14,500 steps of the literature and "
        "minutes (default: quick)",
    )
    add("--seed", type=_whole_from(0), default=0, help="of all random numbers (default: 0)")


def _sample(add: Add) -> None:
    add("model", help="a file that train or rbm.save wrote")
    add("--out", required=True, help="where to save the mosaic, a .png file; replaces it (required)")
    add(
        "--data",
        help="start the chains at its training images; without it they start from the model's own distribution as AIS "
        "finds it, which after contrastive divergence can be far from the data (default: none)",
    )
    add("--number", type=_whole_from(1), default=100, help="how many samples (default: 100)")
    add("--sweeps", type=_whole_from(1), default=1000, help="Gibbs sweeps; the last p(v | h) is shown (default: 1000)")
    add("--temperature", type=float, default=1.0, help="above 1 more varied, below 1 more typical (default: 1.0)")
    add("--seed", type=_whole_from(0), default=0, help="of all random numbers (default: 0)")


_TASKS: dict[str, tuple[str, Callable[[Add], None]]] = {
    "train": ("train a model; Ctrl-C keeps that of the last finished epoch", _train),
    "evaluate": ("measure a model on held-out images", _evaluate),
    "sample": ("draw a mosaic of the model's samples", _sample),
}


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _whole_from(low: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} on, got {text!r}")
        return int(text)

    return whole


# ---- a progress bar


class Bar:
    """Counts to `total`; as a context manager it wipes its line at the end, whatever ends it."""

    def __init__(self, total: int) -> None:
        self._total, self._begin = total, time.monotonic()
        self._drawn, self._words = -PAUSE, ""
        self._terminal = sys.stderr.isatty()

    def show(self, done: int, words: str) -> None:
        """`done` of the total, and what is going on."""
        now = time.monotonic()
        if not self._terminal or (words == self._words and now - self._drawn < PAUSE):
            return
        self._drawn, self._words = now, words
        fraction = done / self._total
        full = round(WIDTH * fraction)
        left = f", {(now - self._begin) / fraction * (1 - fraction):.0f} s left" if done else ""
        self._write(f"[{'#' * full}{'.' * (WIDTH - full)}] {fraction:4.0%}  {words}{left}")

    def say(self, line: str) -> None:
        """Print a line that stays, to stdout."""
        self._write("")
        print(line, flush=True)

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("")

    def _write(self, text: str) -> None:
        if self._terminal:
            sys.stderr.write(f"\r{text}\x1b[K")  # to the start of the line; then wipe what is left of the last one
            sys.stderr.flush()
