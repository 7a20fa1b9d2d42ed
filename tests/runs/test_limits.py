"""The caps: each refuses the first value beyond it by name, and is set from outside by one name."""

from dataclasses import fields, replace

import pytest

import rbm
from rbm.runs.limits import Limits, settings, variable

SMALL = Limits(max_hidden=13, max_epochs=7, max_k=3, max_images=11, max_chains=20)
FITS = rbm.TrainConfig(n_hidden=13, epochs=7, gibbs_steps=3)


def test_the_limit_itself_is_allowed() -> None:
    SMALL.check(FITS, 11, 13)
    SMALL.check(replace(FITS, algorithm="pcd", chains=20), 11, 13)
    SMALL.check(replace(FITS, algorithm="pt", chains=5, temperatures=4), 11, 13)
    SMALL.check(replace(FITS, chains=21), 11, 13)  # CD has no persistent chains


@pytest.mark.parametrize(
    ("changes", "n_images", "name", "received"),
    [
        ({"n_hidden": 14}, 11, "RBM_MAX_HIDDEN", "14"),
        ({"epochs": 8}, 11, "RBM_MAX_EPOCHS", "8"),
        ({"gibbs_steps": 4}, 11, "RBM_MAX_K", "4"),
        ({"final_gibbs_steps": 9}, 11, "RBM_MAX_K", "9"),
        ({}, 1200, "RBM_MAX_IMAGES", "1,200"),
        ({"algorithm": "pcd", "chains": 21}, 11, "RBM_MAX_CHAINS", "21"),
        ({"algorithm": "pt", "chains": 7, "temperatures": 3}, 11, "RBM_MAX_CHAINS", "21"),
    ],
)
def test_beyond_a_limit_its_name_and_the_value_are_told(
    changes: dict[str, object], n_images: int, name: str, received: str
) -> None:
    with pytest.raises(ValueError, match=rf"at most \d+ .* got {received};.*{name}$"):
        SMALL.check(replace(FITS, **changes), n_images, 13)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "told"), [((784, 14), "at most 13 hidden .* 14; .* RBM_MAX_HIDDEN"), ((16_641, 3), "16,640 vis")]
)
def test_a_model_from_outside_beyond_a_limit_is_told_which(size: tuple[int, int], told: str) -> None:
    SMALL.check_model(16_640, 13)
    with pytest.raises(ValueError, match=told):
        SMALL.check_model(*size)


def test_the_environment_goes_before_the_secrets_and_these_before_the_defaults() -> None:
    limits = settings({"RBM_MAX_HIDDEN": 17, "RBM_MAX_K": "19", "other": {}}, {"RBM_MAX_HIDDEN": "23", "PATH": "x"})
    assert limits == Limits(max_hidden=23, max_k=19)


def test_every_limit_can_be_set() -> None:
    environment = {variable(field.name): str(101 + i) for i, field in enumerate(fields(Limits))}
    assert settings({}, environment) == Limits(*range(101, 101 + len(environment)))


def test_the_real_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RBM_MAX_IMAGES", "29")
    assert settings({}).max_images == 29


@pytest.mark.parametrize("value", ["", "none", "-1", "1.5", "0", "9" * 5000, "٣", True, None.__class__, [1]])
def test_a_value_that_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(ValueError, match="RBM_MAX_EPOCHS must be a whole number from 1"):
        settings({"RBM_MAX_EPOCHS": value}, {})


def test_no_workers_means_one_per_core() -> None:
    assert settings({}, {"RBM_WORKERS": "0"}).workers == 0
