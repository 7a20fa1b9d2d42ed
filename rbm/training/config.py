"""What a training run is told. Frozen, and checked once, when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rbm.errors import BadValue
from rbm.training.settings import document, setting, settings_of

Algorithm = Literal["cd", "pcd", "pt", "autoencoder"]
Binarize = Literal["none", "threshold", "sample"]
Negative = Literal["sample", "mean"]
Schedule = Literal["constant", "linear", "inverse"]
Visible = Literal["binary", "gaussian", "gaussian-variance"]
VisibleBias = Literal["log-odds", "zero"]

INVERSE_EPOCHS = 10  # after so many epochs the "inverse" schedule has halved the rate


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one run. Raises BadValue for a value it can't take.

    "Hinton 2010" is A practical guide to training restricted Boltzmann machines, UTML TR 2010-003.
    `rbm.training.settings.settings_of(TrainConfig)` tells of each what it is called, and its limits or choices.
    """

    # fmt: off
    n_hidden: int = setting(
        500, "Hidden units",
        "How many features the model can learn. Too many: slow, and it may memorise the training images.",
        low=1, high=100_000, advice="500 is a good start",
    )
    algorithm: Algorithm = setting(
        "cd", "Algorithm",
        "Where the chains of the model's own samples start.",
        choices={
            "cd": "each at the data (Hinton 2002)",
            "pcd": "they go on from update to update, for a better model (Tieleman 2008)",
            "pt": "as pcd, with hot chains beside them that swap with the cold ones: better still, and many times "
            "slower (Desjardins et al. 2010)",
            "autoencoder": "no chains: the same weights learn to rebuild each image and nothing else, by gradient "
            "descent on the cross-entropy",
        },
    )
    gibbs_steps: int = setting(
        1, "Gibbs steps k",
        "Full sweeps of the chain between two updates. More is closer to the true gradient, and takes as much longer.",
        low=1, high=10_000, advice="1 is the usual CD-1",
    )
    learning_rate: float = setting(
        0.1, "Learning rate",
        "Size of a step, on gradients averaged over the batch. Too small: nothing happens. Too large: the error jumps "
        "about, units die, training blows up; try 100 to see it.",
        low=1e-12, high=1e6, advice="0.01 to 0.1 suits most images",
    )
    batch_size: int = setting(
        128, "Batch size",
        "Images per update. Too large: few updates per epoch, learning is slow. Too small: noisy steps.",
        low=1, high=1_000_000, advice="10 to 200 is usual",
    )
    epochs: int = setting(
        30, "Epochs",
        "How often every training image is used. Too many: the held-out error stops falling, the training one goes on.",
        low=1, high=1_000_000, advice="30 is a good start",
    )
    seed: int = setting(
        0, "Seed",
        "Start of all random numbers. The same seed and settings give the same model.",
        low=0, high=2**63 - 1, advice="any other whole number will do",
    )
    visible: Visible = setting(
        "binary", "Visible units",
        "What a pixel is to the model.",
        choices={
            "binary": "a number in [0, 1]",
            "gaussian": "a real value, of mean 0 and variance 1; these want a learning rate ten to a hundred times "
            "smaller (Hinton 2010, section 13.2)",
            "gaussian-variance": "a real value on any scale, such as a grey level; how far each pixel strays from what "
            "the hidden units say of it, its σ, is learned too (Liao et al. 2022)",
        },
    )
    weight_std: float = setting(
        0.01, "Initial weights",
        "Standard deviation of the random weights at the start. Too large: the noise stays visible in the filters.",
        low=0, high=100, advice="0.01 is usual", source="Hinton 2010, section 8",
    )
    visible_bias: VisibleBias = setting(
        "log-odds", "Initial pixel biases",
        "What the model knows of the pixels at the start.",
        choices={
            "log-odds": "those of the pixel means, so that it starts as the average image (for gaussian units the "
            "means themselves)",
            "zero": "nothing, it must learn that first",
        },
        source="Hinton 2010, section 8.1",
    )
    hidden_bias: float = setting(
        0.0, "Initial hidden biases",
        "Below zero, units start rarely on.",
        low=-100, high=100, advice="0 is usual",
    )
    final_gibbs_steps: int | None = setting(
        None, "Final k",
        "Let k grow evenly to this value by the end of the run. Without it k stays as it is.",
        low=1, high=10_000, advice="leave it out and k stays as it is",
    )
    chains: int = setting(
        100, "Chains",
        "Persistent chains of pcd and pt, whatever the batch size. Too many: slow. Too few: noisy steps.",
        low=1, high=100_000, advice="100 is usual",
    )
    temperatures: int = setting(
        10, "Temperatures",
        "Rungs of the ladder of pt, inverse temperatures even from 1 to 0. Each costs as much as pcd; with fewer than "
        "ten hardly any swap succeeds.",
        low=2, high=1_000, advice="5 to 20 is usual",
    )
    negative: Negative = setting(
        "sample", "Dreamed pixels are",
        "What the chain's pixels hold.",
        choices={
            "sample": "draws, black or white, as the model says",
            "mean": "probabilities, for a smaller error and a worse model",
        },
        source="Hinton 2010, section 3.2",
    )
    centering: bool = setting(
        False, "Centre the gradient",
        "Subtract each unit's mean activity first. Learning no longer depends on which colour is called 1.",
        source="Melchior et al., arXiv 1311.1354",
    )
    binarize: Binarize = setting(
        "none", "Grey pixels are",
        "What a grey level is to the model. Errors, in training and held out, are measured against grey levels, or cut "
        "ones for threshold.",
        choices={
            "none": "a probability",
            "threshold": "black or white, cut at one half",
            "sample": "black or white by chance, anew each time; take this for likelihoods that compare with papers",
        },
    )
    discriminative: float = setting(
        0.0, "Telling classes apart",
        "Of a model that learns the classes: how much of each step is for naming the class of an image, not for what "
        "images and classes look like. It misreads fewer, fewest at 0.9, and rebuilds pixels worse; at 1 it no longer "
        "dreams. Raise the learning rate with it: twice as large at 0.5, ten times at 0.9.",
        low=0, high=1, advice="0 is none; 0.9, with a learning rate of 1, reads best and still dreams",
        source="Larochelle and Bengio, ICML 2008",
    )
    schedule: Schedule = setting(
        "constant", "Learning rate over time",
        "How the rate changes during the run.",
        choices={
            "constant": "not at all",
            "linear": "evenly down to zero at the end (best likelihoods)",
            "inverse": f"rate / (1 + epoch / {INVERSE_EPOCHS})",
        },
    )
    momentum: float = setting(
        0.0, "Momentum at first",
        "How much of the last step goes into the next. Too large: the error swings.",
        low=0, high=0.999, advice="0.5 is usual at the start", source="Hinton 2010, section 9",
    )
    final_momentum: float = setting(
        0.0, "Momentum later",
        "The momentum once the first has had its epochs. Steps then add up: 0.9 makes them ten times as large.",
        low=0, high=0.999, advice="0.9 is usual", source="Hinton 2010, section 9",
    )
    momentum_epochs: int = setting(
        5, "Momentum changes after",
        "Epochs with the first momentum, while the weights still move a lot.",
        low=0, high=1_000_000, advice="5 is usual",
    )
    l1: float = setting(
        0.0, "L1 weight cost",
        "Cost of the weights' absolute values: pulls all weights towards zero by the same force, so that many end "
        "there. Never of biases. Usual: 0.0001.",
        low=0, high=10, advice="0 is none, 0.0001 is usual", source="Hinton 2010, section 10",
    )
    l2: float = setting(
        0.0, "L2 weight cost",
        "Cost of half the weights' squares: pulls large weights towards zero; too large, and nothing is learned. Never "
        "of biases. Usual: 0.0001.",
        low=0, high=10, advice="0 is none, 0.0001 is usual", source="Hinton 2010, section 10",
    )
    sparsity_target: float = setting(
        0.1, "Sparsity target",
        "Wanted share of images that switch a unit on. Small targets give clean strokes as filters.",
        low=1e-6, high=1 - 1e-6, advice="0.01 to 0.1 is usual", source="Hinton 2010, section 11",
    )
    sparsity_cost: float = setting(
        0.0, "Sparsity cost",
        "How strongly units are pushed to the target activation. 0: not at all. Too large: they forget the images.",
        low=0, high=100, advice="0 is none, 0.1 is a start", source="Hinton 2010, section 11",
    )
    sparsity_decay: float = setting(
        0.9, "Sparsity memory",
        "How much of a unit's running mean activation, by which it is judged, stays from update to update.",
        low=0, high=0.9999, advice="0.9 to 0.99 is usual", source="Hinton 2010, section 11",
    )
    # fmt: on

    def __post_init__(self) -> None:
        for name, known in settings_of(self).items():
            known.check(name, getattr(self, name))
        self._check_together()

    def _check_together(self) -> None:
        if self.final_gibbs_steps is not None and self.final_gibbs_steps < self.gibbs_steps:
            raise BadValue(
                f"final_gibbs_steps must be at least gibbs_steps = {self.gibbs_steps}, got "
                f"{self.final_gibbs_steps}; raise it or leave it out"
            )
        if self.algorithm == "pt" and self.negative == "mean":
            raise BadValue('algorithm "pt" swaps samples and has no use for negative "mean"; use "sample"')
        if self.algorithm == "autoencoder" and self.visible != "binary":
            what = f'visible "{self.visible}"; use "binary"'
            raise BadValue(f'algorithm "autoencoder" needs pixels in [0, 1], got {what}')
        if self.discriminative and (self.algorithm == "autoencoder" or self.visible != "binary"):
            other = "algorithm" if self.algorithm == "autoencoder" else "visible"
            raise BadValue(
                f"discriminative is for classes beside binary pixels, got {self.discriminative:g} with {other} "
                f'"{getattr(self, other)}", which learns no classes; use 0'
            )
        if self.visible != "binary" and self.binarize != "none":
            what = f'{self.binarize!r} with visible "{self.visible}"'
            raise BadValue(f'binarize is for binary pixels, got {what}; use "none"')
        if self.visible == "gaussian-variance" and self.negative == "mean":
            raise BadValue('variances are learned from draws of the pixels, got negative "mean"; use "sample"')

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

    @property
    def method(self) -> str:
        """The algorithm as people call it: "CD-1", "PCD-5", "autoencoder"."""
        return self.algorithm if self.algorithm == "autoencoder" else f"{self.algorithm.upper()}-{self.gibbs_steps}"

    def gibbs_steps_at(self, epoch: float) -> int:
        """k when `epoch` epochs have passed: each value lasts for the same share of the run."""
        if self.final_gibbs_steps is None:
            return self.gibbs_steps
        values = self.final_gibbs_steps - self.gibbs_steps + 1
        return min(self.gibbs_steps + int(values * epoch / self.epochs), self.final_gibbs_steps)


document(TrainConfig, settings_of(TrainConfig))

PRESETS: dict[str, TrainConfig] = {
    "Recommended": TrainConfig(  # of seeds 0 to 4 the one whose dreams spread most evenly: 17 to 38 % are of one class
        algorithm="pcd", chains=200, binarize="sample", learning_rate=0.1, schedule="linear", batch_size=50, seed=3
    ),
    "Classic 784-500": TrainConfig(weight_std=0.1, visible_bias="zero"),
    "Best dreams": TrainConfig(
        algorithm="pcd", chains=200, binarize="sample", learning_rate=0.1, schedule="linear", batch_size=50, epochs=100
    ),
    "Autoencoder": TrainConfig(algorithm="autoencoder", learning_rate=0.1, final_momentum=0.9, momentum_epochs=0),
    "Grey levels": TrainConfig(
        visible="gaussian-variance", n_hidden=200, learning_rate=0.01, schedule="linear", batch_size=50
    ),
}
"""Named starting points, the default first. "Classic 784-500" is the setting of the article this lab grew from."""
