"""A component of ours from the files beside this one that have its name: .html, .css and .js."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent


def component(name: str) -> Any:
    """What Streamlit makes of name.html, name.css and name.js: a function that draws it."""
    html, css, js = ((HERE / f"{name}.{kind}").read_text() for kind in ("html", "css", "js"))
    return st.components.v2.component(f"rbm_{name}", html=html, css=css, js=js)
