"""rbm evaluate: what a model is worth on held-out images, each measure printed as soon as it is known."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from rbm.cli.bar import Bar
from rbm.cli.data import as_trained, check_fit, read_data
from rbm.cli.options import Add, add_data, add_model, add_seed
from rbm.cli.refusals import refusals
from rbm.datasets.dataset import Dataset, Pixels
from rbm.measures import exact, likelihood
from rbm.measures.diagnostics import reconstruction_error, squared_error
from rbm.measures.pseudo_likelihood import pseudo_likelihood
from rbm.models import io
from rbm.models.arrays import as_unit_interval, bernoulli, log_odds
from rbm.models.binary import RBM

SCHEDULES = {"quick": (likelihood.QUICK_SCHEDULE, 500), "full": (likelihood.FULL_SCHEDULE, 2000)}  # and Gibbs sweeps


def add_options(add: Add) -> None:
    add_model(add)
    add_data(add, "what to measure on")
    add(
        "--schedule",
        choices=list(SCHEDULES),
        default="quick",
        help="of annealed importance sampling: quick takes seconds, full the 14,500 steps of the literature and "
        "minutes (default: quick)",
    )
    add_seed(add)


def run(options: argparse.Namespace) -> int:
    with refusals():
        model, note = io.read(options.model)
        data = read_data(options.data)
        check_fit(model, data)
    print(
        f"{options.model}: {model.n_visible} visible and {model.n_hidden} hidden units, "
        f"on {len(data.test_images):,} held-out images of {data.name}"
    )
    seen, held_out = (_as_learned(part, note) for part in (data.train_images, data.test_images))
    if model.pixel_kind == "gaussian":
        _measure_gaussian(model, data)
    elif model.n_classes:
        _measure_classes(model, held_out, data)
    else:
        _measure(model, seen, held_out, options.schedule, np.random.default_rng(options.seed))
    return 0


def _as_learned(images: Pixels, note: dict[str, Any]) -> Pixels:
    """The images, cut at one half if those that the model learned from were."""
    config = note.get("config")
    if isinstance(config, dict) and config.get("binarize") == "threshold":
        return (images > 127).astype(np.uint8) * np.uint8(255)
    return images


def _measure(model: RBM, seen: Pixels, held_out: Pixels, schedule: str, rng: np.random.Generator) -> None:
    """Every measure of a model of binary pixels. Grey levels are drawn black or white once."""
    v = bernoulli(as_unit_interval(held_out), rng)
    betas, sweeps = SCHEDULES[schedule]
    base = log_odds(seen)
    with Bar(5) as bar:
        bar.show(0, "reconstruction error")
        _print_row("reconstruction error", reconstruction_error(model, held_out).mean(), bar=bar)
        bar.show(1, "pseudo-likelihood")
        _print_row("log pseudo-likelihood, nats", pseudo_likelihood(model, v).mean(), bar=bar)
        if min(model.weights.shape) <= exact.MAX_UNITS:
            bar.show(2, "exact log-likelihood")
            _print_row("log-likelihood, exact", exact.log_likelihood(model, v).mean(), bar=bar)
        bar.show(2, f"AIS at the {schedule} schedule")
        lower = likelihood.ais(model, rng, betas=betas, base=base)
        value = likelihood.average_log_likelihood(model, v, lower.log_partition)
        _print_row("log-likelihood, AIS (flatters)", value, lower.standard_error, bar)
        bar.show(3, "samples to start reverse AIS from")
        start = likelihood.model_samples(model, 100, rng, start=seen, sweeps=sweeps)
        bar.show(4, f"reverse AIS at the {schedule} schedule")
        upper = likelihood.reverse_ais(model, start, rng, betas=betas, base=base)
        value = likelihood.average_log_likelihood(model, v, upper.log_partition)
        _print_row("log-likelihood, reverse AIS (is modest)", value, upper.standard_error, bar)


def _measure_gaussian(model: RBM, data: Dataset) -> None:
    v = as_trained(data.test_images, data, "gaussian")
    _print_row("reconstruction error", squared_error(v, model.mean_visible(model.mean_hidden(v))).mean())
    print("on data of variance 1; likelihoods are for binary units only")


def _measure_classes(model: RBM, held_out: Pixels, data: Dataset) -> None:
    """The pixels' error, shown without their classes, and how often the model reads a wrong one."""
    _print_row("reconstruction error", reconstruction_error(model.marginal, held_out).mean())
    if data.labelled:
        _print_row("images misread, %", 100 * float((model.classify(held_out) != data.test_labels).mean()))
    else:
        print(f"{data.name} has no labels to hold the model's reading against")


def _print_row(what: str, value: float, error: float | None = None, bar: Bar | None = None) -> None:
    line = f"{what:<40}{value:10.3f}" + ("" if error is None else f" ± {error:.3f}")
    if bar is None:
        print(line)
    else:
        bar.say(line)
