"""What each preset learns on "mnist-5k", and whether its chains stay digits:

    python -m benchmarks.presets                    every preset and every shipped model; some minutes
    python -m benchmarks.presets --alarms           every preset on every data set at hand: does any training "diverge"?

200 chains start at held-out digits. Digits still: at most 2 % nearly black, ink within 25 % of the data's, at least 8
of 10 classes found by a classifier trained on pixels, none in over 35 %.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import rbm
from rbm.measures import diagnostics, dreaming
from rbm.measures.dreaming import Classify
from rbm.models import threads

CHAINS = 200
HOLD = (200, 1000)  # sweeps with the class held
SECONDS, ERROR = 15, 10.0  # limits of the default preset
READ = 0.8  # of the pictures dreamt with a class held are to be read as it


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.presets", description=str(__doc__).split("\n")[0])
    parser.add_argument("--alarms", action="store_true", help="train every preset on every data set at hand")
    if parser.parse_args().alarms:
        false_alarms()
        return
    data = rbm.datasets.load("mnist-5k")
    classify = pixel_classifier(data)
    print(f"{'':16} {'seconds':>7} {'held-out':>8}   after 200 and 1,000 sweeps: black, ink, classes, largest")
    for name, config in rbm.PRESETS.items():
        begin = time.perf_counter()
        with threads.one_thread():
            *_, report = rbm.train(data.train_images, config, validation=data.test_images)
        seconds = time.perf_counter() - begin
        print(
            f"{name:16} {seconds:7.1f} {report.validation_error:8.2f}   {row(report.model, data, classify)}", flush=True
        )
    for name in rbm.pretrained.MODELS:
        model = rbm.pretrained.load(name)
        error = diagnostics.reconstruction_error(model.marginal, data.test_images).mean()
        print(f"{name:16} {'':7} {error:8.2f}   {row(model, data, classify)}", flush=True)
    held = class_held(rbm.pretrained.load("classes"), data, classify)
    print(f"\nlimits of the default preset: {SECONDS} s, held-out error {ERROR:g}")
    for sweeps, share in held.items():
        print(f"classes, with a class held for {sweeps} sweeps: {share:.1%} read as it (wanted in the end: {READ:.0%})")


def row(model: rbm.RBM, data: rbm.datasets.Dataset, classify: Classify) -> str:
    """What becomes of the chains, and whether these are digits still."""
    found = dreaming.dreams(model, data.test_images[:CHAINS], classify, np.random.default_rng(0))
    said = [
        f"{d.ink.black:5.1%} {d.ink.ratio:5.2f} {d.classes:3} {d.shares.max():5.0%} {'ok' if d.good else 'NO'}"
        for d in found
    ]
    return " | ".join(said)


def pixel_classifier(data: rbm.datasets.Dataset) -> Classify:
    """Logistic regression on the pixels of the training digits; it misreads 9 % of the others."""
    from sklearn.linear_model import LogisticRegression

    known = LogisticRegression(C=0.05, max_iter=300).fit(data.train_images / 255, data.train_labels)

    def classify(pictures: NDArray[np.float32]) -> NDArray[np.integer]:
        read: NDArray[np.integer] = known.predict(pictures)
        return read

    return classify


def class_held(model: rbm.RBM, data: rbm.datasets.Dataset, classify: Classify) -> dict[int, float]:
    """By sweeps: the share of chains, each from a digit of any class, that are read as the class held in them."""
    rng, wanted = np.random.default_rng(0), np.arange(CHAINS) % model.n_classes
    v, done, shares = model.join(data.test_images[:CHAINS] / 255, wanted), 0, {}
    for until in HOLD:
        v, done = rbm.gibbs(model, v, until - done, rng, clamp=model.class_mask), until
        shown = model.mean_visible(rbm.sample_hidden(model, v, rng))[:, : model.n_pixels]
        shares[until] = float((classify(shown) == wanted).mean())
    return shares


def false_alarms() -> None:
    """Trainings with settings that nobody would call wild: none of them may be called diverged."""
    configs = {"TrainConfig()": rbm.TrainConfig(), **rbm.PRESETS}
    for data_name in rbm.datasets.names():
        if not rbm.datasets.is_at_hand(data_name):
            continue
        data = rbm.datasets.load(data_name)
        for name, config in configs.items():
            try:
                *_, report = rbm.train(data.train_images, replace(config, epochs=30), validation=data.test_images)
            except rbm.Diverged as error:
                print(f"{data_name:18} {name:18} DIVERGED: {error}", flush=True)
            else:
                print(f"{data_name:18} {name:18} held-out error {report.validation_error:.2f}", flush=True)


if __name__ == "__main__":
    main()
