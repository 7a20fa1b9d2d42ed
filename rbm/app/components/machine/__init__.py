"""The machine of the Learn page, drawn in the browser. Python sends tables; the browser looks them up and draws lots.

Every probability that it shows comes from here; what it adds up are the numbers that it reads out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from rbm.errors import BadValue

_HERE = Path(__file__).parent
_PARTS = ("network", "panels", "tables", "film", "machine")  # one script, in this order
_STATE = re.compile(r"([0-9]|1[0-5])\|([0-7])")

_component = st.components.v2.component(
    "rbm_machine",
    html=(_HERE / "machine.html").read_text(),
    css=(_HERE / "machine.css").read_text(),
    js="\n".join((_HERE / f"{part}.js").read_text() for part in _PARTS),
)


def machine(data: dict[str, Any], *, key: str, on_check: Callable[[], None] | None = None) -> None:
    """Draw it. `data`: see rbm/app/learn_page/numbers.py. `on_check` is called when *Check* has sent a state."""
    _component(key=key, data=data, on_check_change=on_check or (lambda: None))


def checked(key: str) -> tuple[int, int]:
    """The state (v, h) that *Check* has sent, as numbers of rows and columns. Raises BadValue for anything else."""
    return read_state(st.session_state[key].get("check"))


def read_state(sent: object) -> tuple[int, int]:
    found = _STATE.fullmatch(sent) if isinstance(sent, str) else None
    if found is None:
        raise BadValue("the state that arrived is none of this machine's; press Check again")
    return int(found[1]), int(found[2])
