"""What can be asked for on the command line. TrainConfig's options, with their help, come from TrainConfig itself."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

from rbm import datasets, idx
from rbm.config import TrainConfig

PROGRAM = "python -m rbm"
DATA = f"{', '.join(datasets.names())}, or a folder with {idx.TRAIN_IMAGES} and maybe {idx.TEST_IMAGES}, or .gz of them"

Add = Callable[..., argparse.Action]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options, with `task` the command. Raises SystemExit: 0 after --help, 2 and one line for a bad one."""
    parser = _Parser(prog=PROGRAM, description="Train, measure and sample restricted Boltzmann machines.")
    commands = parser.add_subparsers(title="commands", dest="task", required=True)
    for task, (words, add_options) in _TASKS.items():
        command = commands.add_parser(task, help=words, description=words, allow_abbrev=False)
        add_options(command.add_argument)
    return parser.parse_args(arguments)


def field_help() -> dict[str, str]:
    """What TrainConfig's docstring says of each of its fields: `name: words` or `name, name: words`."""
    name = "|".join(field.name for field in fields(TrainConfig))
    indented = [line.strip() for line in (inspect.getdoc(TrainConfig) or "").splitlines() if line.startswith("    ")]
    _, *pairs = re.split(rf"\b((?:(?:{name}), )*(?:{name})): ", " ".join(indented))
    entries = zip(pairs[::2], pairs[1::2], strict=True)
    return {one: words.strip(" .;") for names, words in entries for one in names.split(", ")}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, where argparse prints its usage too."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def _train(add: Add) -> None:
    add("--data", required=True, help=f"what to learn: {DATA} (required)")
    add("--out", required=True, help="where to save the model, an .npz file; replaces it (required)")
    kinds, words = get_type_hints(TrainConfig), field_help()
    for field in fields(TrainConfig):
        kind, default = kinds[field.name], field.default
        how: dict[str, Any] = {"type": int if int in get_args(kind) else kind, "metavar": "X" if kind is float else "N"}
        if get_origin(kind) is Literal:
            how = {"choices": get_args(kind)}
        elif kind is bool:
            how = {"action": argparse.BooleanOptionalAction}
            default = "on" if default else "off"
        action = add(_flag(field.name), default=field.default, **how)
        action.help = f"{words[field.name]} (default: {'none' if default is None else default})".replace("%", "%%")


def _evaluate(add: Add) -> None:
    add("model", help="a file that train or rbm.save wrote")
    add("--data", required=True, help=f"what to measure on: {DATA} (required)")
    add(
        "--schedule",
        choices=("quick", "full"),
        default="quick",
        help="of annealed importance sampling: quick takes seconds, full the 14,500 steps of the literature and "
        "minutes (default: quick)",
    )
    add("--seed", type=_whole_from(0), default=0, help="of all random numbers (default: 0)")


def _sample(add: Add) -> None:
    add("model", help="a file that train or rbm.save wrote")
    add("--out", required=True, help="where to save the mosaic, a .png file; replaces it (required)")
    add(
        "--data",
        help="start the chains at its training images; without it they start from the model's own distribution as AIS "
        "finds it, which after contrastive divergence can be far from the data (default: none)",
    )
    add("--number", type=_whole_from(1), default=100, help="how many samples (default: 100)")
    add("--sweeps", type=_whole_from(1), default=1000, help="Gibbs sweeps; the last p(v | h) is shown (default: 1000)")
    add("--temperature", type=float, default=1.0, help="above 1 more varied, below 1 more typical (default: 1.0)")
    add("--seed", type=_whole_from(0), default=0, help="of all random numbers (default: 0)")


_TASKS: dict[str, tuple[str, Callable[[Add], None]]] = {
    "train": ("train a model; Ctrl-C keeps that of the last finished epoch", _train),
    "evaluate": ("measure a model on held-out images", _evaluate),
    "sample": ("draw a mosaic of the model's samples", _sample),
}


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _whole_from(low: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} on, got {text!r}")
        return int(text)

    return whole
