"""Start a training; or, where the very same one has been done, offer its result at once."""

from __future__ import annotations

import streamlit as st

from rbm.app import server, visitor
from rbm.app.current_run import watch
from rbm.app.server import lab
from rbm.app.train_page.form import Chosen

_OFFER = "offered_again"


def start_or_offer(chosen: Chosen | None) -> None:
    """Raises Refused where the training can't start."""
    if chosen is None:
        return
    st.session_state.pop(_OFFER, None)
    if server.lab().finished(visitor.key(), chosen.data, chosen.config, labels=chosen.labels) is None:
        start(chosen)
    else:
        st.session_state[_OFFER] = chosen
    st.rerun()


def offer() -> None:
    """The finished run of the same data, settings and seed: use it, or train all the same."""
    chosen = st.session_state.get(_OFFER)
    if chosen is None:
        return
    found = server.lab().finished(visitor.key(), chosen.data, chosen.config, labels=chosen.labels)
    if found is None:
        return
    with st.container(border=True):
        error = "" if found.validation_error is None else f", held-out error {found.validation_error:.2f}"
        st.markdown(
            f"**This very training has been done before**: {found.epochs} epochs in {found.seconds:.0f} s{error}. "
            "The same data, settings and seed give the same model."
        )
        with st.container(horizontal=True):
            use = st.button("Use its result", type="primary", icon=":material/bolt:")
            train = st.button("Train again all the same", icon=":material/play_arrow:")
    if use or train:
        del st.session_state[_OFFER]
        (reuse if use else start)(chosen)
        st.rerun()


def start(chosen: Chosen) -> None:
    """Begin a new run and look at it. Raises Refused where it can't start."""
    run = lab().start(
        visitor.key(), chosen.data, chosen.config, run_name(chosen), labels=chosen.labels, measures=chosen.monitors
    )
    watch(run)


def reuse(chosen: Chosen) -> None:
    """Look at the finished run of the very same training."""
    watch(lab().adopt(visitor.key(), chosen.data, chosen.config, run_name(chosen), labels=chosen.labels))


def run_name(chosen: Chosen) -> str:
    config = chosen.config
    classes = ", with classes" if chosen.labels else ""
    return f"{chosen.preset}, {config.algorithm.upper()}-{config.gibbs_steps}, seed {config.seed}{classes}"
