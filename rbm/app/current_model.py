"""The model in use in a browser's session, and the shared caches of what pages ask of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm import pretrained
from rbm.app import data_sets, pictures, server
from rbm.app.remembered import remembered
from rbm.app.text import plain
from rbm.datasets.dataset import Dataset
from rbm.errors import BadModelFile, Refused
from rbm.measures import diagnostics
from rbm.models import io
from rbm.models.arrays import Array
from rbm.models.binary import RBM
from rbm.models.notebook import near_square
from rbm.runs import budget

_CURRENT = "model_in_use"

Part = Literal["Held-out", "Training"]

MOST_EPOCHS, MOST_ERROR = 10**6, 1e6  # that a note is believed


@dataclass(frozen=True, eq=False)
class NamedModel:
    """A model and where it comes from. `data` is None where no data set has its number of pixels; `run` is the id of
    the run whose model it is, if it is one's."""

    name: str
    model: RBM
    data: str | None
    epochs: int | None = None
    error: float | None = None
    info: dict[str, Any] = field(default_factory=dict)
    run: str | None = None

    @property
    def line(self) -> str:
        """One line for the sidebar, in Markdown."""
        classes = f" with {self.model.n_classes} classes" if self.model.n_classes else ""
        size = f"{self.marginal.n_visible}-{self.model.n_hidden}{classes}"
        parts = [plain(self.name), size, plain(data_sets.title(self.data)) if self.data else "no matching data"]
        if self.epochs is not None:
            parts.append(f"{self.epochs} epochs")
        if self.error is not None:
            parts.append(f"held-out error {self.error:.2f}")
        return " · ".join(parts)

    @property
    def dataset(self) -> Dataset | None:
        return None if self.data is None else data_sets.find(self.data, self.marginal.n_visible)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of an image: the data's, else as near to a square as the pixels divide."""
        known = None if self.data is None else data_sets.shape(self.data, self.marginal.n_visible)
        return known or near_square(self.marginal.n_visible)

    @cached_property
    def marginal(self) -> RBM:
        """The model of the pixels alone, which is what most pages look through: see `rbm.LabelRBM.marginal`."""
        return self.model.marginal

    @cached_property
    def fingerprint(self) -> str:
        """Tells models apart in the caches."""
        return hashlib.sha1(b"".join(a.tobytes() for a in self.model.parameters), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Lent:
    """A run's model as a session holds it: all but its weights, which the sessions share and the store has. Were each
    to hold its own, a hundred visitors with large ones would fill the server's memory."""

    name: str
    data: str | None
    epochs: int | None
    error: float | None
    info: dict[str, Any]
    run: str
    fingerprint: str


def current() -> NamedModel:
    """The model in use on every page: what was trained or uploaded last, else the one that ships."""
    held: NamedModel | Lent | None = st.session_state.get(_CURRENT)
    if isinstance(held, Lent):
        try:
            return _of_run(held.run, held.fingerprint, held.name, held)
        except Refused:  # the run was deleted, and its weights forgotten since
            use_default()
            held = None
    return held or default_model()


def use(model: NamedModel) -> None:
    if model.run is None:
        st.session_state[_CURRENT] = model
        return
    lent = Lent(model.name, model.data, model.epochs, model.error, model.info, model.run, model.fingerprint)
    st.session_state[_CURRENT] = lent
    _of_run(lent.run, lent.fingerprint, lent.name, lent, model)


@remembered()
def _of_run(run: str, fingerprint: str, name: str, _lent: Lent, _known: NamedModel | None = None) -> NamedModel:
    """By its fingerprint, as a run that goes on has another model later. Raises Refused where it has none any more."""
    if _known is not None:
        return _known
    model = server.lab().progress(run).model
    if model is None:
        raise Refused("this run has no model any more")
    return NamedModel(name, model, _lent.data, _lent.epochs, _lent.error, _lent.info, run)


def use_default() -> None:
    st.session_state.pop(_CURRENT, None)


def shipped() -> dict[str, NamedModel]:
    """The models that ship with the app, by the names of `rbm.pretrained`; those that are damaged are left out."""
    return {name: found for name in pretrained.NAMES if isinstance(found := _shipped(name), NamedModel)}


def damaged() -> dict[str, str]:
    """Of those that ship: why each that can't be read can't be."""
    return {name: found for name in pretrained.NAMES if isinstance(found := _shipped(name), str)}


@st.cache_resource(show_spinner=False)
def _shipped(name: str) -> NamedModel | str:
    try:
        return _named(*io.read(pretrained.path(name)), fallback_name=name)
    except BadModelFile as error:
        return str(error)


def default_model() -> NamedModel:
    """The one that is in use at first. Raises BadModelFile where every one that ships is damaged."""
    found = next(iter(shipped().values()), None)
    if found is None:
        raise BadModelFile("no model that ships with the program can be read: install it again")
    return found


def from_upload(file: IO[bytes], name: str) -> NamedModel:
    """The model in an uploaded file. Raises BadModelFile, and BadValue beyond a limit of this server."""
    model, info = io.read(file, server.lab().limits.check_model)
    if model.pixel_kind == "gaussian":
        kind = type(model).__name__
        raise BadModelFile(f"its pixels are real-valued, on a scale that the file doesn't tell ({kind})")
    return _named(model, info, fallback_name=name.removesuffix(".npz"))


def _named(model: RBM, info: dict[str, Any], fallback_name: str) -> NamedModel:
    """The note in a file is not to be trusted: a field of the wrong kind counts as missing."""
    name, data, epochs, error = (info.get(key) for key in ("name", "data", "epochs", "validation_error"))
    fitting = data_sets.fitting(model.n_pixels)
    return NamedModel(
        name=name[:60] if isinstance(name, str) and name else fallback_name[:60],
        model=model,
        data=data if data in fitting else next(iter(fitting), None),
        epochs=epochs if isinstance(epochs, int) and 0 <= epochs <= MOST_EPOCHS else None,
        error=error if isinstance(error, float) and 0 <= error <= MOST_ERROR else None,
        info=info,
    )


def model_file(named: NamedModel) -> bytes:
    """`named` as an .npz file. What its own note says goes first: the data it is shown with need not have taught it."""
    import io as buffers

    buffer = buffers.BytesIO()
    note = {"name": named.name, "data": named.data, "epochs": named.epochs, "validation_error": named.error}
    io.save(buffer, named.model, {**note, **named.info})
    return buffer.getvalue()


def images_and_labels(dataset: Dataset, part: Part) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    if part == "Training":
        return dataset.train_images, dataset.train_labels
    return dataset.test_images, dataset.test_labels


@remembered()
def activations(fingerprint: str, _model: RBM, data: str, part: Part) -> Array:
    """p(h = 1 | v) (n, n_hidden) of every image of a part; shared read-only."""
    images, _ = images_and_labels(server.library().load(data), part)
    budget.check_activations(len(images), _model.n_hidden)
    hidden = diagnostics.hidden_activations(_model, images)
    hidden.setflags(write=False)
    return hidden


@st.cache_resource(max_entries=16, show_spinner=False)
def errors(fingerprint: str, _model: RBM, data: str, part: Part) -> NDArray[np.float64]:
    """Mean-field reconstruction error (n,) of every image of a part; shared read-only."""
    images, _ = images_and_labels(server.library().load(data), part)
    error = diagnostics.reconstruction_error(_model, images)
    error.setflags(write=False)
    return error


def portrait(named: NamedModel) -> pictures.Picture:
    """The model in a picture, excited by a held-out digit if there is data for it."""
    image = named.dataset.test_images[0] if named.dataset else None
    seen = np.zeros(named.marginal.n_visible) if image is None else image / 255
    return pictures.network(named.marginal.weights, named.marginal.mean_hidden(seen), image, named.shape)


def activations_of(named: NamedModel, data: str, part: Part = "Held-out") -> Array:
    return activations(named.fingerprint, named.marginal, data, part)
