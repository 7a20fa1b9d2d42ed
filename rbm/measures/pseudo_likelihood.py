"""Pseudo-likelihood (Besag 1975): how well each pixel is predicted from all the others. No Z is needed.

log PL(v) = Σ_i log p(v_i | other pixels) = Σ_i log σ(F(v with pixel i flipped) - F(v))
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rbm.measures.exact import parameters, state_blocks
from rbm.models.arrays import Float64, softplus, sum_softplus_
from rbm.models.binary import RBM


def pseudo_likelihood(model: RBM, v: ArrayLike) -> Float64:
    """log PL (n,) in nats, at most 0, over all pixel flips of binary v (n, n_visible).

    784-500 and 1,000 images: about a second. Raises ValueError for v that are not binary.
    """
    return np.concatenate([all_flips(model, block) for block in state_blocks(model, v)])


def stochastic_pseudo_likelihood(model: RBM, v: ArrayLike, rng: np.random.Generator) -> Float64:
    """An unbiased estimate of log PL (n,) in nats from one random pixel an image, n_visible times its term.

    For binary v (n, n_visible). Raises ValueError as `pseudo_likelihood` does.
    """
    return np.concatenate(
        [one_flip(model, block, rng.integers(model.n_visible, size=len(block))) for block in state_blocks(model, v)]
    )


def all_flips(model: RBM, v: Float64) -> Float64:
    """log PL (m,) of a block v (m, n_visible) that need not be binary: a grey level x flips to 1 - x.

    Flipping pixel i changes the total input by ±W_i, so no further matrix product is needed.
    """
    b, c, w = parameters(model)
    x = w.T @ v.T + c[:, None]
    unflipped = sum_softplus_(x.copy())
    sign = 1 - 2 * v.T  # of the flip: +1 switches the pixel on
    flipped, total = np.empty_like(x), np.zeros(len(v))
    for i in range(model.n_visible):
        np.multiply.outer(w[i], sign[i], out=flipped)
        flipped += x
        total += _log_conditional(b[i] * sign[i] + sum_softplus_(flipped) - unflipped)
    return total


def one_flip(model: RBM, v: Float64, pixel: NDArray[np.int64]) -> Float64:
    """n_visible times the term of one pixel (m,) of each row of a block; otherwise as `all_flips`."""
    b, c, w = parameters(model)
    sign = 1 - 2 * v[np.arange(len(v)), pixel]
    x = w.T @ v.T + c[:, None]
    flipped = x + w[pixel].T * sign
    gain = b[pixel] * sign + sum_softplus_(flipped) - sum_softplus_(x)
    return model.n_visible * _log_conditional(gain)


def pixel_of_each_row(v: Float64, key: NDArray[np.uint64]) -> NDArray[np.int64]:
    """A pixel (n,) for each row of v (n, pixels), levels in [0, 1], by a random key (pixels + 1,).

    Σ_i key_i · level_i mod 2^64 is uniform for every row and independent for any two that differ (Carter &
    Wegman 1979), so this is as good as a draw a row, and a row keeps its pixel wherever it stands.
    """
    levels = np.rint(255 * v).astype(np.uint64)
    high_bits = (key[0] + levels @ key[1:]) >> np.uint64(32)
    pixel: NDArray[np.int64] = ((high_bits * np.uint64(v.shape[1])) >> np.uint64(32)).astype(np.int64)
    return pixel


def _log_conditional(gain: Float64) -> NDArray[np.float64]:
    """log p(v_i | others) where flipping v_i would lower the free energy by `gain`."""
    return -softplus(gain).astype(np.float64)
