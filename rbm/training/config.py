"""What a training run is told. Frozen, and checked once, when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal, get_args

from rbm.errors import BadValue

Algorithm = Literal["cd", "pcd", "pt"]
Binarize = Literal["none", "threshold", "sample"]
Negative = Literal["mean", "sample"]
Schedule = Literal["constant", "linear", "inverse"]
Visible = Literal["binary", "gaussian"]
VisibleBias = Literal["log-odds", "zero"]

INVERSE_EPOCHS = 10  # after so many epochs the "inverse" schedule has halved the rate


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one run. "Guide" is Hinton, UTML TR 2010-003. Raises BadValue for a value it
    can't take. `python -m rbm train --help` takes its words from here.

    Model
        n_hidden: hidden units.
        visible: "binary" units hold pixels in [0, 1], "gaussian" ones real values of unit variance; these
            want a learning rate ten to a hundred times smaller (guide, section 13.2).
        weight_std: weights start at N(0, weight_std²) (guide, section 8).
        visible_bias: starts at the "log-odds" of the pixel means (guide, section 8.1; at the means
            themselves for gaussian units) or at "zero".
        hidden_bias: what every hidden bias starts at; a negative value makes active units rare.
    Gradient
        algorithm: "cd" starts the chains at the data (Hinton 2002), "pcd" never resets them (Tieleman 2008),
            "pt" runs each at several temperatures that swap (Desjardins et al. 2010), and costs as much more.
        gibbs_steps: k, full sweeps per update; final_gibbs_steps: k grows evenly to this value, if given.
        chains: how many persistent chains; the batch size has no say in it.
        temperatures: rungs of the ladder of "pt", inverse temperatures even from 1 to 0.
        negative: the chain's visible units hold draws ("sample") or probabilities ("mean"; guide, section 3.2).
        centering: subtract running means of both layers in the gradient (Melchior et al., arXiv 1311.1354).
        binarize: grey levels are used as probabilities ("none"), cut at 0.5 ("threshold"), or drawn black or
            white anew each time a batch is used ("sample"). Training errors are measured against the batch as
            used; validation errors against grey levels, or cut ones for "threshold".
    Steps
        learning_rate: step size of an update, on gradients averaged over the batch.
        schedule: the rate stays "constant", falls by a "linear" ramp to zero at the end of the run, or is
            "inverse": learning_rate / (1 + epoch / 10).
        momentum: the share of the last step that is added to the next, for the first momentum_epochs epochs;
            final_momentum: that share from then on (guide, section 9); momentum_epochs: how long momentum lasts.
        l1: cost of the weights' absolute values, never of biases; l2: cost of half the weights' squares, never
            of biases (section 10).
        sparsity_target: wanted mean activation of every hidden unit; sparsity_cost: the price of missing it,
            0 for none; sparsity_decay: memory of the running mean it is judged by (guide, section 11).
    Run
        batch_size: images an update is averaged over.
        epochs: how often every image is used.
        seed: of all random numbers; the same seed and settings give the same model.
    """

    n_hidden: int = 500
    algorithm: Algorithm = "cd"
    gibbs_steps: int = 1
    learning_rate: float = 0.1
    batch_size: int = 128
    epochs: int = 30
    seed: int = 0
    visible: Visible = "binary"
    weight_std: float = 0.01
    visible_bias: VisibleBias = "log-odds"
    hidden_bias: float = 0.0
    final_gibbs_steps: int | None = None
    chains: int = 100
    temperatures: int = 10
    negative: Negative = "sample"
    centering: bool = False
    binarize: Binarize = "none"
    schedule: Schedule = "constant"
    momentum: float = 0.0
    final_momentum: float = 0.0
    momentum_epochs: int = 5
    l1: float = 0.0
    l2: float = 0.0
    sparsity_target: float = 0.1
    sparsity_cost: float = 0.0
    sparsity_decay: float = 0.9

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                shown = ", ".join(map(str, choices))
                raise BadValue(f"{name} must be one of {shown}; got {getattr(self, name)!r}")
        for name, limits in _WHOLE.items():
            if not (name in _OPTIONAL and getattr(self, name) is None):
                _check(name, getattr(self, name), Integral, "a whole number", *limits)
        for name, limits in _REAL.items():
            _check(name, getattr(self, name), Real, "a number", *limits)
        self._check_together()

    def _check_together(self) -> None:
        if self.final_gibbs_steps is not None and self.final_gibbs_steps < self.gibbs_steps:
            raise BadValue(
                f"final_gibbs_steps must be at least gibbs_steps = {self.gibbs_steps}, got "
                f"{self.final_gibbs_steps}; raise it or leave it out"
            )
        if self.algorithm == "pt" and self.negative == "mean":
            raise BadValue('algorithm "pt" swaps samples and has no use for negative "mean"; use "sample"')
        if self.visible == "gaussian" and self.binarize != "none":
            raise BadValue(f'binarize is for binary pixels, got {self.binarize!r} with visible "gaussian"; use "none"')

    def rate_at(self, epoch: float) -> float:
        """The learning rate when `epoch` epochs have passed; half epochs count."""
        if self.schedule == "linear":
            return self.learning_rate * max(0.0, 1 - epoch / self.epochs)
        if self.schedule == "inverse":
            return self.learning_rate / (1 + epoch / INVERSE_EPOCHS)
        return self.learning_rate

    def momentum_at(self, epoch: float) -> float:
        """The momentum when `epoch` epochs have passed."""
        return self.momentum if epoch < self.momentum_epochs else self.final_momentum

    def gibbs_steps_at(self, epoch: float) -> int:
        """k when `epoch` epochs have passed: each value lasts for the same share of the run."""
        if self.final_gibbs_steps is None:
            return self.gibbs_steps
        values = self.final_gibbs_steps - self.gibbs_steps + 1
        return min(self.gibbs_steps + int(values * epoch / self.epochs), self.final_gibbs_steps)


