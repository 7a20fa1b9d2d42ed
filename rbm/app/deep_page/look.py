"""Look up, then down: a picture, and what comes back of it from each depth."""

from __future__ import annotations

import numpy as np
import streamlit as st

from rbm.app import kept, pictures, show
from rbm.app.deep_page import tower
from rbm.app.deep_page.nets import NamedNet
from rbm.app.glossary import define
from rbm.app.pictures import Picture
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.measures import diagnostics
from rbm.models.arrays import Array, as_unit_interval
from rbm.models.notebook import near_square

TILE, EXCITING = 168, 12
COUNTED = ("no layer", "one layer", "two layers", "three layers", "four layers", "five layers")


def section(named: NamedNet, data: Dataset) -> None:
    st.header("Look up, then down", anchor=False)
    st.markdown(
        "A picture climbs to a layer and comes back down: what is left of it is what that layer knows.",
        help=define("reconstruction error", "held-out"),
    )
    image, name = _chosen(data)
    backs = [(depth, named.net.reconstruct(image, depth)) for depth in range(1, named.net.depth + 1)]
    with st.container(horizontal=True, gap="medium"):
        show.picture(_tile(image, data, name), name, width=TILE)
        for depth, back in backs:
            error = float(diagnostics.squared_error(image, back)[0])
            words = f"up {_layers(depth)} and down: error **{error:.1f}**"
            show.picture(_tile(back, data, f"{name} from depth {depth}"), words, width=TILE)
    _reads(named, data, image, name)
    _says(named, image, tower.looked_at(named))


def _chosen(data: Dataset) -> tuple[Array, str]:
    """The picture (1, pixels) to look at, and what to call it."""
    drawn = kept.normalised(data.shape)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = len(data.test_images)
        number = st.number_input(
            f"Held-out image (1 to {count:,})", 1, count, key="deep_digit", bind="query-params", width=240
        )
        own = drawn is not None and st.toggle(
            "My drawing instead", key="deep_drawing", help="What you drew on the Sample page."
        )
    if own and drawn is not None:
        return drawn[None], "Your drawing"
    label = int(data.test_labels[int(number) - 1])
    name = f"A {plain(data.class_name(label))}" if data.labelled else "The image"
    return as_unit_interval(data.test_images[[int(number) - 1]]), name


def _tile(image: Array, data: Dataset, alt: str) -> Picture:
    return pictures.single(pictures.grey(image, data.shape), alt, TILE)


def _layers(depth: int) -> str:
    return COUNTED[depth] if depth < len(COUNTED) else f"{depth} layers"


def _reads(named: NamedNet, data: Dataset, image: Array, name: str) -> None:
    """What the top reads in the picture, where it knows names."""
    if not named.net.n_classes:
        return
    chances = np.exp(named.net.class_log_probabilities(image)[0])
    first, second = np.argsort(-chances, kind="stable")[:2]
    sure = f"{min(chances[first], 0.999):.1%}" if chances[first] > 0.99 else f"{chances[first]:.0%}"
    rest = "" if chances[second] < 0.01 else f", or a **{second}** ({chances[second]:.0%})"
    st.markdown(f"{name}: the top reads a **{first}**, {sure} sure{rest}.")


def _says(named: NamedNet, image: Array, depth: int) -> None:
    """What the layer looked at says of the picture."""
    means = named.net.up(image, depth)[0]
    best = np.argsort(-means, kind="stable")[:EXCITING]
    left, right = st.columns([1, 4], gap="medium", vertical_alignment="center")
    with left:
        shape = near_square(len(means))
        alt = f"Probabilities of the {len(means)} units of layer {depth}, mean {means.mean():.0%}"
        show.picture(pictures.single(pictures.sequential(means, shape), alt, TILE), f"layer {depth}: yellow is on")
    with right:
        words = f"The {len(best)} units of **layer {depth}** that it excites most, by their receptive fields"
        show.picture(tower.fields_of(named, depth, best, EXCITING), words)
