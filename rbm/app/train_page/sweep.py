"""A sweep from the Train page: one or two settings, some values of each, and a training for every combination."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from rbm.app import again, current_run, data_sets, server, visitor
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.app.train_page.form import IDLE, SETTINGS, Chosen
from rbm.app.train_page.start import IMPATIENT
from rbm.errors import BadValue, Refused
from rbm.runs.grid import KNOWN, MOST_RUNS, MOST_VALUES, described, grid, lowered, read_values, shown
from rbm.runs.record import Run
from rbm.training import autoencoder, discriminative
from rbm.training.config import TrainConfig

FIRST = ("learning_rate", "n_hidden")  # what is varied until something else is chosen
SUGGESTED = {
    "n_hidden": "100, 300, 500", "learning_rate": "0.01, 0.05, 0.1", "gibbs_steps": "1, 3, 10",
    "batch_size": "20, 50, 128", "epochs": "5, 15, 30", "seed": "0, 1, 2", "algorithm": "cd, pcd",
    "weight_std": "0.001, 0.01, 0.1", "final_momentum": "0, 0.5, 0.9", "l2": "0, 0.0001, 0.001",
    "sparsity_cost": "0, 0.1, 1", "sparsity_target": "0.01, 0.05, 0.1", "chains": "50, 100, 200",
    "discriminative": "0, 0.5, 0.9",
}  # fmt: skip
LOOK = 1.0  # seconds between two looks at a sweep that moves


def section(chosen: Chosen | None) -> None:
    """The grid, and the button that trains it. `chosen`: all other settings; None where they can't be."""
    newest = _newest()
    title = "Sweep: train with several values, and see which is best"
    with st.expander(title, icon=":material/grid_on:", expanded=bool(newest)):
        st.markdown(
            "One training for **every combination** of the values below; all else is as in the settings above. "
            f"At most {MOST_VALUES} values of each, {MOST_RUNS} trainings."
        )
        idle = [name for name, algorithms in IDLE.items() if chosen and chosen.config.algorithm in algorithms]
        known = [control.name for control in SETTINGS if control.name not in idle]
        names = st.multiselect(
            "Settings to vary",
            known,
            default=list(FIRST),
            format_func=lambda name: lowered(KNOWN[name].label),
            max_selections=2,
            key="sweep_settings",
            persist_state="session",
        )
        with st.grid(2, min_column_width=240):
            typed = {name: _values(name) for name in names}
        _begin(chosen, typed)
        if newest:
            moves = any(run.unfinished for run in newest)
            again.every(LOOK if moves else None, _standing)(moves)


def _values(name: str) -> str:
    setting = KNOWN[name]
    choices = f" Choices: {', '.join(setting.choices)}." if setting.choices else ""
    return st.text_input(
        f"Values of {lowered(setting.label)}",
        SUGGESTED.get(name, ""),
        key=f"sweep_values_{name}",
        placeholder=f"for example {shown(getattr(TrainConfig(), name))}",
        persist_state="session",
        help=f"With commas between them.{choices} {setting.help}",
    )


def _begin(chosen: Chosen | None, typed: dict[str, str]) -> None:
    """The button, and what it does; or a sentence on why there can be no such sweep."""
    configs: list[TrainConfig] = []
    if chosen is not None and chosen.upper:
        st.info("A sweep trains machines of one layer: empty *Hidden units of more layers* first.")
    elif chosen is not None:
        try:
            configs = combinations(chosen, typed)
        except Refused as error:
            st.error(f"This sweep can't be: {plain(error)}.", icon=":material/error:")
    label = f"Start the sweep: {len(configs)} trainings" if configs else "Start the sweep"
    pressed = st.button(label, type="primary", icon=":material/grid_on:", disabled=not configs, key="start_sweep")
    if pressed and chosen is not None and not _just_begun(configs):
        try:
            _start(chosen, configs, list(typed))
        except Refused as error:
            st.error(f"The sweep did not start: {plain(error)}.", icon=":material/error:")
        else:
            st.rerun()


def combinations(chosen: Chosen, typed: dict[str, str]) -> list[TrainConfig]:
    """The settings of all trainings. Raises Refused for values that can't be, too many of them, or none."""
    if not typed:
        raise BadValue("choose one or two settings to vary")
    values: dict[str, list[Any]] = {}
    for name, text in typed.items():
        values[name] = read_values(name, text)
        if len(values[name]) > MOST_VALUES:
            raise BadValue(f"{lowered(KNOWN[name].label)} has {len(values[name])} values, at most {MOST_VALUES} fit")
    configs = grid(chosen.config, values)
    if len(configs) < 2:
        raise BadValue("give one of the settings two values or more")
    found = data_sets.find(chosen.data)
    for config in configs:
        autoencoder.check_data(config, labels=chosen.labels)
        discriminative.check_data(config, labels=chosen.labels)
        server.lab().limits.check(config, *((1, 1) if found is None else found.train_images.shape))
    return configs


def _just_begun(configs: list[TrainConfig]) -> bool:
    """By the click before."""
    runs = lab().runs(visitor.key())[: len(configs)]
    fresh = [run for run in runs if run.sweep and time.time() - run.created < IMPATIENT]
    return [run.config for run in reversed(fresh)] == configs


def _start(chosen: Chosen, configs: list[TrainConfig], varied: list[str]) -> None:
    names = [f"{chosen.preset}, {described(config, varied)}" for config in configs]
    sweep = lab().start_sweep(
        visitor.key(), chosen.data, configs, names, labels=chosen.labels, measures=chosen.monitors
    )  # fmt: skip
    current_run.follow(next(run.id for run in reversed(_mine()) if run.sweep == sweep))


def _mine() -> list[Run]:
    return lab().runs(visitor.key())


# ---- how far it is


def _newest() -> list[Run]:
    """The runs of this visitor's sweep, if nothing was begun after it."""
    mine = _mine()
    return [run for run in mine if mine[0].sweep and run.sweep == mine[0].sweep]


def _standing(moved: bool) -> None:
    """moved: whether it did when the whole page was drawn."""
    runs = _newest()
    if not runs or moved != any(run.unfinished for run in runs):
        st.rerun()  # the whole page: from now on it looks again by itself, or no more
    over = sum(run.over for run in runs)
    st.progress(sum(run.fraction for run in runs) / len(runs), text=f"Sweep: {over} of {len(runs)} trainings done")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link("pages/runs.py", label="**See the heat map**", icon=":material/grid_on:")
        st.button(
            "Stop the sweep", icon=":material/stop:", key="stop_sweep", on_click=_stop, args=(runs[0].sweep,),
            help="End all of its trainings; the models so far are kept.", disabled=not moved,
        )  # fmt: skip


def _stop(sweep: str) -> None:
    lab().stop_sweep(visitor.key(), sweep)
