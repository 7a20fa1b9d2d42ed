"""A run that somebody was given the link of: to look at, to use and to download, not to change."""

from __future__ import annotations

import streamlit as st

from rbm.app import compare, lab, library, shelf
from rbm.app.session import use
from rbm.records import StoreError


def show_run(run_id: str) -> None:
    """The run, or a sentence where there is none with this id."""
    try:
        run, progress = lab.lab().run(run_id), lab.lab().progress(run_id)
    except StoreError as error:
        st.warning(f"This link leads to no run: {error}", icon=":material/link_off:")
        return
    st.markdown(
        f"**{run.name}** · {library.title(run.data)} · {run.config.n_hidden} hidden units · epoch {progress.epoch} of "
        f"{progress.epochs} · {progress.status}"
    )
    st.caption("You look at this run by its link. Only the browser that started it can change it.")
    with st.container(horizontal=True):
        if progress.model is not None and st.button("Use this model", type="primary", icon=":material/check:"):
            use(lab.named(run, progress))
            st.rerun()
        shelf.download(run)
    compare.curves([run])
    compare.filters([run])
