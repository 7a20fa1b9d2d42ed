"""One real step of CD-1, as the model in use would make it for one of its images: what a hidden unit's wires learn.

The four phases of the small machine (Learn, chapter 5), for one hidden unit j of a large one:

    ΔW_j = v₀ p(h_j | v₀) - v₁ p(h_j | v₁)
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app import current_model, show, two_phases
from rbm.app.current_model import NamedModel
from rbm.app.text import plain
from rbm.app.two_phases import Captioned
from rbm.models.arrays import Array, as_unit_interval
from rbm.training.phases import Phases
from rbm.training.small import CdParts, cd_parts


def parts_of(named: NamedModel, image: Array, draw: int) -> CdParts:
    """The step for `image` (pixels,), grey levels as they are; `draw` is the seed of what is drawn."""
    return cd_parts(named.marginal, image, np.random.default_rng(draw))


def strongest(parts: CdParts) -> int:
    """The unit whose probability the dream changes most: the one that learns most."""
    return int(np.abs(parts.mean_h0[0] - parts.mean_h1[0]).argmax())


def figure(named: NamedModel, parts: CdParts, unit: int) -> list[Captioned]:
    """Six pictures with their captions: image, positive phase, dream, negative phase, change, the wires as they are."""
    v0, v1, shape = parts.v0[0], parts.v1[0], named.shape
    up, down = float(parts.mean_h0[0, unit]), float(parts.mean_h1[0, unit])
    positive, negative, change = two_phases.tiles(
        Phases(parts.v0, parts.mean_h0, parts.v1, parts.mean_h1).of_unit(unit), shape,
        (f"Positive: v₀ · {up:.2f}, as p(h | v₀) = {up:.2f}", f"Negative: v₁ · {down:.2f}, as p(h | v₁) = {down:.2f}",
         "ΔW / η: red wires grow, blue ones shrink"), limit=1.0,
    )  # fmt: skip
    return [
        two_phases.grey(v0, shape, "v₀: the picture"),
        positive,
        two_phases.grey(v1, shape, "v₁: what it dreams, one sweep later"),
        negative,
        change,
        two_phases.signed(named.marginal.weights[:, unit], shape, f"The wires of hidden unit {unit} now"),
    ]


def panel(key: str = "one_step") -> None:
    """The step of the model in use, with a choice of digit and hidden unit."""
    named = current_model.current()
    data = named.dataset
    if data is None:
        st.caption(
            f"There are no images here that fit {plain(named.name)}: bring some on the Data page, and see its step."
        )
        return
    if named.model.pixel_kind != "binary":
        st.caption(f"The pixels of {plain(named.name)} are grey levels: choose a machine of black and white ones.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        digit = st.number_input("Image", 0, len(data.test_images) - 1, 0, key=f"{key}_image", width=150)
        draw = st.number_input("Dream", 1, 1000, 1, key=f"{key}_draw", width=150, help="Another number, other draws.")
        parts = parts_of(named, as_unit_interval(data.test_images[int(digit)][None])[0], int(draw))
        unit = st.number_input(
            "Hidden unit", 0, named.model.n_hidden - 1, None, key=f"{key}_unit", width=250,
            placeholder="the one that learns most", help="Empty: the unit whose probability the dream changes most.",
        )  # fmt: skip
    with st.grid(6, min_column_width=120):
        for picture, caption in figure(named, parts, strongest(parts) if unit is None else int(unit)):
            show.picture(picture, caption)
    st.caption(
        f"**{plain(named.name)}**: one of the {named.model.n_hidden} columns of $\\Delta W$, for one image. A batch "
        f"averages such steps."
    )
