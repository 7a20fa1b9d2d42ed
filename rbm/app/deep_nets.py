"""This browser's towers: runs that stand on each other, in the order of the tower, and seen from the pixels."""

from __future__ import annotations

from collections.abc import Iterator

from rbm.app import visitor
from rbm.app.server import lab
from rbm.errors import Refused
from rbm.models.arrays import Array
from rbm.models.deep import DeepBeliefNet
from rbm.runs.record import Run


def mine() -> list[tuple[str, str, DeepBeliefNet]]:
    """Name, id of the top layer's run, and net of each tower of two layers or more, the newest first.

    Of layers that several stand on there is a tower for each; one that goes on upwards is told by its top alone.
    """
    runs = lab().runs(visitor.key())
    nets = {run.id: net for run in runs if run.below and run.over and (net := lab().net(run.id)) is not None}
    below = {run.below for run in runs if run.id in nets}
    return [(run.name, run.id, nets[run.id]) for run in runs if run.id in nets and run.id not in below]


def under(run: Run) -> list[Run]:
    """What a run stands on, bottom first; nothing where a layer is gone."""
    try:
        return lab().layers(run.id)[:-1]
    except Refused:
        return []


def in_order(runs: list[Run]) -> list[tuple[Run, int]]:
    """The runs, each followed by those that stand on it, and how many of them are below it."""
    known = {run.id for run in runs}

    def from_here_up(run: Run, depth: int) -> Iterator[tuple[Run, int]]:
        yield run, depth
        for above in runs:
            if above.below == run.id:
                yield from from_here_up(above, depth + 1)

    return [line for run in runs if run.below not in known for line in from_here_up(run, 0)]


def receptive(net: DeepBeliefNet, units: int) -> Array:
    """What the first hidden units of the top look for (n_pixels, units): W1 W2 ..., as if all layers were linear."""
    fields: Array = net.top.weights[: net.top.n_pixels, :units]
    for layer in reversed(net.layers[:-1]):
        fields = layer.weights @ fields
    return fields
