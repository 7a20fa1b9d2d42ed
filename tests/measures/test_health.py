"""The verdict on a training: one sentence for each thing that is wrong, and none where all is well."""

import numpy as np
import pytest

import rbm
from rbm.measures import health
from rbm.measures.health import Checkup

WELL = Checkup(epoch=30, update_ratio=5e-3, dead=0.0, always_on=0.0, gap=1.0)


@pytest.mark.parametrize("found", [WELL, WELL._replace(update_ratio=None), WELL._replace(epoch=1, update_ratio=0.1)])
def test_a_healthy_training_is_called_so(found: Checkup) -> None:
    (sentence,) = health.verdict(found)
    assert sentence.startswith("All is well")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"update_ratio": 0.03}, "lower the learning rate"),
        ({"update_ratio": 0.3, "epoch": 1}, "lower the learning rate"),
        ({"update_ratio": 1e-6}, "hardly move"),
        ({"dead": 0.5}, "50% of the units never switch on"),
        ({"always_on": 0.25}, "25% of the units are always on"),
        ({"gap": 20.0}, "memorises"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, float], says: str) -> None:
    (sentence,) = health.verdict(WELL._replace(**change))
    assert says in sentence


def test_several_ills_are_all_said() -> None:
    assert len(health.verdict(WELL._replace(dead=0.5, gap=20.0, update_ratio=0.03))) == 3


def test_a_model_is_measured() -> None:
    rng = np.random.default_rng(0)
    model = rbm.RBM(np.zeros((5, 4)), np.zeros(5), np.array([-50.0, 50.0, 0.0, 0.0]))
    found = health.checkup(model, rng.random((7, 5)), rng.random((11, 5)), 3, 0.01)
    assert found == Checkup(3, 0.01, dead=0.25, always_on=0.25, gap=pytest.approx(0))
