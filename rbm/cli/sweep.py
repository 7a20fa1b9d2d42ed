"""rbm sweep: train every combination of some settings, each as a run of the lab's store, and tell which is best."""

from __future__ import annotations

import argparse
import hashlib
import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from rbm.cli.bar import Bar
from rbm.cli.data import read_data
from rbm.cli.options import Add, add_data
from rbm.cli.refusals import complain, refusals
from rbm.errors import BadValue
from rbm.measures.monitors import MONITORS, found_by
from rbm.measures.trajectory import TRAJECTORY
from rbm.runs.grid import axes, described, grid, read_values, shown
from rbm.runs.lab import Lab, default_home
from rbm.runs.limits import Limits, settings
from rbm.runs.record import Run, configuration, fingerprint
from rbm.training.config import TrainConfig

OWNER = "rbm sweep"  # no browser's key has a space in it
LOOK = 0.2  # seconds between two looks at how far they are
FREE = 10**9  # of what is limited for visitors: on one's own machine one may wait
Values = tuple[str, list[Any]]


def add_options(add: Add) -> None:
    add_data(add, "what to learn")
    add(
        "--set",
        dest="values",
        action="append",
        type=_values,
        default=[],
        metavar="NAME=X,X",
        help="the values of a setting, named as in rbm.TrainConfig; give it once for each setting, and all "
        "combinations are trained; one value just sets it (default: none)",
    )
    add("--labels", action="store_true", help="learn the classes of the images too (default: no)")
    add(
        "--measure",
        nargs="+",
        choices=[*MONITORS, TRAJECTORY],
        default=[],
        metavar="WHAT",
        help="what else to measure on held-out images: %(choices)s (default: nothing)",
    )
    add(
        "--dask",
        metavar="ADDRESS",
        help="of a Dask scheduler, tcp://... or tls://..., on whose workers they are trained; without it that of "
        "RBM_DASK, else they are trained here (default: none)",
    )
    add(
        "--home",
        type=Path,
        metavar="FOLDER",
        help="of the store of runs; without it that of RBM_HOME, else the user's data folder (default: none)",
    )


def _values(text: str) -> Values:
    name, equals, values = text.partition("=")
    name = name.strip().replace("-", "_")
    try:
        if not equals:
            raise BadValue(f"got {text!r}; write NAME=VALUE,VALUE")
        return name, read_values(name, values)
    except BadValue as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(options: argparse.Namespace) -> int:
    with refusals():
        configs = grid(TrainConfig(), _together(options.values))
        address = options.dask or os.environ.get("RBM_DASK", "")
        lab = Lab(options.home or default_home(), allowed(), load=lru_cache(maxsize=1)(read_data), dask=address)
    try:
        with refusals():
            if lab.trouble:
                raise BadValue(lab.trouble)
            if lab.cluster is not None:
                lab.cluster.workers()  # who asks for them waits for them, and for nothing else
            sweep = _begin(lab, options, configs)
        _watch(lab, sweep, configs)
        runs = _runs(lab, sweep, configs)
        lines = table(runs, _measured(lab, runs, found_by(options.measure)))
    except KeyboardInterrupt:
        return complain("interrupted; the same command goes on where this one stopped", 130)
    finally:
        lab.close()
    print(*lines, f"on the Runs page: /runs?sweep={sweep}", sep="\n")
    unfinished = [run for run in runs if run.status != "finished"]
    if not unfinished:
        return 0
    ends = ", ".join(sorted({run.status for run in unfinished}))
    return complain(f"{len(unfinished)} of {len(runs)} are not finished: {ends}", 1 if ends == "diverged" else 2)


def _together(given: Sequence[Values]) -> dict[str, list[Any]]:
    """Raises BadValue for a setting that is there twice."""
    values = dict(given)
    if len(values) < len(given):
        twice = next(name for name, _ in given if sum(name == other for other, _ in given) > 1)
        raise BadValue(f"--set {twice} is there twice; give all of its values at once")
    return values


