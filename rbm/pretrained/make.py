"""Make the models that ship with the app. FOLDER holds MNIST's training digits as IDX files:

    python -m rbm.pretrained.make first --data FOLDER             20 minutes, one thread of a quiet machine
    python -m rbm.pretrained.make default --data FOLDER           an hour; it goes on from the first
    python -m rbm.pretrained.make classes --data FOLDER           seven minutes
    python -m rbm.pretrained.make deep --data FOLDER              half an hour; it stands on the first
    python -m rbm.pretrained.make unrolled --data FOLDER          ten minutes; so does this
    python -m rbm.pretrained.make plane --data FOLDER             some minutes; and this
    python -m rbm.pretrained.make strokes sick                    one minute, no folder
    python -m rbm.pretrained.make learning course probe           ten minutes, no folder: what pages show

Settings, seeds and figures travel inside each file, and what its float16 weights cost in likelihood. The same command
gives the same weights on the same machine and number of threads.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm import pretrained
from rbm.measures import diagnostics, exact, likelihood
from rbm.models import arrays, io
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.pretrained import course, deep, learning, plane, probe, split, unrolled
from rbm.pretrained.split import Digits
from rbm.training.config import TrainConfig
from rbm.training.trainer import train

SAMPLES = 1000
KEPT = 1000  # held-out digits of "mnist-5k"
BINARISE_SEED, AIS_SEED = 2, 3
SWEEPS = 2000  # of Gibbs from training images to the start of reverse AIS
WORTH = 0.05  # nats that half precision may cost
LESSONS: dict[str, Callable[[], None]] = {  # files that are no models
    "learning": learning.make, "course": course.make, "probe": probe.make,
}  # fmt: skip
TOWERS: dict[str, Callable[[Path], None]] = {  # of several layers
    deep.NAME: deep.make, unrolled.NAME: unrolled.make, plane.NAME: plane.make,
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """`full`: trained on the folder's digits; else on "mnist-5k". `likely`: made for its log-likelihood.

    `before`: where there are any, it goes on from the model "first", with these settings and then with `config`, on all
    digits of the folder but those that "mnist-5k" holds out.
    """

    name: str
    about: str
    config: TrainConfig
    full: bool = False
    likely: bool = False
    labels: bool = False
    before: tuple[TrainConfig, ...] = ()


_LIKELY = TrainConfig(
    n_hidden=500, algorithm="pcd", chains=200, batch_size=100, binarize="sample", learning_rate=0.1, schedule="linear",
    epochs=380,
)  # fmt: skip
RECIPES = {
    "first": Recipe("First", "What \"Digits\" and the towers that ship begin with.", _LIKELY, full=True, likely=True),
    "default": Recipe(
        "Digits",
        "Trained on 59,000 digits for its likelihood, and it shows: it dreams digits.",
        replace(_LIKELY, chains=400, learning_rate=0.07, epochs=260, seed=2),
        full=True, likely=True, before=(replace(_LIKELY, chains=400, learning_rate=0.06, epochs=200, seed=1),),
    ),
    "strokes": Recipe(
        "Strokes",
        "Trained with a sparsity target: few units answer to a digit, each to a short stroke of the pen. It sees well, "
        "and doesn't dream: CD-1 never showed it what lies far from the data.",
        TrainConfig(
            n_hidden=400, algorithm="cd", learning_rate=0.03, batch_size=10, epochs=100, momentum=0.5,
            final_momentum=0.5, schedule="linear", sparsity_target=0.08, sparsity_cost=0.3, l1=1e-3,
        ),
    ),
    "classes": Recipe(
        "Classes",
        "Learned digits together with their names: it reads a digit, and dreams of the class that you ask for.",
        TrainConfig(
            n_hidden=500, algorithm="pcd", chains=200, batch_size=100, binarize="sample", learning_rate=0.1,
            schedule="linear", epochs=120,
        ),
        full=True, labels=True,
    ),
    "sick": Recipe(
        "Sick on purpose",
        "A learning rate ten times too high: most units have died, every digit comes back as the same blur, and it "
        "doesn't dream.",
        TrainConfig(n_hidden=300, learning_rate=0.6, momentum=0.5, final_momentum=0.9, epochs=10),
    ),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    for name in options.names:
        if name in LESSONS:
            LESSONS[name]()
            continue
        if name in TOWERS:
            TOWERS[name](options.data)
            continue
        digits = digits_of(RECIPES[name], options.data)
        write(name, *_trained(name, RECIPES[name], digits), digits)


def digits_of(recipe: Recipe, folder: Path) -> Digits:
    if not recipe.full:
        return split.embedded()
    return split.full(folder, KEPT if recipe.before else split.HELD_OUT)


def write(name: str, model: RBM, made: dict[str, Any], digits: Digits) -> None:
    """Measure the model, and write its file with the figures. Exits where half precision costs too much."""
    recipe, small = RECIPES[name], halved(model)
    cost = half_precision_cost(model, small, digits)
    if cost > WORTH:
        sys.exit(f"{name}: half precision costs {cost:.3f} nats, more than {WORTH}; save it in single precision")
    measured = {**figures(small, digits, likely=recipe.likely), "half_precision_costs_nats": round(cost, 4)}
    note = {"name": recipe.name, "about": recipe.about, **made, "measured": measured}
    note["validation_error"] = measured["held_out_error"]
    io.save(pretrained.path(name), model, note, half_precision=True)
    print(f"{pretrained.path(name)}: {pretrained.path(name).stat().st_size / 1e6:.2f} MB", measured)


def _trained(name: str, recipe: Recipe, digits: Digits) -> tuple[RBM, dict[str, Any]]:
    labels = digits.train_labels if recipe.labels else None
    model = pretrained.first() if recipe.before else None
    for config in (*recipe.before, recipe.config):
        for report in train(digits.train, config, labels=labels, start=model):
            print(f"epoch {report.epoch:3}  error {report.reconstruction_error:.3f}")
        model = report.model
    assert model is not None  # there is a config
    return model, made_of(name, digits)


def made_of(name: str, digits: Digits) -> dict[str, Any]:
    """What the note tells of how the model was made."""
    recipe = RECIPES[name]
    settings = (*((_LIKELY,) if recipe.before else ()), *recipe.before, recipe.config)
    return {
        "made_by": f"python -m rbm.pretrained.make {name}{' --data FOLDER' if recipe.full else ''}",
        "data": digits.source,
        "epochs": sum(config.epochs for config in settings),
        "config": asdict(recipe.config),
        "before": [asdict(config) for config in settings[:-1]],
    }


def halved(model: RBM) -> RBM:
    """What comes back from a file with half precision."""
    return replace(model, weights=model.weights.astype(np.float16).astype(np.float32))


def half_precision_cost(model: RBM, small: RBM, digits: Digits) -> float:
    """Nats per held-out image, thresholded, by which the likelihood of `small` is worse:

    E_data[F'(v) - F(v)] + log Z'/Z,  where Z'/Z = E_model[exp(F(v) - F'(v))].
    """
    rng, start = np.random.default_rng(0), arrays.as_unit_interval(digits.train[:SAMPLES])
    start = model.join(start, digits.train_labels[:SAMPLES])
    held_out = model.join((digits.held_out > 127).astype(np.float32), digits.held_out_labels)
    dreamt = likelihood.model_samples(model, SAMPLES, rng, start=start)
    log_ratio = np.logaddexp.reduce(-_rise(model, small, dreamt)) - np.log(SAMPLES)
    return float(_rise(model, small, held_out).mean() + log_ratio)


def _rise(model: RBM, other: RBM, v: Array) -> NDArray[np.float64]:
    """F'(v) - F(v) (n,), in float64; class units enter as any others do."""
    before, after = (RBM(m.weights, m.visible_bias, m.hidden_bias) for m in (model, other))
    return exact.free_energy(after, v) - exact.free_energy(before, v)


