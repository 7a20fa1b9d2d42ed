"""The frame of every page: navigation, the guard against Streamlit's cold deep links, the model in use."""

from __future__ import annotations

import threading

import streamlit as st

from rbm.app import addresses, current_model, current_run, pictures, server, show, visitor
from rbm.app.lessons import banner, now
from rbm.app.text import plain
from rbm.errors import Refused

SIDEBAR = 220  # pixels
LOOK = 2.0  # seconds between two looks at a training from the sidebar

# Streamlit writes white on the primary colour. In the dark that colour is light, as text of it must be legible too.
# A style sheet is an element like any other, and would push the title down by the gap between two elements.
_STYLE = """<style>
[data-testid^="stBaseButton-primary"]:not(:disabled) { color: light-dark(#fff, #12141c) }
[data-testid^="stBaseButton-primary"]:not(:disabled):is(:hover, :focus, :active) {
  background-color: light-dark(#263d8c, #b4c4ff) !important }
[data-testid="stHeader"] { background: none; height: 2.75rem; pointer-events: none }
[data-testid="stHeader"] button, [data-testid="stHeader"] a { pointer-events: auto }
[data-testid="stSidebarHeader"] { height: 2.75rem; margin: 0 }
[data-testid="stMainBlockContainer"] { padding-top: 2.25rem }
[data-testid="stMainBlockContainer"] h1 { padding: 0 }
[data-testid="stElementContainer"]:has(> [data-testid="stHtml"] > style) { position: absolute }
@media (max-width: 640px) { [data-testid="stMainBlockContainer"] { padding-top: 3.25rem } }
</style>"""

_script = threading.local()  # of the thread that runs the script; session state refuses changes after st.stop()

PAGES = {  # in the order of a visit
    "home": ("Home", ":material/home:", "What an RBM is, and what each page does."),
    "learn": ("Learn", ":material/school:", "How it works, in 15 minutes: a machine small enough to see all of it."),
    "train": ("Train", ":material/model_training:", "Train an RBM on real digits and watch the error fall."),
    "sample": ("Sample", ":material/draw:", "Draw a digit and watch the Gibbs chain dream from it."),
    "reconstructions": ("Reconstructions", ":material/compare:", "Digits beside what the model makes of them."),
    "filters": ("Filters", ":material/grid_view:", "What each hidden unit looks for."),
    "activations": ("Activations", ":material/blur_on:", "Which hidden units answer to which digit."),
    "features": (
        "Features",
        ":material/category:",
        "What the hidden layer is good for.",
    ),
    "deep": ("Deep", ":material/stacks:", "A tower of RBMs that reads digits, and dreams them from its top."),
    "data": ("Data", ":material/photo_library:", "Look at the images that models learn from, or bring your own."),
    "runs": ("Runs", ":material/table_rows:", "Your trainings: compare, keep, download, bring back."),
}


def run() -> None:
    """Draw the sidebar and the page that the address asks for."""
    addresses.take_out_impossible()
    # With an icon, a page makes the browser ask an outside host for a picture of it; so the links have them instead.
    pages = {name: st.Page(f"pages/{name}.py", title=PAGES[name][0], default=name == "home") for name in PAGES}
    class_page = st.Page("pages/lesson.py", title="Lesson")
    page = st.navigation([*pages.values(), class_page], position="hidden")
    now.arrive(at_home=page.title == "Home")
    st.set_page_config(
        page_title=f"{page.title} · RBM Lab",
        page_icon=pictures.favicon(),
        layout="wide",
        initial_sidebar_state=SIDEBAR,
    )
    st.html(_STYLE)
    if finished := current_run.use_finished_run():
        st.toast(f"**{plain(finished)}** is ready to dream.", icon=":material/check:")
    with st.sidebar:
        for name, (title, icon, text) in PAGES.items():
            st.page_link(pages[name], label=title, icon=icon, help=text, query_params=now.query() or None)
        if now.current() is not None:
            st.page_link(class_page, label="Lesson", icon=":material/groups:", query_params=now.query())
    _script.framed = True
    try:
        with st.sidebar:
            _status()
        banner.draw()
        page.run()
    except Refused as error:  # what no part of the page took for its own: the rest of the lab goes on
        st.error(f"This page can't be shown: {plain(error)}.")
    finally:  # the next run may again begin without the entrypoint
        _script.framed = False


def ensure() -> None:
    """First line of every page. With a pages/ folder, a fresh server answers a deep link by running the page
    without the entrypoint (as AppTest does at every run): then draw the whole app, and stop the bare page."""
    if not getattr(_script, "framed", False):
        run()
        st.stop()


def _status() -> None:
    """In the sidebar: the model in use, this visitor's training, and what the server has to say."""
    st.caption(f"**Model in use**  \n{current_model.current().line}")
    active = _training_line() is not None
    st.fragment(_training, run_every=LOOK if active else None)(active)
    for sentence in (server.lab().trouble, server.lab().notice):
        if sentence:
            st.warning(sentence, icon=":material/save:")
    with st.popover("Settings", icon=":material/settings:"):
        show.format_choice()
    visitor.remember()


def _training(active: bool) -> None:
    """The line on this visitor's training; it looks again only while one waits or runs."""
    line = _training_line()
    if active and line is None:
        st.rerun()  # it has ended: its model comes into use
    if line is not None:
        st.caption(line)
    elif (paused := current_run.progress()) is not None and paused.status == "paused":
        st.caption(f":material/pause: Paused at epoch {paused.epoch} of {paused.epochs}")


def _training_line() -> str | None:
    progress = current_run.progress()
    if progress is None or not progress.active:
        return None
    if progress.status == "waiting" and progress.message:
        return f":material/layers: {plain(progress.message)}"
    if progress.place is not None:
        return f":material/hourglass_top: Waiting: place {progress.place} in the queue"
    return f":material/hourglass_top: Training: epoch {progress.epoch} of {progress.epochs}"
