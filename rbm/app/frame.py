"""The frame of every page: navigation, the guard against Streamlit's cold deep links, the model in use."""

from __future__ import annotations

import threading

import streamlit as st

from rbm.app import addresses, again, current_model, current_run, pictures, places, present, server, show, visitor
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

# The zero of a signed picture is white, a glare in the dark; inverted, and its hues turned back, it is black.
_NO_GLARE = f'<style>img[alt$="{show.SIGNED}"] {{ filter: invert(1) hue-rotate(180deg) }}</style>'

_script = threading.local()  # of the thread that runs the script; session state refuses changes after st.stop()


def run() -> None:
    """Draw the sidebar and the page that the address asks for."""
    addresses.take_out_impossible()
    # With an icon, a page makes the browser ask an outside host for a picture of it; so the links have them instead.
    pages = {
        name: st.Page(f"pages/{name}.py", title=place.title, default=name == "home")
        for name, place in places.ALL.items()
    }
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
    if st.context.theme.type == "dark":
        st.html(_NO_GLARE)
    if finished := current_run.use_finished_run():
        st.toast(f"**{plain(finished)}** is ready to dream.", icon=":material/check:")
    with st.sidebar:
        for group, inside in places.GROUPS.items():
            st.caption(group)
            for name, place in inside.items():
                query = now.query() or None
                st.page_link(pages[name], label=place.title, icon=place.icon, query_params=query)  # a help covers links
        if now.current() is not None:
            st.page_link(class_page, label="Lesson", icon=":material/groups:", query_params=now.query())
    present.stage(page.title)
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
    again.every(LOOK if active else None, _training)(active)
    for sentence in (server.lab().trouble, server.lab().notice):
        if sentence:
            st.warning(sentence, icon=":material/save:")
    with st.popover("Settings", icon=":material/settings:"):
        present.switch()
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
