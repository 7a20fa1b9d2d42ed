"""Gibbs sweeps per second of a 784-500 model, beside the two products they need and beside torch:

python -m benchmarks.sample
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

import rbm
from benchmarks.timing import processor

THREADS, VISIBLE, HIDDEN, SWEEPS, ROUNDS = 2, 784, 500, 20, 15
WANTED, AT = 1.3, 100  # at most so many times the products, with so many chains
Run = Callable[[], object]


def ours(model: rbm.RBM, v: np.ndarray) -> Run:
    rng = np.random.default_rng(0)
    return lambda: rbm.gibbs(model, v, SWEEPS, rng)


def products(model: rbm.RBM, v: np.ndarray) -> Run:
    h, out = np.ones((len(v), HIDDEN), np.float32), np.empty_like(v)
    up = np.empty_like(h)

    def run() -> None:
        for _ in range(SWEEPS):
            np.matmul(v, model.weights, out=up)
            np.matmul(h, model.weights.T, out=out)

    return run


def torch_cpu(model: rbm.RBM, v: np.ndarray) -> Run:
    import torch

    torch.set_num_threads(THREADS)
    weights, b, c = (torch.tensor(a) for a in (model.weights, model.visible_bias, model.hidden_bias))

    @torch.no_grad()
    def run() -> None:
        state = torch.from_numpy(v)
        for _ in range(SWEEPS):
            h = torch.bernoulli(torch.sigmoid(torch.addmm(c, state, weights)))
            state = torch.bernoulli(torch.sigmoid(torch.addmm(b, h, weights.T)))

    return run


def sweeps_per_second(runs: dict[str, Run]) -> dict[str, float]:
    """The median over interleaved rounds; the first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for count in range(ROUNDS + 1):
        for name, run in runs.items():
            time.sleep(0.02)  # another library's threads may still spin
            begin = time.perf_counter()
            run()
            if count:
                seconds[name].append(time.perf_counter() - begin)
    return {name: SWEEPS / median(values) for name, values in seconds.items()}


def main() -> None:
    rng = np.random.default_rng(0)
    model = rbm.RBM(0.05 * rng.standard_normal((VISIBLE, HIDDEN)), np.full(VISIBLE, -2.0), np.zeros(HIDDEN))
    print(f"784-500, {THREADS} threads, sweeps of all chains per second, median of {ROUNDS} rounds\n")
    print(f"{'chains':>6} {'ours':>9} {'products':>9} {'torch':>9} {'products/ours':>14}")
    with threadpool_limits(THREADS):
        for line in processor():
            print(line)
        for chains in (1, 10, 100, 1000):
            v = (rng.random((chains, VISIBLE)) < 0.2).astype(np.float32)
            runs = {"ours": ours(model, v), "products": products(model, v)}
            if find_spec("torch"):
                runs["torch"] = torch_cpu(model, v)
            speed = sweeps_per_second(runs)
            ratio = speed["products"] / speed["ours"]
            torch_speed = f"{speed['torch']:9,.0f}" if "torch" in speed else f"{'-':>9}"
            state = "" if chains != AT else f"  at most {WANTED}: {'reached' if ratio <= WANTED else 'missed'}"
            print(f"{chains:6} {speed['ours']:9,.0f} {speed['products']:9,.0f} {torch_speed} {ratio:14.2f}{state}")


if __name__ == "__main__":
    main()
