"""The dream itself: the chains (run once per choice and kept), and the film of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rbm.app import show
from rbm.app.components import sprite
from rbm.app.components.player import player
from rbm.app.current_model import NamedModel
from rbm.app.pictures import Picture, grey, mosaic, single
from rbm.app.remembered import remembered
from rbm.app.sample_page import hold, likelier, reader
from rbm.app.sample_page.echo import kind
from rbm.app.sample_page.hold import INK, PAINTED, RECTANGLE, REGIONS
from rbm.app.sample_page.options import SamplingOptions
from rbm.app.sample_page.starts import Start
from rbm.measures import diagnostics, mixing
from rbm.measures.reader import NONE, typicality
from rbm.models import threads
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.models.film import TILES, Film, SamplingPlan, film_of
from rbm.runs import budget

FILM_ROWS, FILM_COLUMNS = 10, 20
MOST_LABELS = 25  # chains whose digits are written into the film
LETTERS = "0123456789"


@dataclass(frozen=True, eq=False)
class Measured:
    """A film and what is measured on it. `pixels` (kept, n, pixels) as shown; `labels` (kept, n) or None without a
    reader; `free_energy`, `distance` (kept, n)."""

    film: Film
    pixels: NDArray[np.uint8]
    free_energy: NDArray[np.float64]
    distance: NDArray[np.int64]
    memory: mixing.Memory
    labels: NDArray[np.int64] | None


def clamp(named: NamedModel, start: Start, options: SamplingOptions) -> NDArray[np.bool_]:
    """Which visible units (n_visible,) are held fixed. Raises BadValue where nothing is left to dream."""
    shape = named.shape
    if options.hold == RECTANGLE:
        mask = hold.rectangle(shape, options.rows, options.columns)
    elif options.hold == PAINTED:
        mask = start.painted
    elif options.hold == INK:
        mask = hold.ink(start.images[0])
    else:
        mask = next(
            (hold.half(shape, region) for region in REGIONS if region == options.hold), np.zeros_like(start.painted)
        )
    classes = np.full(named.model.n_visible - len(mask), options.label is not None)
    return np.append(hold.check(mask), classes)


def visible(named: NamedModel, start: Start, options: SamplingOptions) -> Array:
    """The visible units (chains, n_visible) at the start. Class units: the class held fixed, or what they think."""
    images = np.resize(start.images, (options.plan.chains, start.images.shape[1]))
    if options.label is not None:
        return named.model.join(images, np.full(len(images), options.label))
    return named.model.guess(images)


def run(named: NamedModel, start: Start, options: SamplingOptions) -> Measured:
    """The dream, from the cache if it has been dreamt before. Raises BadValue as `clamp` does."""
    budget.check_dream(options.plan.chains, options.plan.steps, *named.model.weights.shape)
    first, mask = visible(named, start, options), clamp(named, start, options)
    key = hashlib.sha1(first.tobytes() + mask.tobytes(), usedforsecurity=False).hexdigest()
    return _dream(named.fingerprint, key, options.plan, options.means, named, first, mask)


@remembered("Dreaming")
def _dream(
    fingerprint: str,
    key: str,
    plan: SamplingPlan,
    means: bool,
    _named: NamedModel,
    _first: Array,
    _mask: NDArray[np.bool_],
) -> Measured:
    most = budget.tiles(_named.model.n_visible, plan.chains, TILES)
    film = film_of(_named.model, _first, plan.temperatures(), plan.rng("chain"), _mask if _mask.any() else None, most)
    return measured(_named, film, means)


def measured(named: NamedModel, film: Film, means: bool) -> Measured:
    """What there is to say about a film."""
    kept, n, _ = film.states.shape
    pixels = named.model.n_pixels
    states = np.ascontiguousarray(film.states[:, :, :pixels])
    flat, found = states.reshape(-1, pixels), reader.of(named)
    with threads.one_thread():
        labels = None if found is None or not found.labelled else found.read(flat).reshape(kept, n)
        energy = diagnostics.free_energy(named.model, flat).reshape(kept, n)
        rho = mixing.autocorrelation(states[1:])
    memory = mixing.memory(rho, film.every, chains=n)
    shown = np.ascontiguousarray(film.means[:, :, :pixels]) if means else states
    return Measured(film, shown, energy, mixing.hamming(states), memory, labels)


@remembered()
def _sprite(fingerprint: str, _pixels: NDArray[np.uint8], shape: tuple[int, int]) -> sprite.Sprite:
    return sprite.of(_pixels, shape)


def play(named: NamedModel, dream: Measured, key: str = likelier.FILM) -> None:
    sweeps, n = dream.film.sweeps, dream.pixels.shape[1]
    captions = [f"Sweep {i} of {sweeps[-1]}{text}" for i, text in zip(sweeps, _likelier(named, dream), strict=True)]
    digest = hashlib.sha1(dream.pixels.data, usedforsecurity=False).hexdigest()
    film = _sprite(digest, dream.pixels, named.shape)
    labels = [] if dream.labels is None or n > MOST_LABELS else [written(row) for row in dream.labels]
    alt, marks = f"{n} Gibbs chains of {sweeps[-1]} sweeps, as a film", None
    if key == likelier.FILM:
        marks = likelier.marks(named, dream.free_energy)
    player(film, captions, labels, alt=alt, key=key, marks=marks)


def _likelier(named: NamedModel, dream: Measured) -> list[str]:
    """What to say of the middle one of the chains at each kept sweep."""
    middle, found, data = np.median(dream.free_energy, axis=1), reader.of(named), named.dataset
    if found is None or data is None:
        return [f" · free energy {value:.0f} nats" for value in middle]
    shares = [100 * typicality(float(value), found.energies) for value in middle]
    real = kind(data)
    return [f" · likelier than {share:.0f} % of real {real}" for share in shares]


def written(labels: NDArray[np.int64]) -> str:
    """One letter for each label: a digit, or a dot where there is none."""
    return "".join("·" if label == NONE else LETTERS[label % 10] for label in labels)


def film_strip(named: NamedModel, dream: Measured) -> Picture:
    """Chains as rows (of one chain: two rows), at most 20 times of it as columns."""
    kept, n, _ = dream.pixels.shape
    chosen = np.unique(np.linspace(0, kept - 1, min(kept, FILM_COLUMNS)).round().astype(int))
    pictures = dream.pixels[chosen, :FILM_ROWS].swapaxes(0, 1)
    shape = named.shape
    tiles = grey(pictures.reshape(-1, pictures.shape[2]), shape)
    alt = f"{len(chosen)} frames of {len(pictures)} of {n} chains, from sweep 0 to sweep {dream.film.sweeps[-1]}"
    columns = len(chosen) if n > 1 else max(1, FILM_COLUMNS // 2)
    return mosaic(tiles, columns, alt, scale=2 if shape[1] > 16 else 5)


def show_film_strip(named: NamedModel, dream: Measured) -> None:
    shown = min(FILM_ROWS, dream.pixels.shape[1])
    rows = "" if shown == 1 else f", {shown} chains as rows"
    last = dream.film.sweeps[-1]
    show.picture(film_strip(named, dream), f"Film strip: sweep 0 to {last}, evenly apart{rows}")


def show_held(named: NamedModel, start: Start, options: SamplingOptions) -> None:
    """The start with what is held fixed in green, if anything is."""
    mask = clamp(named, start, options)
    if mask[: start.images.shape[1]].any():
        show.picture(held(named, start, mask), "held fixed: green", width=112)


def held(named: NamedModel, start: Start, mask: NDArray[np.bool_]) -> Picture:
    """The start with the pixels of `mask` in green."""
    image, fixed = start.images[0], mask[: start.images.shape[1]]
    tile = grey(image[None], named.shape).reshape(-1, 3).astype(np.float64)
    tile[fixed] = 0.55 * tile[fixed] + 0.6 * np.array([43, 154, 120])
    alt = f"{fixed.sum()} of {fixed.size} pixels are held fixed"
    return single(tile.clip(0, 255).astype(np.uint8).reshape(1, *named.shape, 3), alt, 112)


def model_fits(model: RBM) -> bool:
    """Whether its pictures are black and white."""
    return model.pixel_kind == "binary"
