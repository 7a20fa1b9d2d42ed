"""What learned variances are worth: Gaussian pixels of variance 1 against such as learn theirs (Liao et al. 2022).

    python -m benchmarks.variances       about three minutes

Both learn standardised images (mean 0 and variance 1, pixel by pixel) from the same seed, by as many epochs at the same
rate. log p: mean exact log-density of held-out images in nats on that scale, by summing over the 2^16 hidden states; in
the first rows that of independent pixels, without hidden units. σ: from the smallest to the largest, on that scale.
Pixels that hardly ever vary gain without an end from a small σ, so digits are also learned without those.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

import rbm
from rbm.models.arrays import Array
from rbm.training.variances import LEAST

HIDDEN = 16
RATES = {"digits-8x8": 0.01, "photo-patches": 0.003}
EPOCHS = {"digits-8x8": 60, "photo-patches": 20}
STEPS = (1, 10)  # of CD
KINDS = {"gaussian": "variance 1", "gaussian-variance": "learned"}


def parts(name: str) -> Iterator[tuple[str, Array, Array]]:
    """A title, and training and held-out images on the standard scale."""
    data = rbm.datasets.load(name)
    standard = rbm.Standard.of(data.train_images)
    train, test = standard.apply(data.train_images), standard.apply(data.test_images)
    lively = train.std(axis=0) > 0.999
    yield f"{name}, {len(lively)} pixels", train, test
    if not lively.all():
        yield f"{name}, the {lively.sum()} lively pixels", train[:, lively], test[:, lively]


def main() -> None:
    print(f"{HIDDEN} hidden units, batches of 50, rate linear to zero")
    for name in RATES:
        for title, train, test in parts(name):
            print(f"\n{title}; {EPOCHS[name]} epochs at rate {RATES[name]}")
            print(f"{'':26}{'log p held out':>15}{'training':>10}   σ smallest, quartiles, largest; at the floor")
            for kind, sigma in (("variance 1", np.ones(train.shape[1])), ("own variances", train.std(axis=0))):
                independent(kind, test, train, np.maximum(sigma, np.exp(LEAST / 2)))
            for steps in STEPS:
                for visible in KINDS:
                    trained(name, visible, steps, train, test)


def independent(kind: str, test: Array, train: Array, sigma: np.ndarray) -> None:
    mean = train.mean(axis=0, dtype=np.float64)
    test_p, train_p = (
        float(-(np.square((part - mean) / sigma) / 2 + np.log(sigma) + np.log(2 * np.pi) / 2).sum(axis=1).mean())
        for part in (test, train)
    )
    print(f"{f'no hidden units, {kind}':26}{test_p:15.2f}{train_p:10.2f}", flush=True)


def trained(name: str, visible: str, steps: int, train: Array, test: Array) -> None:
    config = rbm.TrainConfig(
        visible=visible, n_hidden=HIDDEN, gibbs_steps=steps, batch_size=50, schedule="linear",
        learning_rate=RATES[name], epochs=EPOCHS[name],
    )  # fmt: skip
    begin, what = time.perf_counter(), f"CD-{steps}, {KINDS[visible]}"
    try:
        *_, report = rbm.train(train, config)
    except rbm.Diverged as error:
        print(f"{what:26}{error}", flush=True)
        return
    seconds, model = time.perf_counter() - begin, report.model
    test_p, train_p = (float(rbm.exact.log_likelihood(model, part).mean()) for part in (test, train))
    sigma = getattr(model, "sigma", np.ones(model.n_visible))
    quartiles = " ".join(f"{value:.2f}" for value in np.quantile(sigma, [0, 0.25, 0.5, 0.75, 1]))
    floor = np.exp(LEAST / 2) * np.maximum(train.std(axis=0), 0.1)  # near it: it is a floor of the noisy steps too
    low = int((sigma < 1.2 * floor).sum())
    print(f"{what:26}{test_p:15.2f}{train_p:10.2f}   {quartiles}; {low}   ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
