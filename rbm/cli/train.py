"""rbm train: learn from images, and save the model of the last finished epoch, whatever ends the run."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from rbm.cli.bar import Bar
from rbm.cli.data import as_trained, read_data
from rbm.cli.options import Add, add_data, add_setting
from rbm.cli.refusals import check_target, complain, refusals
from rbm.datasets.dataset import Dataset
from rbm.models import io
from rbm.training.config import TrainConfig
from rbm.training.settings import settings_of
from rbm.training.state import Diverged, Report
from rbm.training.trainer import Trainer


def add_options(add: Add) -> None:
    add_data(add, "what to learn")
    add("--out", required=True, help="where to save the model, an .npz file; replaces it (required)")
    defaults = {field.name: field.default for field in fields(TrainConfig)}
    for name, known in settings_of(TrainConfig).items():
        add_setting(add, name, known, defaults[name])


def run(options: argparse.Namespace) -> int:
    out = Path(options.out)
    with refusals():
        config = TrainConfig(**{name: getattr(options, name) for name in settings_of(TrainConfig)})
        data = read_data(options.data)
        check_target(out)
        parts = (data.train_images, data.test_images)
        images, held_out = (as_trained(part, data, config.visible) for part in parts)
        trainer = Trainer(images, config, validation=held_out)
    report, stop = _train(trainer)
    if report is None:
        return complain(f"{_why(stop)}; no epoch was finished, so nothing is saved", _code(stop))
    with refusals():
        io.save(out, report.model, _note(options, data, config, report))
    saved = f"saved the model of epoch {report.epoch} of {config.epochs} in {out}"
    if isinstance(stop, BrokenPipeError):
        raise stop
    if stop is not None:
        return complain(f"{_why(stop)}; {saved}", _code(stop))
    print(saved)
    return 0


def _train(trainer: Trainer) -> tuple[Report | None, BaseException | None]:
    """The last finished epoch, and what ended the run before its time."""
    report, epochs, heard = None, trainer.config.epochs, ""
    with Bar(epochs * trainer.batches) as bar:
        try:
            while not trainer.finished:
                finished = trainer.step()
                if finished is not None:
                    report, heard = finished, f", held-out error {finished.validation_error:.4g}"
                    bar.say(
                        f"epoch {report.epoch}: error {report.reconstruction_error:.4g}, "
                        f"held-out {report.validation_error:.4g}"
                    )
                done = trainer.epoch * trainer.batches + trainer.batch
                bar.show(done, f"epoch {min(trainer.epoch + 1, epochs)}{heard}")
        except (KeyboardInterrupt, Diverged, BrokenPipeError) as stop:
            return report, stop
    return report, None


def _note(options: argparse.Namespace, data: Dataset, config: TrainConfig, report: Report) -> dict[str, Any]:
    """What the model's file tells of how it was made."""
    return {
        "name": Path(options.out).stem,
        "data": data.name,
        "shape": data.shape,
        "epochs": report.epoch,
        "validation_error": report.validation_error,
        "config": asdict(config),
        "made_by": options.command,
    }


def _why(stop: BaseException | None) -> str:
    return str(stop).split("; ")[0] if isinstance(stop, Diverged) else "interrupted"  # what is kept, we know better


def _code(stop: BaseException | None) -> int:
    return 1 if isinstance(stop, Diverged) else 130
