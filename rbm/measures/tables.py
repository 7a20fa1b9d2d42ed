"""Every state of a machine small enough to write all of them down: the tables that exact sums would add up.

States are rows of zeros and ones in the order of binary numbers, the first unit being the highest digit. All float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rbm.errors import BadValue
from rbm.measures import exact
from rbm.models.arrays import Float64, log_sum_exp, sigmoid
from rbm.models.binary import RBM

MOST = 12  # units a layer: 2^24 states, 128 MB a table


class Tables(NamedTuple):
    """With V = 2^n_visible and H = 2^n_hidden states; energies in nats.

    `visible` (V, n_visible) and `hidden` (H, n_hidden): the states; `energy` (V, H): E(v, h); `joint` (V, H): p(v, h);
    `p_visible` (V,): p(v), the rows' sums; `mean_hidden` (V, n_hidden): p(h_j = 1 | v); `mean_visible` (H, n_visible):
    p(v_i = 1 | h).
    """

    visible: Float64
    hidden: Float64
    energy: Float64
    joint: Float64
    p_visible: Float64
    mean_hidden: Float64
    mean_visible: Float64
    log_partition: float


def states(n: int) -> Float64:
    """All states (2^n, n) of n units, as binary numbers count."""
    return ((np.arange(2**n)[:, None] >> np.arange(n - 1, -1, -1)) & 1).astype(np.float64)


def tables(model: RBM) -> Tables:
    """All there is to know of `model`. Raises BadValue where a layer has more than 12 units."""
    if max(model.n_visible, model.n_hidden) > MOST:
        raise BadValue(
            f"tables of all states need layers of at most {MOST} units; this model has {model.n_visible} and "
            f"{model.n_hidden}. Use rbm.exact, which needs but one small layer, or rbm.likelihood"
        )
    b, c, w = exact.parameters(model)
    visible, hidden = states(model.n_visible), states(model.n_hidden)
    energy = -(visible @ b)[:, None] - hidden @ c - visible @ w @ hidden.T
    log_z = log_sum_exp(-energy.ravel())
    joint = np.exp(-energy - log_z)
    means = sigmoid(visible @ w + c).astype(np.float64), sigmoid(hidden @ w.T + b).astype(np.float64)
    return Tables(visible, hidden, energy, joint, joint.sum(axis=1), *means, log_z)


def given(mean: Float64, state: Float64) -> Float64:
    """Π p(unit) (n, m): of each of m `state`s (m, units) where unit i is on with probability `mean` (n, units)."""
    on, off = mean[:, None, :], 1 - mean[:, None, :]
    result: Float64 = np.where(state > 0, on, off).prod(axis=2)
    return result


def sweep_matrix(all_of: Tables) -> Float64:
    """The Gibbs chain (V, V): entry [new, old] is the probability that a full sweep leads from `old` to `new`."""
    up, down = given(all_of.mean_hidden, all_of.hidden), given(all_of.mean_visible, all_of.visible)
    return np.asarray((up @ down).T, dtype=np.float64)


def relaxation(sweep: Float64) -> float:
    """Sweeps in which what a chain remembers of its start falls to 1/e, in the end: 1 / (1 - |λ₂|).

    λ₂ is the second largest eigenvalue of the chain (Levin & Peres, Markov Chains and Mixing Times, section 12.2).
    """
    sizes = np.sort(np.abs(np.linalg.eigvals(sweep)))
    return float(1 / (1 - sizes[-2]))


def total_variation(p: Float64, q: Float64) -> float:
    """½ Σ |p - q|, from 0 (the same) to 1 (nothing in common)."""
    return float(0.5 * np.abs(p - q).sum())
