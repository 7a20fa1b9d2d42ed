"""Three ways to sample from the same start, side by side."""

from __future__ import annotations

import hashlib

import numpy as np
import streamlit as st

from rbm.app import show
from rbm.app.current_model import NamedModel
from rbm.app.remembered import remembered
from rbm.app.sample_page import charts, reader
from rbm.app.sample_page.chains import Measured, measured, play, visible
from rbm.app.sample_page.options import SamplingOptions
from rbm.app.sample_page.starts import Start
from rbm.measures import mixing
from rbm.models import film
from rbm.models.arrays import Array
from rbm.models.film import SamplingPlan
from rbm.runs import budget

CHAINS, SWEEPS, RUNGS = 9, 500, 20
NOTES = {
    "Plain Gibbs": "Temperature 1 all the time: between two kinds of digit lie pictures that are unlikely, and the "
    "chain hardly ever goes through them.",
    "Annealed restarts": "Heated and cooled again and again: it gets away, but forgets how often the model "
    "wants each digit.",
    "Parallel tempering": f"{RUNGS} chains from cold to hot swap places: exact as plain Gibbs is, and it "
    f"gets away where the rungs are close enough. It costs {RUNGS} times as much.",
}
_READY = "dream_contest"


def panel(named: NamedModel, start: Start, options: SamplingOptions) -> None:
    sweeps = budget.sweeps(SWEEPS, (RUNGS + 2) * CHAINS, *named.model.weights.shape)
    st.markdown(
        f"The same start under three samplers: {CHAINS} chains of {sweeps} sweeps, nothing held fixed, "
        "ending at temperature 1. The number to watch is **sweeps per jump**: how long a chain takes to another digit."
    )
    key = _key(named, start, options)
    if st.button("Compare", icon=":material/compare_arrows:", type="primary", key="dream_compare"):
        st.session_state[_READY] = key
    if st.session_state.get(_READY) != key:
        return
    options = _for_contest(options, sweeps)
    first = visible(named, Start(start.images[:CHAINS], start.painted), options)
    entries = _contest(key, named, first, options.plan)
    for column, (name, seconds, dream) in zip(st.columns(3), entries, strict=True):
        with column:
            _entry(named, name, seconds, dream)


def _for_contest(options: SamplingOptions, sweeps: int) -> SamplingOptions:
    plan = SamplingPlan(CHAINS, sweeps, hot=options.plan.hot, period=options.plan.period, seed=options.plan.seed)
    return SamplingOptions(plan, options.means, options.hold, options.rows, options.columns, None)


def _key(named: NamedModel, start: Start, options: SamplingOptions) -> str:
    plan = (options.plan.hot, options.plan.period, options.plan.seed)
    words = f"{named.fingerprint} {plan}".encode()
    return hashlib.sha1(words + start.images[:CHAINS].tobytes(), usedforsecurity=False).hexdigest()


@remembered("Three samplers at work")
def _contest(key: str, _named: NamedModel, _first: Array, _plan: SamplingPlan) -> list[tuple[str, float, Measured]]:
    tiles = budget.tiles(_named.model.n_visible, CHAINS, film.TILES)
    entries = film.compare_samplers(_named.model, _first, _plan, RUNGS, reader.base(_named), tiles)
    return [(entry.name, entry.seconds, measured(_named, entry.film, means=True)) for entry in entries]


def _entry(named: NamedModel, name: str, seconds: float, dream: Measured) -> None:
    st.markdown(f"**{name}**")
    play(named, dream, key=f"dream_player_{name}")
    if dream.labels is not None:
        found = mixing.visits(dream.labels, dream.film.every)
        st.metric("Sweeps per jump", charts.between(found))
        seen = len(np.unique(dream.labels[dream.labels >= 0]))
        st.caption(f"{found.distinct.mean():.1f} digits per chain, {seen} in all; {seconds:.1f} s. {NOTES[name]}")
        chart = charts.digits(dream.labels, dream.film.sweeps, f"{name}: digit of each chain", height=270)
        show.chart(chart, key=f"dream_digits_{name}")
    else:
        st.caption(f"{seconds:.1f} s. {NOTES[name]}")
