"""What a training loses by being done on a Dask worker, what more workers gain, and what 200 visitors would cost.

    python -m benchmarks.cluster  (four minutes; needs pip install '.[cluster]')

It starts a scheduler and workers of its own. Workers are as nice as the lab's own thread is. On two cores more than two
workers can't gain anything: run it where there are more. The last table is arithmetic, on sizes that are measured here.
"""

from __future__ import annotations

import pickle
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import rbm
from benchmarks.dask_processes import Processes, cluster
from rbm.runs import cluster as clusters
from rbm.runs.fairness import TURN
from rbm.runs.job import CHECKPOINT_SECONDS
from rbm.runs.lab import Lab
from rbm.runs.limits import Limits
from rbm.runs.queue import MANY, cores
from rbm.training.trainer import Trainer

CONFIG = replace(rbm.PRESETS["Recommended"], epochs=1000)
SMALL = replace(CONFIG, n_hidden=100, epochs=6)
DATA = "mnist-5k"
SECONDS, ROUNDS, TRAININGS = 8.0, 5, 8
VISITORS, WORKERS = 200, 100
LINE = 125e6  # bytes a second of a line of 1 Gb/s


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        one_training(Path(folder))
        many_workers(Path(folder))
    on_paper()


def one_training(folder: Path) -> None:
    """Epochs a second in the lab's own thread, and on one worker: in turns, so that a disturbance meets both."""
    with cluster(folder / "one", workers=1) as processes:
        here, there = _lab(folder / "here"), _lab(folder / "there", processes)
        rates = [(epochs_per_second(here), epochs_per_second(there)) for _ in range(ROUNDS)]
        here.close()
        there.close()
    own, away = (statistics.median(rate for rate, _ in column) for column in zip(*rates, strict=True))
    shares = [statistics.median(share for _, share in column) for column in zip(*rates, strict=True)]
    ratios = [there / here for (here, _), (there, _) in rates]
    print(
        f"one training of {DATA}, {CONFIG.method}, {CONFIG.n_hidden} units: median of {ROUNDS} rounds of {SECONDS:g} s"
    )
    print(f"{'own thread':>22} {own:6.2f} epochs/s, {shares[0]:.0%} of the time in mini-batches")
    print(f"{'one worker':>22} {away:6.2f} epochs/s, {shares[1]:.0%} of the time in mini-batches")
    worst, best = min(ratios), max(ratios)
    print(f"{'ratio, round by round':>22} {statistics.median(ratios):6.2f} ({worst:.2f} to {best:.2f}; goal 0.8)")


def epochs_per_second(lab: Lab) -> tuple[float, float]:
    """Of one training, once it moves; and the share of the time in which it did, whatever else wants the processor."""
    run_id = lab.start("me", DATA, CONFIG, "x")
    _until(lambda: lab.progress(run_id).epoch >= 1)
    begin, before = time.perf_counter(), lab.progress(run_id)
    time.sleep(SECONDS)
    after, seconds = lab.progress(run_id), time.perf_counter() - begin
    lab.stop("me", run_id)
    _until(lambda: not lab.queue.running)
    return (after.fraction - before.fraction) * CONFIG.epochs / seconds, (after.seconds - before.seconds) / seconds


def many_workers(folder: Path) -> None:
    """Eight trainings, as a sweep over seeds: by the lab's own queue, and on 1, 2 and 4 workers."""
    print(f"\n{TRAININGS} trainings of {SMALL.n_hidden} units, {SMALL.epochs} epochs; {cores()} cores here")
    own = _lab(folder / "queue")
    sweep_seconds(own, seed=100)  # as below
    print(f"{'own queue':>12} {sweep_seconds(own):6.1f} s")
    own.close()
    first = 0.0
    for number in (1, 2, 4):
        with cluster(folder / f"workers-{number}", workers=number) as processes:
            lab = _lab(folder / f"lab-{number}", processes)
            sweep_seconds(lab, seed=100)  # images come, modules are loaded
            seconds = sweep_seconds(lab)
            lab.close()
        first = first or seconds
        print(f"{f'{number} workers':>12} {seconds:6.1f} s   {first / seconds:4.2f} times as fast as one")


