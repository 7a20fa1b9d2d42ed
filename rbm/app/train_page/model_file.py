"""Model files: download the model in use, or upload one and use it."""

from __future__ import annotations

import streamlit as st

from rbm.app import current_model
from rbm.app.text import plain
from rbm.errors import Refused


def files(named: current_model.NamedModel) -> None:
    down, up = st.columns(2, gap="large")
    with down:
        st.caption(f"**In use:** {named.line}")
        st.download_button(
            "Download the model in use",
            data=lambda: current_model.model_file(named),
            file_name=f"rbm-{named.model.n_visible}-{named.model.n_hidden}.npz",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
        )
        if named is not current_model.default_model():
            st.button("Back to the default model", on_click=current_model.use_default, icon=":material/restart_alt:")
    with up:
        uploaded = st.file_uploader(
            "Use a model from a file", type="npz", max_upload_size=20, help="An .npz downloaded from this lab."
        )
    if uploaded is not None and st.session_state.get("seen_upload") != uploaded.file_id:
        try:
            current_model.use(current_model.from_upload(uploaded, uploaded.name))
        except Refused as error:
            up.error(f"{plain(uploaded.name)} was not loaded: {plain(error)}. The model in use has not changed.")
        else:
            st.session_state["seen_upload"] = uploaded.file_id
            st.rerun()
