"""Start, Pause, Step and Stop: always in the same place, each alive when it can do something."""

from __future__ import annotations

import streamlit as st

from rbm.app import current_run, visitor
from rbm.app.current_run import is_mine
from rbm.app.server import lab
from rbm.app.text import plain
from rbm.app.train_page import start, update
from rbm.app.train_page.form import Chosen
from rbm.errors import Refused
from rbm.runs.progress import Status

ACTIONS: dict[Status, tuple[str, ...]] = {  # what can be asked of a run as it stands
    "waiting": ("pause", "stop"),
    "running": ("pause", "step", "stop"),
    "paused": ("resume", "step", "stop"),
    "interrupted": ("resume", "stop"),
    "stopped": ("resume",),
    "failed": ("resume",),
}
LABELS = {
    "pause": ("Pause", ":material/pause:", "Rest after this mini-batch; another training may use the processor."),
    "resume": ("Resume", ":material/play_arrow:", "Go on exactly where it stopped."),
    "step": ("Step", ":material/skip_next:", "One mini-batch, then pause: see what a single update learns."),
    "stop": ("Stop", ":material/stop:", "End it; the model so far is kept and used."),
}


def row(chosen: Chosen | None) -> None:
    """`chosen`: what Start would train; None where the settings below can't be."""
    busy = chosen is not None and start.find_again(chosen)
    which, offered = _offered()
    with st.container(horizontal=True, gap="xsmall", key="run_buttons"):
        pressed = st.button("Start", type="primary", icon=":material/play_arrow:", disabled=chosen is None or busy)
        for action in ("resume" if "resume" in offered else "pause", "step", "stop"):
            label, icon, explanation = LABELS[action]
            # a callback acts even if the button is gone by the time the click arrives
            st.button(
                label, icon=icon, help=explanation, key=f"{action}_run", disabled=action not in offered,
                on_click=_act, args=(action, which),
            )  # fmt: skip
        if chosen is not None:
            start.offer_result(chosen)
    if pressed and chosen is not None:
        try:
            start.begin(chosen)
        except Refused as error:
            start.refuse(f"Training did not start: {plain(error)}.")
        st.rerun()
    start.refusal()


def _offered() -> tuple[str, tuple[str, ...]]:
    """The run on the page, and what its owner can do with it as it stands."""
    which, progress = current_run.run_id(), current_run.progress()
    if which is None or progress is None or not is_mine(lab().run(which)):
        return "", ()
    return which, ACTIONS.get(progress.status, ())


def _act(action: str, run_id: str) -> None:
    try:
        update.look(run_id) if action == "step" else update.forget()
        getattr(lab(), action)(visitor.key(), run_id)
    except Refused as error:
        start.refuse(plain(error))
