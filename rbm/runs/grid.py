"""A grid of settings: every combination of some values of some of them; and which settings a sweep has varied."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rbm.errors import BadValue
from rbm.training.config import TrainConfig
from rbm.training.settings import Setting, settings_of

KNOWN = settings_of(TrainConfig)
MOST_VALUES, MOST_RUNS = 5, 25  # of one setting, and of a sweep, that a page starts
SWITCH = {"on": True, "true": True, "off": False, "false": False}


def grid(config: TrainConfig, values: Mapping[str, Sequence[Any]]) -> list[TrainConfig]:
    """`config` with every combination of `values`, by the names of its fields; the last one's change fastest.

    Raises BadValue for a name or a value that can't be, for no value and for one that is there twice.
    """
    for name, wanted in values.items():
        _known(name)
        if not wanted:
            raise BadValue(f"{name} has no value; give one or more")
        if len(set(wanted)) < len(wanted):
            raise BadValue(f"{name} has the same value twice: {', '.join(map(str, wanted))}")
    return [replace(config, **dict(zip(values, chosen, strict=True))) for chosen in itertools.product(*values.values())]


def read_values(name: str, text: str) -> list[Any]:
    """The values of a setting typed with commas between, "0.01, 0.1". Raises BadValue as `grid`."""
    setting = _known(name)
    found = [_read(name, setting, part.strip()) for part in text.split(",") if part.strip()]
    grid(TrainConfig(), {name: found} if len(found) != 1 else {})
    for value in found:
        setting.check(name, value)
    return found


def _read(name: str, setting: Setting, text: str) -> Any:
    if setting.optional and text == "none":
        return None
    if setting.kind is bool:
        return SWITCH.get(text.lower(), text)
    if setting.kind is str:
        return text
    try:
        return setting.kind(text)
    except ValueError:
        what = "a whole number" if setting.kind is int else "a number"
        raise BadValue(f"{name} must be {what}, got {text!r}; {setting.advice}") from None


def _known(name: str) -> Setting:
    if name not in KNOWN:
        raise BadValue(f"there is no setting {name!r}; choose {', '.join(KNOWN)}")
    return KNOWN[name]


@dataclass(frozen=True)
class Axis:
    """A setting that differs within a sweep. values: those that occur, numbers in order and choices as they stand."""

    name: str
    values: tuple[Any, ...]

    @property
    def label(self) -> str:
        return KNOWN[self.name].label


def axes(configs: Sequence[TrainConfig]) -> list[Axis]:
    """The settings that are not the same in all of `configs`, in the order of TrainConfig."""
    found = []
    for name, setting in KNOWN.items():
        values = dict.fromkeys(getattr(config, name) for config in configs)
        if len(values) > 1:
            numbers = setting.kind in (int, float)
            order = sorted(values, key=lambda v: (v is None, v)) if numbers else list(values)
            found.append(Axis(name, tuple(order)))
    return found


def described(config: TrainConfig, names: Sequence[str]) -> str:
    """The values of these settings, in words: "learning rate 0.01, hidden units 100"."""
    return ", ".join(f"{lowered(KNOWN[name].label)} {shown(getattr(config, name))}" for name in names)


def shown(value: Any) -> str:
    """A value as it was typed."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if value is None else str(value)


def lowered(label: str) -> str:
    """A label within a sentence; "L1 weight cost" keeps its letter."""
    return label if label[1:2].isdigit() else label[0].lower() + label[1:]
