"""The part of the Train page that moves: progress, curve, filters, reconstructions; and model files."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm import diagnostics
from rbm.app import figures, session, show
from rbm.config import TrainConfig
from rbm.datasets import Dataset
from rbm.io import BadModelFile
from rbm.jobs import Job
from rbm.model import RBM
from rbm.progress import Progress

REFRESH = 0.5  # seconds between two looks at a running job
SHOWN_FILTERS, SHOWN_DIGITS = 100, 10


def job_name(preset: str, config: TrainConfig) -> str:
    """What the model will be called."""
    return f"{preset.split()[0]} CD-{config.gibbs_steps}, seed {config.seed}"


def panel(job: Job, data: Dataset) -> None:
    """Everything on a job; refreshes itself while the job runs, and not when it is over."""
    active = job.progress().active
    st.fragment(_panel, run_every=REFRESH if active else None)(job, data, active)


def _panel(job: Job, data: Dataset, was_active: bool) -> None:
    progress = job.progress()
    if was_active and not progress.active:
        st.rerun()  # the whole page: the model in use changes, and the refreshing ends
    _status(job, progress)
    if progress.model is None:
        return
    curve, pictures = st.columns(2, gap="large")
    with curve:
        show.chart(figures.learning_curve(progress.history), key="learning_curve")
        st.caption(
            "The error is what the model gets wrong when it rebuilds a digit. It falls while the model learns, but it "
            "is not what contrastive divergence minimises: a low error alone does not make good dreams."
        )
    with pictures:
        _ten_digits(progress.model, data)
        _filters(progress.model, data)


def _status(job: Job, progress: Progress) -> None:
    line, button = st.columns([5, 1], vertical_alignment="bottom")
    left = progress.seconds_left
    speed = f" · {progress.images_per_second:,.0f} images/s" if progress.images_per_second else ""
    with line:
        if progress.status == "waiting":
            wait = f" · about {progress.wait:.0f} s" if progress.wait is not None else ""
            st.progress(0.0, text=f"Waiting for a free worker: place {progress.place} in the queue{wait}")
        elif progress.running:
            rest = f" · {left:.0f} s left" if left is not None else ""
            st.progress(progress.fraction, text=f"Epoch {progress.epoch} of {progress.epochs}{speed}{rest}")
        elif progress.status == "finished":
            st.success(f"Finished {progress.epochs} epochs in {progress.seconds:.1f} s{speed}. {_IN_USE}")
        elif progress.status == "stopped":
            st.info(f"Stopped after epoch {progress.epoch} of {progress.epochs}. {_IN_USE}")
        else:
            st.error(progress.message)
    if progress.active:
        button.button("Stop", icon=":material/stop:", on_click=job.stop, width="stretch", key="stop_job")


_IN_USE = "The model is in use on all pages."


def _ten_digits(model: RBM, data: Dataset) -> None:
    """One held-out digit of each of the first ten classes, or more of a class where there are fewer."""
    order = np.argsort(data.test_labels, kind="stable")
    digits = data.test_images[order[np.linspace(0, len(order) - 1, SHOWN_DIGITS).astype(int)]]
    rebuilt = diagnostics.reconstruct(model, digits)
    tiles = figures.interleaved(
        figures.grey(digits, data.shape), figures.grey(rebuilt, data.shape), columns=SHOWN_DIGITS
    )
    show.picture(
        figures.mosaic(tiles, SHOWN_DIGITS, "Ten held-out digits above their reconstructions"),
        "Held-out digits (top) and what the model makes of them (bottom)",
    )


def _filters(model: RBM, data: Dataset) -> None:
    shown = model.weights[:, :SHOWN_FILTERS]
    show.picture(
        figures.filters(shown, data.shape, 20, common=True, scale=1 if data.shape[1] > 16 else 3),
        f"Weights of the first {shown.shape[1]} hidden units: red excites, blue inhibits",
    )


def files(named: session.NamedModel) -> None:
    """Download the model in use, or upload one and use it."""
    down, up = st.columns(2, gap="large")
    with down:
        st.caption(f"**In use:** {named.line}")
        st.download_button(
            "Download the model in use",
            data=lambda: session.model_file(named),
            file_name=f"rbm-{named.model.n_visible}-{named.model.n_hidden}.npz",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
        )
        if named is not session.default_model():
            st.button("Back to the default model", on_click=session.use_default, icon=":material/restart_alt:")
    with up:
        uploaded = st.file_uploader("Use a model from a file", type="npz", help="An .npz downloaded from this lab.")
    if uploaded is not None and st.session_state.get("seen_upload") != uploaded.file_id:
        try:
            session.use(session.from_upload(uploaded, uploaded.name))
        except BadModelFile as error:
            up.error(f"{uploaded.name} was not loaded: {error}. The model in use has not changed.")
        else:
            st.session_state["seen_upload"] = uploaded.file_id
            st.rerun()
