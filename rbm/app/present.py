"""For a projector: no sidebar, larger type, and every page's question, main picture and main button in view."""

from __future__ import annotations

import streamlit as st

from rbm.app import places
from rbm.app.lessons import now

_KEY = "present"
_MENU = "present_menu"

# Of the words below a title only the question stays. `--rbm-tall` reaches into components: how high a picture may be.
# A screen that is low, as at a zoom of 150 %, shows all a fifth smaller than that, which is still larger than usual.
_STYLE = """<style>
:root { --rbm-tall: calc(100vh - 15rem) }
html { font-size: 19px }
@media (max-height: 600px) {
  html { font-size: 16px } :root { --rbm-tall: calc(125vh - 15rem) }
  [data-testid="stMainBlockContainer"] { zoom: 0.8 } }
[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none }
[data-testid="stMainBlockContainer"] { max-width: none; padding: 0.6rem 2rem 1rem }
[data-testid="stMainBlockContainer"] h1 { font-size: 1.7rem }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: 0.6rem }
[data-testid="stElementContainer"]:has(h1) + [data-testid="stElementContainer"] p { font-size: 0; line-height: 0 }
[data-testid="stElementContainer"]:has(h1) + [data-testid="stElementContainer"] p > strong:first-child {
  font-size: 1.25rem; line-height: 1.4 }
[data-testid="stElementContainer"]:has(h1) + [data-testid="stElementContainer"] [data-testid="stTooltipIcon"] {
  display: none }
.st-key-present_menu { position: fixed; top: 0.3rem; right: 3.5rem; width: auto !important; z-index: 1000000 }
</style>"""


def switch() -> None:
    """For the sidebar."""
    st.toggle(
        "Present", key=_KEY, persist_state="session",
        help="For a projector: no sidebar, larger type, and each page's picture and button on one screen.",
    )  # fmt: skip


def stage(page: str) -> None:
    """While one presents: the style, and a menu in place of the sidebar, which a change of the page closes."""
    if not st.session_state.get(_KEY):
        return
    st.html(_STYLE)
    with st.container(key=_MENU), st.popover("Pages", icon=":material/menu:", key=f"{_MENU}_{page}"):
        st.button("Stop presenting", icon=":material/close_fullscreen:", on_click=_stop, key="present_stop")
        for name, place in places.ALL.items():
            st.page_link(f"pages/{name}.py", label=place.title, icon=place.icon, query_params=now.query() or None)


def _stop() -> None:
    st.session_state[_KEY] = False
