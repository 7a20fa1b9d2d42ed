"""The verdict on a training: one sentence for each thing that is wrong, and none where all is well."""

import numpy as np
import pytest

import rbm
from rbm.measures import health
from rbm.measures.health import Checkup

WELL = Checkup(epoch=30, update_ratio=5e-3, dead=0.0, always_on=0.0, gap=1.0)


@pytest.mark.parametrize("found", [WELL, WELL._replace(update_ratio=None), WELL._replace(epoch=1, update_ratio=0.1)])
def test_a_healthy_training_is_called_so(found: Checkup) -> None:
    verdict = health.verdict(found, 0.1)
    (sentence,) = verdict.sentences
    assert sentence.startswith("All is well")
    assert not verdict.ill


@pytest.mark.parametrize(("ratio", "good"), [(1e-3, True), (9e-3, True), (0.05, False), (None, False)])
def test_steps_are_praised_only_near_the_rule_of_thumb(ratio: float | None, good: bool) -> None:
    (sentence,) = health.verdict(WELL._replace(epoch=1, update_ratio=ratio), 0.1).sentences
    assert ("steps of a good size" in sentence) == good


@pytest.mark.parametrize("change", [{"dead": 0.9}, {"always_on": 0.6}])
def test_a_model_of_units_that_never_change_is_ill(change: dict[str, float]) -> None:
    assert health.verdict(WELL._replace(**change), 10.0).ill


def test_dead_units_name_the_rate() -> None:
    (sentence,) = health.verdict(WELL._replace(dead=1.0), 10.0).sentences
    assert "A learning rate of 10 may" in sentence


def test_a_training_that_blew_up_is_ill_however_good_its_last_model_was() -> None:
    verdict = health.verdict(WELL, 100.0, diverged=True)
    assert verdict.ill
    assert "blew up at a learning rate of 100" in verdict.sentences[0]


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
    (sentence,) = health.verdict(WELL._replace(**change), 0.1).sentences
    assert says in sentence


def test_several_ills_are_all_said() -> None:
    assert len(health.verdict(WELL._replace(dead=0.5, gap=20.0, update_ratio=0.03), 0.1).sentences) == 3


def test_a_model_is_measured() -> None:
    rng = np.random.default_rng(0)
    model = rbm.RBM(np.zeros((5, 4)), np.zeros(5), np.array([-50.0, 50.0, 0.0, 0.0]))
    found = health.checkup(model, rng.random((7, 5)), rng.random((11, 5)), 3, 0.01)
    assert found == Checkup(3, 0.01, dead=0.25, always_on=0.25, gap=pytest.approx(0))


def test_small_steps_at_the_end_are_as_they_should_be() -> None:
    (sentence,) = health.verdict(WELL._replace(update_ratio=1e-6), 0.1, over=True).sentences
    assert sentence.startswith("All is well")
