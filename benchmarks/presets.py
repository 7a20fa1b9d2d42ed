"""Held-out error of the presets on "mnist-5k":  python -m benchmarks.presets  (20 s on two cores)."""

from __future__ import annotations

import rbm

LIMITS = {"Classic 784-500": 9.0, "Recommended": 8.0}  # no worse than


def main() -> None:
    data = rbm.datasets.load("mnist-5k")
    print(f"{'preset':18} {'epochs':>6} {'training':>9} {'held-out':>9} {'limit':>6} {'images/s':>9}")
    for name, limit in LIMITS.items():
        config = rbm.PRESETS[name]
        *_, report = rbm.train(data.train_images, config, validation=data.test_images)
        print(
            f"{name:18} {report.epoch:6} {report.reconstruction_error:9.2f} {report.validation_error:9.2f} "
            f"{limit:6.1f} {report.images_per_second:9,.0f}"
        )


if __name__ == "__main__":
    main()
