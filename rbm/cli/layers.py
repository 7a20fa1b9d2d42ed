"""rbm train --layers: a deep belief net, layer upon layer, saved with what is finished, whatever ends the run."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rbm.cli.bar import Bar
from rbm.cli.data import as_trained, read_data
from rbm.cli.refusals import check_target, complain, refusals
from rbm.datasets.dataset import Dataset
from rbm.errors import BadValue
from rbm.measures.diagnostics import squared_error
from rbm.models import io
from rbm.models.arrays import as_floats
from rbm.models.deep import MAX_LAYERS, DeepBeliefNet
from rbm.training import discriminative
from rbm.training.config import TrainConfig
from rbm.training.deep import as_learned, train_deep
from rbm.training.state import Diverged, Report

FOR_ONE_LAYER = ("measure", "measure_every", "log", "checkpoint", "resume")  # options that go with one machine only


def sizes(text: str) -> tuple[int, ...]:
    """The hidden units of each layer, typed as 500,500."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) for part in parts) or len(parts) > MAX_LAYERS:
        raise argparse.ArgumentTypeError(f"must be 1 to {MAX_LAYERS} whole numbers with commas between, got {text!r}")
    return tuple(int(part) for part in parts)


def run(options: argparse.Namespace, settings: dict[str, Any]) -> int:
    """`settings`: those of TrainConfig that were typed, the same for every layer."""
    out = Path(options.out)
    with refusals():
        _check(options, settings)
        data = read_data(options.data)
        if options.labels and not data.labelled:
            raise BadValue(f"{data.name} has no labels to learn; leave out --labels")
        configs = configs_of(settings, options.layers, labels=options.labels)
        check_target(out)
        reports, stop = _train(data, configs, labels=options.labels)
    why = "" if stop is None else str(stop).split("; ")[0] if isinstance(stop, Diverged) else "interrupted"
    code = 1 if isinstance(stop, Diverged) else 130
    if not reports:
        return complain(f"{why}; no epoch was finished, so nothing is saved", code)
    net = DeepBeliefNet(tuple(report.model for report in reports))
    with refusals():
        io.save(out, net, _note(options, data, configs, reports, net))
    saved = f"saved {net!r} in {out}"
    if stop is not None:
        return complain(f"{why}; {saved}, whose top is of epoch {reports[-1].epoch}", code)
    print(saved)
    return 0


def configs_of(settings: dict[str, Any], layers: tuple[int, ...], *, labels: bool) -> tuple[TrainConfig, ...]:
    """One for each layer: what a pixel is, is the bottom's own, as hidden units are binary; classes are the top's.

    Raises BadValue.
    """
    first, *others = (TrainConfig(**settings, n_hidden=n) for n in layers)
    *below, top = (first, *(replace(config, visible="binary") for config in others))
    discriminative.check_data(top, labels=labels)
    return (*map(discriminative.without, below), top)


def _check(options: argparse.Namespace, settings: dict[str, Any]) -> None:
    if "n_hidden" in settings:
        raise BadValue("--layers tells the hidden units of every layer; leave out --n-hidden")
    for name in FOR_ONE_LAYER:
        if getattr(options, name) is not None:
            raise BadValue(f"--{name.replace('_', '-')} is for one machine, not for --layers; leave one of them out")


def _train(data: Dataset, configs: tuple[TrainConfig, ...], labels: bool) -> tuple[list[Report], BaseException | None]:
    """The last report of each layer, bottom first, and what ended the run before its time."""
    reports: list[Report] = []
    images = as_trained(data.train_images, data, configs[0].visible)
    with Bar(sum(config.epochs for config in configs)) as bar:
        bar.show(0, "layer 1")
        try:
            runs = train_deep(images, configs, labels=data.train_labels if labels else None)
            for done, (depth, report) in enumerate(runs, 1):
                reports[depth - 1 :] = [report]
                bar.say(f"layer {depth}, epoch {report.epoch}: error {report.reconstruction_error:.4g}")
                bar.show(done, f"layer {depth}")
        except (KeyboardInterrupt, Diverged) as stop:
            return reports, stop
    return reports, None


def _note(
    options: argparse.Namespace, data: Dataset, configs: tuple[TrainConfig, ...], reports: list[Report],
    net: DeepBeliefNet,
) -> dict[str, Any]:  # fmt: skip
    """What the net's file tells of how it was made, and the held-out errors of looking up to each depth and down."""
    held_out = as_learned(as_trained(data.test_images, data, configs[0].visible), configs[0])
    v = as_floats(held_out)
    errors = [float(squared_error(v, net.reconstruct(held_out, depth)).mean()) for depth in range(1, net.depth + 1)]
    return {
        "name": Path(options.out).stem,
        "data": data.name,
        "shape": data.shape,
        "epochs": [report.epoch for report in reports],
        "validation_errors": errors,
        "configs": [asdict(config) for config in configs[: net.depth]],
        "made_by": options.command,
    }