def sweep_seconds(lab: Lab, seed: int = 0) -> float:
    configs = [replace(SMALL, seed=seed + number) for number in range(TRAININGS)]
    begin = time.perf_counter()
    sweep = lab.start_sweep("me", DATA, configs, [f"seed {config.seed}" for config in configs])
    _until(lambda: all(run.over for run in lab.sweep(sweep)), pause=0.05)
    return time.perf_counter() - begin


def on_paper() -> None:
    """Bytes a second, questions a second and memory of the server, for VISITORS with a training each."""
    data = rbm.datasets.load(DATA)
    trainer = Trainer(data.train_images, CONFIG, validation=data.test_images)
    state, model = len(pickle.dumps(trainer.snapshot(), 5)), trainer.model.weights.nbytes
    images = data.train_images.nbytes + data.test_images.nbytes
    stretched = max(1, WORKERS / MANY)
    turn, every = TURN * stretched, CHECKPOINT_SECONDS * stretched  # seconds
    asks = 1 / max(clusters.TURN, clusters.EACH * WORKERS)
    shown = WORKERS * model / max(clusters.MODEL, clusters.EACH_MODEL * WORKERS)
    turns = WORKERS * 2 * state / turn  # a state comes home, another goes out
    kept = WORKERS * state / every
    print(f"\non paper: {VISITORS} visitors with a training of {CONFIG.n_hidden} units each, {WORKERS} workers")
    for what, value in (
        ("a state, a model", f"{state / 1e6:.1f} MB, {model / 1e6:.1f} MB"),
        ("a turn, while others wait", f"{turn:.0f} s; a worker becomes free every {turn / WORKERS:.1f} s"),
        ("questions to workers", f"{WORKERS * asks:.0f} a second, each answered within {1 / asks:.1f} s"),
        ("models to be shown", f"{shown / 1e6:.0f} MB/s"),
        ("states at the ends of turns", f"{turns / 1e6:.0f} MB/s, to and fro"),
        ("checkpoints in between", f"{kept / 1e6:.0f} MB/s, one of each training in {every:.0f} s"),
        ("all of it", f"{(shown + turns + kept) / 1e6:.0f} MB/s; where nobody waits {(shown + kept) / 1e6:.0f} MB/s"),
        (
            "share of a line of 1 Gb/s",
            f"{(shown + turns + kept) / LINE:.0%}; where nobody waits {(shown + kept) / LINE:.0%}",
        ),
        (
            "images, once to each worker",
            f"{WORKERS * images / 1e6:.0f} MB, {WORKERS * images / LINE:.0f} s of that line",
        ),
        ("the same, 60,000 digits", f"{WORKERS * 55e6 / 1e6:.0f} MB, {WORKERS * 55e6 / LINE:.0f} s of it"),
        ("the scheduler", "one task for each worker and server, a heartbeat a second from each; no training's bytes"),
        (
            "memory of the server",
            f"{(VISITORS * model + WORKERS * 2 * state) / 1e6:.0f} MB of models and states at most",
        ),
    ):
        print(f"{what:>28}  {value}")


def _lab(home: Path, processes: Processes | None = None) -> Lab:
    """Here, or on the workers of these processes, which it has found."""
    lab = Lab(home, Limits(max_active=1000), dask=processes.address if processes else "")
    if processes is not None and lab.cluster is not None:
        lab.cluster.workers()
        _until(lambda: lab.queue.workers == len(processes.workers))
    return lab


def _until(true: Callable[[], bool], pause: float = 0.01) -> None:
    """Looks so seldom that it takes nothing of a training's time."""
    while not true():
        time.sleep(pause)


if __name__ == "__main__":
    main()