_CHOICES: dict[str, tuple[object, ...]] = {
    "algorithm": get_args(Algorithm),
    "visible": get_args(Visible),
    "visible_bias": get_args(VisibleBias),
    "negative": get_args(Negative),
    "centering": (True, False),
    "binarize": get_args(Binarize),
    "schedule": get_args(Schedule),
}
_WHOLE: dict[str, tuple[float, float, str]] = {
    "n_hidden": (1, 100_000, "500 is a good start"),
    "gibbs_steps": (1, 10_000, "1 is the usual CD-1"),
    "final_gibbs_steps": (1, 10_000, "leave it out and k stays as it is"),
    "chains": (1, 100_000, "100 is usual"),
    "temperatures": (2, 1_000, "5 to 20 is usual"),
    "batch_size": (1, 1_000_000, "10 to 200 is usual"),
    "epochs": (1, 1_000_000, "30 is a good start"),
    "seed": (0, 2**63 - 1, "any other whole number will do"),
    "momentum_epochs": (0, 1_000_000, "5 is usual"),
}
_OPTIONAL = {"final_gibbs_steps"}
_REAL: dict[str, tuple[float, float, str]] = {
    "learning_rate": (1e-12, 1e6, "0.01 to 0.1 suits most images"),
    "weight_std": (0, 100, "0.01 is usual"),
    "hidden_bias": (-100, 100, "0 is usual"),
    "momentum": (0, 0.999, "0.5 is usual at the start"),
    "final_momentum": (0, 0.999, "0.9 is usual"),
    "l1": (0, 10, "0 is none, 0.0001 is usual"),
    "l2": (0, 10, "0 is none, 0.0001 is usual"),
    "sparsity_target": (1e-6, 1 - 1e-6, "0.01 to 0.1 is usual"),
    "sparsity_cost": (0, 100, "0 is none, 0.1 is a start"),
    "sparsity_decay": (0, 0.9999, "0.9 to 0.99 is usual"),
}


def _check(name: str, value: object, kind: type, wanted: str, low: float, high: float, advice: str) -> None:
    if isinstance(value, bool) or not isinstance(value, kind):
        raise BadValue(f"{name} must be {wanted}, got {value!r}; {advice}")
    if not low <= value <= high:  # type: ignore[operator]
        raise BadValue(f"{name} must be between {low:g} and {high:g}, got {value}; {advice}")


PRESETS: dict[str, TrainConfig] = {
    "Recommended": TrainConfig(learning_rate=0.05, momentum=0.5, final_momentum=0.9),
    "Classic 784-500": TrainConfig(weight_std=0.1, visible_bias="zero"),
    "Best dreams": TrainConfig(
        algorithm="pcd", learning_rate=0.05, schedule="linear", binarize="sample", batch_size=50, epochs=100
    ),
}
"""Named starting points. "Classic 784-500" is the setting of the article this lab grew from."""
