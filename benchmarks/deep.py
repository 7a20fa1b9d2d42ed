"""What depth brings, on MNIST's training digits in a folder of IDX files:

    python -m benchmarks.deep --data /work/shared/data                the net that ships; and the unrolled autoencoder
    python -m benchmarks.deep --data FOLDER --net net.npz             another net, with classes or without

Bound beside the one-layer figure, classes of 1,000 dreams judged by a classifier trained on pixels, misread held-out
digits beside the shipped Classes model, errors of looking up to each depth and down again, and the reconstructions of a
30-number code beside PCA with 30 components: wanted is half of its error.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import rbm
from benchmarks.presets import pixel_classifier
from rbm.measures import exact
from rbm.models import arrays
from rbm.models.deep import DeepBeliefNet
from rbm.pretrained import deep, make, split
from rbm.pretrained.split import Digits
from rbm.training.unrolled import fine_tune, unroll

CODE = (250, 30)  # units on top of the shipped bottom's 500
LEAST, MOST = 0.04, 0.2  # of all dreams, for each class
GREEDY, TUNED = 10, 30  # epochs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deep", description=str(__doc__).split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST's training digits as IDX files")
    parser.add_argument("--net", type=Path, help="a file of a net; without it the one that ships, if one does")
    parser.add_argument("--epochs", type=int, default=TUNED, help="of fine-tuning the autoencoder; 0: leave it out")
    options = parser.parse_args()
    digits, file = split.full(options.data), options.net or rbm.pretrained.path(deep.NAME)
    if file.exists():
        show_net(rbm.io.read_net(file)[0], digits)
    else:
        print(f"no net in {file}: nothing to show of it")
    if options.epochs:
        show_autoencoder(digits, options.epochs)


def show_net(net: DeepBeliefNet, digits: Digits) -> None:
    begin = time.perf_counter()
    print(net)
    one = one_layer(digits)
    data = rbm.datasets.load("mnist-5k")
    for name, value in deep.figures(net, digits).items() if net.n_classes else ():
        print(f"{name:24} {value}")
    print(
        f"one layer alone          {one:.2f} nats; Classes misreads {misread_by_classes(data):.4f} of mnist-5k's digits"
    )
    for words, shares in dreams(net, data).items():
        good = "each class 4 to 20 %" if shares.min() >= LEAST and shares.max() <= MOST else "NOT each class 4 to 20 %"
        print(f"{words:24} {np.array2string(100 * shares, precision=1)} %: {good}")
    print(f"{'minutes':24} {(time.perf_counter() - begin) / 60:.1f}\n", flush=True)


def one_layer(digits: Digits) -> float:
    """Mean log-likelihood of the shipped one-layer model in nats, on the digits whose bound is taken.

    Its file tells the mean over all held-out digits, and so log Z.
    """
    model, note = rbm.io.read(rbm.pretrained.path("default"))
    drawn = arrays.bernoulli(arrays.as_unit_interval(digits.held_out), np.random.default_rng(make.BINARISE_SEED))
    energies = exact.free_energy(model, drawn)
    log_z = -energies.mean() - note["measured"]["held_out_log_likelihood"]["value"]
    return float(-energies[: deep.BOUNDED].mean() - log_z)


def misread_by_classes(data: rbm.datasets.Dataset) -> float:
    return float((rbm.pretrained.load("classes").classify(data.test_images) != data.test_labels).mean())


def dreams(net: DeepBeliefNet, data: rbm.datasets.Dataset) -> dict[str, NDArray[np.float64]]:
    """What the classifier sees in 1,000 dreams (10,): free ones from digits and from noise, and of classes asked."""
    classify, rng = pixel_classifier(data), np.random.default_rng(0)
    ink = arrays.as_unit_interval(data.train_images).mean(axis=0)
    noise = arrays.bernoulli(np.broadcast_to(ink, (deep.DREAMS, net.n_pixels)), rng)
    made = {
        "dreams from digits": net.dream(data.train_images[: deep.DREAMS], deep.SWEEPS, rng),
        "dreams from noise": net.dream(noise, deep.SWEEPS, rng),
    }
    if net.n_classes:
        asked = np.arange(deep.DREAMS) % net.n_classes
        made["dreams by class"] = of_class = net.dream(noise, deep.SWEEPS, rng, asked)
        print(f"{'read as the class asked':24} {100 * float((classify(of_class) == asked).mean()):.1f} %")
    return {name: np.bincount(classify(pictures), minlength=10) / deep.DREAMS for name, pictures in made.items()}


def show_autoencoder(digits: Digits, epochs: int) -> None:
    """784-500-250-30 beside PCA-30: squared errors of an image, summed over pixels."""
    begin = time.perf_counter()
    train, held_out = (arrays.as_unit_interval(images) for images in (digits.train, digits.held_out))
    pca = pca_error(train, held_out, CODE[-1])
    print(f"{'PCA-30':24} {pca:.2f}", flush=True)
    bottom = rbm.pretrained.load("digits")
    configs = [rbm.TrainConfig(n_hidden=n, epochs=GREEDY, learning_rate=0.1, schedule="linear") for n in CODE]
    layers = {depth: report.model for depth, report in rbm.train_deep(train, configs, below=[bottom])}
    net = DeepBeliefNet((bottom, *layers.values()))
    print(f"{'greedy':24} {error(net.reconstruct(held_out, 3), held_out):.2f}", flush=True)
    for epoch, tuned in enumerate(fine_tune(unroll(net), train, epochs=epochs), 1):
        found = error(tuned.reconstruct(held_out), held_out)
        print(f"fine-tuned, epoch {epoch:<6} {found:.2f}   {pca / found:.2f} times better than PCA", flush=True)
    print(f"{'minutes':24} {(time.perf_counter() - begin) / 60:.1f}")


def pca_error(train: NDArray[np.float32], held_out: NDArray[np.float32], components: int) -> float:
    mean = train.mean(axis=0, dtype=np.float64)
    centred = train - mean
    _, vectors = np.linalg.eigh(centred.T @ centred)
    best = vectors[:, -components:]
    return error((held_out - mean) @ best @ best.T + mean, held_out)


def error(rebuilt: NDArray[np.floating], images: NDArray[np.floating]) -> float:
    return float(np.square(rebuilt - images).sum(axis=1).mean())


if __name__ == "__main__":
    main()
