"""How likely 500 hidden units can make MNIST: a training of persistent chains, and what it brings.

    python -m benchmarks.frontier --data FOLDER --out pilot.npz              chooses settings
    python -m benchmarks.frontier --data FOLDER --out final.npz --final      the same settings, on all that remain
    python -m benchmarks.frontier ... --start MODEL                          goes on from a model, with chains of noise

FOLDER holds MNIST's 60,000 training digits as IDX files. None of mnist-5k's 1,000 held-out digits is learned from. A
pilot leaves out 5,000 more and is measured on them; the final training learns these too and is measured on the 1,000.
With OPENBLAS_NUM_THREADS=1 an epoch takes six seconds. The official test digits aren't used. The shipped "Digits" is

    ... --start first.npz --rate 0.06 --epochs 200 --final
    ... --start of that   --rate 0.07 --epochs 260 --seed 2 --final
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path

import rbm
from rbm.pretrained import make, split

KEPT, PILOT = 1_000, 5_000  # mnist-5k's held-out digits, and what the pilots don't see
EVERY = 10  # epochs between two lines, and two files


def main(arguments: list[str] | None = None) -> None:
    options = _options(arguments)
    digits = split.full(options.data, KEPT if options.final else KEPT + PILOT)
    if not options.final:
        digits = split.without(digits, first=KEPT)
    config = rbm.TrainConfig(
        n_hidden=500, algorithm="pcd", binarize="sample", schedule="linear", batch_size=options.batch,
        chains=options.chains, learning_rate=options.rate, epochs=options.epochs, seed=options.seed,
    )  # fmt: skip
    command = f"python -m benchmarks.frontier {' '.join(sys.argv[1:])}"
    note = {"made_by": command, "data": digits.source, "config": asdict(config)}
    began = time.perf_counter()
    start = rbm.load(options.start) if options.start else None
    for report in rbm.train(digits.train, config, start=start):
        if report.epoch % EVERY == 0 or report.epoch == config.epochs:
            minutes = round((time.perf_counter() - began) / 60, 1)
            rbm.save(options.out, report.model, {**note, "epochs": report.epoch, "minutes": minutes})
            print(f"epoch {report.epoch:3}  {minutes:5.1f} min  error {report.reconstruction_error:.3f}", flush=True)
    found = {
        "held_out": make.log_likelihood(report.model, digits)._asdict(),
        "learned": make.log_likelihood(report.model, split.learned(digits, len(digits.held_out)))._asdict(),
    }
    rbm.save(options.out, report.model, {**note, "epochs": report.epoch, "minutes": minutes, "measured": found})
    for name, values in found.items():
        print(name, {key: round(value, 3) for key, value in values.items()})


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frontier", description=str(__doc__).split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="a model file to go on from")
    parser.add_argument("--final", action="store_true", help="learn from the pilots' 5,000 digits too")
    for name, kind, value in (
        ("rate", float, 0.1), ("chains", int, 400), ("batch", int, 100), ("epochs", int, 450), ("seed", int, 1),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=kind, default=value)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
