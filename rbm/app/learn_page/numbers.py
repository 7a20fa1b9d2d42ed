"""What the machine in the browser is given: tables and films, as plain lists. No Streamlit."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm.measures import diagnostics, exact, tables
from rbm.models.arrays import Float64
from rbm.models.binary import RBM
from rbm.pretrained import course
from rbm.training import small

Data = dict[str, Any]

WORLD = [int(state) for state in small.FOUR_HALVES @ [8, 4, 2, 1]]  # the four halves by their place among the 16
STEPS, STEP_SEED = 40, 3  # of chapter 5
DRAW_SEED = 0
DIGITS, FEWER, ENERGY = 4, 3, 6  # significant: of tables, of films, of energies
PARTS = 2000  # of 1, in a film of chapter 6: 16 bits then reach to 16, and no weight there is larger than 13


def lists(values: NDArray[Any], digits: int = DIGITS) -> Any:
    """Nested lists of the values, to so many significant digits."""
    return [lists(row, digits) for row in values] if values.ndim > 1 else [float(f"{x:.{digits}g}") for x in values]


@cache
def table(updates: int, temperature: float = 1.0, whole: bool = False) -> Data:
    """The machine after so many updates. `whole`: with what only the table of all states needs."""
    model = course.after(updates)
    hot = model.tempered(temperature)
    now = tables.tables(hot)
    data: Data = {
        "weights": lists(model.weights),
        "visible_bias": lists(model.visible_bias),
        "hidden_bias": lists(model.hidden_bias),
        "energy": lists(tables.tables(model).energy, ENERGY),
        "temperature": temperature,
        "p_visible": lists(now.p_visible),
        "mean_hidden": lists(now.mean_hidden),
        "mean_visible": lists(now.mean_visible),
        "forget": tables.relaxation(tables.sweep_matrix(now)),
    }
    if whole:
        data |= {
            "joint": lists(now.joint),
            "factor": lists(np.exp(-now.energy)),
            "z": float(np.exp(now.log_partition)),
            "free_energy": lists(-np.log(now.p_visible) - now.log_partition),
            "given": lists(now.joint / now.p_visible[:, None]),
            "product": lists(tables.given(now.mean_hidden, now.hidden)),
        }
    return data


def tables_chapter(chapter: str, view: str, tables: list[Data], **more: Any) -> Data:
    """A chapter in which units are clicked and chains are drawn; `more` stands above what is usual."""
    usual = {
        "axes": [],
        "controls": [],
        "start": {"v": 8, "h": 1},
        "chance": False,
        "chances": True,
        "covered": False,
        "race": None,
    }
    alt = "The machine: four pixels, three hidden units, twelve wires, and all 16 pictures"
    common = {"chapter": chapter, "mode": "tables", "view": view, "tables": tables, "world": WORLD, "alt": alt}
    return common | usual | more


def axis(name: str, labels: list[str], start: int) -> Data:
    return {"name": name, "labels": labels, "start": start}


# ---- films


@cache
def updates() -> list[Data]:
    """Forty steps of CD-1 from a fresh machine, each on one picture, with what the exact gradient would have been."""
    rng, model, frames = np.random.default_rng(STEP_SEED), course.small_machine(), []
    for _ in range(STEPS):
        parts = small.cd_parts(model, small.FOUR_HALVES[rng.integers(4)], rng)
        after = small.step(model, parts.gradient, course.RATE)
        frames.append(_frame(model, parts, after))
        model = after
    return frames


@cache
def updates_start() -> Data:
    """The wires and the bars before the first of them."""
    model = course.small_machine()
    return {"first": lists(model.weights, FEWER), "p_first": lists(tables.tables(model).p_visible, FEWER)}


def _frame(model: RBM, parts: small.CdParts, after: RBM) -> Data:
    expected, truth = small.expected_cd(model, small.FOUR_HALVES), exact.gradient(model, small.FOUR_HALVES)
    means = {"p_h0": parts.mean_h0[0], "p_v1": parts.mean_v1[0], "p_h1": parts.mean_h1[0]}
    moved = {"change": course.RATE * parts.gradient.weights, "exact": truth.weights, "expected": expected.weights}
    left = {"after": after.weights, "p_after": tables.tables(after).p_visible}
    return {
        **{name: _place(state[0]) for name, state in (("v0", parts.v0), ("h0", parts.h0), ("v1", parts.v1))},
        **{name: lists(values, FEWER) for name, values in (means | moved | left).items()},
        "cosine": small.cosine(expected, truth),
    }


def _place(state: NDArray[np.floating]) -> int:
    """Of a state among all, as binary numbers count."""
    return int(state @ 2.0 ** np.arange(len(state) - 1, -1, -1))


@cache
def films() -> str:
    """The nine trainings of chapter 6, in base64: 16-bit whole numbers of 1/PARTS, for each film 41 moments of 12
    weights, 16 probabilities, the log-likelihood and the reconstruction error."""
    every = [_moments(course.film(method, rate)) for method in course.METHODS for rate in course.RATES]
    return base64.b64encode(np.rint(np.array(every) * PARTS).astype("<i2").tobytes()).decode()


def _moments(models: list[RBM]) -> Float64:
    errors = [diagnostics.reconstruction_error(model, small.FOUR_HALVES).mean() for model in models]
    shown = [np.concatenate([model.weights.ravel(), tables.tables(model).p_visible]) for model in models]
    return np.column_stack([np.array(shown), log_likelihoods(models), errors])


def log_likelihoods(models: list[RBM]) -> Float64:
    """Mean log p(v) of the four halves (n,), in nats."""
    return np.array([exact.log_likelihood(model, small.FOUR_HALVES).mean() for model in models])


@cache
def drawn(model: RBM, n: int) -> Float64:
    """Exact draws (n, n_visible) of a machine that has tables: no chain has to be trusted."""
    now = tables.tables(model)
    return now.visible[np.random.default_rng(DRAW_SEED).choice(len(now.visible), n, p=now.p_visible)]
