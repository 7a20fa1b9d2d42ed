"""What the measurements of training share: digits, our epoch, the products that it can't do without, and rounds."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

import rbm

VISIBLE, HIDDEN, BATCH, IMAGES = 784, 500, 128, 5000
CONFIG = rbm.TrainConfig(n_hidden=HIDDEN, batch_size=BATCH, epochs=1_000_000)
Run = Callable[[], object]


def processor() -> Iterator[str]:
    """The processor, and which kernels BLAS and NumPy run on it."""
    names = [line.split(":", 1)[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    yield f"processor   {names[0] if names else platform.processor() or platform.machine()}, {len(names)} cores"
    for found in threadpool_info():
        if found["user_api"] == "blas":
            kernel = found.get("architecture", "unknown kernel")
            yield f"BLAS        {found['internal_api']} {found['version']}, {kernel}, {Path(found['filepath']).name}"
    (kinds,) = np.lib.introspect.opt_func_info(func_name="^exp$", signature="float32").values()
    yield f"NumPy       {np.__version__}, exp of float32 by {next(iter(kinds.values()))['current']}"


def _cpuinfo() -> list[str]:
    place = Path("/proc/cpuinfo")
    return place.read_text().splitlines() if place.exists() else []


def digits(count: int = IMAGES) -> NDArray[np.uint8]:
    """uint8 digits (count, 784); beyond 5,000 they repeat, which costs as much as new ones."""
    data = rbm.datasets.load("mnist-5k")
    return np.resize(np.concatenate([data.train_images, data.test_images]), (count, VISIBLE))


def ours(images: NDArray[np.uint8], config: rbm.TrainConfig = CONFIG) -> Run:
    reports = rbm.train(images, config)
    return lambda: next(reports)


def bound(images: NDArray[np.uint8], config: rbm.TrainConfig = CONFIG) -> Run:
    """Only the products of a CD-k step, 2k + 3, in float32 into ready arrays: an epoch of them."""
    rng, batch = np.random.default_rng(0), min(config.batch_size, len(images))
    weights = rng.standard_normal((VISIBLE, config.n_hidden), dtype=np.float32) * np.float32(0.01)
    v, v_out = (rng.random((batch, VISIBLE), dtype=np.float32) for _ in range(2))
    h, h_out = (rng.random((batch, config.n_hidden), dtype=np.float32) for _ in range(2))
    gradient = np.empty_like(weights)

    def epoch() -> None:
        for begin in range(0, len(images), batch):
            n = min(batch, len(images) - begin)
            np.matmul(v[:n], weights, out=h_out[:n])
            for _ in range(config.gibbs_steps):
                np.matmul(h[:n], weights.T, out=v_out[:n])
                np.matmul(v[:n], weights, out=h_out[:n])
            np.matmul(v[:n].T, h[:n], out=gradient)
            np.matmul(v[:n].T, h[:n], out=gradient)

    return epoch


def interleaved(runs: dict[str, Run], rounds: int, pause: float = 0.05) -> dict[str, list[float]]:
    """Seconds of every run, one of each per round; the first round warms up and does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for count in range(rounds + 1):
        for name, run in runs.items():
            time.sleep(pause)  # another library's threads may still spin
            begin = time.perf_counter()
            run()
            if count:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def with_one(config: rbm.TrainConfig, field: str, value: int) -> rbm.TrainConfig:
    return replace(config, **{field: value})  # type: ignore[arg-type]
