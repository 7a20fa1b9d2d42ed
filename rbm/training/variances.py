"""How the variances of Gaussian pixels are learned: the one term of the gradient that other units don't have.

    Δ log σ_i² ∝ <(v_i - μ_i)² / 2σ_i² - v_i (W h)_i / σ_i²>_data - <the same>_model

It is the slope of -E (Liao et al., arXiv 2210.10318, 2022, section 3.1). In what the hidden units see, v/σ², the other
slopes are those of every machine: ΔW ∝ <(v/σ²) hᵀ>, Δμ ∝ <v/σ²>, Δc ∝ <h>, data minus model.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rbm.models.arrays import Array
from rbm.models.layers import Learned
from rbm.models.variances import VarianceParameters
from rbm.training.gradient import Gradient, add_

# On data of variance 1, which `Images` makes of all others. A pixel that never varies would be known ever more surely,
# without end: the likelihood has no maximum there. One thought to vary a hundred times as much as it does has run away.
LEAST, MOST = np.float32(np.log(0.1**2)), float(np.log(10**2))


class VarianceGradient(Gradient):
    """As `Gradient`, with the slope of `log_variance`. `p`: the parameters in training, live."""

    def __init__(self, *sizes: Any, p: VarianceParameters) -> None:
        super().__init__(*sizes)
        self._p = p

    def step(self, n: int, m: int, rate: float, weights: Array, out: Learned, keep: float = 0) -> None:
        """As in `Gradient`. Uses the visible rows up too.

        Weight costs and sparsity are no part of the variances' slope. Centring isn't either: with offsets of what the
        hidden units see it leaves this slope as it is. No log σ² ends below `LEAST`.
        """
        assert isinstance(out, VarianceParameters)
        p, v, h = self._p, self.visible[: n + m], self.hidden[: n + m]
        share = np.repeat(np.array([rate / n, -rate / m], dtype=np.float32), [n, m])
        slope = share @ np.square(v - p.visible_bias) * (0.5 * np.exp(-p.log_variance))
        v[...] = p.seen(v)
        slope -= share @ (v * (h @ weights.T))
        super().step(n, m, rate, weights, out, keep)
        add_(out.log_variance, slope, keep)
        floor = LEAST if out is p else LEAST - p.log_variance  # of the values, or of the change that is to be added
        np.maximum(out.log_variance, floor, out=out.log_variance)


def run_away(p: Learned) -> str | None:
    """How the variances have blown up, in words; None where they haven't, or there are none."""
    if not isinstance(p, VarianceParameters):
        return None
    largest = float(p.log_variance.max())
    if not np.isfinite(p.log_variance).all():
        return "the variances are no longer finite"
    sigma = np.exp(largest / 2)
    return f"a pixel's σ has grown to {sigma:.3g} times what the data show" if largest > MOST else None
