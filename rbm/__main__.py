"""python -m rbm: see rbm/cli/."""

import sys

from rbm.cli import main

if __name__ == "__main__":
    sys.exit(main())
