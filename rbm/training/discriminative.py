"""The hybrid label RBM: besides what images and classes look like together it learns to tell the classes apart.

The gradient of ln p(y | x) is exact (Larochelle & Bengio, ICML 2008, section 4). With the pixels' weights W, a row U_k
and a bias d_k for each class k,

    o_k = Wᵀx + c + U_k     ln p(k | x) = d_k + Σ_j softplus(o_kj) + constant     a_k = (1[k = y] - p(k | x)) σ(o_k)

    ΔU_k = Σ_x a_k        ΔW = Σ_x x (Σ_k a_k)ᵀ        Δc = Σ_x Σ_k a_k        Δd_k = Σ_x 1[k = y] - p(k | x)

The biases of the pixels cancel, and one product Wᵀx serves all classes. The hybrid (section 5) mixes both gradients,

    step = (1 - discriminative) · generative + discriminative · this one

and whatever a setting costs (weights, sparsity) counts in full.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rbm.errors import BadValue
from rbm.models.arrays import Array, softmax
from rbm.models.layers import Learned
from rbm.training.config import TrainConfig
from rbm.training.gradient import Gradient

BLOCK = 2**18  # numbers worked on at a time: they stay in the cache
FAR = np.float32(80)  # below zero: a unit with such an input is off, and exp of more overflows


class Slopes(NamedTuple):
    """Of Σ ln p(y | x) over n images: in the `inputs` Wᵀx (n, n_hidden) of each, in the rows U_k of the `classes`
    (n_classes, n_hidden), and in the class biases for each image, the `surprise` 1[k = y] - p(k | x) (n, n_classes)."""

    inputs: Array
    classes: Array
    surprise: Array


def slopes(p: Learned, v: Array, n_classes: int) -> Slopes:
    """At the parameters `p`, for visible states `v` (n, n_visible): pixels in [0, 1], then the class, one of
    `n_classes` on."""
    n_pixels = v.shape[1] - n_classes
    x, y = v[:, :n_pixels], v[:, n_pixels:]
    inputs = x @ p.weights[:n_pixels]
    inputs += p.hidden_bias
    own, bias = p.weights[n_pixels:], p.visible_bias[n_pixels:]
    classes, surprise = np.zeros_like(own), np.empty(y.shape, dtype=np.float32)
    block = max(1, BLOCK // own.size)  # images
    for begin in range(0, len(v), block):
        some = slice(begin, begin + block)
        on, scores = _each_class(inputs[some], own)
        np.subtract(y[some], softmax(scores + bias), out=surprise[some])
        on *= surprise[some].T[:, :, None]  # a_k
        classes += on.sum(axis=1)
        on.sum(axis=0, out=inputs[some])
    return Slopes(inputs, classes, surprise)


def _each_class(inputs: Array, own: Array) -> tuple[Array, Array]:
    """σ(o_k) (n_classes, n, n_hidden) and Σ_j softplus(o_kj) (n, n_classes) for o_k = `inputs` (n, n_hidden) + own_k.

    With t = 1 + exp(-o) these are 1 / t and o + log t; both are next to nothing below -FAR, where o is cut.
    """
    t = np.subtract(-own[:, None], inputs)  # -o
    np.minimum(t, FAR, out=t)
    scores = -t.sum(axis=2)
    np.exp(t, out=t)
    t += 1
    scores += np.log(t).sum(axis=2)
    return np.reciprocal(t, out=t), scores.T


class HybridGradient(Gradient):
    """`p`: the live parameters of the run; `n_classes` of the last visible units are classes; the rest as `Gradient`.

    What pulls at W and c goes into the data rows. Through their class units they would carry it to the rows U_k too,
    to the true class alone; one row more for each class, in which only that class is on, makes up for it.
    """

    def __init__(
        self,
        config: TrainConfig,
        batch: int,
        model_rows: int,
        visible_mean: Array,
        hidden_mean: Array,
        p: Learned,
        n_classes: int,
    ) -> None:
        super().__init__(config, batch, model_rows, visible_mean, hidden_mean, more=n_classes)
        self._p, self._n_classes = p, n_classes
        self._n_pixels = len(visible_mean) - n_classes
        self._one_each = np.eye(n_classes, len(visible_mean), self._n_pixels, dtype=np.float32)

    def step(self, n: int, m: int, rate: float, weights: Array, out: Learned, keep: float = 0) -> None:
        """As in `Gradient`, by the mixed gradient; `weights` are those of the run. Uses the hidden rows up."""
        v, h, part = self.visible[: n + m], self.hidden[: n + m], self._config.discriminative
        if self._config.centering:
            self._move_offsets(v[:n], h[:n])
        push = self._sparsity_push(h[:n]) if self._config.sparsity_cost else np.float32(0)
        pull = slopes(self._p, v[:n], self._n_classes)
        share, own = self._share[: n + m], np.float32(part * rate / n)
        share[:n], share[n:] = (1 - part) * rate / n, -(1 - part) * rate / m
        h *= share[:, None]
        pulled = np.multiply(pull.inputs, own, out=pull.inputs)
        h[:n] += pulled
        h[:n] -= np.float32(rate / n) * push
        visible_bias = share @ v
        visible_bias[self._n_pixels :] += own * pull.surprise.sum(axis=0)
        hidden_bias = np.ones(n + m, dtype=np.float32) @ h
        more = slice(n + m, n + m + self._n_classes)
        self.visible[more] = self._one_each
        self.hidden[more] = own * pull.classes - v[:n, self._n_pixels :].T @ pulled
        self._add(more.stop, visible_bias, hidden_bias, out, keep)
        self._decay(weights, rate, out.weights)


def check_data(config: TrainConfig, *, labels: bool) -> None:
    """Raises BadValue for a hybrid that is given no classes to tell apart."""
    if config.discriminative and not labels:
        raise BadValue(
            f"discriminative {config.discriminative:g} is for telling classes apart, and there are none to learn here; "
            "give labels, or use 0"
        )


def without(config: TrainConfig) -> TrainConfig:
    """The same settings for a machine that learns no classes: a layer below the top."""
    return replace(config, discriminative=0.0)
