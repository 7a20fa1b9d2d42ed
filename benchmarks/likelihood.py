"""Our likelihoods beside the published ones, and what the features are worth.

    python -m benchmarks.likelihood --data FOLDER --out model.npz      trains everything; about an hour
    python -m benchmarks.likelihood --data FOLDER --model model.npz    measures a model that --out saved
    python -m benchmarks.likelihood --coverage                         holds estimates against enumeration; a minute

FOLDER holds MNIST's training digits as IDX files, plain or .gz. Training sees 50,000 of them, the same as the shipped
models; every likelihood is a mean over the other 10,000.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import rbm
from rbm.measures import likelihood
from rbm.models.arrays import as_unit_interval, bernoulli, log_odds
from rbm.pretrained import make, split
from rbm.pretrained.split import Digits

SMALL = rbm.TrainConfig(
    n_hidden=16,
    algorithm="pcd",
    chains=100,
    centering=True,
    schedule="linear",
    binarize="threshold",
    learning_rate=0.05,
    batch_size=100,
    epochs=100,
)
LARGE = make.RECIPES["first"].config  # what the shipped Digits goes on from
PUBLISHED_SMALL, TARGET_SMALL = -142.56, -142.5  # PyDeep, centred PCD-1
PUBLISHED_LARGE, TARGET_LARGE = -86.34, -84.8  # Salakhutdinov & Murray (2008), CD-25
PUBLISHED_MINUTES, TARGET_MINUTES = 78, 60  # PyDeep, 200 epochs


class Row(NamedTuple):
    """One line of the golden table; a likelihood must come out above its target, minutes below."""

    setting: str
    published: float
    target: float
    ours: str


COVERAGE_REPEATS, COVERAGE_SWEEPS = 200, 200
ENUMERABLE = {  # (visible, hidden, deviation of all parameters, annealing steps)
    "7 x 5, weak": (7, 5, 0.5, 10),
    "11 x 7": (11, 7, 1.0, 20),
    "14 x 10, strong": (14, 10, 1.5, 30),
    "17 x 11, stronger": (17, 11, 2.0, 30),
}


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    if options.coverage:
        print_coverage()
        return
    digits = split.full(options.data)
    if options.model is not None:
        model, info = rbm.io.read(options.model)
        rows = [large_row(model, digits, {})]
        print("trained by:", info.get("command", "unknown"))
    else:
        rows = [small_row(digits, options.epochs), *train_large(digits, options.out, options.epochs)]
    print_rows(rows)
    if options.model is None:
        print_features(feature_errors())


def small_row(digits: Digits, epochs: int | None) -> Row:
    model, _ = fit(digits, _for_epochs(SMALL, epochs))
    ours = rbm.exact.log_likelihood(model, digits.held_out > 127).mean()
    return Row("16 hidden, thresholded, exact", PUBLISHED_SMALL, TARGET_SMALL, f"{ours:.2f}")


def train_large(digits: Digits, out: Path, epochs: int | None) -> list[Row]:
    config = _for_epochs(LARGE, epochs)
    model, minutes = fit(digits, config)
    info = {
        "command": f"python -m benchmarks.likelihood {' '.join(sys.argv[1:])}",
        "config": asdict(config),
        "data": digits.source,
        "minutes": round(minutes, 1),
        "numpy": np.__version__,
    }
    rbm.save(out, model, info)  # already now: the measurement takes minutes and may be stopped
    row = large_row(model, digits, info)
    rbm.save(out, model, info)
    say(f"saved {out}")
    return [row, Row("   its training, minutes", PUBLISHED_MINUTES, TARGET_MINUTES, f"{minutes:.1f}")]


def large_row(model: rbm.RBM, digits: Digits, info: dict[str, Any]) -> Row:
    """Both directions of AIS at the full schedule; what they give is printed, and added to `info`."""
    held_out = bernoulli(as_unit_interval(digits.held_out), np.random.default_rng(make.BINARISE_SEED))
    say("AIS in both directions at the full schedule, two minutes")
    log_z = likelihood.bracket(
        model, np.random.default_rng(make.AIS_SEED), base=log_odds(digits.train), start=digits.train, sweeps=make.SWEEPS
    )
    sides = {"ais": log_z.forward, "reverse_ais": log_z.reverse}
    values = {k: likelihood.average_log_likelihood(model, held_out, side.log_partition) for k, side in sides.items()}
    found = likelihood.log_likelihood(model, held_out, log_z)
    info["held_out_log_likelihood"] = {**values, **found._asdict()}
    for name, side in sides.items():
        say(
            f"  {name}: log Z {side.log_partition:.2f} ± {side.standard_error:.2f}, {values[name]:.2f} nats, "
            f"{side.effective_sample_size:.1f} of {len(side.log_weights)} chains count"
        )
    best = f"{found.value:.2f} ± {found.standard_error:.2f}, " if log_z.trusted else "too few chains count, "
    ours = f"{best}bounds {found.lower:.2f} to {found.upper:.2f}"
    return Row("500 hidden, sampled binarisation", PUBLISHED_LARGE, TARGET_LARGE, ours)


def print_coverage() -> None:
    """How often 95 % intervals and bounds hold the enumerated log Z, and what single directions do instead."""
    print(
        f"{COVERAGE_REPEATS} repeats of 100 chains\n{'model':<20} {'95 %':>6} {'bounds':>7} {'width':>6} "
        f"{'deviation: Bennett':>19} {'AIS':>6} {'reverse':>8} {'swapped':>8} {'chains that count':>18} {'trusted':>8}"
    )
    for name, (n_visible, n_hidden, deviation, steps) in ENUMERABLE.items():
        rng = np.random.default_rng(n_visible)
        shapes = ((n_visible, n_hidden), n_visible, n_hidden)
        model = rbm.RBM(*(deviation * rng.standard_normal(shape) for shape in shapes))
        print_coverage_row(name, rbm.exact.log_partition(model), brackets(model, steps))


def brackets(model: rbm.RBM, steps: int) -> list[likelihood.Bracket]:
    betas = likelihood.schedule((steps, 1.0))
    generators = map(np.random.default_rng, range(COVERAGE_REPEATS))
    return [likelihood.bracket(model, rng, betas=betas, sweeps=COVERAGE_SWEEPS) for rng in generators]


def print_coverage_row(name: str, truth: float, found: list[likelihood.Bracket]) -> None:
    trusted = [one for one in found if one.trusted]
    held = np.mean([abs(one.log_partition - truth) < 1.96 * one.standard_error for one in trusted])
    inside = np.mean([one.lower <= truth <= one.upper for one in found])
    width = np.mean([one.upper - one.lower for one in found])
    every = [[one.log_partition, one.forward.log_partition, one.reverse.log_partition] for one in found]
    best, ais, reverse = np.std(every, axis=0)
    swapped = np.mean([one.forward.log_partition > one.reverse.log_partition for one in found])
    counting = np.median([one.effective_sample_size for one in found])
    print(
        f"{name:<20} {held:>6.1%} {inside:>7.1%} {width:>6.2f} {best:>19.3f} {ais:>6.3f} {reverse:>8.3f} "
        f"{swapped:>8.0%} {counting:>18.1f} {len(trusted) / len(found):>8.0%}",
        flush=True,
    )


def fit(digits: Digits, config: rbm.TrainConfig) -> tuple[rbm.RBM, float]:
    """The model after the last epoch and the minutes its updates took."""
    say(f"training {config.n_hidden} hidden units for {config.epochs} epochs")
    seconds = 0.0
    for report in rbm.train(digits.train, config):
        seconds += report.seconds
        if report.epoch % max(1, config.epochs // 20) == 0:
            say(f"  epoch {report.epoch}: error {report.reconstruction_error:.2f}, {seconds / 60:.1f} min")
    return report.model, seconds / 60


def feature_errors() -> dict[str, float]:
    """Test errors of logistic regression, trained on 4,000 digits of which the RBM saw no other."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression

    data = rbm.datasets.load("mnist-5k")
    say("500 hidden features of the 4,000 digits")
    *_, report = rbm.train(data.train_images, rbm.PRESETS["Recommended"])
    pixels = [as_unit_interval(images) for images in (data.train_images, data.test_images)]
    components = PCA(50, random_state=0).fit(pixels[0])
    features = {
        "500 hidden features": [report.model.mean_hidden(images) for images in pixels],
        "pixels": pixels,
        "50 principal components": [components.transform(images) for images in pixels],
    }
    errors = {}
    for name, (train, test) in features.items():
        classifier = LogisticRegression(max_iter=5000).fit(train, data.train_labels)
        errors[name] = 1 - classifier.score(test, data.test_labels)
    return errors


def print_rows(rows: list[Row]) -> None:
    print(f"\n{'nats per held-out image':<34} {'published':>9} {'target':>8}  ours")
    for row in rows:
        print(f"{row.setting:<34} {row.published:>9g} {row.target:>8g}  {row.ours}")


def print_features(errors: dict[str, float]) -> None:
    print("\nlogistic regression on           errors of 1,000")
    for name, error in errors.items():
        print(f"{name:<34} {error:>12.1%}")


def say(line: str) -> None:
    print(line, flush=True)


def _for_epochs(config: rbm.TrainConfig, epochs: int | None) -> rbm.TrainConfig:
    return config if epochs is None else replace(config, epochs=epochs)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.likelihood", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with MNIST's training digits as IDX files")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", type=Path, help="train, and save the 500-unit model here")
    target.add_argument("--model", type=Path, help="don't train: measure this 500-unit model")
    target.add_argument("--coverage", action="store_true", help="don't train: measure models small enough to enumerate")
    parser.add_argument("--epochs", type=int, help="train so long only, for a trial")
    options = parser.parse_args(arguments)
    if options.data is None and not options.coverage:
        parser.error("--out and --model need --data, the folder of images")
    return options


if __name__ == "__main__":
    main()
