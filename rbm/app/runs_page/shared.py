"""A run that somebody was given the link of: to look at, to use and to download, not to change."""

from __future__ import annotations

import streamlit as st

from rbm.app import current_run, data_sets, server
from rbm.app.current_model import use
from rbm.app.runs_page import compare, own
from rbm.app.text import plain
from rbm.errors import Refused


def show_run(run_id: str) -> None:
    """The run, or a sentence where there is none with this id."""
    try:
        run, progress = server.lab().run(run_id), server.lab().progress(run_id)
    except Refused as error:
        st.warning(f"This link leads to no run: {plain(error)}", icon=":material/link_off:")
        st.markdown("Runs make room for newer ones, and whoever started one can delete it. From here:")
        with st.container(horizontal=True):
            st.page_link("pages/runs.py", label="Your own runs", icon=":material/table_rows:")
            st.page_link("pages/train.py", label="Train a model", icon=":material/model_training:")
            st.page_link("pages/sample.py", label="Let the model in use dream", icon=":material/draw:")
        return
    st.markdown(
        f"**{plain(run.name)}** · {plain(data_sets.title(run.data))} · {run.config.n_hidden} hidden units · "
        f"epoch {progress.epoch} of {progress.epochs} · {progress.status}"
    )
    st.caption("You look at this run by its link. Only the browser that started it can change it.")
    with st.container(horizontal=True):
        if progress.model is not None and st.button("Use this model", type="primary", icon=":material/check:"):
            use(current_run.named(run, progress))
            st.rerun()
        own.download(run)
    compare.curves([run])
    compare.filters([run])
