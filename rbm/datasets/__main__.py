"""Fetch data sets ahead of a lesson:  python -m rbm.datasets mnist kmnist --to /media/stick

The same as `rbm fetch`: see rbm/cli/fetch.py.
"""

import sys

from rbm.cli import main

if __name__ == "__main__":
    sys.exit(main(["fetch", *sys.argv[1:]]))
