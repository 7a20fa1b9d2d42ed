"""rbm evaluate: what a model is worth on held-out images, each measure printed as soon as it is known."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rbm.cli.bar import Bar
from rbm.cli.data import as_learned, check_fit, read_data
from rbm.cli.options import Add, add_data, add_model, add_seed
from rbm.cli.refusals import refusals
from rbm.datasets.dataset import Dataset
from rbm.measures import exact, likelihood
from rbm.measures.diagnostics import squared_error
from rbm.measures.likelihood import Bracket, Estimate
from rbm.measures.pseudo_likelihood import pseudo_likelihood
from rbm.models import io
from rbm.models.arrays import Array, as_floats
from rbm.models.binary import RBM
from rbm.training import autoencoder

STAGES = ("reconstruction error", "pseudo-likelihood", "exact log-likelihood", "AIS in both directions")
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
    if autoencoder.made(note):
        print("trained as an autoencoder: these weights were never asked to be probable")
    seen, held_out = (as_learned(part, data, model, note) for part in (data.train_images, data.test_images))
    rng = np.random.default_rng(options.seed)
    with Bar(len(STAGES)) as bar:
        _measure_errors(model, held_out, data, bar)
        _measure_likelihood(model, seen, model.marginal.draw_states(held_out, rng), options.schedule, rng, bar)
    return 0


def _measure_errors(model: RBM, held_out: NDArray[Any], data: Dataset, bar: Bar) -> None:
    """Of the pixels, shown without their classes where the model knows some; and how often it reads a wrong one."""
    bar.show(0, STAGES[0])
    pixels = model.marginal
    v = as_floats(held_out)
    bar.say(row("reconstruction error", squared_error(v, pixels.mean_visible(pixels.mean_hidden(v))).mean()))
    if model.pixel_kind != "binary":
        scale = "variance 1" if model.pixel_kind == "gaussian" else "grey levels from 0 to 1"
        bar.say(f"(on data of {scale}: likelihoods are log-densities)")
    if model.n_classes and data.labelled:
        bar.say(row("images misread, %", 100 * float((model.classify(held_out) != data.test_labels).mean())))
    elif model.n_classes:
        bar.say(f"{data.name} has no labels to hold the model's reading against")


def _measure_likelihood(
    model: RBM, seen: NDArray[Any], v: Array, schedule: str, rng: np.random.Generator, bar: Bar
) -> None:
    """Of states `v`, in which grey levels are drawn black or white once, by all that is known of the model."""
    if model.all_binary:
        bar.show(1, STAGES[1])
        bar.say(row("log pseudo-likelihood, nats", pseudo_likelihood(model, v).mean()))
    if exact.is_small(model):
        bar.show(2, STAGES[2])
        bar.say(row("log-likelihood, exact", exact.log_likelihood(model.marginal, v).mean()))
    bar.show(3, f"{STAGES[3]} at the {schedule} schedule")
    betas, sweeps = SCHEDULES[schedule]
    mean = seen.mean(axis=0, dtype=np.float64) / (255 if seen.dtype == np.uint8 else 1)
    base = model.marginal.base_rates(mean, len(seen))
    log_z = likelihood.bracket(model, rng, betas=betas, base=base, start=seen, sweeps=sweeps)
    for line in bracket_lines(model, v, log_z):
        bar.say(line)


def bracket_lines(model: RBM, v: Array, log_z: Bracket) -> list[str]:
    """What `likelihood.bracket` found, as a mean over `v`; only the bounds where too few chains count."""
    found = likelihood.log_likelihood(model.marginal, v, log_z)
    best = row("log-likelihood, Bennett", found.value, found.standard_error)
    few = (
        f"too few chains count for an estimate with its error ({likelihood.FEW} must in both directions): "
        "take the bounds, or --schedule full"
    )
    return [
        best if log_z.trusted else few,
        row("    lower bound", found.lower),
        row("    upper bound", found.upper),
        _side(model, v, "AIS (flatters)", log_z.forward),
        _side(model, v, "reverse AIS (is modest)", log_z.reverse),
    ]


def _side(model: RBM, v: Array, name: str, side: Estimate) -> str:
    value = likelihood.average_log_likelihood(model.marginal, v, side.log_partition)
    counting = f", {side.effective_sample_size:.1f} of {len(side.log_weights)} chains count"
    return row(f"    by {name}", value, side.standard_error) + counting


def row(what: str, value: float, error: float | None = None) -> str:
    return f"{what:<40}{value:10.3f}" + ("" if error is None else f" ± {error:.3f}")
