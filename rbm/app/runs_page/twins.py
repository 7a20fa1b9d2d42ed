"""Two runs on the same data: what they rebuild, what they dream, how likely digits are, how well they can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import streamlit as st

from rbm.app import again, data_sets, guess, pictures, show, visitor
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import Refused
from rbm.measures import diagnostics, dreaming, likelihood, probe
from rbm.measures.dreaming import Dreams
from rbm.models.arrays import Array, as_unit_interval
from rbm.models.binary import RBM
from rbm.models.sampling import chain
from rbm.runs import budget
from rbm.runs.errand import Errand
from rbm.runs.record import Run
from rbm.training import autoencoder

LOOK = 0.7  # seconds between two looks at what is being measured
SECONDS = 25.0  # that it takes, for the queue
SHOWN, CHAINS, SHOWN_CHAINS, SWEEPS = 10, 100, 16, 500
LABELS, READING = 100, 1000  # labels of the probe; those of the reader that judges dreams, by pixels
STAGES = ("error", "dreams", "misread", "likelihood")
BOTH = "Both"
Results = dict[tuple[str, int], Any]  # by stage and run


def are_compared(runs: list[Run]) -> bool:
    """Whether these are two runs of the pixels of the same images: what they dream is guessed, or asked for, first."""
    return len(runs) == 2 and len({run.data for run in runs}) == 1 and not any(run.below for run in runs)


def section(runs: list[Run], names: list[str]) -> None:
    """For two runs of the pixels of the same images; of twins the dreams are guessed first."""
    if any(not run.over for run in runs):
        again.every(LOOK, _wait)([run.id for run in runs])
        return
    models = [lab().progress(run.id).model for run in runs]
    data = data_sets.find(runs[0].data)
    if data is None or any(model is None or model.marginal.n_visible != data.train_images.shape[1] for model in models):
        return
    st.header("What they can do", anchor=False)
    key = ("twins", *(run.id for run in runs))
    if _are_twins(runs) and not _asked(runs, key):
        return
    if lab().errands.find(key) is None:
        _begin(key, [model.marginal for model in models if model is not None], data, twins=_are_twins(runs))
    errand = lab().errands.find(key)
    if errand is not None:
        stand = errand.over, _dreams_known(errand)
        again.every(None if errand.over else LOOK, _shown)(key, runs, names, data, stand)


def _wait(run_ids: list[str]) -> None:
    stand = [lab().standing(run_id) for run_id in run_ids]
    if all(progress.over for progress in stand):
        st.rerun()
    moving = next(progress for progress in stand if not progress.over)
    text = f"One of them is {moving.status}: epoch {moving.epoch} of {moving.epochs}. Then they are compared."
    st.progress(moving.fraction, text=text)


def _are_twins(runs: list[Run]) -> bool:
    return len({run.config.algorithm == autoencoder.NAME for run in runs}) == 2


def _asked(runs: list[Run], key: tuple[str, ...]) -> bool:
    """Which twin dreams digits? Whether there is a guess."""
    text = "Both have learned the same number of weights from the same digits. **Which one dreams digits?**"
    choices = ("The autoencoder", "The RBM", BOTH)
    return guess.card("twins_dream", text, lambda said: _verdict(said, runs, key), choices)


def _verdict(said: str, runs: list[Run], key: tuple[str, ...]) -> str:
    errand = lab().errands.find(key)
    if errand is None or not _dreams_known(errand):
        return f"You guessed *{said}*. They begin to dream."
    found: Results = dict(errand.results)
    good = [found["dreams", number][1].good for number in (0, 1)]
    names = ["The autoencoder" if run.config.algorithm == autoencoder.NAME else "The RBM" for run in runs]
    right = BOTH if all(good) else "Neither" if not any(good) else names[good.index(True)]
    why = (
        "An autoencoder learns to rebuild what it is shown, and nothing tells it what is unlikely; an RBM that follows "
        "its own chains is told, at every update."
    )
    return f"You guessed *{said}*. **It is: {right[0].lower()}{right[1:]}.** {why}"


def _dreams_known(errand: Errand) -> bool:
    found: Results = dict(errand.results)
    return all(("dreams", number) in found for number in (0, 1))


def _begin(key: tuple[str, ...], models: list[RBM], data: Dataset, *, twins: bool) -> None:
    if not twins and not st.button("Compare what they can do", type="primary", icon=":material/compare_arrows:"):
        return
    try:
        budget.check_dream(CHAINS, SWEEPS, *models[0].weights.shape)
        lab().errands.start(key, visitor.key(), lambda: measured(models, data), 2 * len(STAGES), SECONDS)
    except Refused as error:
        st.error(f"They can't be compared now: {plain(error)}.", icon=":material/error:")


def measured(models: list[RBM], data: Dataset) -> Iterator[tuple[tuple[str, int], Any]]:
    """Each of STAGES for each model, the quick ones first; None for a measure that these images don't allow."""
    for number, model in enumerate(models):
        yield ("error", number), float(diagnostics.reconstruction_error(model, data.test_images).mean())
    reader = _reader(data) if data.labelled else None
    for number, model in enumerate(models):
        yield ("dreams", number), _dream(model, data, reader)
    for number, model in enumerate(models):
        yield ("misread", number), misread(model, data) if data.labelled else None
    for number, model in enumerate(models):
        yield ("likelihood", number), log_likelihood(model, data)


