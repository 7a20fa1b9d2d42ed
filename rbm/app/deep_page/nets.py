"""Which net the page shows: a tower of this browser's runs, or the one that ships."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from rbm import pretrained
from rbm.app import data_sets, deep_nets, server
from rbm.app.remembered import remembered
from rbm.datasets.dataset import Dataset
from rbm.errors import BadModelFile
from rbm.measures import diagnostics
from rbm.models import arrays, io
from rbm.models.arrays import Array
from rbm.models.deep import DeepBeliefNet
from rbm.models.notebook import near_square
from rbm.runs import budget

SHIPPED = pretrained.NETS["deep"]


@dataclass(frozen=True, eq=False)
class NamedNet:
    """A net, the data set whose images it is shown with (None where none fits), and the note of its file."""

    name: str
    net: DeepBeliefNet
    data: str | None
    note: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """Tells nets apart in the caches."""
        parts = [a for one in self.net.layers for a in one.parameters]
        return hashlib.sha1(b"".join(a.tobytes() for a in parts), usedforsecurity=False).hexdigest()

    @property
    def dataset(self) -> Dataset | None:
        return None if self.data is None else data_sets.find(self.data, self.net.n_pixels)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of an image: the data's, else as near to a square as the pixels divide."""
        known = None if self.data is None else data_sets.shape(self.data, self.net.n_pixels)
        return known or near_square(self.net.n_pixels)

    @property
    def sizes(self) -> list[int]:
        """Units of each layer, the pixels first."""
        return [self.net.n_pixels, *(layer.n_hidden for layer in self.net.layers)]


def chosen() -> NamedNet | None:
    """The net to show, by choice where this browser has trained towers, its newest at first; None where there is none,
    and `trouble` says why."""
    shipped, towers = _shipped(), {run_id: (name, net) for name, run_id, net in deep_nets.mine()}
    if not towers:
        return shipped if isinstance(shipped, NamedNet) else None
    known = [*towers, *([SHIPPED] if isinstance(shipped, NamedNet) else [])]
    names = {run_id: f"{name}: {net!r}" for run_id, (name, net) in towers.items()} | {SHIPPED: "Deep, which ships"}
    choice = st.selectbox(
        "Net", known, format_func=names.__getitem__, key="deep_net", persist_state="session", width=520
    )
    if choice not in towers:
        return shipped if isinstance(shipped, NamedNet) else None
    return _own(choice, *towers[choice])


def _own(run_id: str, name: str, net: DeepBeliefNet) -> NamedNet:
    return NamedNet(name, net, server.lab().run(run_id).data)


def trouble() -> str:
    """Why there is no net, a sentence; empty where there is one."""
    found = _shipped()
    return found if isinstance(found, str) else ""


def is_shipped(named: NamedNet) -> bool:
    found = _shipped()
    return isinstance(found, NamedNet) and found.fingerprint == named.fingerprint


@st.cache_resource(show_spinner=False)
def _shipped() -> NamedNet | str:
    path = pretrained.path(SHIPPED)
    try:
        net, note = io.read_net(path)
    except BadModelFile as error:
        return f"{path.name}, which ships with the program, can't be read ({error})"
    return NamedNet(str(note.get("name", "Deep")), net, next(iter(data_sets.fitting(net.n_pixels)), None), note)


# ---- what several sections ask of it


@remembered()
def features(fingerprint: str, _named: NamedNet, depth: int, images: str, _images: NDArray[np.uint8]) -> Array:
    """The means (n, units at `depth`) of the images of a part, `images` for short; shared read-only."""
    found = _named.net.up(_images, depth)
    found.setflags(write=False)
    return found


def held_out(named: NamedNet, data: Dataset, depth: int) -> Array:
    """What the layer at `depth` says of the held-out images, as many as the server keeps the units of."""
    images = data.test_images[: budget.rows(named.sizes[depth])]
    return features(named.fingerprint, named, depth, f"{data.fingerprint} held-out", images)


@st.cache_resource(max_entries=12, show_spinner=False)
def mean_errors(fingerprint: str, images: str, _named: NamedNet, _data: Dataset) -> tuple[float, ...]:
    """Squared error of a held-out image that went up to each depth, from 1, and down again: means over all of them."""
    v = arrays.as_unit_interval(_data.test_images)
    return tuple(
        float(diagnostics.squared_error(v, _named.net.reconstruct(v, depth)).mean())
        for depth in range(1, _named.net.depth + 1)
    )


def errors_by_depth(named: NamedNet, data: Dataset) -> tuple[float, ...]:
    return mean_errors(named.fingerprint, data.fingerprint, named, data)
