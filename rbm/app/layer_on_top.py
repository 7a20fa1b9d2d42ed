"""A layer on top of a finished run: a button that trains one, and where a tower is looked at."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from rbm.app import current_run, data_sets, visitor
from rbm.app.server import lab
from rbm.errors import Refused
from rbm.runs.record import Run

WORDS = (
    "Another RBM learns what the hidden units of this one say of the same images, with the same settings. Together "
    "they are a **deep belief net**. This run stays as it is."
)


def offer(run: Run) -> bool:
    """A button that trains one; True where that has begun. Raises Refused where it can't."""
    if run.config.visible != "binary":
        return False  # layers stand on machines of binary units alone
    if not run.over or run.n_classes or not current_run.is_mine(run) or lab().net(run.id) is None:
        return False
    with st.popover("Train a layer on top", icon=":material/layers:"):
        st.markdown(WORDS)
        units = st.number_input("Its hidden units", value=run.config.n_hidden, step=50, key=f"upper_units_{run.id}")
        data = data_sets.find(run.data)
        labels = data is not None and data.labelled and st.toggle(
            "It learns the classes too", key=f"upper_labels_{run.id}",
            help="The net then reads digits, and dreams of the class that it is asked for. No more layers fit on top.",
        )  # fmt: skip
        if not st.button("Train the layer", icon=":material/play_arrow:", key=f"upper_{run.id}"):
            return False
    _begin(run, units, labels)
    return True


def _begin(run: Run, units: int | None, labels: bool) -> None:
    config, owner, name = replace(run.config, n_hidden=units or 0), visitor.key(), _name(run)
    done = lab().finished(owner, run.data, config, labels=labels, below=run.id) is not None
    begin = lab().adopt if done else lab().start
    current_run.follow(begin(owner, run.data, config, name, labels=labels, below=run.id))


def _name(run: Run) -> str:
    """As a tower that is started at once names its layers (`Lab.start_tower`)."""
    below = lab().layers(run.id)
    return f"{below[0].name}, layer {len(below) + 1}"


def refusal(error: Refused) -> str:
    return f"The layer was not trained: {error}."


def deep_link() -> None:
    """To the page that shows towers."""
    st.page_link("pages/deep.py", label="**Look at the tower**", icon=":material/layers:")
