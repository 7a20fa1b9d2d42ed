"""Make the model that ships with the app:  python -m rbm.models.make  (two minutes on two cores).

Its settings, seed and figures travel inside the file. The same command gives the same weights on the same
machine and number of threads.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from rbm import datasets, io
from rbm.config import PRESETS
from rbm.training import train

DATA = "mnist-5k"
CONFIG = replace(PRESETS["Best dreams"], epochs=200)
TARGET = Path(__file__).parent / "default.npz"


def main() -> None:
    data = datasets.load(DATA)
    for report in train(data.train_images, CONFIG, validation=data.test_images):
        print(
            f"epoch {report.epoch:3}  error {report.reconstruction_error:.3f}  held-out {report.validation_error:.3f}"
        )
    info = {
        "name": "Default",
        "data": DATA,
        "epochs": CONFIG.epochs,
        "validation_error": report.validation_error,
        "config": asdict(CONFIG),
        "made_by": "python -m rbm.models.make",
    }
    io.save(TARGET, report.model, info, half_precision=True)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
