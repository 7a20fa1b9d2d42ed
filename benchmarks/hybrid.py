"""What the share of the gradient of ln p(y | x) does to an RBM of digits and their classes:

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.hybrid             shares 0 to 1, three seeds: minutes
    OPENBLAS_NUM_THREADS=1 python -m benchmarks.hybrid --choose    the learning rate of each share, from those in RATES

"mnist-5k" with its labels, the preset Recommended: 500 hidden units, PCD, 30 epochs. Each share has the learning rate
that misread fewest of the last 1,000 training digits after learning from the other 3,000 (--choose); the table is of
all 4,000 and the 1,000 held-out ones, which chose nothing. Means over seeds, and their standard errors.

error: the squared difference of held-out digits, classes unknown, to their one-step mean-field reconstructions, summed
over pixels. read as held: of 100 chains from digits of any class, with a class held in each, those that a classifier
trained on pixels reads as that class, after so many sweeps; beside it the mean ink, as a multiple of the digits'.

    share  rate  misread, %     error         read as held, %, after 200 and 1,000      ink after 1,000
        0   0.1  7.70 ± 0.06    9.16 ± 0.02   71 ± 3    86 ± 2                          1.01
      0.5   0.3  6.23 ± 0.27    9.51 ± 0.41   70 ± 3    88 ± 1                          0.99
      0.9     1  5.17 ± 0.19   10.12 ± 0.09   82 ± 2    93 ± 0                          1.05
     0.99     1  6.27 ± 0.37   27.77 ± 1.89   94 ± 1    91 ± 1                          1.02
        1     1  6.90 ± 0.12   48.61 ± 0.64   14 ± 2    15 ± 3                          0.10
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

import rbm
from benchmarks.presets import HOLD, pixel_classifier
from rbm.measures import diagnostics, dreaming
from rbm.measures.dreaming import Classify

SHARES = {0.0: 0.1, 0.5: 0.3, 0.9: 1.0, 0.99: 1.0, 1.0: 1.0}  # and the learning rate of each
RATES = (0.1, 0.3, 1.0)
SEEDS = (0, 1, 2)
CHAINS = 100
LEARNT = 3000  # of the training digits, to choose by the others
COLUMNS = ["misread, %", "error", *(f"{what} {sweeps}" for sweeps in HOLD for what in ("read as held, %", "ink"))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hybrid", description=str(__doc__).split("\n")[0])
    parser.add_argument("--choose", action="store_true", help="find the learning rate of each share")
    data = rbm.datasets.load("mnist-5k")
    if parser.parse_args().choose:
        choose(data)
        return
    classify = pixel_classifier(data)
    print("share  rate  " + "  ".join(f"{name:>20}" for name in COLUMNS))
    for share, rate in SHARES.items():
        runs = np.array([list(measured(data, classify, config_of(share, rate, seed))) for seed in SEEDS])
        mean, error = runs.mean(axis=0), runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
        cells = "  ".join(f"{m:>12.2f} ± {e:<5.2f}" for m, e in zip(mean, error, strict=True))
        print(f"{share:5g} {rate:5g}  {cells}", flush=True)


def config_of(share: float, rate: float, seed: int) -> rbm.TrainConfig:
    return replace(rbm.PRESETS["Recommended"], learning_rate=rate, discriminative=share, seed=seed)


def measured(data: rbm.datasets.Dataset, classify: Classify, config: rbm.TrainConfig) -> Iterator[float]:
    """The COLUMNS of one run."""
    *_, report = rbm.train(data.train_images, config, labels=data.train_labels)
    model = report.model
    yield 100 * float((model.classify(data.test_images) != data.test_labels).mean())
    yield float(diagnostics.reconstruction_error(model.marginal, data.test_images).mean())
    rng, wanted = np.random.default_rng(0), np.arange(CHAINS) % model.n_classes
    v, done = model.join(data.test_images[:CHAINS], wanted), 0
    for until in HOLD:
        v, done = rbm.gibbs(model, v, until - done, rng, clamp=model.class_mask), until
        shown = model.mean_visible(rbm.sample_hidden(model, v, rng))[:, : model.n_pixels]
        yield 100 * float((classify(shown) == wanted).mean())
        yield dreaming.ink(shown, data.test_images).ratio
    print(f"  seed {config.seed} of share {config.discriminative:g} is done", file=sys.stderr, flush=True)


def choose(data: rbm.datasets.Dataset) -> None:
    """Misread of the training digits that weren't learnt, by share and learning rate; of one seed."""
    images, labels = data.train_images, data.train_labels
    print("share  " + "  ".join(f"rate {rate:g}" for rate in RATES))
    for share in SHARES:
        print(f"{share:5g}", end="", flush=True)
        for rate in RATES:
            config = config_of(share, rate, seed=0)
            try:
                *_, report = rbm.train(images[:LEARNT], config, labels=labels[:LEARNT])
            except rbm.Diverged:
                print("  diverged", end="", flush=True)
                continue
            misread = (report.model.classify(images[LEARNT:]) != labels[LEARNT:]).mean()
            print(f"  {100 * misread:.1f} %", end="", flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
