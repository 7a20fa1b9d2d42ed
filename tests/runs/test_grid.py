"""Grids of settings: every combination once, values as they are typed, and which settings differ."""

from __future__ import annotations

import pytest

from rbm.errors import BadValue
from rbm.runs.grid import axes, described, grid, lowered, read_values, shown
from rbm.training.config import TrainConfig

BASE = TrainConfig(epochs=7, seed=3)


def test_every_combination_once_in_the_order_given() -> None:
    found = grid(BASE, {"learning_rate": [0.01, 0.1], "n_hidden": [5, 3, 2]})
    assert [(one.learning_rate, one.n_hidden) for one in found] == [
        (0.01, 5), (0.01, 3), (0.01, 2), (0.1, 5), (0.1, 3), (0.1, 2),
    ]  # fmt: skip
    assert {(one.epochs, one.seed) for one in found} == {(7, 3)}, "the rest is as it was"


def test_one_value_just_sets_it_and_none_is_the_settings_themselves() -> None:
    assert grid(BASE, {}) == [BASE]
    (one,) = grid(BASE, {"epochs": [2]})
    assert (one.epochs, one.seed) == (2, 3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rate": [1]}, "no setting 'rate'"),
        ({"n_hidden": []}, "no value"),
        ({"n_hidden": [5, 5]}, "twice"),
        ({"n_hidden": [5, 0]}, "n_hidden must be between 1"),
        ({"final_gibbs_steps": [5, 2], "gibbs_steps": [1, 3]}, "final_gibbs_steps must be at least"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, list[int]], words: str) -> None:
    with pytest.raises(BadValue, match=words):
        grid(BASE, values)


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("learning_rate", "0.01, 0.1,1e-3", [0.01, 0.1, 0.001]),
        ("n_hidden", "100,500", [100, 500]),
        ("epochs", " 2 ", [2]),
        ("algorithm", "cd, pcd", ["cd", "pcd"]),
        ("centering", "on,off", [True, False]),
        ("final_gibbs_steps", "none, 5", [None, 5]),
        ("n_hidden", "100,", [100]),
    ],
)
def test_values_are_read_as_their_setting_has_them(name: str, text: str, values: list[object]) -> None:
    assert read_values(name, text) == values


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("n_hidden", "100, many", "n_hidden must be a whole number, got 'many'"),
        ("n_hidden", "1.5", "must be a whole number"),
        ("learning_rate", "nan", "learning_rate must be between"),
        ("learning_rate", "0.1, 0.10", "twice"),
        ("n_hidden", "none", "whole number"),
        ("algorithm", "cd, sgd", "algorithm must be one of"),
        ("centering", "on, perhaps", "centering must be one of"),
        ("n_hidden", " , ", "no value"),
        ("hidden", "3", "no setting 'hidden'"),
    ],
)
def test_a_value_that_is_none_is_named(name: str, text: str, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        read_values(name, text)


def test_what_differs_are_the_axes_numbers_in_order() -> None:
    found = axes(grid(BASE, {"n_hidden": [50, 7, 11], "epochs": [2], "algorithm": ["pcd", "cd"]}))
    assert [(axis.name, axis.values, axis.label) for axis in found] == [
        ("n_hidden", (7, 11, 50), "Hidden units"), ("algorithm", ("pcd", "cd"), "Algorithm"),
    ]  # fmt: skip
    (axis,) = axes(grid(BASE, {"final_gibbs_steps": [5, None, 3]}))
    assert axis.values == (3, 5, None)
    assert axes([BASE, BASE]) == []


def test_words_of_values() -> None:
    config = TrainConfig(learning_rate=0.01, n_hidden=100, centering=True)
    assert described(config, ["learning_rate", "n_hidden"]) == "learning rate 0.01, hidden units 100"
    assert described(config, ["centering", "final_gibbs_steps"]) == "centre the gradient on, final k none"
    assert (lowered("L1 weight cost"), shown(1e-4)) == ("L1 weight cost", "0.0001")