def allowed() -> Limits:
    """What holds for whoever has a shell on this machine: workers and days from the environment, and no caps."""
    known = settings({})
    caps = {name: FREE for name in vars(known) if name.startswith("max_") and name != "max_days"}
    return replace(known, **caps)


def _begin(lab: Lab, options: argparse.Namespace, configs: list[TrainConfig]) -> str:
    """What the runs have in common: of the same images and settings the same, so that a second command goes on."""
    measures = tuple(options.measure)
    of_images = fingerprint(read_data(options.data), options.labels)
    told = "\n".join([of_images, *measures, *map(configuration, configs)])
    sweep = hashlib.sha256(told.encode()).hexdigest()[:22]
    known = {run.config for run in lab.runs(OWNER) if run.sweep == sweep}
    if known:
        lab.resume_sweep(OWNER, sweep)
    if missing := [config for config in configs if config not in known]:
        names = [described(config, [axis.name for axis in axes(configs)]) or config.method for config in missing]
        lab.start_sweep(
            OWNER, options.data, missing, names, labels=options.labels, measures=measures, sweep=sweep
        )  # fmt: skip
    return sweep


def _runs(lab: Lab, sweep: str, configs: list[TrainConfig]) -> list[Run]:
    """In the order of the grid, as they are now."""
    found = {run.config: run for run in lab.runs(OWNER) if run.sweep == sweep}
    return [found[config] for config in configs if config in found]


def _watch(lab: Lab, sweep: str, configs: list[TrainConfig]) -> None:
    """Until all are over; a line for each as it ends."""
    told: set[str] = set()
    with Bar(100 * len(configs)) as bar:
        while True:
            runs = _runs(lab, sweep, configs)
            for run in runs:
                if run.over and run.id not in told:
                    told.add(run.id)
                    bar.say(_line(run))
            if len(told) == len(runs):
                break
            moving = sum(run.status == "running" for run in runs)
            bar.show(int(100 * sum(run.fraction for run in runs)), f"{len(told)} of {len(runs)}, {moving} at work")
            time.sleep(LOOK)
        for run in runs:  # the last words of a training are written by its thread
            if (job := lab.job(run.id)) is not None:
                job.join()


def _line(run: Run) -> str:
    end = "" if run.status == "finished" else f" ({run.status}{f': {run.message}' if run.message else ''})"
    return f"{run.name}: held-out {_number(run.validation_error)}, {run.seconds:.1f} s{end}"


def _number(value: float | None) -> str:
    return "none" if value is None or not math.isfinite(value) else f"{value:.4g}"


def table(runs: Sequence[Run], measured: Sequence[Mapping[str, float]]) -> list[str]:
    """Lines: a column for each setting that differs, the held-out error, what was `measured` of each run in the end,
    and its id; the best one is marked."""
    names = [axis.name for axis in axes([run.config for run in runs])]
    columns = list(dict.fromkeys(name for found in measured for name in found))
    finished = [run.validation_error for run in runs if run.status == "finished"]
    best = min((error for error in finished if error is not None), default=None)
    heads = [*names, "held_out_error", *columns]
    lines = ["  ".join([*(f"{head:>8}" for head in heads), "run"])]
    for run, found in zip(runs, measured, strict=True):
        cells = [*(shown(getattr(run.config, name)) for name in names), _number(run.validation_error)]
        cells += [_number(found.get(name)) for name in columns]
        end = run.id if run.status == "finished" else f"{run.id} {run.status}"
        mark = " best" if run.status == "finished" and run.validation_error == best else ""
        lines.append("  ".join(f"{c:>{max(8, len(h))}}" for c, h in zip(cells, heads, strict=True)) + f"  {end}{mark}")
    return lines


def _measured(lab: Lab, runs: Sequence[Run], names: Sequence[str]) -> list[dict[str, float]]:
    """The last values of what was asked for, of each run."""
    last = [lab.points(run.id)[-1:] for run in runs]
    return [{key: p.measures[key] for p in points for key in names if key in p.measures} for points in last]
