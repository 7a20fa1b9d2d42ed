"""What the Sample page is made of: where a chain starts, how it runs, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit_drawable_canvas import st_canvas

from rbm import datasets, ink
from rbm.app import controls, figures, show
from rbm.app.player import player
from rbm.app.session import NamedModel
from rbm.model import Array
from rbm.sampling import chain

CANVAS, THUMBNAIL = 264, 112
FILM = 20
DRAW, DIGIT, NOISE = "Draw", "A test digit", "Noise"


@dataclass(frozen=True)
class Settings:
    steps: int
    temperature: float
    seed: int
    means: bool


@dataclass(frozen=True, eq=False)
class Frames:
    """A chain: `images` (steps + 1, pixels) as shown, and the free energy of each state (steps + 1,)."""

    images: Array
    free_energy: NDArray[np.floating]


def source_choice(named: NamedModel) -> str:
    sources = [DRAW, DIGIT, NOISE] if named.dataset else [DRAW, NOISE]
    choice = st.segmented_control(
        "Start from", sources, default=DRAW, required=True, key="dream_source", persist_state="session"
    )
    return str(choice)


def start(named: NamedModel, source: str) -> Array | None:
    """The image (pixels,) that the chain starts from; None as long as nothing is drawn."""
    if source == DRAW:
        return _drawing(named)
    if source == DIGIT and named.dataset is not None:
        return _test_digit(named)
    rng = np.random.default_rng(int(st.session_state.get("dream_seed", 0)))
    noise = rng.integers(0, 2, named.model.n_visible).astype(np.float32)
    _thumbnail(noise, named, "every pixel a coin toss")
    return noise


def _drawing(named: NamedModel) -> Array | None:
    version = st.session_state.setdefault("dream_canvas", 0)
    st.space("small")  # the canvas shows its toolbar there
    row = st.container(horizontal=True, gap="small")
    board, side = row.container(width=CANVAS), row.container(width=THUMBNAIL + 16)
    with side:
        width = st.slider("Brush width", 8, 40, 20, key="dream_brush", persist_state="session")
        st.button("Clear", icon=":material/delete:", on_click=_clear_canvas, help="Empty the black square.")
    with board:
        drawing = st_canvas(
            stroke_width=width,
            stroke_color="#ffffff",
            background_color="#000000",
            width=CANVAS,
            height=CANVAS,
            return_image_data=True,
            key=f"canvas_{version}",
        )
    pixels = drawing.image_data
    if pixels is None:
        return None
    seen = ink.normalise(pixels[..., 0] / 255.0 * (pixels[..., 3] / 255.0), named.shape)
    if seen is not None:
        with side:
            _thumbnail(seen, named, "what the model sees")
    return seen


def _clear_canvas() -> None:
    st.session_state["dream_canvas"] += 1


def _test_digit(named: NamedModel) -> Array:
    assert named.dataset is not None
    only = controls.class_filter(named.dataset, "dream_digit")
    candidates = controls.members(named.dataset, "Held-out", only)
    number = st.number_input(f"Which one (1 to {len(candidates)})", 1, len(candidates), key="dream_number")
    digit: Array = datasets.as_unit_interval(named.dataset.test_images[candidates[[int(number) - 1]]])[0]
    _thumbnail(digit, named, "the start")
    return digit


def _thumbnail(image: Array, named: NamedModel, caption: str) -> None:
    show.picture(figures.single(figures.grey(image, named.shape), caption, THUMBNAIL), caption, width=THUMBNAIL)


def settings() -> Settings:
    left, right = st.columns(2)
    steps = left.slider(
        "Sweeps", 1, 500, 100, key="dream_steps", persist_state="session",
        help="Length of the chain. One sweep updates all hidden, then all visible units.",
    )  # fmt: skip
    temperature = right.slider(
        "Temperature", 0.2, 3.0, 1.0, 0.05, key="dream_temperature", persist_state="session",
        help="1 is the model itself. Lower: it sticks to its favourite pictures. Higher: they melt into noise.",
    )  # fmt: skip
    seed = left.number_input(
        "Seed", 0, 2**31, key="dream_seed", persist_state="session",
        help="Start of the random numbers: another seed, another dream.",
    )  # fmt: skip
    means = right.toggle(
        "Show probabilities", True, key="dream_means", persist_state="session",
        help="On: the grey probability each pixel was drawn from. Off: the drawn black and white pixels.",
    )  # fmt: skip
    return Settings(int(steps), float(temperature), int(seed), bool(means))


def run(named: NamedModel, image: Array, chosen: Settings) -> Frames:
    """The chain from `image` under the settings; the first frame is the start itself."""
    rng = np.random.default_rng(chosen.seed)
    sweeps = list(chain(named.model, image[None], chosen.steps, rng, temperature=chosen.temperature))
    states = np.concatenate([image[None], *(sweep.visible for sweep in sweeps)])
    shown = np.concatenate([image[None], *(sweep.mean for sweep in sweeps)]) if chosen.means else states
    return Frames(shown, named.model.free_energy(states))


def play(named: NamedModel, frames: Frames) -> None:
    captions = [f"sweep {i} · free energy {value:.0f} nats" for i, value in enumerate(frames.free_energy)]
    tiles = figures.grey(frames.images, named.shape)
    player(tiles, captions, alt=f"A Gibbs chain of {len(captions) - 1} sweeps, as a film", key="dream_player")


def film_strip(named: NamedModel, frames: Frames) -> None:
    """At most 20 frames, evenly apart."""
    last = len(frames.images) - 1
    chosen = np.unique(np.linspace(0, last, min(FILM, last + 1)).round().astype(int))
    tiles = figures.grey(frames.images[chosen], named.shape)
    alt = f"{len(chosen)} frames of the chain, from sweep 0 to sweep {last}"
    scale = 2 if named.shape[1] > 16 else 6
    show.picture(figures.mosaic(tiles, FILM // 2, alt, scale=scale), f"Film strip: sweep 0 to {last}, evenly apart")


def energy_chart(frames: Frames) -> None:
    sweeps = np.arange(len(frames.free_energy))
    chart = figures.curve(sweeps, frames.free_energy, "Free energy along the chain", "sweep", "free energy (nats)")
    show.chart(chart, key="dream_energy")
    st.caption(
        "Lower is likelier. A drawing usually starts high, drops within a few sweeps to what the model knows, and then "
        "wanders at the level of real digits."
    )
