"""What one server allows. Each cap is one line here, and is set by an environment variable or a secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from rbm.errors import BadValue
from rbm.runs import budget
from rbm.training.config import TrainConfig

MAX_VISIBLE = 128 * 128 + 256  # the largest images that are taken, and their classes


@dataclass(frozen=True)
class Limits:
    """Caps on one training, on the queue and on the store. `FIELD` is set by `RBM_FIELD` (`settings`).

    max_hidden, max_epochs, max_k, max_images: of one training; max_k holds for final_gibbs_steps too.
    max_chains: rows of persistent chains, all temperatures together. max_training_mb: of memory (`rbm.runs.budget`).
    workers: trainings at a time; 0 is one per core. max_waiting: trainings that wait for a worker.
    max_active: trainings of one owner that run or wait for a worker.
    max_runs, max_megabytes: the store; whoever has most gives way first (`rbm.runs.room`). max_days: a run is kept,
    unless it is pinned. max_pinned: of one owner.
    max_uploads: data sets that one owner brought. max_data_megabytes: all images that anybody brought.
    max_lessons: of one owner; the whole server keeps 50 times as many.
    """

    max_hidden: int = 4000
    max_epochs: int = 1000
    max_k: int = 50
    max_images: int = 70_000
    max_chains: int = 10_000
    workers: int = 0
    max_waiting: int = 100
    max_training_mb: int = 300
    max_active: int = 4
    max_runs: int = 1000
    max_megabytes: int = 2000
    max_days: int = 180
    max_pinned: int = 20
    max_uploads: int = 10
    max_data_megabytes: int = 1000
    max_lessons: int = 20

    def check_model(self, n_visible: int, n_hidden: int) -> None:
        """Raises BadValue, naming the limit, for a model from outside that no training here could have made."""
        if n_visible > MAX_VISIBLE:
            raise BadValue(f"a model here has at most {MAX_VISIBLE:,} visible units; this one has {n_visible:,}")
        if n_hidden > self.max_hidden:
            raise BadValue(
                f"this server allows at most {self.max_hidden:,} hidden units, and this model has {n_hidden:,}; ask "
                f"whoever runs the server to raise {variable('max_hidden')}"
            )
        budget.check_model(n_visible, n_hidden)

    def check(self, config: TrainConfig, n_images: int, n_visible: int, means: int = 0) -> None:
        """Raises BadValue, naming the limit and what was received, for a training beyond a cap.

        means: bytes of what the layers below say of the images, for one that stands on others.
        """
        chains = {"pcd": config.chains, "pt": config.chains * config.temperatures}.get(config.algorithm, 0)
        k = max(config.gibbs_steps, config.final_gibbs_steps or 0)
        for name, value, what in (
            ("max_hidden", config.n_hidden, "hidden units"),
            ("max_epochs", config.epochs, "epochs"),
            ("max_k", k, "Gibbs steps (k)"),
            ("max_images", n_images, "training images"),
            ("max_chains", chains, "persistent chains (chains × temperatures)"),
        ):
            limit = getattr(self, name)
            if value > limit:
                raise BadValue(
                    f"this server allows at most {limit:,} {what}, got {value:,}; lower it, or ask whoever runs "
                    f"the server to raise {variable(name)}"
                )
        budget.check_training(config, n_images, n_visible, self.max_training_mb, means)


def settings(secrets: Mapping[str, object], environment: Mapping[str, str] | None = None) -> Limits:
    """The limits that environment variables set, else `secrets` (as in .streamlit/secrets.toml), else the defaults.

    Raises BadValue, naming the variable, for a value that is no whole number from 1 (for RBM_WORKERS: from 0).
    """
    given = os.environ if environment is None else environment
    values = {}
    for field in fields(Limits):
        name = variable(field.name)
        value = given.get(name, secrets.get(name))
        if value is not None:
            values[field.name] = _whole(name, value, lowest=0 if field.name == "workers" else 1)
    return Limits(**values)


def variable(name: str) -> str:
    """The environment variable of a limit."""
    return f"RBM_{name.upper()}"


def _whole(name: str, value: object, lowest: int) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and int(text[:18]) >= lowest and len(text) <= 18):
        raise BadValue(f"{name} must be a whole number from {lowest}, got {value!r}")
    return int(text)
