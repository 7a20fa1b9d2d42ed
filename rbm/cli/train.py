"""rbm train: learn from images, and save the model of the last finished epoch, whatever ends the run."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from rbm.cli import layers
from rbm.cli.bar import Bar
from rbm.cli.curve import Curve
from rbm.cli.data import as_trained, read_data
from rbm.cli.options import Add, add_data, add_setting, whole_from
from rbm.cli.refusals import check_target, complain, refusals
from rbm.datasets.dataset import Dataset
from rbm.errors import BadCheckpoint, BadValue
from rbm.measures.monitors import MONITORS, OF_A_RUN, found_by, usual_every
from rbm.models import io
from rbm.runs import checkpoint
from rbm.training import autoencoder
from rbm.training.config import TrainConfig
from rbm.training.settings import settings_of
from rbm.training.state import Diverged, Report, TrainState
from rbm.training.trainer import Trainer

TOLD = {"config", "labels", "measures", "every", "data", "fingerprint"}  # what a checkpoint remembers
SWAPS = ("swap_rate", "swap_rate_lowest")  # what algorithm pt reports of itself


def add_options(add: Add) -> None:
    add_data(add, "what to learn")
    add("--out", required=True, help="where to save the model, an .npz file; replaces it (required)")
    add(
        "--layers",
        type=layers.sizes,
        metavar="N,N",
        help="hidden units of each layer, bottom first: trains a deep belief net, each by the settings given, and "
        "--labels are for the top alone; without it one machine of --n-hidden units is trained (default: none)",
    )
    add("--labels", action="store_true", help="learn the classes of the images too (default: no)")
    add(
        "--measure",
        nargs="+",
        choices=[*MONITORS, *OF_A_RUN],
        metavar="WHAT",
        help="what else to measure on held-out images: %(choices)s (default: nothing)",
    )
    add(
        "--measure-every",
        type=whole_from(1),
        metavar="N",
        help="epochs from one measurement to the next; with ais, which takes seconds, unless told a tenth of all "
        "(default: 1)",
    )
    add(
        "--log",
        metavar="FILE",
        help="write the learning curve to this CSV file, a line after each epoch (default: none)",
    )
    add(
        "--checkpoint",
        metavar="FILE",
        help="keep all that --resume needs here; replaced whole after each epoch (default: none)",
    )
    add(
        "--resume",
        metavar="FILE",
        help="go on from this checkpoint, on the same images, to the very weights that the run would have had; what it "
        "was told is kept where nothing else is asked for, --epochs say; --log goes on too (default: none)",
    )
    defaults = {field.name: field.default for field in fields(TrainConfig)}
    for name, known in settings_of(TrainConfig).items():
        add_setting(add, name, known, defaults[name])


@dataclass(frozen=True)
class Plan:
    """What is to be done; `told` is the TOLD of it."""

    data: Dataset
    config: TrainConfig
    labels: bool
    measures: tuple[str, ...]
    every: int
    state: TrainState | None

    def told(self) -> dict[str, Any]:
        return {
            "config": asdict(self.config),
            "labels": self.labels,
            "measures": self.measures,
            "every": self.every,
            "data": self.data.name,
            "fingerprint": self.data.fingerprint,
        }

    def trainer(self) -> Trainer:
        data, visible = self.data, self.config.visible
        return Trainer(
            as_trained(data.train_images, data, visible),
            self.config,
            labels=data.train_labels if self.labels else None,
            validation=as_trained(data.test_images, data, visible),
            validation_labels=data.test_labels if self.labels else None,
            monitors=self.measures,
            monitor_every=self.every,
            state=self.state,
        )


def run(options: argparse.Namespace) -> int:
    if options.layers is not None:
        return layers.run(options, given(options))
    out = Path(options.out)
    with refusals():
        plan = _plan(options)
        for target in (out, *(Path(name) for name in (options.log, options.checkpoint) if name)):
            check_target(target)
        trainer = plan.trainer()
        records = Records(options, plan, trainer)
    report, stop = _train(trainer, records)
    if report is None:
        return complain(f"{_why(stop)}; no epoch was finished, so nothing is saved", _code(stop))
    with refusals():
        io.save(out, report.model, _note(options, plan, report))
    saved = f"saved the model of epoch {report.epoch} of {plan.config.epochs} in {out}"
    if isinstance(stop, BrokenPipeError):
        raise stop
    if stop is not None:
        return complain(f"{_why(stop)}; {saved}", _code(stop))
    print(saved)
    return 0


def _plan(options: argparse.Namespace) -> Plan:
    """From the options, and what they leave open from the checkpoint to resume. Raises Refused and OSError."""
    told_now = given(options)
    data = read_data(options.data)
    if options.resume is None:
        config, state, labels, measures = TrainConfig(**told_now), None, options.labels, tuple(options.measure or ())
        every = options.measure_every
    else:
        state, told = _read_checkpoint(Path(options.resume))
        if told["fingerprint"] != data.fingerprint:
            raise BadValue(f"{options.resume} was made on other images, those of {told['data']}; give it the same ones")
        config = replace(TrainConfig(**told["config"]), **told_now)
        labels = options.labels or told["labels"]
        measures = tuple(options.measure or told["measures"])
        every = options.measure_every or (None if options.measure else told["every"])
        if state.epoch >= config.epochs:
            raise BadValue(f"{options.resume} is at the end of its {config.epochs} epochs; ask for more by --epochs")
    if labels and not data.labelled:
        raise BadValue(f"{data.name} has no labels to learn; leave out --labels")
    return Plan(data, config, labels, measures, every or usual_every(measures, config.epochs), state)


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that were typed."""
    return {name: getattr(options, name) for name in settings_of(TrainConfig) if hasattr(options, name)}


