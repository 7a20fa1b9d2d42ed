"""What the next Step of a training at rest will learn from: made from its checkpoint, so it is what the Step does."""

from __future__ import annotations

from rbm.datasets.dataset import Dataset
from rbm.models import threads
from rbm.runs.lab import Lab
from rbm.runs.tower import lesson
from rbm.training.config import TrainConfig
from rbm.training.phases import Phases
from rbm.training.trainer import Trainer

PATIENCE = 2.0  # seconds for a pause to be written down


def has_two_sides(config: TrainConfig) -> bool:
    """Whether an update is what the data ask for, minus what the chains dream, and nothing else: of black and white."""
    return config.algorithm != "autoencoder" and not config.discriminative and config.visible == "binary"


def next_update(lab: Lab, run_id: str, data: Dataset) -> Phases | None:
    """Both sides of the update that a Step would make of a paused run on `data`.

    None where it does not rest, or has none to show: a layer on others learns no pixels, an autoencoder has no chain,
    and of what tells classes apart neither side shows anything.
    Raises Refused where the run is gone or its checkpoint is damaged.
    """
    job = lab.job(run_id)
    at_rest = job is None or (job.rest(PATIENCE) and lab.job(run_id) is None)  # and the disk has taken it
    run = lab.run(run_id)
    if not at_rest or run.status != "paused" or run.below or not has_two_sides(run.config):
        return None
    given = {name: value for name, value in lesson(data, run, None).items() if not name.startswith("validation")}
    with threads.one_thread():
        return Trainer(config=run.config, **given, state=lab.store.checkpoint(run)).see()
