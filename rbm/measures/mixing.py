"""How well chains mix: how far they get, how long they remember, how often they change the digit."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rbm.measures.reader import NONE

WINDOW = 5.0  # Sokal's c: sum the correlations up to c times the time they add up to
ENOUGH = 50.0  # times, all chains together, from which on an autocorrelation time is worth telling
HOLD = 5  # sweeps that a digit must last to count as visited: between two of them the reader flickers


class Memory(NamedTuple):
    """`sweeps`: the integrated autocorrelation time; `complete`: False where the film can't tell, and the time is
    at least so long: it is too short, or of a single chain, which doesn't know what it has never seen."""

    sweeps: float
    complete: bool


class Visits(NamedTuple):
    """`jumps`: changes of digit, all chains together. `distinct` (n,): different digits that each chain visited.
    `sweeps_between`: sweeps a chain makes for one jump; infinite without any."""

    jumps: int
    distinct: NDArray[np.int64]
    sweeps_between: float


def hamming(states: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Pixels that differ from the start, black against white: (kept, n) for states (kept, n, pixels)."""
    white = states >= 128
    return np.stack([(now != white[0]).sum(axis=1) for now in white])


def autocorrelation(states: NDArray[np.uint8]) -> NDArray[np.float64]:
    """ρ(t) (kept,) of states (kept, n, pixels), all pixels and chains together; ρ(0) = 1.

        ρ(t) = Σ_i cov(v_i(s), v_i(s + t)) / Σ_i var(v_i)

    The mean is that of all chains: chains that are stuck in different places are then seen to remember.
    States that never change are remembered for ever: ρ = 1.
    """
    kept, n, pixels = states.shape
    mean = states.reshape(-1, pixels).mean(axis=0, dtype=np.float64).astype(np.float32)
    lagged = np.zeros(kept)
    for chain in range(n):
        deviation = states[:, chain] - mean
        products = deviation @ deviation.T
        lagged += [np.trace(products, offset=t, dtype=np.float64) / (kept - t) for t in range(kept)]
    return lagged / lagged[0] if lagged[0] > 0 else np.ones(kept)


def memory(rho: NDArray[np.floating], every: int = 1, *, chains: int) -> Memory:
    """τ = 1 + 2 Σ_t ρ(t), in sweeps where the states are `every` sweeps apart; so many sweeps make one new sample.

    The sum ends at the first t >= 5 τ(t), where noise would begin to add up (Sokal, Monte Carlo methods in
    statistical mechanics, 1997, section 3). Measured from the mean of the states themselves, N of all `chains`, ρ is
    low by τ / N at every t, which 1 + (2 t + 1) / N makes up for (Wolff, Comput. Phys. Commun. 156, 2004, eq. 49).
    """
    times, total = 2 * np.cumsum(rho) - 1, chains * len(rho)
    enough = np.flatnonzero(np.arange(len(rho)) >= WINDOW * times)
    last = int(enough[0]) if len(enough) else len(rho) - 1
    time = max(1.0, float(times[last]) * (1 + (2 * last + 1) / total if len(enough) else 1.0))
    return Memory(every * time, bool(len(enough)) and chains > 1 and total >= ENOUGH * time)


def visits(labels: NDArray[np.int64], every: int = 1, hold: int = HOLD) -> Visits:
    """Jumps between digits in `labels` (kept, n), `every` sweeps apart; a picture that looks like none counts as none.

    A digit counts once it has lasted for `hold` sweeps and two kept states.
    """
    states = max(2, -(-hold // every))
    paths = [_path(column, states) for column in labels.T]
    jumps = sum(max(0, len(path) - 1) for path in paths)
    total = every * (len(labels) - 1) * labels.shape[1]
    return Visits(jumps, np.array([len(set(path)) for path in paths]), total / jumps if jumps else math.inf)


def _path(labels: NDArray[np.int64], hold: int) -> list[int]:
    """The digits visited, in order, without repeats."""
    path: list[int] = []
    lasted = 0
    for before, now in zip([None, *labels[:-1].tolist()], labels.tolist(), strict=True):
        lasted = lasted + 1 if now == before else 1
        if lasted >= hold and now != NONE and (not path or path[-1] != now):
            path.append(now)
    return path
