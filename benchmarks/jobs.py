"""Which BLAS rule gives the most images a second, how soon wishes are met, what keeping and idling cost.

    python -m benchmarks.jobs  (two minutes)

Run it on an idle machine: whatever else wants a core is what the threads of a BLAS call wait for.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits

import rbm
from rbm.runs.lab import Lab
from rbm.runs.limits import Limits
from rbm.runs.queue import cores
from rbm.training.trainer import Trainer

CONFIG = replace(rbm.PRESETS["Recommended"], epochs=1000)
SECONDS, ROUNDS, TRIALS = 3.0, 5, 15
SOON = 0.1  # seconds within which a wish is to be met


def main() -> None:
    throughput()
    with tempfile.TemporaryDirectory() as home:
        lab = Lab(Path(home), Limits(max_active=1000))
        latency(lab)
        keeping(lab)
        idling()
        lab.close()


def throughput() -> None:
    """Every rule is a number of BLAS threads for a number of trainings that run at the same time."""
    rules: dict[str, Callable[[int], int]] = {
        "1 each": lambda jobs: 1,
        "shared out": lambda jobs: max(1, cores() // jobs),
        "all each": lambda jobs: cores(),
    }
    settings = sorted({(jobs, rule(jobs)) for jobs in (1, 2, 4) for rule in rules.values()})
    speed: dict[tuple[int, int], list[float]] = {setting: [] for setting in settings}
    for _ in range(ROUNDS):  # in turns, so that a disturbance meets all of them
        for setting in settings:
            speed[setting].append(images_per_second(*setting))
    print(f"images/s of all trainings together, {cores()} cores, median of {ROUNDS} (worst to best)")
    print(f"{'at a time':>9} " + "".join(f"{name:>26}" for name in rules))
    for jobs in (1, 2, 4):
        cells = [speed[jobs, rule(jobs)] for rule in rules.values()]
        shown = (f"{statistics.median(c):,.0f} ({min(c):,.0f} to {max(c):,.0f})" for c in cells)
        print(f"{jobs:9} " + "".join(f"{cell:>26}" for cell in shown))


def images_per_second(jobs: int, blas_threads: int) -> float:
    """Of `jobs` trainings side by side."""
    images = rbm.datasets.load("mnist-5k").train_images
    trainers = [Trainer(images, replace(CONFIG, seed=seed)) for seed in range(jobs)]
    over, batches = threading.Event(), [0] * jobs

    def train(number: int) -> None:
        while not over.is_set():
            trainers[number].step()
            batches[number] += 1

    with threadpool_limits(blas_threads, user_api="blas"):
        threads = [threading.Thread(target=train, args=(number,)) for number in range(jobs)]
        begin = time.perf_counter()
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        over.set()
        for thread in threads:
            thread.join()
    return sum(batches) * len(images) / trainers[0].batches / (time.perf_counter() - begin)


def latency(lab: Lab) -> None:
    """With every worker busy, the default size, and all of it kept on disk."""
    taken: dict[str, list[float]] = {"pause": [], "step": [], "resume": [], "stop": []}
    others = [lab.start("others", "mnist-5k", replace(CONFIG, seed=9 + i), "x") for i in range(cores() - 1)]
    for trial in range(TRIALS):
        run_id = lab.start("me", "mnist-5k", replace(CONFIG, seed=trial), "x")
        _until(lambda run_id=run_id: lab.progress(run_id).fraction > 0)
        time.sleep(0.05 * trial / TRIALS)
        for action, moves in (("pause", False), ("step", True), ("resume", True), ("stop", False)):
            wanted = {"pause": "paused", "step": "paused", "resume": "running", "stop": "stopped"}[action]
            before = lab.progress(run_id).fraction
            begin = time.perf_counter()
            getattr(lab, action)("me", run_id)
            _until(lambda w=wanted, b=before, m=moves, r=run_id: _is(lab, r, w) and (not m or _moved(lab, r, b)))
            taken[action].append(time.perf_counter() - begin)
            time.sleep(0.05)
    for run_id in others:
        lab.stop("others", run_id)
    print(
        f"\nmilliseconds until a wish is met, {cores()} workers busy, of {TRIALS}: median and worst (limit {SOON:g} s)"
    )
    for action, seconds in taken.items():
        print(f"{action:>9} {1000 * statistics.median(seconds):8.1f} {1000 * max(seconds):8.1f}")


def keeping(lab: Lab) -> None:
    """What a checkpoint of the default size takes of the training's time."""
    _until(lambda: not lab.queue.running)
    run_id = lab.start("me", "mnist-5k", replace(CONFIG, epochs=2), "x")
    job = lab.job(run_id)
    if job is not None:
        job.join()
    run = replace(lab.run(run_id), status="paused")
    *_, report = rbm.train(rbm.datasets.load("mnist-5k").train_images[:256], replace(CONFIG, epochs=1))
    taken = []
    for _ in range(TRIALS):
        begin = time.perf_counter()
        lab.store.keep(run, lab.points(run_id), state=report.state)
        taken.append(time.perf_counter() - begin)
    print(
        f"\na checkpoint: {lab.store.size(run) / 2**20:.1f} MB with the model, {1000 * statistics.median(taken):.0f} ms"
    )


def idling() -> None:
    threads = [thread.name for thread in threading.enumerate() if thread.name == "rbm-training"]
    begin = time.process_time()
    time.sleep(2)
    print(
        f"an idle lab: {len(threads)} threads, {1000 * (time.process_time() - begin) / 2:.1f} ms of processor a second"
    )


def _is(lab: Lab, run_id: str, status: str) -> bool:
    return lab.run(run_id).status == status


def _moved(lab: Lab, run_id: str, before: float) -> bool:
    return lab.progress(run_id).fraction > before


def _until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.0005)


if __name__ == "__main__":
    main()
