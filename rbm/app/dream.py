"""The dream itself: its settings, the chains (run once per choice and kept), and the film of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm import blas, clamping, dreams, features, mixing, reels
from rbm.app import figures, senses, show
from rbm.app.player import player
from rbm.app.session import NamedModel
from rbm.app.studio import DRAW, PAINTED, Start
from rbm.clamping import REGIONS
from rbm.dreams import Film, Plan
from rbm.features import NONE
from rbm.label import LabelRBM
from rbm.model import RBM, Array

NOTHING, INK, RECTANGLE = "Nothing", "The ink", "A rectangle"
SCHEDULES = {"Steady": "steady", "Cooling down": "cooling", "Annealed restarts": "restarts"}
FILM_ROWS, FILM_COLUMNS = 10, 20
MOST_LABELS = 25  # chains whose digits are written into the film
LETTERS = "0123456789"


@dataclass(frozen=True)
class Wish:
    """What the controls ask for. `hold`: what is held fixed; `label`: the class that is, in a model that has them."""

    plan: Plan
    means: bool
    hold: str
    rows: tuple[int, int]
    columns: tuple[int, int]
    label: int | None


@dataclass(frozen=True, eq=False)
class Dream:
    """A film and what is measured on it. `pixels` (kept, n, pixels) as shown; `labels` (kept, n) or None without a
    reader; `free_energy`, `distance` (kept, n)."""

    film: Film
    pixels: NDArray[np.uint8]
    free_energy: NDArray[np.float64]
    distance: NDArray[np.int64]
    memory: mixing.Memory
    labels: NDArray[np.int64] | None


def wishes(named: NamedModel, source: str) -> Wish:
    """The controls. Raises ValueError for what can't be."""
    height, width = named.shape
    with st.grid(4, min_column_width=150):
        chains = st.slider("Chains", 1, dreams.MOST_CHAINS, 16, key="dream_chains", bind="query-params",
            help="How many chains run side by side, each with its own random numbers.")  # fmt: skip
        steps = st.slider("Sweeps", 1, dreams.MOST_STEPS, 200, key="dream_steps", bind="query-params",
            help="Length of a chain. One sweep updates all hidden, then all visible units.")  # fmt: skip
        temperature = st.slider("Temperature", 0.2, 3.0, 1.0, 0.05, key="dream_temperature", bind="query-params",
            help="1 is the model itself. Lower: it sticks to its favourite pictures. Higher: they melt into noise.",
        )  # fmt: skip
        regions = [NOTHING, *REGIONS, INK, RECTANGLE, *([PAINTED] if source == DRAW else [])]
        hold = st.selectbox("Hold fixed", regions, key="dream_hold", bind="query-params",
            help="These pixels keep their value, and the chain fills in the rest: it completes what is there. "
            "**Painted mask** gives the board two more brushes, Fix and Free.")  # fmt: skip
        rows, columns = (0, 0), (0, 0)
        if hold == RECTANGLE:
            rows = st.slider("Rows", 0, height, (0, height // 2), key="dream_rows", bind="query-params")
            columns = st.slider("Columns", 0, width, (0, width), key="dream_columns", bind="query-params")
        label = _class_choice(named)
    with st.expander("More: annealing, display, seed", icon=":material/tune:"):
        plan, means = _more(int(chains), int(steps), float(temperature))
    return Wish(plan, means, str(hold), rows, columns, label)


def _class_choice(named: NamedModel) -> int | None:
    if not isinstance(named.model, LabelRBM):
        return None
    names = ["Any", *map(str, range(named.model.n_classes))]
    choice = st.selectbox("Class", names, key="dream_class", bind="query-params",
        help="Hold this class fixed, and the model dreams of nothing else.")  # fmt: skip
    return None if choice == "Any" else int(choice)


def _more(chains: int, steps: int, temperature: float) -> tuple[Plan, bool]:
    with st.grid(4, min_column_width=150):
        schedule = st.selectbox("Annealing", list(SCHEDULES), key="dream_schedule", bind="query-params",
            help="**Cooling down**: from hot to the temperature above, over the whole chain. **Annealed restarts**: "
            "again and again, so that a chain that is stuck gets away.")  # fmt: skip
        hot = st.slider("Hot", 1.0, 6.0, 3.0, 0.25, key="dream_hot", bind="query-params",
            help="Where annealing begins. Too low: chains stay stuck. Too high: they forget everything each time.",
        )  # fmt: skip
        period = st.slider("Restart every", 10, 200, 50, 10, key="dream_period", bind="query-params",
            help="Sweeps from one annealed restart to the next.")  # fmt: skip
        seed = st.number_input("Seed", 0, 2**31, key="dream_seed", bind="query-params",
            help="Start of the random numbers: another seed, another dream.")  # fmt: skip
        means = st.toggle("Show probabilities", True, key="dream_means", bind="query-params",
            help="On: the grey probability each pixel was drawn from. Off: the drawn black and white pixels.",
        )  # fmt: skip
    return Plan(chains, steps, temperature, SCHEDULES[schedule], float(hot), int(period), int(seed)), bool(means)  # type: ignore[arg-type]


def clamp(named: NamedModel, start: Start, wish: Wish) -> NDArray[np.bool_]:
    """Which visible units (n_visible,) are held fixed. Raises ValueError where nothing is left to dream."""
    shape = named.shape
    if wish.hold == RECTANGLE:
        mask = clamping.rectangle(shape, wish.rows, wish.columns)
    elif wish.hold == PAINTED:
        mask = start.painted
    elif wish.hold == INK:
        mask = clamping.ink(start.images[0])
    else:
        mask = next(
            (clamping.half(shape, region) for region in REGIONS if region == wish.hold), np.zeros_like(start.painted)
        )
    classes = np.full(named.model.n_visible - len(mask), wish.label is not None)
    return np.append(clamping.check(mask), classes)


def visible(named: NamedModel, start: Start, wish: Wish) -> Array:
    """The visible units (chains, n_visible) at the start. Class units: the class held fixed, or what they think."""
    images = np.resize(start.images, (wish.plan.chains, start.images.shape[1]))
    if not isinstance(named.model, LabelRBM):
        return images
    if wish.label is not None:
        return named.model.join(images, np.full(len(images), wish.label))
    return named.model.guess(images)


def run(named: NamedModel, start: Start, wish: Wish) -> Dream:
    """The dream, from the cache if it has been dreamt before. Raises ValueError as `clamp` does."""
    first, mask = visible(named, start, wish), clamp(named, start, wish)
    key = hashlib.sha1(first.tobytes() + mask.tobytes(), usedforsecurity=False).hexdigest()
    return _dream(named.fingerprint, key, wish.plan, wish.means, named, first, mask)


@st.cache_resource(max_entries=4, show_spinner="Dreaming")
def _dream(
    fingerprint: str, key: str, plan: Plan, means: bool, _named: NamedModel, _first: Array, _mask: NDArray[np.bool_]
) -> Dream:
    film = dreams.dream(_named.model, _first, plan.temperatures(), plan.rng("chain"), _mask if _mask.any() else None)
    return measured(_named, film, means)


def measured(named: NamedModel, film: Film, means: bool) -> Dream:
    """What there is to say about a film."""
    kept, n, _ = film.states.shape
    pixels = features.n_pixels(named.model)
    states = np.ascontiguousarray(film.states[:, :, :pixels])
    flat, found = states.reshape(-1, pixels), senses.of(named)
    with blas.one_thread():
        labels = None if found is None or not found.labelled else found.read(flat).reshape(kept, n)
        energy = features.free_energy(named.model, flat).reshape(kept, n)
        rho = mixing.autocorrelation(states[1:])
    memory = mixing.memory(rho, film.every)
    shown = np.ascontiguousarray(film.means[:, :, :pixels]) if means else states
    return Dream(film, shown, energy, mixing.hamming(states), memory, labels)


@st.cache_data(max_entries=8, show_spinner=False)
def _reel(fingerprint: str, _pixels: NDArray[np.uint8], shape: tuple[int, int]) -> reels.Reel:
    return reels.reel(_pixels, shape)


def play(named: NamedModel, dream: Dream, key: str = "dream_player") -> None:
    sweeps, n = dream.film.sweeps, dream.pixels.shape[1]
    mean = dream.free_energy.mean(axis=1)
    captions = [f"sweep {i} · free energy {value:.0f} nats" for i, value in zip(sweeps, mean, strict=True)]
    digest = hashlib.sha1(dream.pixels.data, usedforsecurity=False).hexdigest()
    reel = _reel(digest, dream.pixels, named.shape)
    labels = [] if dream.labels is None or n > MOST_LABELS else [written(row) for row in dream.labels]
    player(reel, captions, labels, alt=f"{n} Gibbs chains of {sweeps[-1]} sweeps, as a film", key=key)


def written(labels: NDArray[np.int64]) -> str:
    """One letter for each label: a digit, or a dot where there is none."""
    return "".join("·" if label == NONE else LETTERS[label % 10] for label in labels)


def film_strip(named: NamedModel, dream: Dream) -> figures.Picture:
    """Chains as rows (of one chain: two rows), at most 20 times of it as columns."""
    kept, n, _ = dream.pixels.shape
    chosen = np.unique(np.linspace(0, kept - 1, min(kept, FILM_COLUMNS)).round().astype(int))
    pictures = dream.pixels[chosen, :FILM_ROWS].swapaxes(0, 1)
    shape = named.shape
    tiles = figures.grey(pictures.reshape(-1, pictures.shape[2]), shape)
    alt = f"{len(chosen)} frames of {len(pictures)} of {n} chains, from sweep 0 to sweep {dream.film.sweeps[-1]}"
    columns = len(chosen) if n > 1 else max(1, FILM_COLUMNS // 2)
    return figures.mosaic(tiles, columns, alt, scale=2 if shape[1] > 16 else 5)


def show_film_strip(named: NamedModel, dream: Dream) -> None:
    shown = min(FILM_ROWS, dream.pixels.shape[1])
    rows = "" if shown == 1 else f", {shown} chains as rows"
    last = dream.film.sweeps[-1]
    show.picture(film_strip(named, dream), f"Film strip: sweep 0 to {last}, evenly apart{rows}")


def show_held(named: NamedModel, start: Start, wish: Wish) -> None:
    """The start with what is held fixed in green, if anything is."""
    mask = clamp(named, start, wish)
    if mask[: start.images.shape[1]].any():
        show.picture(held(named, start, mask), "held fixed: green", width=112)


def held(named: NamedModel, start: Start, mask: NDArray[np.bool_]) -> figures.Picture:
    """The start with the pixels of `mask` in green."""
    image, fixed = start.images[0], mask[: start.images.shape[1]]
    tile = figures.grey(image[None], named.shape).reshape(-1, 3).astype(np.float64)
    tile[fixed] = 0.55 * tile[fixed] + 0.6 * np.array([43, 154, 120])
    alt = f"{fixed.sum()} of {fixed.size} pixels are held fixed"
    return figures.single(tile.clip(0, 255).astype(np.uint8).reshape(1, *named.shape, 3), alt, 112)


def model_fits(model: RBM) -> bool:
    """Whether its pictures are black and white."""
    return type(model) in (RBM, LabelRBM)
