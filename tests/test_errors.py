"""What is refused is a Refused, and stays what a caller of the library expects it to be."""

from __future__ import annotations

import pytest

import rbm
from rbm import datasets, errors
from rbm.datasets import generated
from rbm.errors import BadFile, BadValue, Refused, Unavailable
from rbm.measures import exact, monitors
from rbm.models.film import SamplingPlan
from rbm.runs.limits import Limits, settings
from rbm.visitors import clean_name

LARGE = rbm.RBM([[0.0] * 21] * 21, [0.0] * 21, [0.0] * 21)


@pytest.mark.parametrize("kind", [value for value in vars(errors).values() if isinstance(value, type)])
def test_every_kind_is_refused_with_its_sentence(kind: type[Exception]) -> None:
    assert issubclass(kind, Refused)
    assert str(kind("a sentence")) == "a sentence"


def test_what_callers_of_the_library_catch() -> None:
    assert issubclass(BadValue, ValueError)
    assert issubclass(BadFile, ValueError)
    assert issubclass(Unavailable, OSError)
    assert issubclass(rbm.Diverged, ArithmeticError)
    assert issubclass(rbm.Diverged, Refused)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: rbm.TrainConfig(algorithm="pt", negative="mean"),
        lambda: SamplingPlan(chains=0),
        lambda: SamplingPlan(schedule="warm"),  # type: ignore[arg-type]
        lambda: LARGE.tempered(0),
        lambda: rbm.GaussianRBM([[0.0]], [0.0], [0.0]).tempered(2),
        lambda: rbm.Standard.of([[1.0], [1.0]]),
        lambda: exact.check_size(LARGE),
        lambda: monitors.check(["beauty"], LARGE),
        lambda: datasets.load("emnist"),
        lambda: datasets.load("mnist-5k", "folder"),
        lambda: generated.shifter(width=2),
        lambda: Limits(max_hidden=3).check(rbm.TrainConfig(n_hidden=4), 10, 13),
        lambda: settings({}, {"RBM_MAX_EPOCHS": "many"}),
        lambda: clean_name("\n"),
    ],
)
def test_what_a_person_has_chosen_is_refused_and_a_bad_value(wrong) -> None:
    with pytest.raises(BadValue):
        wrong()


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: LARGE.mean_hidden([[0.0]]),
        lambda: rbm.gibbs(LARGE, [[0.0] * 21], -1, None),
        lambda: rbm.as_unit_interval([[2.0]]),
        lambda: exact.log_likelihood(rbm.RBM([[0.0]], [0.0], [0.0]), [[0.5]]),
    ],
)
def test_arrays_that_no_person_has_chosen_are_a_mistake_of_the_program(mistake) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        mistake()
    assert not isinstance(caught.value, Refused)
