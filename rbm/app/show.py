"""Pictures and charts onto the page, always with their alternative text and a stable key."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from rbm.app.figures import Chart, Picture

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"]}


def chart(drawn: Chart, key: str) -> None:
    st.plotly_chart(drawn.figure, key=key, alt=drawn.alt, config=_CONFIG)


def picture(
    drawn: Picture, caption: str | None = None, *, width: int | Literal["content", "stretch"] = "stretch"
) -> None:
    st.image(drawn.png, caption=caption, alt=drawn.alt, width=width)
