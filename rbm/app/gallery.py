"""The models that ship with the app, to choose from."""

from __future__ import annotations

import streamlit as st

from rbm.app import figures, session, show
from rbm.app.session import NamedModel

ACROSS, DOWN = 6, 3


def panel() -> None:
    """A card for each model, with a button that puts it to use everywhere."""
    with st.grid(4, min_column_width=170):
        for key, named in session.shipped().items():
            with st.container(border=True, height="stretch"):
                _card(key, named)


def _card(key: str, named: NamedModel) -> None:
    show.picture(_thumbnail(named.fingerprint, named))
    st.markdown(f"**{named.name}**")
    st.caption(f"{named.info['about']}  \n{figures_line(named)}")
    chosen = named.fingerprint == session.current().fingerprint
    st.button(
        "In use" if chosen else f"Use {named.name}",
        key=f"use_{key}",
        disabled=chosen,
        on_click=_choose,
        args=(named,),
        width="stretch",
    )


def _choose(named: NamedModel) -> None:
    session.use(named)
    st.toast(f"**{named.name}** is in use on every page.", icon=":material/check:")


def figures_line(named: NamedModel) -> str:
    """What was measured on the model, in a line."""
    found = named.info["measured"]
    said = [f"error {found['held_out_error']:.1f}"]
    if "held_out_log_likelihood" in found:
        said.append(f"log-likelihood {found['held_out_log_likelihood']['ais']:.1f} nats")
    if "classification_error" in found:
        said.append(f"{found['classification_error']:.1%} of digits misread")
    if found["dead_units"] > 0:
        said.append(f"{found['dead_units']:.0%} dead units")
    return " · ".join([f"{named.model.n_hidden} hidden units", *said])


@st.cache_resource(max_entries=8, show_spinner=False)
def _thumbnail(fingerprint: str, _named: NamedModel) -> figures.Picture:
    return figures.filters(_named.eyes.weights[:, : ACROSS * DOWN], _named.shape, ACROSS, common=True, scale=2)
