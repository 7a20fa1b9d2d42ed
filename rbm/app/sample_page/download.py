"""What to take away: the film as a GIF, the strip as a PNG, the samples as an .npz, and a link that plays it again."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from rbm.app import current_model, current_run
from rbm.app.components import canvas, sprite
from rbm.app.components.canvas import Drawing
from rbm.app.current_model import NamedModel
from rbm.app.ink import enlarged
from rbm.app.sample_page import address, board, chains
from rbm.app.sample_page.chains import Measured
from rbm.app.sample_page.options import SamplingOptions
from rbm.app.sample_page.starts import DRAW, Start
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.errors import Refused

SPEED = 10
LINKED = [
    "dream_source", "dream_digit", "dream_number", "dream_chains", "dream_steps", "dream_temperature", "dream_hold",
    "dream_rows", "dream_columns", "dream_class", "dream_schedule", "dream_hot", "dream_period", "dream_seed",
    "dream_means",
]  # fmt: skip
_MODEL, _RUN, _OPENED = "model", "model_run", "dream_opened"
_ASKED, _TOLD = "dream_model_asked", "dream_model_told"  # of the address, once
LETTERS = 10  # of a model's fingerprint


def open_link(named: NamedModel) -> None:
    """Once for each link: put its model to use and its drawing on the board, or say that it can't be."""
    if told := st.session_state.pop(_TOLD, None):
        st.info(f"This dream is of **{plain(told)}**, which is now in use on every page.", icon=":material/link:")
    _open_model(named)
    ink, mask = (st.query_params.get(name) for name in board.LINK)
    if ink is None or st.session_state.get(_OPENED) == (ink, mask):
        return
    st.session_state[_OPENED] = (ink, mask)
    shape, pixels = named.shape, named.model.n_pixels
    try:
        image = address.unpack(ink, pixels)
        fixed = address.unpack_mask(mask, pixels) if mask else np.zeros(pixels, dtype=bool)
    except Refused as error:
        st.error(f"The drawing in this address can't be read, {plain(error)}. Draw a new one.")
        return
    board.put(
        Drawing(enlarged(image, shape, canvas.SIZE), enlarged(fixed.astype(np.float32), shape, canvas.SIZE) > 0.5)
    )


def _open_model(named: NamedModel) -> None:
    asked = st.query_params.get(_MODEL), st.query_params.get(_RUN)
    if asked[0] is None or asked[0] == named.fingerprint[:LETTERS]:
        return
    found = None if st.session_state.get(_ASKED) == asked else _model_of(*asked)
    st.session_state[_ASKED] = asked
    if found is not None:
        current_model.use(found)
        st.session_state[_TOLD] = found.name
        st.rerun()
    st.warning(
        "This link was made with another model than the one in use, so its dream will differ. Load that model on "
        "the Train page first, then open the link again in the same tab."
    )


def _model_of(letters: str | None, run_id: str | None) -> NamedModel | None:
    """The model that ships, or that of the run, if it is still the one with this fingerprint."""
    known = [*current_model.shipped().values(), _model_of_run(run_id)]
    return next((one for one in known if one is not None and one.fingerprint[:LETTERS] == letters), None)


def _model_of_run(run_id: str | None) -> NamedModel | None:
    """None where the run is gone or has no model: then a warning says what to do."""
    if run_id is None:
        return None
    try:
        return current_run.named(lab().run(run_id), lab().progress(run_id))
    except Refused:
        return None


def link(named: NamedModel, start: Start) -> str:
    """The address that opens this page with the same model, start, settings and seed."""
    return f"{(st.context.url or '').split('?')[0]}?{urlencode(query(named, start), doseq=True)}"


def query(named: NamedModel, start: Start) -> dict[str, list[str]]:
    """What that address has behind its question mark."""
    state = st.session_state
    found = {name: _value(state[name]) for name in LINKED if state.get(name) is not None}
    found[_MODEL] = named.fingerprint[:LETTERS]
    if named.run is not None:
        found[_RUN] = named.run
    if state.get("dream_source") == DRAW:
        found["dream_centre"] = "false"  # what is packed has been centred
        found[board.LINK[0]] = address.pack(start.images[0])
        if start.painted.any():
            found[board.LINK[1]] = address.pack_mask(start.painted)
    return {name: [value] if isinstance(value, str) else value for name, value in found.items()}


def _whose(named: NamedModel) -> str:
    """What the address gives away, or can't give."""
    if named.run is not None:
        return f"It also lets whoever has it look at your run **{plain(named.name)}**, and change nothing."
    if named.fingerprint in [one.fingerprint for one in current_model.shipped().values()]:
        return ""
    return (
        f"**{plain(named.name)}** came from a file and is no run of this server, so the address can't bring it along: "
        "send the file too, or the dream will differ."
    )


def _value(value: object) -> str | list[str]:
    """As Streamlit writes the value of a widget into an address."""
    if isinstance(value, tuple | list):
        return [str(_value(part)) for part in value]
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def panel(named: NamedModel, start: Start, options: SamplingOptions, shown: Measured) -> None:
    with st.container(horizontal=True):
        st.download_button(
            "Film (GIF)", lambda: sprite.gif(shown.pixels, named.shape, SPEED), "dream.gif", "image/gif",
            icon=":material/movie:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Film strip (PNG)", lambda: chains.film_strip(named, shown).png, "dream.png", "image/png",
            icon=":material/view_column:", on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "Samples (.npz)", lambda: samples(named, options, shown), "dream.npz", "application/octet-stream",
            icon=":material/dataset:", on_click="ignore",
        )  # fmt: skip
    st.caption(
        f"The GIF plays {SPEED} frames a second and holds at most {sprite.GIF_FRAMES} of them. The .npz holds the last "
        "state of each chain (*samples*), every kept state (*states*) with its sweep, free energy and digit, and the "
        "settings."
    )
    st.markdown(
        f"This address opens the same start with the same settings and seed, and plays the same film. {_whose(named)}"
    )
    st.code(link(named, start), language=None, wrap_lines=True)


def samples(named: NamedModel, options: SamplingOptions, shown: Measured) -> bytes:
    """The dream as an .npz of plain arrays."""
    pixels = named.model.n_pixels
    settings = {**asdict(options.plan), "hold": options.hold, "model": named.name, "fingerprint": named.fingerprint}
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        samples=shown.film.states[-1, :, :pixels],
        states=shown.film.states[:, :, :pixels],
        sweeps=shown.film.sweeps,
        free_energy=shown.free_energy,
        digits=np.zeros(0, np.int64) if shown.labels is None else shown.labels,
        shape=np.array(named.shape),
        settings=np.array(json.dumps(settings)),
    )
    return buffer.getvalue()
