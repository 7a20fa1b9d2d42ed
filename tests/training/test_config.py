from __future__ import annotations

import dataclasses
import re
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest

import rbm
from rbm import PRESETS, TrainConfig
from rbm.app.train_page import form
from rbm.errors import BadValue
from rbm.training.settings import settings_of

SETTINGS = settings_of(TrainConfig)
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
    with pytest.raises(BadValue, match="negative must be one of sample, mean; got 'median'"):
        TrainConfig(negative="median")  # type: ignore[arg-type]


def test_momentum_changes_when_momentum_epochs_have_passed():
    config = TrainConfig(momentum=0.5, final_momentum=0.9, momentum_epochs=3)
    assert [config.momentum_at(epoch) for epoch in (0, 1, 2, 2.99, 3, 4)] == [0.5, 0.5, 0.5, 0.5, 0.9, 0.9]


def test_presets_are_the_issues():
    classic, recommended = PRESETS["Classic 784-500"], PRESETS["Recommended"]
    assert next(iter(PRESETS)) == "Recommended", "the default"
    assert (classic.n_hidden, classic.epochs, classic.batch_size, classic.algorithm) == (500, 30, 128, "cd")
    assert (recommended.n_hidden, recommended.epochs, recommended.algorithm) == (500, 30, "pcd")
    assert classic.gibbs_steps == recommended.gibbs_steps == 1
    assert (classic.learning_rate, classic.weight_std, classic.visible_bias) == (0.1, 0.1, "zero")
    assert (classic.hidden_bias, classic.momentum, classic.final_momentum) == (0, 0, 0)
    assert (recommended.weight_std, recommended.visible_bias) == (0.01, "log-odds")
    assert (recommended.binarize, recommended.schedule) == ("sample", "linear")


# ---- each setting once


def test_every_field_is_a_setting_with_words_of_its_own():
    assert list(SETTINGS) == list(FIELDS)
    for part in ("label", "help"):
        texts = [getattr(known, part) for known in SETTINGS.values()]
        assert len(set(texts)) == len(texts)
        assert all(len(text) > {"label": 3, "help": 10}[part] for text in texts)


def test_the_words_are_plain_text():
    """They are read on a terminal as well as on a page."""
    for known in SETTINGS.values():
        words = known.words + known.label + known.advice
        assert not set(words) & set("*`_$#<>\\\n"), words
        assert known.words.endswith(".")


def test_choices_and_kinds_are_those_of_the_types():
    for name, kind in get_type_hints(TrainConfig).items():
        choices = get_args(kind) if get_origin(kind) is Literal else ()
        assert tuple(SETTINGS[name].choices) == choices
        if not choices:
            assert (SETTINGS[name].kind, SETTINGS[name].optional) == ((int, True) if get_args(kind) else (kind, False))


@pytest.mark.parametrize("name", [name for name, known in SETTINGS.items() if known.kind in (int, float)])
def test_the_check_holds_the_settings_own_limits(name):
    known = SETTINGS[name]
    assert known.low < known.high
    for value in (known.low, known.high):
        more = {"gibbs_steps": known.low} if name == "final_gibbs_steps" else {}
        assert getattr(TrainConfig(**{name: known.kind(value), **more}), name) == value
    for value in (known.low - 1, known.high + 1):
        with pytest.raises(ValueError, match=rf"^{name} must be between .*{re.escape(known.advice)}$"):
            TrainConfig(**{name: known.kind(value)})


@pytest.mark.parametrize("control", form.SETTINGS, ids=lambda control: control.name)
def test_the_form_offers_nothing_that_the_check_refuses(control):
    known, (low, high) = SETTINGS[control.name], control.limits
    assert high <= known.high
    assert low >= known.low or control.name == "learning_rate"  # 0 is refused at Start, with its advice
    for preset in PRESETS.values():
        value = getattr(preset, control.name)
        assert value in known.choices if known.choices else value is None or low <= value <= high


def test_the_docstrings_tell_every_parameter_in_the_same_words():
    def told(documented):
        return " ".join((documented.__doc__ or "").split())

    for name, known in SETTINGS.items():
        assert f"{name} : {known.values}, default={FIELDS[name]!r} {known.words}" in told(TrainConfig)
    for name, parameter in rbm.BernoulliRBM().get_params().items():
        assert re.search(rf" {name} : [^:]+, default={re.escape(repr(parameter))} ", told(rbm.BernoulliRBM)), name
    for name in set(SETTINGS) - {"n_hidden", "epochs", "seed", "visible", "chains", "discriminative"}:  # no labels
        assert SETTINGS[name].words in told(rbm.BernoulliRBM)
    assert SETTINGS["n_hidden"].words in told(rbm.BernoulliRBM)
