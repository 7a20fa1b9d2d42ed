"""What the training's own chains tell of the log-likelihood, beside AIS, and what it costs:

    python -m benchmarks.trajectory            two machines of 784-500 and one of 64-100, 30 epochs; some minutes
    python -m benchmarks.trajectory --full     AIS by the full schedule: a minute more for each figure
    python -m benchmarks.trajectory --only 8x8  what has this in its name

Set OPENBLAS_NUM_THREADS=1. Seconds are the processor's, of epochs with and without the monitor, in turns; the ratio is
the median. Where the chains are lost they cost nothing more: so it is told of some that never are, too.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

import rbm
from rbm.measures import likelihood, monitors
from rbm.models import threads

EPOCHS = (1, 3, 10, 20, 30)
DEFAULT = rbm.PRESETS["Recommended"]
ROWS = {
    'mnist-5k 784-500, "Recommended"': ("mnist-5k", DEFAULT),
    "mnist-5k 784-500, centred, rate 0.02, 500 chains": (
        "mnist-5k", replace(DEFAULT, centering=True, learning_rate=0.02, chains=500)
    ),
    "digits-8x8 64-100, centred": ("digits-8x8", replace(DEFAULT, n_hidden=100, centering=True)),
}  # fmt: skip
NEVER = "mnist-5k 784-500, chains that are never lost"
STILL = 1e-4  # a rate at which the chains of a 784-500 machine are never lost, so that they cost something


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trajectory", description=str(__doc__).split("\n")[0])
    parser.add_argument("--full", action="store_true", help="AIS by the full schedule")
    parser.add_argument("--only", default="", metavar="WORD", help="rows that have this in their name")
    options = parser.parse_args()
    with threads.one_thread():
        for name, (data, config) in ROWS.items():
            if options.only in name:
                print(f"\n{name}", flush=True)
                compare(rbm.datasets.load(data), config, options.full)
        if options.only in NEVER:
            print(f"\n{NEVER}", flush=True)
            still = replace(DEFAULT, learning_rate=STILL, schedule="constant", epochs=15)
            print_seconds(seconds(rbm.datasets.load("mnist-5k"), still))


def compare(data: rbm.datasets.Dataset, config: rbm.TrainConfig, full: bool) -> None:
    """The figures after some epochs, then the seconds."""
    trainer = follow(data, config, ["trajectory"])
    context = monitors.make_context(trainer.model, data.train_images, data.test_images, config.seed)
    lost = None
    while not trainer.finished:
        report = trainer.step()
        if report is None:
            continue
        if lost is None and "trajectory" not in report.metrics:
            lost = report.epoch
        if report.epoch in EPOCHS:
            print(f"  epoch {report.epoch:2}: {told(report)}; {by_ais(report.model, context, full)}", flush=True)
    print("  never lost" if lost is None else f"  lost in epoch {lost}")
    print_seconds(seconds(data, config))


def follow(data: rbm.datasets.Dataset, config: rbm.TrainConfig, names: list[str]) -> rbm.Trainer:
    return rbm.Trainer(data.train_images, config, validation=data.test_images, monitors=names)


def told(report: rbm.Report) -> str:
    size = report.metrics["trajectory_sample_size"]
    value = report.metrics.get("trajectory")
    return f"lost, {size:.1f} chains counted" if value is None else f"trajectory {value:8.2f}, {size:5.1f} chains count"


def by_ais(model: rbm.RBM, context: monitors.Context, full: bool) -> str:
    """Bennett's estimate of the same images' likelihood, and its bounds."""
    log_z = likelihood.bracket(
        model,
        context.rng(),
        betas=likelihood.FULL_SCHEDULE if full else likelihood.QUICK_SCHEDULE,
        base=context.base,
        start=context.train,
        sweeps=monitors.AIS_SWEEPS,
    )
    found = likelihood.log_likelihood(model, context.held_out, log_z)
    error = f"{found.standard_error:.2f}" if log_z.trusted else "? (too few chains count)"
    return f"AIS {found.value:8.2f} ± {error}, bounds {found.lower:.2f} to {found.upper:.2f}"


def seconds(data: rbm.datasets.Dataset, config: rbm.TrainConfig) -> list[tuple[float, float]]:
    """Of every epoch, without and with the monitor: both runs in turns, first the one and then the other."""
    runs = [follow(data, config, names) for names in ([], ["trajectory"])]
    found = []
    while not runs[0].finished:
        order = runs if runs[0].epoch % 2 else runs[::-1]
        took = {id(run): epoch_seconds(run) for run in order}
        found.append((took[id(runs[0])], took[id(runs[1])]))
    return found


def epoch_seconds(trainer: rbm.Trainer) -> float:
    """Of the processor: who shares it takes time, and doesn't count."""
    begin = time.process_time()
    while trainer.step() is None:
        pass
    return time.process_time() - begin


def print_seconds(found: list[tuple[float, float]]) -> None:
    without, with_it = np.array(found).T
    ratio = np.median(with_it / without)
    print(f"  {without.sum():.1f} s without, {with_it.sum():.1f} s with it; median ratio of an epoch {ratio:.3f}")


if __name__ == "__main__":
    main()