def figures(model: RBM, digits: Digits, *, likely: bool = False) -> dict[str, Any]:
    """What there is to say about a model on its held-out images: the error, the units' health, and where asked for
    the log-likelihood, in nats per image, of pixels drawn black or white."""
    seen = model.marginal
    health = diagnostics.unit_health(diagnostics.hidden_activations(seen, digits.held_out))
    found: dict[str, Any] = {
        "held_out_error": round(float(diagnostics.reconstruction_error(seen, digits.held_out).mean()), 3),
        "dead_units": round(float(health.dead.mean()), 3),
    }
    if model.n_classes:
        wrong = model.classify(digits.held_out) != digits.held_out_labels
        found["classification_error"] = round(float(wrong.mean()), 4)
    if likely:
        found["held_out_log_likelihood"] = {k: round(v, 2) for k, v in log_likelihood(model, digits)._asdict().items()}
    return found


def log_likelihood(model: RBM, digits: Digits) -> likelihood.LogLikelihood:
    """By annealing in both directions at the full schedule: a minute or two."""
    held_out = arrays.bernoulli(arrays.as_unit_interval(digits.held_out), np.random.default_rng(BINARISE_SEED))
    base = arrays.log_odds(digits.train)
    rng = np.random.default_rng(AIS_SEED)
    log_z = likelihood.bracket(model, rng, base=base, start=digits.train, sweeps=SWEEPS)
    return likelihood.log_likelihood(model, held_out, log_z)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rbm.pretrained.make", description=str(__doc__).split("\n")[0])
    parser.add_argument("names", nargs="+", choices=(*RECIPES, *LESSONS, *TOWERS))
    parser.add_argument("--data", type=Path, help="folder with MNIST's training digits as IDX files, plain or .gz")
    options = parser.parse_args(arguments)
    full = {*TOWERS, *(name for name, recipe in RECIPES.items() if recipe.full)}
    if options.data is None and full & set(options.names):
        parser.error(f"{', '.join(sorted(full))} need --data FOLDER")
    return options


if __name__ == "__main__":
    main()
