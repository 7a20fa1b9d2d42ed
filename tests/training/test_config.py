from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from rbm import PRESETS, TrainConfig
from rbm.errors import BadValue

FIELDS = {field.name: field.default for field in dataclasses.fields(TrainConfig)}
BAD = {  # by the type of the default: no field may take any of these
    int: [True, False, None, "3", 1.5, 3.0, np.nan, np.inf, -1, 10**30, [3], np.array([3, 4]), 1j],
    float: [True, False, None, "0.1", np.nan, np.inf, -np.inf, -1e30, 1e30, [0.1], np.array([1.0, 2]), 1j],
    str: [True, None, 3, np.nan, "", "nonsense", "CD", [], b"cd"],
    type(None): [True, False, "3", 1.5, 3.0, np.nan, np.inf, -1, 10**30, [3], np.array([3, 4]), 1j],
    bool: [None, 2, -1, 0.5, np.nan, "yes", []],
}


def cases():
    return [(name, bad) for name, default in FIELDS.items() for bad in BAD[type(default)]]


@pytest.mark.parametrize(("name", "bad"), cases(), ids=repr)
def test_a_bad_value_is_refused_by_the_fields_name_with_what_was_received(name, bad):
    with pytest.raises(BadValue, match=rf"^{name} must be .*{re.escape(repr(bad))}"):
        TrainConfig(**{name: bad})


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("n_hidden", 1, 0),
        ("gibbs_steps", 1, 0),
        ("batch_size", 1, 0),
        ("epochs", 1, 0),
        ("seed", 0, -1),
        ("seed", 2**63 - 1, 2**63),
        ("momentum_epochs", 0, -1),
        ("learning_rate", 1e-12, 0),
        ("learning_rate", 1, -0.1),
        ("weight_std", 0, -0.01),
        ("hidden_bias", -100, -100.5),
        ("hidden_bias", 100, 100.5),
        ("momentum", 0, -0.1),
        ("momentum", 0.999, 1),
        ("final_momentum", 0, -0.1),
        ("final_momentum", 0.999, 1),
    ],
)
def test_the_limits_themselves(name, good, bad):
    assert getattr(TrainConfig(**{name: good}), name) == good
    with pytest.raises(BadValue, match=rf"^{name} must be between .* got {bad}"):
        TrainConfig(**{name: bad})


@pytest.mark.parametrize(
    ("name", "good"), [("n_hidden", np.int64(7)), ("learning_rate", np.float32(0.5)), ("learning_rate", 1)]
)
def test_numpy_numbers_will_do(name, good):
    assert getattr(TrainConfig(**{name: good}), name) == good


def test_a_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().epochs = 3  # type: ignore[misc]


def test_choices_are_listed():
    with pytest.raises(BadValue, match="negative must be one of mean, sample; got 'median'"):
        TrainConfig(negative="median")  # type: ignore[arg-type]


def test_momentum_changes_when_momentum_epochs_have_passed():
    config = TrainConfig(momentum=0.5, final_momentum=0.9, momentum_epochs=3)
    assert [config.momentum_at(epoch) for epoch in (0, 1, 2, 2.99, 3, 4)] == [0.5, 0.5, 0.5, 0.5, 0.9, 0.9]


def test_presets_are_the_issues():
    classic, recommended = PRESETS["Classic 784-500"], PRESETS["Recommended"]
    for preset in (classic, recommended):
        assert (preset.n_hidden, preset.epochs, preset.batch_size, preset.algorithm) == (500, 30, 128, "cd")
        assert preset.gibbs_steps == 1
    assert (classic.learning_rate, classic.weight_std, classic.visible_bias) == (0.1, 0.1, "zero")
    assert (classic.hidden_bias, classic.momentum, classic.final_momentum) == (0, 0, 0)
    assert (recommended.weight_std, recommended.visible_bias) == (0.01, "log-odds")
    assert [recommended.momentum_at(epoch) for epoch in (0, 4, 5, 29)] == [0.5, 0.5, 0.9, 0.9]
