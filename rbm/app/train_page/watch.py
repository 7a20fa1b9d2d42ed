"""The part of the Train page that moves: where a run stands, its curves, filters, reconstructions and health."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from rbm.app import charts, data_sets, pictures, show, visitor
from rbm.app.current_model import near_square
from rbm.app.current_run import is_in_use, is_mine
from rbm.app.server import lab
from rbm.datasets.dataset import Dataset
from rbm.errors import StoreError
from rbm.measures import diagnostics, health
from rbm.models.binary import RBM
from rbm.runs.progress import Progress
from rbm.runs.queue import Busy
from rbm.runs.record import Run

REFRESH, WAITING_REFRESH = 0.5, 2.0  # seconds between two looks at a training that runs, and at one in the queue
SHOWN_FILTERS, SHOWN_DIGITS = 100, 10


def before_the_first() -> None:
    """Where the curve will be. It also loads the charts' code, so that the first point needn't wait for it."""
    st.info("Press **Start**: 30 epochs take about ten seconds.", icon=":material/lightbulb:")
    show.chart(charts.learning_curve(()), key="learning_curve")


def panel(run_id: str) -> None:
    """Everything on a run; refreshes itself while it moves, and not when it rests."""
    run, progress = lab().run(run_id), _begun(run_id)
    if progress.over and not is_in_use(run_id):
        st.rerun()  # it ended while this page was being drawn: the sidebar shows another model
    if is_mine(run):
        _buttons(run, progress)  # outside the fragment: in it, a click after a change of pace can get lost
    pace = _pace(progress)
    st.fragment(_panel, run_every=pace)(run_id, pace)


def _pace(progress: Progress) -> float | None:
    """Seconds until the next look at it. A full class mostly waits, and its looks cost what the trainings need."""
    if not progress.active:
        return None
    return REFRESH if progress.place is None else WAITING_REFRESH


def _begun(run_id: str) -> Progress:
    """Where a run stands. One that has just got its worker is waited for until it has a first point to show."""
    end, progress = time.monotonic() + REFRESH, lab().progress(run_id)
    while progress.running and progress.model is None and time.monotonic() < end:
        time.sleep(0.02)
        progress = lab().progress(run_id)
    return progress


def _panel(run_id: str, pace: float | None) -> None:
    try:
        run, progress = lab().run(run_id), lab().progress(run_id)
    except StoreError:
        st.rerun()  # deleted in another window
    if _pace(progress) != pace:
        st.rerun()  # the whole page: the model in use changes, and the refreshing ends or begins
    _status(progress)
    if progress.model is not None:
        _pictures(progress, progress.model.marginal, run.data)


def _status(progress: Progress) -> None:
    speed = f" · {progress.images_per_second:,.0f} images/s" if progress.images_per_second else ""
    where = f"Epoch {progress.epoch} of {progress.epochs}"
    if progress.status == "waiting":
        wait = f", about {progress.wait:.0f} s" if progress.wait is not None else ""
        st.progress(progress.fraction, text=f"Waiting for a free worker: place {progress.place} in the queue{wait}")
    elif progress.running:
        left = progress.seconds_left
        rest = f" · {left:.0f} s left" if left is not None else ""
        st.progress(progress.fraction, text=f"{where}{speed}{rest}")
    elif progress.status == "paused":
        st.progress(progress.fraction, text=f"Paused. {where}, {progress.fraction:.1%} done")
    elif progress.status == "finished":
        st.success(f"Finished {progress.epochs} epochs in {progress.seconds:.1f} s{speed}. {_IN_USE}")
    elif progress.status == "stopped":
        st.info(f"Stopped after epoch {progress.epoch} of {progress.epochs}. {_IN_USE if progress.epoch else ''}")
    elif progress.status == "interrupted":
        st.warning(progress.message)
    else:
        st.error(progress.message)


_IN_USE = "The model is in use on all pages."


def _buttons(run: Run, progress: Progress) -> None:
    """What its owner can do with a run as it stands."""
    offers = {
        "waiting": ("pause", "stop"),
        "running": ("pause", "stop"),
        "paused": ("resume", "step", "stop"),
        "interrupted": ("resume", "stop"),
        "stopped": ("resume",),
        "failed": ("resume",),
    }
    with st.container(horizontal=True):
        for action in offers.get(progress.status, ()):
            label, icon, explanation = _ACTIONS[action]
            # a callback acts even if the button is gone by the time the click arrives
            st.button(label, icon=icon, help=explanation, key=f"{action}_run", on_click=_act, args=(action, run.id))


_ACTIONS = {
    "pause": (
        "Pause",
        ":material/pause:",
        "Rest after this mini-batch; another training may use the processor.",
    ),
    "resume": ("Resume", ":material/play_arrow:", "Go on exactly where it stopped."),
    "step": ("Step", ":material/skip_next:", "One mini-batch, then pause: watch a single update."),
    "stop": ("Stop", ":material/stop:", "End it; the model so far is kept and used."),
}


def _act(action: str, run_id: str) -> None:
    try:
        getattr(lab(), action)(visitor.key(), run_id)
    except (StoreError, Busy) as error:
        st.session_state["refused"] = str(error)


def refusal() -> None:
    """What the last button could not do, once."""
    if sentence := st.session_state.pop("refused", None):
        st.warning(sentence)


def _pictures(progress: Progress, model: RBM, name: str) -> None:
    data = data_sets.find(name, model.n_visible)
    curve, pictures = st.columns(2, gap="large")
    with curve:
        log = st.toggle("Logarithmic scale", key="log_scale", persist_state="session")
        show.chart(charts.learning_curve(progress.history, log=log), key="learning_curve")
        st.caption(
            "The error is what the model gets wrong when it rebuilds a digit. It falls while the model learns, but it "
            "is not what contrastive divergence minimises: a low error alone does not make good dreams."
        )
    with pictures:
        if data is None:
            st.warning(data_sets.problem(name, model.n_visible), icon=":material/hide_image:")
        else:
            _ten_digits(model, data)
        _filters(model, data.shape if data else near_square(model.n_visible))
    if data is not None:
        _health(progress, model, data)
    measured = charts.measures(progress.history)
    updates = measured.pop("updates", None)
    if measured:
        with st.grid(2, min_column_width=300):
            for name, chart in measured.items():
                show.chart(chart, key=f"measure_{name}")
    if updates is not None:
        with st.expander("Update sizes, epoch by epoch"):
            show.chart(updates, key="measure_updates")


def _health(progress: Progress, model: RBM, data: Dataset) -> None:
    ratio = progress.history[-1].measures.get("update_ratio_weights") if progress.history else None
    found = health.checkup(model, data.train_images, data.test_images, progress.epoch, ratio)
    with st.container(border=True):
        st.markdown("**Health** · " + " ".join(health.verdict(found)))
        with st.grid(4, min_column_width=130):
            st.metric(
                "Update / weight size", "–" if ratio is None else f"{ratio:.1e}",
                help="Mean size of the last update over the mean size of the weights; about 0.001 is healthy. "
                "In the first epochs it is larger, since the weights are still small.",
            )  # fmt: skip
            st.metric("Dead units", f"{found.dead:.0%}", help="Never likelier than 1 % on 300 held-out digits.")
            st.metric("Always-on units", f"{found.always_on:.0%}", help="Never below 99 % on 300 held-out digits.")
            st.metric(
                "Free-energy gap", f"{found.gap:.1f} nats",
                help="How much less likely held-out digits are than training ones. It grows when the model memorises.",
            )  # fmt: skip


def _ten_digits(model: RBM, data: Dataset) -> None:
    """Ten held-out digits, evenly over the classes."""
    order = np.argsort(data.test_labels, kind="stable")
    digits = data.test_images[order[np.linspace(0, len(order) - 1, SHOWN_DIGITS).astype(int)]]
    rebuilt = diagnostics.reconstruct(model, digits)
    tiles = pictures.interleaved(
        pictures.grey(digits, data.shape), pictures.grey(rebuilt, data.shape), columns=SHOWN_DIGITS
    )
    show.picture(
        pictures.mosaic(tiles, SHOWN_DIGITS, "Ten held-out digits above their reconstructions"),
        "Held-out digits (top) and what the model makes of them (bottom)",
    )


def _filters(model: RBM, shape: tuple[int, int]) -> None:
    shown = model.weights[:, :SHOWN_FILTERS]
    show.picture(
        pictures.filters(shown, shape, 20, common=True, scale=1 if shape[1] > 16 else 3),
        f"Weights of the first {shown.shape[1]} hidden units: red excites, blue inhibits",
    )
