"""Which runs have chains that can tell log Z while they train (`rbm.measures.trajectory`)."""

from __future__ import annotations

from collections.abc import Iterable

from rbm.errors import BadValue
from rbm.measures.likelihood import FEW
from rbm.measures.trajectory import TRAJECTORY, Trajectory
from rbm.models.arrays import Arrays
from rbm.models.binary import RBM
from rbm.training.chains import Chains, Persistent
from rbm.training.config import TrainConfig


def check(config: TrainConfig, *, started: bool = False) -> None:
    """Raises BadValue for a run whose chains can't tell log Z. started: from a model that was there before."""
    wrong = _wrong(config, started)
    if wrong:
        raise BadValue(f"{TRAJECTORY!r} {wrong}, or leave it out")


def _wrong(config: TrainConfig, started: bool) -> str:
    """What keeps the chains from telling it, and what to do instead; nothing if all is well."""
    if config.algorithm != "pcd":
        return f'follows persistent chains, and algorithm "{config.algorithm}" has none that it could; use "pcd"'
    if config.visible != "binary":
        return f'is for binary pixels, got visible "{config.visible}"; use "ais"'
    if config.negative != "sample":
        return f'needs chains that draw their pixels, got negative "{config.negative}"; use "sample"'
    if config.discriminative:
        return f"needs steps of the generative machine, got discriminative {config.discriminative:g}; set it to 0"
    if config.momentum or config.final_momentum:
        return "needs steps that don't go on from earlier ones, got momentum; set it to 0"
    if config.chains < FEW:
        return f"needs {FEW} chains or more that count, got {config.chains} in all; use 200"
    if started:
        return 'begins where log Z is known, at random weights, and this run starts from a model; measure "ais"'
    return ""


def follow(
    monitors: Iterable[str], config: TrainConfig, chains: Chains, first: RBM, *, started: bool
) -> Trajectory | None:
    """What follows the chains of a run from its `first` model on, where the monitors ask for it.

    Raises as `check` does.
    """
    if TRAJECTORY not in monitors:
        return None
    check(config, started=started)
    assert isinstance(chains, Persistent)  # those of "pcd" are
    chains.trajectory = Trajectory(first, chains.hidden)
    return chains.trajectory


def fitting(saved: Arrays, trajectory: Trajectory | None) -> Arrays:
    """What a run needs of a state: one that follows no chains leaves out how far they had been followed.

    Raises BadValue for a state that doesn't tell it to a run that does.
    """
    if trajectory is None:
        return {name: array for name, array in saved.items() if not name.startswith(f"{TRAJECTORY}_")}
    if not saved.keys() >= trajectory.arrays().keys():
        raise BadValue(
            f"{TRAJECTORY!r} follows the chains from the first update on, and the state is of a run that didn't; "
            f"begin the run anew, or leave it out"
        )
    return saved