def _reader(data: Dataset) -> Any:
    chosen = probe.draw(data.train_labels, min(READING, len(data.train_labels)), np.random.default_rng(0))
    return probe.classifier().fit(as_unit_interval(data.train_images[chosen]), data.train_labels[chosen])


def _dream(model: RBM, data: Dataset, reader: Any) -> tuple[Array, Dreams]:
    """Where chains from held-out images stand in the end: some pictures, and what all of them are."""
    start = as_unit_interval(data.test_images[:CHAINS])
    for sweep in chain(model, start, SWEEPS, np.random.default_rng(0)):
        mean: Array = sweep.mean
    classes = reader.predict(mean) if reader is not None else np.arange(len(mean)) % 10
    shares = np.bincount(classes, minlength=10) / len(mean)
    return mean[:SHOWN_CHAINS], Dreams(SWEEPS, dreaming.ink(mean, start), shares)


def misread(model: RBM, data: Dataset) -> float | None:
    images = data.train_images[: budget.rows(model.n_hidden)], data.test_images[: budget.rows(model.n_hidden)]
    seen, held_out = (diagnostics.hidden(model, part) for part in images)
    labels, truth = data.train_labels[: len(seen)], data.test_labels[: len(held_out)]
    return next((point.error for point in probe.learning_curve(seen, labels, held_out, truth, (LABELS,))), None)


def log_likelihood(model: RBM, data: Dataset) -> tuple[bool, likelihood.LogLikelihood]:
    """By AIS in both directions, and whether there is more to say than its bounds."""
    rng = np.random.default_rng(0)
    mean = data.train_images.mean(axis=0, dtype=np.float64) / 255
    base = model.base_rates(mean, len(data.train_images))
    log_z = likelihood.bracket(
        model, rng, betas=likelihood.QUICK_SCHEDULE, base=base, start=data.train_images, sweeps=SWEEPS
    )
    return log_z.trusted, likelihood.log_likelihood(model, model.draw_states(data.test_images, rng), log_z)


# ---- on the page


def _shown(key: tuple[str, ...], runs: list[Run], names: list[str], data: Dataset, stand: tuple[bool, bool]) -> None:
    """stand: whether the errand was over, and both had dreamt, when the whole page was drawn."""
    errand = lab().errands.find(key)
    if errand is None or (errand.over, _dreams_known(errand)) != stand:
        st.rerun()  # the whole page: the verdict stands above
    if errand.trouble:
        st.error(f"This could not be measured: {plain(errand.trouble)}", icon=":material/error:")
    found: Results = dict(errand.results)
    if not errand.over:
        waits = f"Waiting for a free worker: place {errand.place} in the queue" if errand.place else "Measuring both"
        st.progress(len(found) / errand.total, text=waits)
    _rebuilt(runs, names, data)
    for column, (number, name) in zip(st.columns(2), enumerate(names), strict=True):
        if ("dreams", number) in found:
            with column:
                tiles = pictures.grey(found["dreams", number][0], data.shape)
                drawn = pictures.mosaic(tiles, SHOWN_CHAINS // 2, f"{len(tiles)} dreams of {name}", scale=2)
                show.picture(drawn, f"{plain(name)}: {len(tiles)} chains from held-out images, {SWEEPS} sweeps later")
    if found:
        st.dataframe([_row(name, number, found) for number, name in enumerate(names)], hide_index=True)


def _rebuilt(runs: list[Run], names: list[str], data: Dataset) -> None:
    """Held-out images, and below each what every model makes of it."""
    images = data.test_images[np.linspace(0, len(data.test_images) - 1, SHOWN).astype(int)]
    models = [model.marginal for run in runs if (model := lab().progress(run.id).model) is not None]
    rebuilt = [pictures.grey(diagnostics.reconstruct(model, images), data.shape) for model in models]
    tiles = pictures.interleaved(pictures.grey(images, data.shape), *rebuilt, columns=SHOWN)
    alt = f"{SHOWN} held-out images above the reconstructions of {' and of '.join(names)}"
    show.picture(
        pictures.mosaic(tiles, SHOWN, alt),
        f"Held-out images, and below them: {plain(', then '.join(names))}",
        width="content",
    )


def _row(name: str, number: int, found: Results) -> dict[str, str]:
    row = {"run": name}
    if ("error", number) in found:
        row["reconstruction error"] = f"{found['error', number]:.2f}"
    if ("dreams", number) in found:
        row["dreams"] = "digits" if found["dreams", number][1].good else "lose their ink or their variety"
    if found.get(("misread", number)) is not None:
        row[f"misread with {LABELS} labels"] = f"{found['misread', number]:.1%}"
    if ("likelihood", number) in found:
        trusted, value = found["likelihood", number]
        bounds = f"{value.lower:.1f} to {value.upper:.1f}"
        row["log-likelihood, nats"] = f"{value.value:.1f} ± {value.standard_error:.1f}" if trusted else bounds
    return row
