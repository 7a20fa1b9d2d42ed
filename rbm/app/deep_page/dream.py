"""Dream from the top: chains of the top two layers, and all layers of the first of them in step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm.app import pictures
from rbm.app.components import sprite
from rbm.app.components.player import Side, player
from rbm.app.deep_page.nets import NamedNet
from rbm.app.glossary import define, help_text
from rbm.app.remembered import remembered
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import Refused
from rbm.models.arrays import Array, as_unit_interval, bernoulli
from rbm.models.deep_film import DeepFilm, film_of
from rbm.models.notebook import near_square
from rbm.runs import budget

CHAINS, FRAMES, STEPS, MOST_STEPS = 16, 101, 200, 1000
SHADES = 16  # of a unit's probability, in a film
UNIT, PIXEL = 6, 3  # pixels of the screen, for a unit and for a pixel of the picture
DIGITS, NOISE = "Held-out digits", "Noise"
LETTERS = "0123456789"
MOST_SEED = 2**31


@dataclass(frozen=True)
class Wish:
    """What is asked of the dream: of which class (None: any), begun at `start`."""

    label: int | None
    start: str
    steps: int
    seed: int


class Shown(NamedTuple):
    """What the player plays: the pixels of all chains, and every layer of the first chain beside it, the top first."""

    film: sprite.Sprite
    captions: list[str]
    labels: list[str]
    sides: tuple[Side, ...]


def section(named: NamedNet, data: Dataset) -> None:
    wish = controls(named)
    try:
        budget.check_dream(CHAINS, wish.steps, *named.net.top.joint.weights.shape)
        shown = _shown(named.fingerprint, data.fingerprint, wish, named, data)
    except Refused as error:
        st.error(f"No dream: {plain(error)}.", icon=":material/error:")
        return
    asked = "of any class" if wish.label is None else f"of class {wish.label}"
    alt = f"{CHAINS} dreams {asked} from the top of {named.name}, as a film of {wish.steps} sweeps"
    player(shown.film, shown.captions, shown.labels, alt=alt, key="deep_player", speed=10, sides=shown.sides)


def controls(named: NamedNet) -> Wish:
    with st.container(horizontal=True, vertical_alignment="bottom", key="deep_controls"):
        label = _class_choice(named)
        start = st.segmented_control(
            "Begin at", [DIGITS, NOISE], default=DIGITS, required=True, key="deep_start", bind="query-params",
            help="Held-out digits of every class climb to the top, and the dream goes on from there. Or noise with "
            "the ink of the average digit: from even noise a deep net may take thousands of sweeps.",
        )  # fmt: skip
        steps = st.slider(
            "Sweeps", 1, MOST_STEPS, STEPS, key="deep_steps", bind="query-params", width=120,
            help=help_text("How long the top dreams.", "sweep"),
        )  # fmt: skip
        st.button("Dream again", icon=":material/play_arrow:", on_click=_another, key="deep_again",
            help="The same wish, other random numbers.")  # fmt: skip
    return Wish(label, str(start), int(steps), int(st.session_state.get("deep_seed", 0)))


def _class_choice(named: NamedNet) -> int | None:
    if not named.net.n_classes:
        return None
    choice = st.segmented_control(
        "Dream of class", ["Any", *map(str, range(named.net.n_classes))], default="Any", required=True,
        key="deep_class", bind="query-params", wrap=True,
        help="The top learned the digits' names too: held to one, it dreams of nothing else.\n\n"
        + define("class units"),
    )  # fmt: skip
    return None if choice == "Any" else int(str(choice))


def _another() -> None:
    st.session_state["deep_seed"] = (int(st.session_state.get("deep_seed", 0)) + 1) % MOST_SEED


def beginning(data: Dataset, wish: Wish) -> Array:
    """Images (CHAINS, pixels) in [0, 1] on which the chains begin."""
    if wish.start == NOISE:
        ink = as_unit_interval(data.train_images).mean(axis=0, dtype=np.float64)
        return bernoulli(np.broadcast_to(ink, (CHAINS, len(ink))), np.random.default_rng([wish.seed, 0]))
    places = [np.flatnonzero(data.test_labels == k) for k in np.unique(data.test_labels)]
    turns = [(places[i % len(places)], i // len(places)) for i in range(CHAINS)]
    chosen = [place[turn % len(place)] for place, turn in turns]
    return as_unit_interval(data.test_images[chosen])


def film(named: NamedNet, data: Dataset, wish: Wish) -> DeepFilm:
    """The dream that is wished for. Raises BadValue for a class that isn't there."""
    rng = np.random.default_rng([wish.seed, 1])
    return film_of(named.net, beginning(data, wish), wish.steps, rng, wish.label, CHAINS * FRAMES)


@remembered("Dreaming")
def _shown(fingerprint: str, images: str, wish: Wish, _named: NamedNet, _data: Dataset) -> Shown:
    dreamt = film(_named, _data, wish)
    pixels = dreamt.layers[0].means
    captions = [f"Sweep {i} of {wish.steps}" for i in dreamt.sweeps]
    captions[0] = f"Where it begins: {wish.start.lower()}"
    labels = [] if dreamt.classes is None or wish.label is not None else [_letters(row) for row in dreamt.classes]
    sides = tuple(_side(_named, dreamt, level) for level in range(_named.net.depth, -1, -1))
    return Shown(sprite.of(pixels, _named.shape), captions, labels, sides)


def _letters(classes: NDArray[np.int64]) -> str:
    return "".join(LETTERS[label % 10] for label in classes)


def _side(named: NamedNet, dreamt: DeepFilm, level: int) -> Side:
    """One layer of the first chain."""
    means = dreamt.layers[level].means[:, :1]
    alt = f"The first dream: {named.sizes[level]:,} {'units' if level else 'pixels'} of layer {level}"
    title, text = _words(named, level)
    if not level:
        return Side(sprite.of(means, named.shape), len(means), alt, title, text, PIXEL)
    levels = np.rint(means / 255 * (SHADES - 1)).astype(np.uint8)
    drawn = sprite.of(levels, near_square(named.sizes[level]), _palette())
    return Side(drawn, len(means), alt, title, text, UNIT)


def _palette() -> NDArray[np.uint8]:
    """The colours of a unit's probability."""
    return pictures.sequential(np.linspace(0, 1, SHADES)[:, None], (1, 1)).reshape(-1, 3)


def _words(named: NamedNet, level: int) -> tuple[str, str]:
    """What to say of a layer: a title and a text."""
    units, depth = f"{named.sizes[level]:,}", named.net.depth
    if level == depth:
        asked = ", held to the class you ask for" if named.net.n_classes else ""
        return f"The top: {units} units", f"Here the dream is dreamt, to and fro with the layer below{asked}."
    if level == depth - 1 and level:
        return f"Below it: {units} units", "Redrawn from the top at every sweep, and the top from them."
    if level:
        return f"Layer {level}: {units} units", "On the way down: drawn from the layer above."
    return f"The pixels: {units}", "Only painted: no pixel ever answers. This is the first dream of the sixteen."
