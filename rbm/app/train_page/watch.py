"""The part of the Train page that moves: where a run stands, its curve, ten digits and their filters, its health."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from rbm.app import again, charts, data_sets, deep_nets, layer_on_top, pictures, show, twin, widgets
from rbm.app.current_run import is_in_use
from rbm.app.remembered import remembered
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.app.train_page import health_panel, update
from rbm.datasets.dataset import Dataset
from rbm.errors import Refused
from rbm.models.deep import DeepBeliefNet
from rbm.models.notebook import near_square
from rbm.runs.progress import Progress
from rbm.runs.record import Run
from rbm.training import autoencoder, discriminative
from rbm.training.config import TrainConfig
from rbm.training.start import untrained

REFRESH = 0.5  # seconds between two looks at a training that runs
WAITING_REFRESH, FAR_REFRESH, FAR = 2.0, 5.0, 4  # and at one in the queue: near its front, and further back than FAR
LIKELIHOODS = {"ais", "exact"}  # monitors that may take seconds
SHOWN_DIGITS = 10
Captioned = tuple[pictures.Picture, str]
SHOWN_FILTERS, COLUMNS = 60, 12


def before_the_first(data: str, config: TrainConfig) -> None:
    """What a training would begin with: an empty chart, and a model that knows only the average of the digits."""
    st.progress(0.0, text="Press **Start**: the error falls, digits take shape, filters become strokes.")
    curve, seen = _columns()
    with curve:
        show.chart(charts.learning_curve((), config.epochs), key="learning_curve")
    found = data_sets.find(data)
    if found is not None:
        with seen:
            _show(_of_the_untrained(data, config, found))


def panel(run_id: str) -> None:
    """Everything on a run; refreshes itself while it moves, and not when it rests."""
    progress = _begun(run_id)
    if progress.over and not is_in_use(run_id):
        st.rerun()  # it ended while this page was being drawn: the sidebar shows another model
    again.every(_pace(progress), _panel)(run_id, progress.status)


def _pace(progress: Progress) -> float | None:
    """Seconds until the next look at it. A full class mostly waits, and its looks cost what the trainings need."""
    if not progress.active:
        return None
    if progress.place is None:
        return WAITING_REFRESH if progress.message else REFRESH
    return WAITING_REFRESH if progress.place <= FAR else FAR_REFRESH


def _begun(run_id: str) -> Progress:
    """Where a run stands. One that has just got its worker is waited for until it has a first point to show."""
    end, progress = time.monotonic() + REFRESH, lab().standing(run_id)
    while progress.running and progress.model is None and time.monotonic() < end:
        time.sleep(0.02)
        progress = lab().standing(run_id)
    return progress


def _panel(run_id: str, shown: str) -> None:
    try:
        run, progress = lab().run(run_id), lab().progress(run_id)
    except Refused:
        st.rerun()  # deleted in another window
    if progress.status != shown:
        st.rerun()  # the whole page: buttons, the sidebar and the pace change
    _status(run, progress)
    if progress.status == "paused":
        update.panel(run, progress)
    curve, seen = _columns()
    with curve:
        chart = st.container()
        log = st.toggle("Logarithmic scale", key="log_scale", persist_state="session")
        with chart:
            show.chart(charts.learning_curve(progress.history, progress.epochs, log=log), key="learning_curve")
    if progress.model is None:
        return
    below = lab().net(run.below) if run.below else None
    if run.below and below is None:
        seen.warning("A layer that this one stands on is gone.", icon=":material/layers_clear:")
        return
    net = DeepBeliefNet((*(below.layers if below else ()), progress.model))
    data = data_sets.find(run.data, net.n_pixels)
    stands = (progress.epoch, None if progress.running else progress.fraction)
    with seen:
        if data is None:
            st.warning(plain(data_sets.problem(run.data, net.n_pixels)), icon=":material/hide_image:")
        _show(_pictures(run_id, stands, data is not None, net, data))
    if below is not None:
        curve.caption(
            f"Layer {net.depth}: its error is of rebuilding what the {below.top.n_hidden} hidden units below say of "
            "the images, not of rebuilding pixels."
        )
    if data is not None:
        health_panel.panel(run_id, stands, progress, net, data, run.config.learning_rate)
        widgets.not_asked_to_be_probable(autoencoder.note(run.config))
    health_panel.measured(progress)


def _columns() -> list[st.delta_generator.DeltaGenerator]:
    return st.columns([11, 9], gap="medium")


def _status(run: Run, progress: Progress) -> None:
    speed = f" · {progress.images_per_second:,.0f} images/s" if progress.images_per_second else ""
    where = f"Epoch {progress.epoch} of {progress.epochs}"
    if progress.status == "waiting" and progress.message:
        st.progress(progress.fraction, text=f":material/layers: {plain(progress.message)}")
    elif progress.status == "waiting":
        wait = f", about {progress.wait:.0f} s" if progress.wait is not None else ""
        st.progress(progress.fraction, text=f"Waiting for a free worker: place {progress.place} in the queue{wait}")
    elif progress.running:
        left = progress.seconds_left
        rest = f" · {left:.0f} s left" if left is not None else ""
        measuring = " · Measuring likelihood..." if LIKELIHOODS & set(progress.measuring) else ""
        st.progress(progress.fraction, text=f"{where}{measuring or speed}{rest}")
    elif progress.status == "paused":
        st.progress(progress.fraction, text=f"Paused. {where}, {progress.fraction:.1%} done")
    elif progress.status in ("finished", "stopped"):
        _ended(run, progress, speed)
    elif progress.status == "interrupted":
        st.warning(plain(progress.message))
    else:
        st.error(plain(progress.message))


def _ended(run: Run, progress: Progress, speed: str) -> None:
    """What came of it, and the way on."""
    finished = progress.status == "finished"
    said = f"Finished {progress.epochs} epochs in {progress.seconds:.1f} s{speed}." if finished else (
        f"Stopped after epoch {progress.epoch} of {progress.epochs}."
    )  # fmt: skip
    if run.below and not run.fingerprint:  # it never began
        st.warning(plain(progress.message), icon=":material/layers_clear:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.below:
            _of_a_tower(run, said)
        else:
            st.markdown(f":material/check: {said} The model is in use on all pages.")
            # a link, for st.switch_page refuses to leave a page whose settings are in its address
            st.page_link("pages/sample.py", label="**Let it dream**", icon=":material/draw:")
        twin.compare_link(run)
        for other in (twin, layer_on_top):
            try:
                if other.offer(run):
                    st.rerun()  # the whole page: it shows the new run from now on
            except Refused as error:
                st.error(plain(other.refusal(error)))


def _of_a_tower(run: Run, said: str) -> None:
    """The pages show machines of pixels; of a tower that is the bottom layer."""
    bottom = deep_nets.under(run)[:1]
    named = f", **{plain(bottom[0].name)}**" if bottom else ""
    st.markdown(
        f":material/check: {said} It stands on other layers: Sample and the other pages go on with the one on the "
        f"pixels{named}."
    )
    layer_on_top.deep_link()


@remembered()
def _of_the_untrained(data: str, config: TrainConfig, _found: Dataset) -> list[Captioned]:
    """By settings: a class that opens this page at once waits for one drawing, not for thirty."""
    net = DeepBeliefNet((untrained(_found.train_images, discriminative.without(config)),))  # the pixels alone
    return [*_ten_digits(net, _found), _filters(net, _found.shape)]


@remembered()
def _pictures(
    run_id: str, stands: health_panel.Stands, with_digits: bool, _net: DeepBeliefNet, _data: Dataset | None
) -> list[Captioned]:
    """By where the run stands: one that waits or rests is drawn once, however often it is looked at."""
    shape = _data.shape if _data else near_square(_net.n_pixels)
    return [*(_ten_digits(_net, _data) if _data else ()), _filters(_net, shape)]


def _show(drawn: list[Captioned]) -> None:
    for picture, caption in drawn:
        show.picture(picture, caption)


def _ten_digits(net: DeepBeliefNet, data: Dataset) -> list[Captioned]:
    """Ten held-out digits, evenly over the classes."""
    order = np.argsort(data.test_labels, kind="stable")
    digits = data.test_images[order[np.linspace(0, len(order) - 1, SHOWN_DIGITS).astype(int)]]
    rebuilt = net.reconstruct(digits, net.depth)
    tiles = pictures.interleaved(
        pictures.grey(digits, data.shape), pictures.grey(rebuilt, data.shape), columns=SHOWN_DIGITS
    )
    drawn = pictures.mosaic(tiles, SHOWN_DIGITS, "Ten held-out digits above their reconstructions")
    if net.depth > 1:
        return [(drawn, f"Held-out digits, and below each what comes back from layer {net.depth}, up and down again")]
    return [(drawn, "Held-out digits, and below each what the model makes of it")]


def _filters(net: DeepBeliefNet, shape: tuple[int, int]) -> Captioned:
    shown = deep_nets.receptive(net, SHOWN_FILTERS)
    drawn = pictures.filters(shown, shape, COLUMNS, common=True, scale=1 if shape[1] > 16 else 3)
    if net.depth > 1:
        product = " ".join(f"W{number}" for number in range(1, net.depth + 1))
        units = f"{shown.shape[1]} units of layer {net.depth}"
        return drawn, f"What {units} look for in pixels, as if every layer were linear: {product}"
    return drawn, f"What {shown.shape[1]} hidden units look for: red switches a unit on, blue off"
