"""What a run hands out: the report of an epoch, the state to continue from, the error when it blows up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rbm.errors import BadValue, Refused
from rbm.models.arrays import Arrays
from rbm.models.binary import RBM
from rbm.models.layers import Learned

LARGEST = 50.0  # weights of models that learn stay below 20


class Diverged(Refused, ArithmeticError):
    """Training blew up: a number is no longer finite, or a weight is above 50. The message names what to change.

    model: the last good one. error: the mean reconstruction error of the epoch that blew up, infinite where it can't
    be told.
    """

    def __init__(self, message: str, model: RBM, error: float) -> None:
        super().__init__(message)
        self.model, self.error = model, error


@dataclass(frozen=True, eq=False)
class TrainState:
    """All that decides how a run goes on, taken between two mini-batches.

    `arrays`: parameters, velocities, the epoch's order, and chains, offsets and activities where there are
    any. `values`: numbers, strings and lists that JSON can hold, the generator's state among them. So
    `numpy.savez(file, **state.arrays)` and `json.dumps(state.values)` together keep a run, without pickle.
    """

    arrays: Arrays
    values: dict[str, Any]

    @property
    def epoch(self) -> int:
        """Finished epochs."""
        return int(self.values["epoch"])

    @property
    def batch(self) -> int:
        """Mini-batches of the unfinished epoch that are done."""
        return int(self.values["batch"])


@dataclass(frozen=True, eq=False)
class Report:
    """What is known at the end of an epoch.

    The errors are means over images of the squared difference between an image and its one-step mean-field
    reconstruction, summed over pixels. Both are of the same kind: of cut images for "threshold", and of grey levels,
    rebuilt from grey levels, otherwise, also where the model learns from black or white draws of them.
    """

    epoch: int  # finished so far
    model: RBM
    reconstruction_error: float  # over training batches evenly apart, of 1,000 images or more, or all of them
    validation_error: float | None  # over the held-out images, weights frozen
    seconds: float  # spent in this epoch's updates
    images_per_second: float
    metrics: dict[str, float]  # what `monitors` asked for, by name; of "pt" also the `swap_rate` of neighbours
    state: TrainState  # to continue from, by train(..., state=report.state)


def too_far(p: Learned) -> str | None:
    """How the parameters have blown up, in words; None where they haven't."""
    largest = float(max(p.weights.max(), -p.weights.min()))  # NaN if there is one
    if not (np.isfinite(largest) and np.isfinite(p.visible_bias).all() and np.isfinite(p.hidden_bias).all()):
        return "the weights are no longer finite"
    return f"a weight has grown to {largest:.3g}" if largest > LARGEST else None


def restore(live: Arrays, saved: Arrays) -> None:
    """Copy `saved` into the arrays of a new run. Raises BadValue where they don't fit, changing nothing."""
    if live.keys() != saved.keys():
        odd = ", ".join(sorted(live.keys() ^ saved.keys()))
        raise BadValue(f"the state is of another kind of run: only one of the two has {odd}; {_ADVICE}")
    for name, array in live.items():
        if (array.shape, array.dtype) != (saved[name].shape, saved[name].dtype):
            raise BadValue(
                f"{name} is {saved[name].dtype} {saved[name].shape} in the state, but {array.dtype} "
                f"{array.shape} is what these images and settings ask for; {_ADVICE}"
            )
    for name, array in live.items():
        array[...] = saved[name]


_ADVICE = "continue with the images and the settings it was made with (epochs and rates may change)"


def generator_state(rng: np.random.Generator) -> dict[str, Any]:
    """The state of an SFC64 generator in numbers that JSON can hold."""
    state: dict[str, Any] = dict(rng.bit_generator.state)
    return {**state, "state": {"state": [int(word) for word in state["state"]["state"]]}}


def restore_generator(rng: np.random.Generator, saved: dict[str, Any]) -> None:
    """Continue the stream where `generator_state` found it."""
    words = np.array(saved["state"]["state"], dtype=np.uint64)
    rng.bit_generator.state = {**saved, "state": {"state": words}}
