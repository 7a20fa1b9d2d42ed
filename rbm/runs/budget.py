"""What a training or a dream takes of the server, before it begins: one sentence says no to what is too much.

Limits one by one don't hold for their product: 4,000 hidden units are fine, and so are images of 128 × 128, but both
together take 2 GB. Each estimate is held against what is really allocated (tests/runs/test_budget.py).
"""

from __future__ import annotations

from dataclasses import replace

from rbm.errors import BadValue
from rbm.training.config import TrainConfig
from rbm.training.discriminative import BLOCK

MEGABYTE = 2**20
MAX_WEIGHTS = 16 * 10**6  # of a model from outside: 64 MB
DREAM_WORK = 4 * 10**11  # multiplications: about 15 s of one core
FILM_BYTES = 8 * 10**6  # of a film's pictures, of each of its two kinds
TABLE_BYTES = 128 * MEGABYTE  # 60,000 images by 500 units fit
MEASURED = 1000  # rows whose error is measured at a time


def training_bytes(config: TrainConfig, n_images: int, n_visible: int) -> int:
    """Memory at the peak of a training, beside its images.

        4 bytes × (6 v h + (3 (batch + chains) + measured) (v + h))

    Weights, their velocity, the first and the last good model, a snapshot and the model that is shown, and a gradient
    of its own where it is centred or weights decay; two more on the way to another scale of the pixels where their
    variances are learned; and rows of units: those of the batch and of the chains, each with its means, its draws and
    its products. Telling classes apart takes another row of hidden units for each image of the batch, and two blocks
    of numbers.
    """
    v, h = n_visible, config.n_hidden
    batch = min(config.batch_size, n_images)
    chains = {"pcd": config.chains, "pt": config.chains * config.temperatures}.get(config.algorithm, batch)
    cut = n_images * v if config.binarize == "threshold" else 0  # bytes of a copy
    weights = 6 + bool(config.centering or config.l1 or config.l2) + 2 * (config.visible == "gaussian-variance")
    apart = batch * h + 2 * BLOCK if config.discriminative else 0
    return 4 * (weights * v * h + (3 * (batch + chains) + min(n_images, MEASURED)) * (v + h) + apart) + cut


def check_training(config: TrainConfig, n_images: int, n_visible: int, megabytes: int, means: int = 0) -> None:
    """Raises BadValue, saying what would fit, for a training that takes more. means: bytes of its images, where these
    are made for it alone.
    """
    needed, most = training_bytes(config, n_images, n_visible) + means, megabytes * MEGABYTE
    if needed <= most:
        return
    fits = _most_hidden(config, n_images, n_visible, most - means)
    smaller = f"fewer hidden units below, whose means take {means / MEGABYTE:,.0f} MB" if means else "smaller images"
    instead = f"{fits:,} hidden units would fit" if fits else f"choose fewer chains, a smaller batch or {smaller}"
    raise BadValue(
        f"this training would take about {needed / MEGABYTE:,.0f} MB of the server's memory, and RBM_MAX_TRAINING_MB "
        f"allows {megabytes:,}; {instead}"
    )


def _most_hidden(config: TrainConfig, n_images: int, n_visible: int, most: int) -> int:
    """The bytes are a + b h: a straight line through two of them."""
    one, two = (training_bytes(replace(config, n_hidden=h), n_images, n_visible) for h in (1, 2))
    return max(0, (most - one) // (two - one) + 1)


def check_model(n_visible: int, n_hidden: int) -> None:
    """Raises BadValue for a model from outside that is too large as a whole."""
    if n_visible * n_hidden > MAX_WEIGHTS:
        raise BadValue(
            f"this model has {n_visible:,} × {n_hidden:,} weights, and one from outside has {MAX_WEIGHTS:,} at most: "
            f"{MAX_WEIGHTS // n_visible:,} hidden units on so many pixels"
        )


def check_dream(chains: int, steps: int, n_visible: int, n_hidden: int) -> None:
    """Raises BadValue, saying what would fit: a sweep of a chain takes 2 v h multiplications."""
    each = 2 * n_visible * n_hidden * steps
    if chains * each > DREAM_WORK:
        fits = DREAM_WORK // each
        instead = (
            f"{fits:,} chains would fit" if fits else f"{steps * DREAM_WORK // each:,} sweeps of one chain would fit"
        )
        raise BadValue(f"{chains:,} chains of {steps:,} sweeps are too much for so large a model here; {instead}")


def sweeps(most: int, chains: int, n_visible: int, n_hidden: int) -> int:
    """How many sweeps of so many chains fit: `most`, fewer of large models."""
    return min(most, DREAM_WORK // (2 * n_visible * n_hidden * chains))


def rows(n_hidden: int) -> int:
    """Images whose probabilities of all hidden units may be kept together, 4 bytes each."""
    return TABLE_BYTES // (4 * n_hidden)


def check_activations(n_images: int, n_hidden: int) -> None:
    """Raises BadValue where these are more than `rows`."""
    if n_images > rows(n_hidden):
        raise BadValue(
            f"{n_hidden:,} hidden units on {n_images:,} images are more than a page keeps in memory; "
            f"{rows(n_hidden):,} images would fit"
        )


def tiles(n_visible: int, chains: int, most: int) -> int:
    """Pictures that a film may keep: `most`, fewer of large ones, and the first and last of each chain in any case."""
    return max(2 * chains, min(most, FILM_BYTES // n_visible))
