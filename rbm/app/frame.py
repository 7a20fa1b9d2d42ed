"""The frame of every page: navigation, the guard against Streamlit's cold deep links, the model in use."""

from __future__ import annotations

import streamlit as st

from rbm.app import current_model, current_run, pictures, server, show, visitor

_FLAG = "inside_frame"

# Streamlit writes white on the primary colour. In the dark that colour is light, as text of it must be legible too.
_STYLE = """<style>
[data-testid^="stBaseButton-primary"] { color: light-dark(#fff, #12141c) }
[data-testid^="stBaseButton-primary"]:is(:hover, :focus, :active) {
  background-color: light-dark(#263d8c, #b4c4ff) !important }
</style>"""

PAGES = {
    "home": ("Home", ":material/home:", "What an RBM is, and what each page does."),
    "data": ("Data", ":material/photo_library:", "Look at the images that models learn from, or bring your own."),
    "train": ("Train", ":material/model_training:", "Train an RBM on real digits and watch the error fall."),
    "reconstructions": ("Reconstructions", ":material/compare:", "Digits beside what the model makes of them."),
    "filters": ("Filters", ":material/grid_view:", "What each hidden unit looks for."),
    "activations": ("Activations", ":material/blur_on:", "Which hidden units answer to which digit."),
    "runs": ("Runs", ":material/table_rows:", "Your trainings: compare, keep, download, bring back."),
    "sample": ("Sample", ":material/draw:", "Draw a digit and watch the Gibbs chain dream from it."),
}


def run() -> None:
    """Draw the navigation, the sidebar and the page that the address asks for."""
    pages = [
        st.Page(f"pages/{name}.py", title=title, icon=icon, help=text, default=name == "home")
        for name, (title, icon, text) in PAGES.items()
    ]
    page = st.navigation(pages)
    st.set_page_config(page_title=f"{page.title} · RBM Lab", page_icon=pictures.favicon(), layout="wide")
    st.html(_STYLE)
    current_run.use_finished_run()
    _sidebar()
    st.session_state[_FLAG] = True
    try:
        page.run()
    finally:  # the next run may again begin without the entrypoint
        del st.session_state[_FLAG]


def ensure() -> None:
    """First line of every page. With a pages/ folder, a fresh server answers a deep link by running the page
    without the entrypoint (as AppTest does at every run): then draw the whole app, and stop the bare page."""
    if not st.session_state.get(_FLAG):
        run()
        st.stop()


def _sidebar() -> None:
    with st.sidebar:
        st.caption(f"**Model in use**  \n{current_model.current().line}")
        job = server.lab().job(current_run.run_id() or "")
        if job is not None and job.progress().active:
            progress = job.progress()
            st.caption(f":material/hourglass_top: Training: epoch {progress.epoch} of {progress.epochs}")
        for sentence in (server.lab().trouble, server.lab().notice):
            if sentence:
                st.warning(sentence, icon=":material/save:")
        show.format_choice()
        visitor.remember()
