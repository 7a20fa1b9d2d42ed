"""The command line: rbm train | sweep | evaluate | sample | features | probe | fetch | admin, or python -m rbm ...
where it is not installed.

Exit codes: 0 done, 1 training diverged, 2 what was asked for can't be done, 130 interrupted, 141 nobody reads what is
printed (as after `| head -1`). Whatever is neither 0 nor 141 says why in one line on stderr.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from rbm.cli import admin, evaluate, features, fetch, probe, sample, sweep, train
from rbm.cli.options import Add, Parser
from rbm.cli.refusals import complain, program

INTERRUPTED, UNREAD = 130, 141  # 128 + SIGINT, 128 + SIGPIPE: what a shell reports


class Command(NamedTuple):
    about: str
    add_options: Callable[[Add], None]
    run: Callable[[argparse.Namespace], int]
    more: str = ""  # to the description


COMMANDS = {
    "train": Command(
        "train a model; Ctrl-C keeps that of the last finished epoch",
        train.add_options,
        train.run,
        ". Hinton 2010 is A practical guide to training restricted Boltzmann machines, UTML TR 2010-003.",
    ),
    "sweep": Command(
        "train every combination of some settings, side by side",
        sweep.add_options,
        sweep.run,
        ", each as a run in the lab's store. Ctrl-C interrupts them, and the same command goes on.",
    ),
    "evaluate": Command("measure a model on held-out images", evaluate.add_options, evaluate.run),
    "sample": Command("draw a mosaic of the model's samples", sample.add_options, sample.run),
    "features": Command("save the hidden probabilities of images", features.add_options, features.run),
    "probe": Command("read images by their hidden units, over labels", probe.add_options, probe.run),
    "admin": Command("on the server: list all runs, stop one, free what is old", admin.add_options, admin.run),
    "fetch": Command("download data sets ahead of a lesson", fetch.add_options, fetch.run),
}


def console() -> NoReturn:
    """The installed command `rbm`."""
    sys.exit(main())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (by default the program's own) and return the exit code.

    Raises SystemExit, as argparse does, for --help (0) and for what can't be done (2).
    """
    try:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        finally:
            sys.stdout.flush()  # here, where it can still be caught, and not when Python ends
    except BrokenPipeError:
        with open(os.devnull, "w") as nowhere:  # for what is left in the buffer
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return UNREAD


def _run(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    options.command = f"{program()} {shlex.join(arguments)}"
    try:
        return COMMANDS[options.task].run(options)
    except KeyboardInterrupt:
        return complain("interrupted; nothing is saved", INTERRUPTED)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options, with `task` the command. Raises SystemExit: 0 after --help, 2 and one line for a bad one."""
    parser = Parser(prog=program(), description="Train, measure and sample restricted Boltzmann machines.")
    commands = parser.add_subparsers(title="commands", dest="task", required=True)
    for task, command in COMMANDS.items():
        description = command.about + command.more
        options = commands.add_parser(task, help=command.about, description=description, allow_abbrev=False)
        command.add_options(options.add_argument)
    return parser.parse_args(arguments)
