"""README does what it says: its examples run as they stand in an empty folder, its commands too, its paths exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import rbm
from rbm.cli import main
from rbm.measures import likelihood

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
FIRST = EXAMPLES[0]
COMMANDS = re.findall(r"^    python -m rbm (.*)$", README, re.MULTILINE)
QUICKLY = {  # what a test adds to a command, whose last word counts
    "train": "--epochs 1 --n-hidden 8",
    "evaluate": "--schedule quick",
    "sample": "--sweeps 3 --number 4",
    "features": "",
    "train --layers": "--epochs 1 --layers 8,8",
}
WRITTEN = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL))


def is_module(name: str) -> bool:
    return (ROOT / name.replace(".", "/")).is_dir() or (ROOT / f"{name.replace('.', '/')}.py").is_file()


def run(program: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_example_runs_in_an_empty_folder(tmp_path: Path) -> None:
    """With one epoch for thirty and 20 hidden units for 500; the rest as it stands."""
    short = FIRST.replace("rbm.TrainConfig(", "rbm.TrainConfig(epochs=1, n_hidden=20, ")
    assert short != FIRST
    show = "print(dreams.shape, set(dreams.flat) <= {0, 1}, log_z.standard_error < 1, repr(digits))"
    epoch, bracket, shown = run(f"{short}\n{show}", tmp_path).splitlines()
    assert epoch.startswith("1 ")
    assert all(0 < error < 110 for error in map(float, epoch.split()[1:])), "no image has more ink"
    low, best, high = map(float, bracket.split())
    assert low < best < high
    assert low == pytest.approx(high, abs=5), "a small model after one epoch has no modes to miss"
    assert shown == "(10, 784) True True RBM(784 visible, 500 hidden)"
    assert rbm.load(tmp_path / "model.npz").n_hidden == 20


@pytest.mark.parametrize("example", EXAMPLES[1:])
def test_every_other_example_runs_in_an_empty_folder(example: str, tmp_path: Path) -> None:
    run(example, tmp_path)


def test_the_first_example_takes_the_quick_schedule_and_calls_what_callers_rely_on() -> None:
    assert "betas=quick" in FIRST
    assert "quick = rbm.likelihood.QUICK_SCHEDULE" in FIRST
    assert len(likelihood.QUICK_SCHEDULE) < len(likelihood.FULL_SCHEDULE) / 9
    for call in ("datasets.load", "TrainConfig", "train", "save", "gibbs", "likelihood.bracket"):
        assert f"rbm.{call}(" in FIRST


def test_the_commands_run_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [command.split()[0] for command in COMMANDS] == ["train", "train", "evaluate", "sample", "features", "train"]
    for command in COMMANDS:
        words = shlex.split(command, comments=True)
        kind = f"{words[0]} --layers" if "--layers" in words else words[0]
        assert main([*words, *shlex.split(QUICKLY[kind])]) == 0, capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {
        "model.npz", "samples.png", "curve.csv", "run.npz", "features.npz", "net.npz",
    }  # fmt: skip


def test_what_a_program_is_called_by_is_there() -> None:
    modules = re.findall(r"python -m ([\w.]+)", README)
    assert {"benchmarks.likelihood", "rbm.datasets"} <= set(modules)
    assert not [name for name in modules if find_spec(name) is None]


def test_what_is_named_is_there_after_import_rbm_alone(tmp_path: Path) -> None:
    """Or is a module, which the reader imports by that name."""
    names = sorted({word for word in WRITTEN if re.fullmatch(r"rbm(\.\w+)+", word)})
    assert {"rbm.BernoulliRBM", "rbm.exact"} <= set(names)
    attributes = [name for name in names if not is_module(name)]
    assert run("import rbm\n" + "\n".join(attributes), tmp_path) == ""


@pytest.mark.parametrize("line", sorted({word for word in WRITTEN if re.match("(from|import) ", word)}))
def test_an_import_line_works(line: str) -> None:
    exec(line, {})


@pytest.mark.parametrize(
    "path", sorted({word for word in WRITTEN if re.fullmatch(r"[\w./]+(\.py|\.md|\.toml|\.txt|/)|\.ci/run", word)})
)
def test_a_path_is_there(path: str) -> None:
    if "NAME" in path:  # of the reader's own page
        assert (ROOT / path.replace("NAME", "home")).is_file()
    elif path not in ("packages.txt", ".streamlit/secrets.toml"):  # which are not needed
        assert list(ROOT.glob(path if "/" in path else f"**/{path}"))


def test_every_limit_is_a_field_of_limits() -> None:
    from rbm.runs.limits import Limits, variable

    named = set(re.findall(r"RBM_MAX_\w+|RBM_WORKERS", README))
    assert named == {variable(name) for name in Limits.__dataclass_fields__}


def test_it_stays_short() -> None:
    assert len(README.splitlines()) < 200