def _read_checkpoint(path: Path) -> tuple[TrainState, dict[str, Any]]:
    try:
        state, told = checkpoint.read(path)
    except BadCheckpoint as error:
        raise BadCheckpoint(f"{path} can't be resumed: {error}") from None
    if not told.keys() >= TOLD:
        raise BadCheckpoint(f"{path} can't be resumed: no --checkpoint of this command made it")
    return state, told


class Records:
    """What is written while the run goes on: the curve and the checkpoint, where they are asked for."""

    def __init__(self, options: argparse.Namespace, plan: Plan, trainer: Trainer) -> None:
        self._plan = plan
        self._checkpoint = Path(options.checkpoint) if options.checkpoint else None
        columns = found_by(plan.measures) + (SWAPS if plan.config.algorithm == "pt" else ())
        after = None if plan.state is None else plan.state.epoch
        self._curve = Curve(Path(options.log), columns, after) if options.log else None
        if self._curve and after is None:
            self._curve.add(0, trainer.start_error, trainer.validation_error(), {})

    def keep(self, report: Report) -> None:
        """Raises OSError. The curve first: a checkpoint says that it goes that far."""
        if self._curve:
            self._curve.seconds += report.seconds
            self._curve.add(report.epoch, report.reconstruction_error, report.validation_error, report.metrics)
        if self._checkpoint:
            checkpoint.write(self._checkpoint, report.state, self._plan.told())


def _train(trainer: Trainer, records: Records) -> tuple[Report | None, BaseException | None]:
    """The last finished epoch, and what ended the run before its time."""
    report, epochs, heard = None, trainer.config.epochs, ""
    with Bar(epochs * trainer.batches) as bar:
        try:
            while not trainer.finished:
                if names := trainer.about_to_measure:
                    bar.show(_done(trainer), f"epoch {trainer.epoch + 1}, measuring {', '.join(names)}")
                finished = trainer.step()
                if finished is not None:
                    report, heard = finished, f", held-out error {finished.validation_error:.4g}"
                    records.keep(report)
                    bar.say(_line(report))
                bar.show(_done(trainer), f"epoch {min(trainer.epoch + 1, epochs)}{heard}")
        except (KeyboardInterrupt, Diverged, OSError) as stop:
            return report, stop
    return report, None


def _done(trainer: Trainer) -> int:
    """Mini-batches of all epochs."""
    return trainer.epoch * trainer.batches + trainer.batch


def _line(report: Report) -> str:
    measured = "".join(f", {name.replace('_', ' ')} {value:.4g}" for name, value in report.metrics.items())
    errors = f"error {report.reconstruction_error:.4g}, held-out {report.validation_error:.4g}"
    return f"epoch {report.epoch}: {errors}{measured}"


def _note(options: argparse.Namespace, plan: Plan, report: Report) -> dict[str, Any]:
    """What the model's file tells of how it was made."""
    return {
        "name": Path(options.out).stem,
        "data": plan.data.name,
        "shape": plan.data.shape,
        "epochs": report.epoch,
        "validation_error": report.validation_error,
        "config": asdict(plan.config),
        "made_by": options.command,
        **autoencoder.note(plan.config),
    }


def _why(stop: BaseException | None) -> str:
    """What is kept, we know better than the one who stopped."""
    if isinstance(stop, Diverged):
        return str(stop).split("; ")[0]
    return str(stop) if isinstance(stop, OSError) else "interrupted"


def _code(stop: BaseException | None) -> int:
    if isinstance(stop, Diverged):
        return 1
    return 2 if isinstance(stop, OSError) else 130
