"""Generated images whose rule is known, of any size: made, looked at, kept, trained on."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rbm.app.data_page.upload import offer
from rbm.app.remembered import remembered
from rbm.app.text import plain
from rbm.datasets import generated
from rbm.datasets.dataset import SPLIT_SEED, Dataset
from rbm.datasets.upload.options import check_total
from rbm.errors import Refused

KINDS = {"bars-and-stripes": "Bars and stripes", "shifter": "Shifter", "mixture": "Mixture"}
_RULES = {
    "bars-and-stripes": "Whole rows or whole columns are on. Does a model learn never to mix the two?",
    "shifter": "Random pixels above the same row moved to the left, not at all, or to the right. No two pixels "
    "alone tell which, so hidden units have to look at three.",
    "mixture": "Copies of a few random patterns, with some pixels flipped. A good model finds the patterns.",
}
SIDE, MOST = 64, 60_000  # pixels; images of a part


def generate() -> None:
    """What to make, and how that looks."""
    kind = st.segmented_control(
        "Pattern",
        list(KINDS),
        default="bars-and-stripes",
        required=True,
        format_func=KINDS.__getitem__,
        key="made_kind",
    )
    st.caption(_RULES[kind])
    left, right = st.columns([2, 3], gap="large")
    with left:
        how = _size(kind) | _rest(kind)
    height, width = how.get("shape") or (2, how["width"])
    with right:
        try:
            check_total(how["train"] + how["test"], (height, width))
        except Refused as error:
            st.error(f"This can't be made: {plain(error)}.", icon=":material/error:")
            return
        offer(_made(kind, tuple(how.items())), f"{KINDS[kind]} {height} × {width}", "made")


@remembered("Making the images")
def _made(kind: str, how: tuple[tuple[str, Any], ...]) -> Dataset:
    return generated.MAKERS[kind](**dict(how))


def _size(kind: str) -> dict[str, Any]:
    """The arguments of the maker that say how large the images are."""
    with st.grid(2, min_column_width=120):
        if kind == "shifter":
            return {"width": _whole("Width", 3, SIDE, 8, "made_width_shifter", "In pixels.")}
        height, width = generated.SHAPES[kind]
        height = _whole("Height", 1, SIDE, height, f"made_height_{kind}", "In pixels.")
        return {"shape": (height, _whole("Width", 1, SIDE, width, f"made_width_{kind}", "In pixels."))}


def _rest(kind: str) -> dict[str, Any]:
    """The other arguments."""
    how: dict[str, Any] = {}
    with st.grid(2, min_column_width=120):
        if kind == "mixture":
            how["n_classes"] = _whole("Patterns", 1, 20, 5, "made_classes", "How many there are to find.")
            how["noise"] = st.number_input(
                "Flipped pixels", 0.0, 0.5, 0.1, 0.05, key="made_noise", help="Share of the pixels that chance flips."
            )
        how["train"] = _whole("Training images", 1, MOST, 2000, "made_train", "The model learns from these.")
        how["test"] = _whole("Held-out images", 1, MOST, 500, "made_test", "Never trained on.")
        how["seed"] = _whole("Seed", 0, 2**31, SPLIT_SEED, "made_seed", "Another seed makes other images.")
    return how


def _whole(label: str, low: int, high: int, first: int, key: str, help: str) -> int:
    return int(st.number_input(label, low, high, first, key=key, help=help))
