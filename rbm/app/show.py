"""Pictures and charts onto the page, always with their alternative text and a stable key."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from rbm.app.charts import Chart
from rbm.app.pictures import Picture

SIGNED = "(red above zero, blue below)"  # at the end of what such a picture says of itself: a style sheet looks for it
_CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "lasso2d", "select2d", "autoScale2d"],
}
_FORMAT = "chart_format"
_TOLD = "data_told"


def chart(drawn: Chart, key: str) -> None:
    st.plotly_chart(drawn.figure, key=key, alt=drawn.alt, config=_config(key))


def selectable(drawn: Chart, key: str) -> list[int]:
    """A chart whose points are chosen by a click: the `customdata` of those that are."""
    event = st.plotly_chart(
        drawn.figure, key=key, alt=drawn.alt, config=_config(key), on_select="rerun", selection_mode="points"
    )
    data = [point.get("customdata") for point in event.selection.points]
    return [int(one[0] if isinstance(one, list) else one) for one in data if one is not None]


def _config(key: str) -> dict[str, Any]:
    saved = {"format": st.session_state.get(_FORMAT, "PNG").lower(), "filename": key.replace("_", "-"), "scale": 2}
    return _CONFIG | {"toImageButtonOptions": saved}


def picture(
    drawn: Picture, caption: str | None = None, *, width: int | Literal["content", "stretch"] = "stretch"
) -> None:
    alt = f"{drawn.alt} {SIGNED}" if drawn.signed else drawn.alt
    st.image(drawn.png, caption=caption, alt=alt, width=width)


def format_choice() -> None:
    """For the sidebar: what the camera above a chart saves."""
    st.segmented_control(
        "Save charts as",
        ["PNG", "SVG"],
        default="PNG",
        required=True,
        key=_FORMAT,
        persist_state="session",
        help="The camera that appears above a chart saves it: **PNG** for slides, **SVG** for print. Pictures made of "
        "pixels are PNG: open the menu on one to save it. The arrow above a table saves it as CSV.",
    )


def message_later(sentence: str) -> None:
    """Say it once: at the top of what comes next, the Data or the Train page."""
    st.session_state[_TOLD] = sentence


def pending_message() -> None:
    if sentence := st.session_state.pop(_TOLD, None):
        st.info(sentence, icon=":material/info:")
