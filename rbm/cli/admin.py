"""For whoever runs a server, on that machine:  rbm admin list | stop ID | free

It works on the folder that RBM_HOME names, beside the running server.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rbm.cli.options import Add
from rbm.cli.refusals import refusals
from rbm.errors import BadValue
from rbm.runs import room
from rbm.runs.lab import default_home
from rbm.runs.store import Store


def add_options(add: Add) -> None:
    add("what", choices=("list", "stop", "free"), help="list all runs; stop one that trains; free what is old")
    add("run", nargs="?", metavar="ID", help="of the run to stop, or its first letters")
    add("--home", type=Path, metavar="FOLDER", help="of the store (default: RBM_HOME, else the user's data folder)")
    add(
        "--days",
        type=float,
        default=90.0,
        metavar="N",
        help="free runs older than that, but pinned ones (default: 90)",
    )


def run(options: argparse.Namespace) -> int:
    home = options.home or default_home()
    with refusals():
        if not (home / "runs.sqlite").exists():
            raise BadValue(f"{home} holds no runs; name the folder with --home or RBM_HOME")
        with Store(home) as store:
            if options.what == "list":
                _list(store)
            elif options.what == "stop":
                _stop(store, options.run)
            else:
                _free(store, options.days)
    return 0


def _list(store: Store) -> None:
    """A line for each run, the largest owner's first."""
    runs = store.all()
    share = {owner: sum(store.size(run) for run in runs if run.owner == owner) for owner in {run.owner for run in runs}}
    print(f"{'id':22} {'owner':8} {'status':11} {'epoch':>11} {'MB':>6} {'days':>6}  name")
    for one in sorted(runs, key=lambda run: (-share[run.owner], run.owner, run.created)):
        marks = "".join(mark for mark, on in (("pinned ", one.pinned), ("imported ", one.imported)) if on)
        days = (time.time() - one.created) / room.DAY
        print(
            f"{one.id:22} {one.owner[:8]:8} {one.status:11} {one.epoch:5}/{one.config.epochs:<5} "
            f"{store.size(one) / 2**20:6.1f} {days:6.1f}  {marks}{one.name}"
        )
    total = sum(share.values()) / 2**20
    print(f"{len(runs)} runs of {len(share)} owners, {total:.1f} MB")


def _stop(store: Store, wanted: str | None) -> None:
    found = [one for one in store.all() if wanted and one.id.startswith(wanted)]
    if len(found) != 1:
        raise BadValue(f"{len(found)} runs begin with {wanted or ''!r}; name one as `list` shows it")
    if not found[0].unfinished:
        raise BadValue(f"this run is {found[0].status}: nothing trains it now")
    store.ask_to_stop(found[0].id)
    print(f"{found[0].name} is asked to stop: it does at its next checkpoint, some seconds from now")


def _free(store: Store, days: float) -> None:
    going = [one for one in store.all(deleted=True) if room.is_old(one, days)]
    size = sum(map(store.size, going))
    store.remove(going)
    print(f"{len(going)} runs removed, {size / 2**20:.1f} MB")
