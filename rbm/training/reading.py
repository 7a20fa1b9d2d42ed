"""Teach an RBM of images and classes to read them better while it goes on dreaming them.

    maximise  log p(x, y) + α log p(y | x)

The first gradient is that of `rbm.train`, by persistent chains. The second is exact, as the hidden units sum out: with
o_k = p(h = 1 | x, y = k) and δ_k = [y = k] - p(k | x)

    Δc = Σ_k δ_k o_k      ΔW = x Δcᵀ      ΔU_k = δ_k o_k      Δd_k = δ_k

(Larochelle & Bengio, ICML 2008: the hybrid objective). W and c are of pixels, U and d of classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from rbm.errors import BadValue
from rbm.models.arrays import Array, as_unit_interval, bernoulli, check_labels, sigmoid, softmax, softplus
from rbm.models.binary import RBM
from rbm.models.layers import Parameters

BATCH = 100


def teach_reading(
    model: RBM,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    epochs: int,
    learning_rate: float,
    reading: float,
    chains: int = 100,
    seed: int = 0,
) -> Iterator[RBM]:
    """The model after every epoch on images (n, n_pixels), uint8 or in [0, 1], and labels (n,).

    reading: α, what log p(y | x) counts beside log p(x, y); at 0 this is PCD-1. The rate falls evenly to zero. Images
    are drawn black or white for the dreams, and read as they are. Chains start at images. Raises ValueError for images
    or labels that don't fit, BadValue for a model without classes.
    """
    if not model.n_classes:
        raise BadValue(f"to teach reading takes a model with classes, got {model!r}")
    data = as_unit_interval(images)
    one_hot = np.eye(model.n_classes, dtype=np.float32)[check_labels(labels, len(data), model.n_classes)]
    rng = np.random.default_rng(seed)
    p = Parameters(model.weights.copy(), model.visible_bias.copy(), model.hidden_bias.copy())
    start = rng.choice(len(data), size=min(chains, len(data)), replace=False)
    v = np.hstack([bernoulli(data[start], rng), one_hot[start]])
    steps = -(-len(data) // BATCH)
    for epoch in range(epochs):
        order = rng.permutation(len(data))
        for step in range(steps):
            rows = order[step * BATCH : (step + 1) * BATCH]
            rate = learning_rate * (1 - (epoch + step / steps) / epochs)
            dreamt, v = dreaming_gradient(model, p, data[rows], one_hot[rows], v, rng)
            read = reading_gradient(p, data[rows], one_hot[rows])
            for value, generative, discriminative in zip(p, dreamt, read, strict=True):
                value += np.float32(rate) * (generative + np.float32(reading) * discriminative)
        yield replace(model, **p._asdict())


def dreaming_gradient(
    model: RBM, p: Parameters, x: Array, y: Array, chain: Array, rng: np.random.Generator
) -> tuple[Parameters, Array]:
    """The gradient of the mean log p(x, y) by chains at `chain` (chains, n_visible), and where these stand then."""
    now = replace(model, **p._asdict())
    v = np.hstack([bernoulli(x, rng), y])
    h = sigmoid(v @ p.weights + p.hidden_bias)
    drawn = bernoulli(sigmoid(chain @ p.weights + p.hidden_bias), rng)
    chain = now.draw_visible(now.mean_visible(drawn), rng)
    dreamt = sigmoid(chain @ p.weights + p.hidden_bias)
    weights = v.T @ h / np.float32(len(v)) - chain.T @ dreamt / np.float32(len(chain))
    visible: Array = v.mean(axis=0) - chain.mean(axis=0)
    hidden: Array = h.mean(axis=0) - dreamt.mean(axis=0)
    return Parameters(weights.astype(np.float32, copy=False), visible, hidden), chain


def reading_gradient(p: Parameters, x: Array, y: Array) -> Parameters:
    """The gradient of the mean log p(y | x) for x (n, n_pixels) and y (n, classes), one of them 1."""
    n, n_pixels = x.shape
    inputs = x @ p.weights[:n_pixels] + p.hidden_bias
    by_class = [inputs + row for row in p.weights[n_pixels:]]
    scores = np.stack([softplus(s).sum(axis=1) for s in by_class], axis=1) + p.visible_bias[n_pixels:]
    delta = (y - softmax(scores)) / np.float32(n)
    parts = [d[:, None] * sigmoid(s) for d, s in zip(delta.T, by_class, strict=True)]
    hidden = np.sum(parts, axis=0)
    weights = np.vstack([x.T @ hidden, [part.sum(axis=0) for part in parts]])
    visible = np.concatenate([np.zeros(n_pixels, np.float32), delta.sum(axis=0)])
    return Parameters(weights.astype(np.float32), visible.astype(np.float32), hidden.sum(axis=0).astype(np.float32))
