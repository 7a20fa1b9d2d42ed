"""Bennett's acceptance ratio: one estimate of log Z from the log-weights of both directions.

With log-weights w_f of n chains up (E[exp w_f] = Z / Z_0) and w_r of m chains down (E[exp w_r] = Z_0 / Z),
d = log Z / Z_0 solves

    Σ σ(w_f - d - M) = Σ σ(w_r + d + M),    M = log n / m

Of all estimates of this form it has the least variance (Bennett, J. Comput. Phys. 22, 1976, eq. 12), and is the most
likely d (Shirts & Chodera, J. Chem. Phys. 129, 2008, where w is minus the work). To first order each side adds its own
share to the variance (Bennett 1976, eq. 10a): with f the terms of a sum, (<f²> - <f>²) / <f>² over their number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rbm.models.arrays import Float64, log_sum_exp

HALVINGS = 100  # of the interval that holds the solution: to the last bit of a float64


class Ratio(NamedTuple):
    """d = log Z / Z_0 and its standard error, in nats."""

    log_ratio: float
    standard_error: float


def acceptance_ratio(forward: Float64, reverse: Float64) -> Ratio:
    """From log-weights (n,) of chains from Z_0 to Z and (m,) of chains from Z to Z_0, all independent; n, m >= 2."""
    shift = float(np.log(len(forward) / len(reverse)))
    d = _solve(forward - shift, reverse + shift, margin=abs(shift) + 1)
    variance = _share(_log_sigmoid(forward - shift - d)) + _share(_log_sigmoid(reverse + shift + d))
    return Ratio(d, float(np.sqrt(variance)))


def _solve(forward: Float64, reverse: Float64, margin: float) -> float:
    """The d at which both sums are the same; their difference falls as d rises, so it is found by halving."""
    crossings = np.concatenate([forward, -reverse])
    low, high = float(crossings.min()) - margin, float(crossings.max()) + margin
    for _ in range(HALVINGS):
        d = (low + high) / 2
        if log_sum_exp(_log_sigmoid(forward - d)) > log_sum_exp(_log_sigmoid(reverse + d)):
            low = d
        else:
            high = d
    return (low + high) / 2


def _log_sigmoid(x: Float64) -> Float64:
    """log σ(x): chains that hardly overlap have terms too small for σ itself."""
    result: Float64 = -np.logaddexp(0, -x)
    return result


def _share(log_terms: Float64) -> float:
    """The squared relative error of the terms' mean."""
    terms = np.exp(log_terms - log_terms.max())
    return float(terms.var(ddof=1) / terms.mean() ** 2 / len(terms))
