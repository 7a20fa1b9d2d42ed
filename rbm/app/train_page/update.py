"""The update that Step has just made, in three pictures: what the data asked for, minus what the chain dreamt."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from rbm.app import data_sets, show, two_phases
from rbm.app.glossary import define
from rbm.app.server import lab
from rbm.models.notebook import near_square
from rbm.runs import ahead
from rbm.runs.progress import Progress
from rbm.runs.record import Run
from rbm.training.phases import Phases

_SEEN = "update_seen"
SHOWN = 8  # pictures of the batch, and of the chains, at most


class Seen(NamedTuple):
    """What the last Step of a run learnt from; None where the Step found it moving, and only made it pause."""

    run_id: str
    phases: Phases | None


def look(run_id: str) -> None:
    """Before a Step: what it will learn from. Raises Refused where the run can't be read."""
    run = lab().run(run_id)
    data = data_sets.find(run.data)
    st.session_state[_SEEN] = Seen(run_id, None if data is None else ahead.next_update(lab(), run_id, data))


def forget() -> None:
    st.session_state.pop(_SEEN, None)


def panel(run: Run, progress: Progress) -> None:
    """Of a paused run that was stepped: that update. Otherwise how to see one."""
    seen: Seen | None = st.session_state.get(_SEEN)
    if run.below or run.config.algorithm == "autoencoder" or run.config.visible != "binary":
        return
    if seen is None or seen.run_id != run.id or seen.phases is None or progress.model is None:
        st.caption("Press **Step** to see what a single update learns.")
        return
    _three(run, seen.phases)


def _three(run: Run, phases: Phases) -> None:
    n_hidden, pixels = phases.data_h.shape[1], phases.data_v.shape[1] - run.n_classes
    shape = data_sets.shape(run.data, pixels) or near_square(pixels)
    place = st.container()
    left, middle, right = st.columns(3, gap="medium")
    with right:
        asked = st.number_input(
            "Hidden unit", 0, n_hidden - 1, None, key="update_unit", placeholder="the one that learnt most",
            help="Empty: of the units that are on for some of these pictures and off for others, the one whose wires "
            "this update changed most.",
        )  # fmt: skip
    unit = phases.learns_most() if asked is None else int(asked)
    with place:
        _sentence(unit)
    n, m = len(phases.data_v), len(phases.chain_v)
    on, dreamt = float(phases.data_h[:, unit].mean()), float(phases.chain_h[:, unit].mean())
    sides = (
        (left, phases.data_v, phases.data_h, f"v₀: {min(SHOWN, n)} of {n} pictures; mean p(h | v₀) = {on:.2f}"),
        (middle, phases.chain_v, phases.chain_h, f"v₁: {min(SHOWN, m)} of {m} dreams; mean p(h | v₁) = {dreamt:.2f}"),
    )
    for column, v, h, words in sides:
        with column:
            show.picture(two_phases.strip(v[:SHOWN], h[:SHOWN, unit], shape, words), words)
    captions = ("Data: ⟨v h⟩", "− Chain: ⟨v h⟩", "= what is learnt")
    for column, (picture, caption) in zip(
        st.columns(3, gap="medium"), two_phases.tiles(phases.of_unit(unit), shape, captions), strict=True
    ):
        with column:
            show.picture(picture, caption, width=two_phases.SIZE)


def _sentence(unit: int) -> None:
    st.markdown(
        f"**This update**: what goes with unit {unit} in the data is strengthened (red), what goes with it in the "
        "dreams weakened (blue).",
        help=f"The lamp below each picture is p(h | v) of unit {unit}; ⟨v h⟩ is the mean of each pixel times that, "
        "over all of them, both in one brightness. "
        r"$\Delta W = \eta\,(\langle v h\rangle_\text{data} - \langle v h\rangle_\text{chain})$, before momentum, "
        "weight cost and what else the settings add.\n\n" + define("chain", "momentum", "weight cost"),
    )
