"""Download data sets ahead of a lesson:  rbm fetch mnist kmnist --to /media/stick

With RBM_DATA=/media/stick the lab then reads them from there and needs no network.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rbm import datasets
from rbm.cli.options import Add
from rbm.cli.refusals import refusals
from rbm.datasets import mnist


def add_options(add: Add) -> None:
    add("names", nargs="+", choices=sorted(mnist.COLLECTIONS), metavar="NAME", help="%(choices)s")
    folder = str(datasets.cache_folder()).replace("%", "%%")
    add("--to", type=Path, metavar="FOLDER", help=f"where to put them, each in a folder of its own (default: {folder})")


def run(options: argparse.Namespace) -> int:
    for name in options.names:
        with refusals():
            folder = mnist.fetch(name, options.to or datasets.cache_folder())
            source = mnist.read(name, folder).source
        print(source)
    return 0
