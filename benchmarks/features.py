"""What hidden units are good for: held-out digits of "mnist-5k" misread by logistic regression, over labels.

    python -m benchmarks.features       five minutes; some machines are trained first

Each figure in %, beside the one that was expected (`EXPECTED`: a prototype of another day, with other draws of the
labelled digits and models that have been made anew since). Where they differ by more than a point stands a mark: "~"
within two standard errors of our draws, "!" beyond.
"""

from __future__ import annotations

import math

from rbm.measures.probe import SIZES, Point
from rbm.pretrained import probe

TITLES = {
    "pixels": "pixels", "PCA": "PCA 50", "untrained": "untrained 784-500", "autoencoder": "autoencoder, 30 epochs",
    "CD-1": "RBM CD-1, 30 epochs", "PCD": "RBM PCD, 30 epochs", "digits": "Digits (ships)",
    "strokes": "Strokes (ships)", "sick": "Sick on purpose (ships)",
}  # fmt: skip
EXPECTED = {  # by labels 20, 100, 300, 1000, 4000; nothing where another reader had been used
    "pixels": (45.3, 23.3, 16.4, 12.2, 10.0),
    "PCA": (45.2, 22.9, 17.3, 13.2, 9.1),
    "untrained": (None, 25.4, None, 12.4, 9.3),
    "autoencoder": (43.8, 20.4, 13.8, 9.8, 6.7),
    "CD-1": (40.3, 17.1, 11.0, 6.7, 4.6),
    "PCD": (39.6, 16.4, 10.7, 7.5, 5.1),
    "digits": (41.8, 17.1, 10.7, 6.7, 4.6),
    "strokes": (40.7, 16.1, 10.1, 7.3, 5.3),
}
EXPECTED_SIZES = (20, 100, 300, 1000, 4000)
ERRORS = {"autoencoder": 2.4, "CD-1": 6.9, "PCD": 10.4, "digits": 2.4, "strokes": 9.1}  # held-out, of reconstruction


def main() -> None:
    print("misread, % ± standard error (expected)", *(f"{size:>9} labels" for size in SIZES), sep="  ")
    for name, curve in probe.curves():
        expected = dict(zip(EXPECTED_SIZES, EXPECTED.get(name, ()), strict=False))
        cells = [cell(point, expected.get(point.labels)) for point in curve.points]
        print(f"{TITLES[name]:24}", *cells, sep="  ", flush=True)
        if not math.isnan(curve.error):
            print(f"{'':24}  held-out reconstruction error {curve.error:.2f} ({ERRORS.get(name, '–')})", flush=True)


def cell(point: Point, expected: float | None) -> str:
    said = f"{100 * point.error:.1f} ± {100 * point.standard_error:.1f}"
    if expected is None:
        return f"{said:>16}"
    return f"{said} ({expected}){mark(point, expected)}"


def mark(point: Point, expected: float) -> str:
    off = abs(100 * point.error - expected)
    if off <= 1:
        return " "
    return "~" if off <= 200 * point.standard_error else "!"


if __name__ == "__main__":
    main()
