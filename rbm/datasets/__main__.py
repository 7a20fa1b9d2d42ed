"""Fetch data sets ahead of a lesson:  python -m rbm.datasets mnist kmnist --to /media/stick

With RBM_DATA=/media/stick the lab then reads them from there and needs no network.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rbm import datasets
from rbm.datasets import mnist


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rbm.datasets", description="Fetch data sets ahead of a lesson.")
    parser.add_argument("names", nargs="+", choices=sorted(mnist.COLLECTIONS), metavar="NAME", help="%(choices)s")
    parser.add_argument("--to", type=Path, default=None, help="the folder to put them in; default: the lab's cache")
    options = parser.parse_args(arguments)
    for name in options.names:
        try:
            folder = mnist.fetch(name, options.to or datasets.cache_folder())
        except datasets.Unavailable as error:
            parser.exit(1, f"{error}\n")
        print(mnist.read(name, folder).source)


if __name__ == "__main__":
    main()
