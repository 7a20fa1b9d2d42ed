"""What `pip install .` puts into an environment: the library, the command and the shipped models, without the lab.

The wheel is built and unpacked here; `.ci/run` installs it into an empty environment.
"""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

import rbm
from rbm import pretrained
from rbm.pretrained import make

ROOT = Path(__file__).parents[1]
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, built from a copy, for setuptools writes beside what it reads."""
    source, wheels, target = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "installed"))
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "rbm", source / "rbm", ignore=shutil.ignore_patterns("__pycache__"))
    built = subprocess.run([sys.executable, "-c", BUILD, wheels], cwd=source, capture_output=True, text=True)
    assert built.returncode == 0, f"pip install -r requirements-dev.txt brings setuptools\n{built.stderr}"
    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def run(installed: Path, folder: Path, *words: str) -> str:
    """What Python prints with the wheel's files on its path, in another folder than the checkout."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def about(installed: Path, name: str) -> str:
    (folder,) = installed.glob("*.dist-info")
    return (folder / name).read_text()


def test_it_holds_the_library_and_the_shipped_models_and_nothing_of_the_lab(installed: Path) -> None:
    found = {path.relative_to(installed).as_posix() for path in installed.glob("rbm/**/*") if path.is_file()}
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("rbm/**/*.py")}
    library = {name for name in modules if not name.startswith("rbm/app/")}
    models = {f"rbm/pretrained/{name}.npz" for name in (*pretrained.NAMES, "first")}
    lessons = {f"rbm/pretrained/{name}.npz" for name in (*make.LESSONS, *make.TOWERS)}
    assert found == library | models | lessons | {"rbm/py.typed"}
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"rbm"}


def test_it_says_what_it_is_and_needs_what_requirements_txt_lists(installed: Path) -> None:
    told = email.message_from_string(about(installed, "METADATA"))
    assert (told["Name"], told["Version"], told["Author"]) == ("rbm-lab", rbm.__version__, "RBM Lab contributors")
    assert (told["License-Expression"], told["Requires-Python"]) == ("MIT", ">=3.11")
    listed = (ROOT / "requirements.txt").read_text().split()
    needed = [line for line in told.get_all("Requires-Dist") if "extra ==" not in line]
    parts = [set(re.split(r"(?=[<>])|,", line)) - {""} for line in (*listed, *needed)]
    assert parts[: len(listed)] == parts[len(listed) :]
    assert [line.split(">")[0] for line in told.get_all("Requires-Dist") if line not in needed] == ["distributed"]
    assert len(listed) > 5


def test_the_library_works_from_another_folder(installed: Path, tmp_path: Path) -> None:
    program = "import rbm; print(rbm.__file__); print(rbm.pretrained.load('digits'))"
    assert run(installed, tmp_path, "-c", program).split("\n") == [
        str(installed / "rbm" / "__init__.py"),
        "RBM(784 visible, 500 hidden)",
        "",
    ]


def test_the_command_works_from_another_folder(installed: Path, tmp_path: Path) -> None:
    scripts = ConfigParser()
    scripts.read_string(about(installed, "entry_points.txt"))
    module, function = scripts["console_scripts"]["rbm"].split(":")
    command = f"from {module} import {function}; {function}()"  # as pip writes it
    words = ("train", "--data", "digits-8x8", "--epochs", "1", "--out", "m.npz")
    assert "saved the model of epoch 1 of 1" in run(installed, tmp_path, "-c", command, *words)
    assert rbm.load(tmp_path / "m.npz").n_visible == 64


def test_the_version_is_told_alike_wherever_it_is_told() -> None:
    changes = re.search(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    citation = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert changes is not None
    assert citation is not None
    assert changes[1] == citation[1] == rbm.__version__
