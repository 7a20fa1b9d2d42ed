"""The lessons' own trainings, which take too long for a visit: `python -m rbm.pretrained.make course`, half a minute.

The small machine (4 pixels, 3 hidden units, the four halves) as it learns in nine ways, and its larger cousin (9
pixels, 6 hidden units, the 14 bars and stripes of 3 × 3), whose error falls while its likelihood does too.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from rbm import pretrained
from rbm.measures import diagnostics, exact
from rbm.models.arrays import Arrays, Float64, Floats
from rbm.models.binary import RBM
from rbm.training import small

PATH = pretrained.path("course")
SEED, RATE, UPDATES, EVERY = 1, 0.5, 400, 10
RATES = (0.05, 0.5, 5.0)
METHODS: dict[str, int] = {"Exact": 0, "CD-1": 1, "CD-10": 10}  # sweeps; 0: the exact gradient
COPIES = 4  # of each picture in a batch
COUSINS: dict[str, int] = {"CD-1": 1, "CD-2": 2, "CD-10": 10, "Exact": 0}
COUSIN_UPDATES, COUSIN_RATE, COUSIN_STD, POINTS = 20_000, 1.0, 0.3, 60
OTHER_SEEDS = tuple(range(2, 9))


class Curve(NamedTuple):
    """Of one training of the cousin: `updates` (n,), reconstruction `error` and exact `log_likelihood` in nats (n,)."""

    updates: Float64
    error: Float64
    log_likelihood: Float64


def small_machine() -> RBM:
    return small.fresh(4, 3, weight_std=0.5, seed=SEED)


def film(method: str, rate: float) -> list[RBM]:
    """The small machine at every tenth of 400 updates, by a method of METHODS at a rate of RATES."""
    frames = _parameters()[list(METHODS).index(method), RATES.index(rate)]
    return [_unpacked(frame, 4, 3) for frame in frames]


def after(updates: int) -> RBM:
    """The small machine after so many updates, a multiple of ten, along the exact gradient at rate 0.5."""
    return film("Exact", RATE)[updates // EVERY]


def curve(method: str) -> Curve:
    """The cousin's training by a method of COUSINS."""
    return Curve(*_file()[f"curve {method}"])


def falls() -> Float64:
    """By how many nats CD-1 ends below its best likelihood (8,): with the seed of `curve`, then with seven others."""
    return _file()["falls"]


def cousins() -> tuple[RBM, RBM]:
    """CD-1's machine where its likelihood was best, and at the end."""
    best, last = (_unpacked(parameters, 9, 6) for parameters in _file()["cousins"])
    return best, last


@cache
def _file() -> dict[str, Float64]:
    return {name: array.astype(np.float64) for name, array in pretrained.arrays("course").items()}


def _parameters() -> Float64:
    """(methods, rates, kept updates, 19)."""
    return _file()["films"]


def _packed(model: RBM) -> Float64:
    return np.concatenate([model.weights.ravel(), model.visible_bias, model.hidden_bias])


def _unpacked(numbers: Floats, n_visible: int, n_hidden: int) -> RBM:
    weights, visible, hidden = np.split(
        numbers.astype(np.float32), [n_visible * n_hidden, n_visible * n_hidden + n_visible]
    )
    return RBM(weights.reshape(n_visible, n_hidden), visible, hidden)


# ---- how the file is made


def make() -> None:
    shape = (len(METHODS), len(RATES), UPDATES // EVERY + 1, 19)
    films = [_film(sweeps, rate) for sweeps, rate in product(METHODS.values(), RATES)]
    arrays: Arrays = {"films": np.array(films, dtype=np.float32).reshape(shape)}
    for method, sweeps in COUSINS.items():
        found, best, last = _cousin(sweeps, SEED)
        arrays[f"curve {method}"] = np.array(found, dtype=np.float32)
        if method == "CD-1":
            arrays["cousins"] = np.array([_packed(best), _packed(last)], dtype=np.float32)
            first = found
    others = [_cousin(1, seed)[0] for seed in OTHER_SEEDS]
    arrays["falls"] = np.array([one.log_likelihood.max() - one.log_likelihood[-1] for one in (first, *others)])
    np.savez_compressed(PATH, **arrays)  # type: ignore[arg-type]
    print(f"{PATH}: {PATH.stat().st_size / 1000:.0f} KB; CD-1 falls by {np.round(arrays['falls'], 2)} nats")


def _slope(sweeps: int, data: Float64, rng: np.random.Generator) -> small.Slope:
    if not sweeps:
        return lambda model: exact.gradient(model, data)
    batch = np.tile(data, (COPIES, 1))
    return lambda model: small.cd_parts(model, batch, rng, sweeps).gradient


def _film(sweeps: int, rate: float) -> list[Float64]:
    slope = _slope(sweeps, small.FOUR_HALVES, np.random.default_rng(SEED))
    models = small.ascend(small_machine(), slope, rate, UPDATES)
    return [_packed(model) for update, model in enumerate(models) if update % EVERY == 0]


def _cousin(sweeps: int, seed: int) -> tuple[Curve, RBM, RBM]:
    """Its curve, and its machine at the best likelihood of the curve and at the end."""
    data = small.bars_and_stripes(3)
    marks = np.unique(np.append(0, np.geomspace(10, COUSIN_UPDATES, POINTS).round())).astype(int)
    slope = _slope(sweeps, data, np.random.default_rng([seed, sweeps]))
    walk = small.ascend(small.fresh(9, 6, COUSIN_STD, seed), slope, COUSIN_RATE, COUSIN_UPDATES)
    kept = set(marks.tolist())
    models = [model for update, model in enumerate(walk) if update in kept]
    likelihood = np.array([exact.log_likelihood(model, data).mean() for model in models])
    error = np.array([diagnostics.reconstruction_error(model, data).mean() for model in models])
    return Curve(marks.astype(np.float64), error, likelihood), models[int(likelihood.argmax())], models[-1]
