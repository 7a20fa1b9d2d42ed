"""What a training epoch costs, beside its matrix products and beside what else one could use:

    python -m benchmarks.train [--threads N] [--parts | --growth]

784-500, CD-1, 5,000 digits, batch 128. Rounds are interleaved, so that drift hits all alike. A processor with AVX-512
shows what one without would do with OPENBLAS_CORETYPE=Haswell NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL AVX512_SPR".
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib.util import find_spec
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import growth, parts
from benchmarks.timing import BATCH, CONFIG, HIDDEN, IMAGES, VISIBLE, Run, bound, digits, interleaved, ours, processor
from rbm.models.arrays import as_unit_interval
from rbm.scikit_learn import BernoulliRBM

AUTOENCODER = replace(CONFIG, algorithm="autoencoder")  # may cost as much as CD-1, and no more
WANTED = {"textbook": 3.0, "scikit-learn": 1.7, "torch": 1.4}  # ours must be so many times faster
BOUND_WANTED = {1: 1.15, 2: 1.25}  # times the products at most, with so many threads
SMALL = 10  # scikit-learn's own batch size


def textbook(images: np.ndarray) -> Run:
    """CD-1 as one writes it on a blackboard, in NumPy's own float64."""
    rng, data = np.random.default_rng(0), images / 255
    weights, b, c = 0.01 * rng.normal(size=(VISIBLE, HIDDEN)), np.zeros(VISIBLE), np.zeros(HIDDEN)

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    def epoch() -> None:
        nonlocal weights, b, c
        order, error = rng.permutation(len(data)), 0.0
        for begin in range(0, len(data), BATCH):
            v0 = data[order[begin : begin + BATCH]]
            p0 = sigmoid(v0 @ weights + c)
            h0 = (rng.random(p0.shape) < p0).astype(float)
            q1 = sigmoid(h0 @ weights.T + b)
            v1 = (rng.random(q1.shape) < q1).astype(float)
            p1 = sigmoid(v1 @ weights + c)
            weights = weights + 0.1 * (v0.T @ p0 - v1.T @ p1) / len(v0)
            b = b + 0.1 * (v0 - v1).mean(axis=0)
            c = c + 0.1 * (p0 - p1).mean(axis=0)
            error += ((v0 - q1) ** 2).sum()

    return epoch


def scikit_learn(images: np.ndarray) -> Run:
    """Its BernoulliRBM on float32: persistent chains, as many as the batch; its nearest setting."""
    from sklearn.neural_network import BernoulliRBM

    data = as_unit_interval(images)
    model = BernoulliRBM(HIDDEN, learning_rate=0.1, batch_size=BATCH, n_iter=1, random_state=0).fit(data)

    def epoch() -> None:
        for begin in range(0, len(data), BATCH):
            model.partial_fit(data[begin : begin + BATCH])

    return epoch


def torch_cpu(images: np.ndarray, threads: int) -> Run:
    """The same algorithm in PyTorch on the processor."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    data = torch.from_numpy(as_unit_interval(images))
    weights = 0.01 * torch.randn(VISIBLE, HIDDEN)
    b, c = torch.zeros(VISIBLE), torch.zeros(HIDDEN)

    @torch.no_grad()
    def epoch() -> float:
        order, error = torch.randperm(len(data)), torch.zeros(())
        for begin in range(0, len(data), BATCH):
            v0 = data[order[begin : begin + BATCH]]
            p0 = torch.sigmoid(torch.addmm(c, v0, weights))
            q1 = torch.sigmoid(torch.addmm(b, torch.bernoulli(p0), weights.T))
            v1 = torch.bernoulli(q1)
            p1 = torch.sigmoid(torch.addmm(c, v1, weights))
            rate = 0.1 / len(v0)
            weights.addmm_(v0.T, p0, alpha=rate).addmm_(v1.T, p1, alpha=-rate)
            b.add_((v0 - v1).sum(0), alpha=rate)
            c.add_((p0 - p1).sum(0), alpha=rate)
            error += (v0 - torch.sigmoid(torch.addmm(b, p0, weights.T))).square().sum()
        return float(error)

    return epoch


def small_batches(images: np.ndarray) -> dict[str, Run]:
    """`partial_fit` of scikit-learn and ours on batches of ten."""
    from sklearn.neural_network import BernoulliRBM as Theirs

    data = as_unit_interval(images[:1000])

    def epoch(model: BernoulliRBM | Theirs) -> Run:
        return lambda: [model.partial_fit(data[begin : begin + SMALL]) for begin in range(0, len(data), SMALL)]

    return {"ours": epoch(BernoulliRBM(HIDDEN, random_state=0)), "theirs": epoch(Theirs(HIDDEN, random_state=0))}


def compare(rounds: int, threads: int) -> None:
    images = digits()
    runs = {"ours": ours(images), "bound": bound(images), "textbook": textbook(images)}
    runs["autoencoder"] = ours(images, AUTOENCODER)
    runs["scikit-learn"] = scikit_learn(images)
    if find_spec("torch"):
        runs["torch"] = torch_cpu(images, threads)
    times = {name: median(values) for name, values in interleaved(runs, rounds).items()}
    print(f"784-500, CD-1, {IMAGES} digits, batch {BATCH}, {threads} threads, median of {rounds} epochs\n")
    print(f"{'':14} {'s/epoch':>8} {'images/s':>9} {'over ours':>9}  wanted")
    for name, seconds in times.items():
        ratio = seconds / times["ours"]
        print(f"{name:14} {seconds:8.3f} {IMAGES / seconds:9,.0f} {ratio:9.2f}  {verdict(name, ratio, threads)}")
    if "torch" not in times:
        print("torch          not installed: pip install torch to compare")
    small = {name: median(values) for name, values in interleaved(small_batches(images), rounds).items()}
    ratio = small["theirs"] / small["ours"]
    told = f"partial_fit, batches of {SMALL}: {ratio:.2f} times faster than scikit-learn"
    print(f"\n{told}, at least 1: {reached(ratio, 1)}")


def verdict(name: str, ratio: float, threads: int) -> str:
    if name == "bound":
        wanted = BOUND_WANTED.get(threads, BOUND_WANTED[2])
        return f"ours at most {wanted} times the bound: it is {1 / ratio:.2f}, {reached(ratio, 1 / wanted)}"
    if name == "autoencoder":  # `ratio` is its time over that of CD-1
        return f"at most 1: {'reached' if ratio <= 1 else f'missed by {ratio - 1:.0%}'}"
    return f"at least {WANTED[name]}: {reached(ratio, WANTED[name])}" if name in WANTED else ""


def reached(ratio: float, wanted: float) -> str:
    return "reached" if ratio >= wanted else f"missed by {1 - ratio / wanted:.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--threads", type=int, default=2, help="of BLAS, and of torch (default 2; the lab trains with 1)"
    )
    parser.add_argument("--parts", action="store_true", help="where the time of a step goes, instead")
    parser.add_argument("--growth", action="store_true", help="how it grows with units, batch, k and images, instead")
    options = parser.parse_args()
    with threadpool_limits(options.threads):
        for line in processor():
            print(line)
        print()
        if options.parts:
            for line in parts.table(digits(), CONFIG):
                print(line)
        elif options.growth:
            for line in growth.lines(rounds=3):
                print(line, flush=True)
        else:
            compare(rounds=15, threads=options.threads)


if __name__ == "__main__":
    main()
