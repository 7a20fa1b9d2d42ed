"""Chapters 1 to 4: what a machine is, before it learns. Each shows one machine and asks before it shows."""

from __future__ import annotations

import streamlit as st

from rbm.app import answers, current_model, show
from rbm.app.components import machine
from rbm.app.learn_page import numbers, questions, quiz
from rbm.app.learn_page.questions import COLD, FRESH, HALF, HOT, SOFT, TRAINED
from rbm.app.lessons import bars
from rbm.app.text import plain
from rbm.errors import BadValue

TEMPERATURES = {"½": 0.5, "1": 1.0, "2": 2.0, "3": 3.0, "5": HOT}
MACHINES = {"Fresh": FRESH, "Half trained": HALF, "Trained": TRAINED}
CHAIN_TEMPERATURES = {"2": 2.0, "1": 1.0, "½": COLD}
_TRIES = "energy_tries"
COUNTED = ("The lowest of all", "A higher one")  # what the first try of a class counts as
NEAR = 0.005  # nats: what is shown is rounded


def energy() -> None:
    st.markdown(
        "Four pixels, three hidden units, twelve wires: a whole RBM. **Click any of them.** A red wire with both ends "
        "on lowers the energy, a blue one raises it; $b$ and $c$ are each unit's own liking to be on. "
        "$\\;E(v, h) = -\\,b^\\top v - c^\\top h - v^\\top W h$"
    )
    data = numbers.tables_chapter("energy", "strip", [numbers.table(TRAINED)], controls=["check"], chances=False)
    machine.machine(data, key="machine_energy", on_check=_check)
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            ":material/help: **Find the state of lowest energy** among all 128, and press *Check*. The ticks are their "
            "energies; the orange one is yours."
        )
        _distance()
        bars.below("energy", COUNTED)


def _check() -> None:
    try:
        state = machine.checked("machine_energy")
    except BadValue as error:
        st.toast(f"Not checked: {plain(error)}.")
        return
    st.session_state[_TRIES] = [*st.session_state.get(_TRIES, []), questions.energy_of(*state)]
    found = questions.energy_of(*state)
    lowest = found - questions.lowest()[0] < NEAR
    answers.write("energy", f"{found:.2f}", COUNTED[0] if lowest else COUNTED[1])


def _distance() -> None:
    """How far the last try was from the lowest; after two tries a hint."""
    tries, (lowest, _) = st.session_state.get(_TRIES, []), questions.lowest()
    if not tries:
        return
    away = tries[-1] - lowest
    if away < NEAR:
        st.markdown(
            f":green[:material/check: **{questions.nats(tries[-1])}: there is none lower.**] In 128 states one can "
            f"look at all; with 784 pixels nobody can, and a chain has to find its way down: chapter 4."
        )
        return
    st.markdown(f"Yours has **{questions.nats(tries[-1])}**; you are **{away:.2f}** above the lowest.")
    if len(tries) >= 2:
        st.caption(
            "Hint: start with a picture framed green. Then switch on each hidden unit whose wires from the lit pixels, "
            "and its own bias, add up to more than nothing."
        )


def probability() -> None:
    st.markdown(
        "Nature prefers low energy: $p(v, h) = e^{-E(v, h)}/Z$, where $Z$ adds up all 128 states. **Here they are**, "
        "in per cent; strong colour is low energy. Columns add up to bars: $p(v) = \\sum_h p(v, h) = e^{-F(v)}/Z$."
    )
    hot = quiz.guessed("hot")
    labels = list(TEMPERATURES)
    data = numbers.tables_chapter(
        "probability", "table", [numbers.table(SOFT, t, whole=True) for t in TEMPERATURES.values()],
        chance=True, chances=False,
        axes=[numbers.axis("Temperature", labels, labels.index("5" if hot else "1"))],
    )  # fmt: skip
    machine.machine(data, key="machine_probability")
    with st.grid(2, min_column_width=380):
        quiz.card("ratio")
        quiz.card("hot")


def layers() -> None:
    st.markdown(
        "Given the pixels, each hidden unit switches on by itself: $p(h_j{=}1 \\mid v) = \\sigma(c_j + \\sum_i v_i "
        "W_{ij})$; given those, so does each pixel. **Click pictures:** table and products agree to the last digit."
    )
    data = numbers.tables_chapter("layers", "row", [numbers.table(TRAINED, whole=True)], chance=True)
    machine.machine(data, key="machine_layers")
    quiz.card("independent")
    named = current_model.current()
    st.header("The same with digits", anchor=False)
    st.markdown(
        f"**{plain(named.name)}**, the model in use: {named.marginal.n_visible} pixels, "
        f"{named.model.n_hidden} hidden units. "
        "Above stand those that this image excites most, each as its wires: red pixels switch it on, blue ones off."
    )
    show.picture(current_model.portrait(named), width=480)


def gibbs() -> None:
    st.markdown(
        "Draw $h$ from the pixels, draw $v$ from the hidden units, and again: a **Gibbs chain**. Where does it go? "
        "*Play*: blue is $p(v)$, orange is how often the chain was there. "
        "$\\;h \\sim p(h \\mid v), \\quad v \\sim p(v \\mid h)$"
    )
    every = [numbers.table(updates, t) for updates in MACHINES.values() for t in CHAIN_TEMPERATURES.values()]
    raced, covered = quiz.guessed("mixing"), not quiz.guessed("stuck")
    data = numbers.tables_chapter(
        "gibbs", "race" if raced else "bars", every, start={"v": 10, "h": 6}, covered=covered,
        axes=[
            numbers.axis("Machine", list(MACHINES), 2),
            numbers.axis("Temperature", list(CHAIN_TEMPERATURES), 1),
        ],
        controls=["draw_h", "draw_v", "sweep", "play", "clear", *(["race"] if raced else [])],
        race=[1, 4, 7] if raced else None, race_names=list(MACHINES),
    )  # fmt: skip
    machine.machine(data, key="machine_gibbs")
    with st.grid(2, min_column_width=380):
        quiz.card("mixing")
        quiz.card("stuck")
