"""What the tests compare with: plain loops over all states in Python floats, sharing no code with rbm.

Parameters travel as lists read out of a model: they are float32 numbers, exact as Python floats.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

import rbm

State = tuple[float, ...]


class Params(NamedTuple):
    w: list[list[float]]  # [visible][hidden]
    b: list[float]
    c: list[float]


def tiny(n_visible: int, n_hidden: int, seed: int = 0, scale: float = 1.0) -> rbm.RBM:
    rng = np.random.default_rng(seed)
    return rbm.RBM(
        scale * rng.normal(size=(n_visible, n_hidden)),
        scale * rng.normal(size=n_visible),
        scale * rng.normal(size=n_hidden),
    )


def params(model: rbm.RBM) -> Params:
    return Params(model.weights.tolist(), model.visible_bias.tolist(), model.hidden_bias.tolist())


def states(n: int) -> list[State]:
    return list(itertools.product((0.0, 1.0), repeat=n))


def energy(p: Params, v: State, h: State) -> float:
    total = 0.0
    for i in range(len(p.b)):
        total -= v[i] * p.b[i]
    for j in range(len(p.c)):
        total -= h[j] * p.c[j]
    for i in range(len(p.b)):
        for j in range(len(p.c)):
            total -= v[i] * p.w[i][j] * h[j]
    return total


def logsumexp(values: list[float]) -> float:
    top = max(values)
    return top + math.log(math.fsum(math.exp(x - top) for x in values))


def log_partition(p: Params) -> float:
    return logsumexp([-energy(p, v, h) for v in states(len(p.b)) for h in states(len(p.c))])


def joint(p: Params, temperature: float = 1.0) -> dict[tuple[State, State], float]:
    """p(v, h)^(1/T), normalised."""
    minus = {(v, h): -energy(p, v, h) / temperature for v in states(len(p.b)) for h in states(len(p.c))}
    log_z = logsumexp(list(minus.values()))
    return {pair: math.exp(x - log_z) for pair, x in minus.items()}


def marginal(p: Params, temperature: float = 1.0) -> dict[State, float]:
    """p(v) over all v."""
    total = dict.fromkeys(states(len(p.b)), 0.0)
    for (v, _), probability in joint(p, temperature).items():
        total[v] += probability
    return total


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def mean_hidden(p: Params, v: State, temperature: float = 1.0) -> State:
    return tuple(
        logistic((p.c[j] + sum(v[i] * p.w[i][j] for i in range(len(p.b)))) / temperature) for j in range(len(p.c))
    )


def mean_visible(p: Params, h: State, temperature: float = 1.0) -> State:
    return tuple(
        logistic((p.b[i] + sum(p.w[i][j] * h[j] for j in range(len(p.c)))) / temperature) for i in range(len(p.b))
    )


def product(mean: State, state: State) -> float:
    """The probability of `state` where unit i is one with probability mean[i], independently."""
    result = 1.0
    for m, s in zip(mean, state, strict=True):
        result *= m if s else 1 - m
    return result


def after_sweeps(
    p: Params, start: State, steps: int, temperature: float = 1.0, clamp: tuple[bool, ...] | None = None
) -> dict[State, float]:
    """The distribution of v when `steps` full Gibbs sweeps have gone from `start`: all h, all v, summed."""
    clamp = clamp or (False,) * len(p.b)
    now = {start: 1.0}
    for _ in range(steps):
        after: dict[State, float] = {}
        for v, p_v in now.items():
            up = mean_hidden(p, v, temperature)
            for h in states(len(p.c)):
                p_h = p_v * product(up, h)
                down = mean_visible(p, h, temperature)
                free = tuple(start[i] if clamp[i] else down[i] for i in range(len(p.b)))  # 0 or 1 stays put
                for new in states(len(p.b)):
                    after[new] = after.get(new, 0.0) + p_h * product(free, new)
        now = after
    return now


def reconstruction_error(p: Params, v: State) -> float:
    back = mean_visible(p, mean_hidden(p, v))
    return math.fsum((x - y) ** 2 for x, y in zip(v, back, strict=True))


def total_variation(samples: np.ndarray, exact: dict[State, float]) -> float:
    counts = dict.fromkeys(exact, 0)
    for row in samples.tolist():
        counts[tuple(row)] += 1  # a KeyError is a state that can't be
    return 0.5 * sum(abs(counts[s] / len(samples) - exact[s]) for s in exact)


def monte_carlo_floor(exact: dict[State, float], n: int) -> float:
    """What the total variation between `exact` and n independent draws from it stays below.

    Mean: TV = ½ Σ_s |f_s - p_s|, and E|f_s - p_s| <= sqrt(Var f_s) = sqrt(p_s (1 - p_s) / n) (Jensen).
    Deviation: moving one draw changes TV by at most 1/n, so P(TV > mean + t) <= exp(-2 n t²) (McDiarmid);
    t is chosen for a probability of 1e-9. That draws are float32 uniforms, multiples of 2^-24, moves each
    unit's probability by at most 2^-24: nothing beside it.
    """
    mean = 0.5 * sum(math.sqrt(max(0.0, q * (1 - q)) / n) for q in exact.values())
    return mean + math.sqrt(math.log(1e9) / (2 * n))


def rounding(p: Params) -> float:
    """A bound on float32 rounding in any sum of v·b, h·c and v·W·h with v, h in [0, 1].

    With N terms and S the sum of their sizes, any order of summation is off by at most N ε S to first
    order; ε = 2^-24 a rounding, two of them (product and sum) a term.
    """
    terms = [abs(x) for x in (*p.b, *p.c, *itertools.chain.from_iterable(p.w))]
    return len(terms) * 2 * 2.0**-24 * sum(terms)


def label_log_partition(p: Params, n_classes: int) -> float:
    """log Z of a LabelRBM: all pixels, all classes, all hidden states."""
    pixels = len(p.b) - n_classes
    classes = [tuple(float(k == on) for k in range(n_classes)) for on in range(n_classes)]
    every = ((*x, *y) for x in states(pixels) for y in classes)
    return logsumexp([-energy(p, v, h) for v in every for h in states(len(p.c))])


def class_log_probabilities(w: np.ndarray, b: np.ndarray, c: np.ndarray, x: np.ndarray, n_classes: int) -> np.ndarray:
    """log p(y | x) (n, n_classes) of a LabelRBM for images x (n, pixels): every class with every hidden state."""
    pixels, h = len(b) - n_classes, np.array(states(len(c)))
    log_p = np.empty((len(x), n_classes))
    for k in range(n_classes):
        total = x @ w[:pixels] + w[pixels + k]
        minus = total @ h.T + h @ c + (x @ b[:pixels])[:, None] + b[pixels + k]
        top = minus.max(axis=1)
        log_p[:, k] = top + np.log(np.exp(minus - top[:, None]).sum(axis=1))
    top = log_p.max(axis=1, keepdims=True)
    return log_p - top - np.log(np.exp(log_p - top).sum(axis=1, keepdims=True))


def gaussian_log_partition(p: Params, reach: float = 30.0, step: float = 0.125) -> float:
    """log Z of a GaussianRBM of two pixels, by the trapezium rule in both: its error falls faster than any power."""
    axis = np.arange(-reach, reach, step)
    v = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    square = 0.5 * np.square(v - np.array(p.b)).sum(axis=1)
    total = [
        np.exp(-square + sum(hj * cj for hj, cj in zip(h, p.c, strict=True)) + v @ np.array(p.w) @ np.array(h)).sum()
        for h in states(len(p.c))
    ]
    return math.log(math.fsum(total) * step**2)


def varied_energy(p: Params, log_variance: list[float], v: State, h: State) -> float:
    """E(v, h) of a GaussianVarianceRBM."""
    total = 0.0
    for i, s in enumerate(log_variance):
        variance = math.exp(s)
        total += (v[i] - p.b[i]) ** 2 / (2 * variance)
        for j in range(len(p.c)):
            total -= v[i] / variance * p.w[i][j] * h[j]
    for j in range(len(p.c)):
        total -= h[j] * p.c[j]
    return total


def varied_free_energy(p: Params, log_variance: list[float], v: State) -> float:
    return -logsumexp([-varied_energy(p, log_variance, v, h) for h in states(len(p.c))])


def varied_log_partition(p: Params, log_variance: list[float]) -> float:
    """log Z of a GaussianVarianceRBM: for every hidden state the integral of a Gaussian around m = μ + W h, which is
    exp(Σ (m² - μ²)/2σ²) Π σ sqrt(2π)."""
    logs = []
    for h in states(len(p.c)):
        total = sum(hj * cj for hj, cj in zip(h, p.c, strict=True))
        for i, s in enumerate(log_variance):
            m = p.b[i] + sum(p.w[i][j] * h[j] for j in range(len(h)))
            total += (m * m - p.b[i] ** 2) / (2 * math.exp(s)) + 0.5 * math.log(2 * math.pi * math.exp(s))
        logs.append(total)
    return logsumexp(logs)


def varied_log_partition_on_grid(
    p: Params, log_variance: list[float], reach: float = 30.0, step: float = 0.125
) -> float:
    """log Z of a GaussianVarianceRBM of two pixels without that integral: by the trapezium rule in both."""
    axis = np.arange(-reach, reach, step)
    v = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    variance = np.exp(np.array(log_variance))
    square = (np.square(v - np.array(p.b)) / (2 * variance)).sum(axis=1)
    total = [
        np.exp(
            -square + sum(hj * cj for hj, cj in zip(h, p.c, strict=True)) + (v / variance) @ np.array(p.w) @ np.array(h)
        ).sum()
        for h in states(len(p.c))
    ]
    return math.log(math.fsum(total) * step**2)
