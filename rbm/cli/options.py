"""What several commands ask for, and how an option is read."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn

from rbm.cli.data import DATA
from rbm.training.settings import Setting

Add = Callable[..., argparse.Action]


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, where argparse prints its usage too."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def add_data(add: Add, purpose: str) -> None:
    add("--data", required=True, help=f"{purpose}: {DATA} (required)".replace("%", "%%"))


def add_model(add: Add) -> None:
    add("model", help="a file that train or rbm.save wrote")


def add_seed(add: Add) -> None:
    add("--seed", type=whole_from(0), default=0, help="of all random numbers (default: 0)")


def add_setting(add: Add, name: str, known: Setting, default: object) -> None:
    """An option for a field of TrainConfig, in its own words. Its limits are checked where the config is made.

    Nothing is stored where it isn't given: a run that is resumed keeps what it had.
    """
    how: dict[str, Any] = {"type": known.kind, "metavar": "X" if known.kind is float else "N"}
    shown = "none" if default is None else default
    if known.choices:
        how = {"choices": list(known.choices)}
    elif known.kind is bool:
        how, shown = {"action": argparse.BooleanOptionalAction}, "on" if default else "off"
    action = add(f"--{name.replace('_', '-')}", default=argparse.SUPPRESS, **how)
    action.help = f"{known.words} (default: {shown})".replace("%", "%%")  # once made: it would add its own default


def whole_from(low: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} on, got {text!r}")
        return int(text)

    return whole
