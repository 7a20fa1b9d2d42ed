"""How the program is started, what it calls itself, and how it ends when nobody reads on."""

import subprocess
import sys

import pytest

import rbm
from rbm import cli, pretrained
from tests.cli.common import FAST, ROOT, program, text


@pytest.fixture
def installed(tmp_path):
    """A script as pip writes it for the console command `rbm`."""
    script = tmp_path / "bin" / "rbm"
    script.parent.mkdir()
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom rbm.cli import console\nconsole()\n")
    return [sys.executable, str(script)]


def ran(words):
    return subprocess.run(text(*words), cwd=ROOT, capture_output=True, text=True)


def test_it_calls_itself_as_it_was_called(installed, tmp_path):
    for words, name in ((installed, "rbm"), (program(), "python -m rbm")):
        done = ran([*words, "train", "--data", "no", "--out", "x"])
        assert done.returncode == 2
        assert done.stderr.startswith(f"{name}: unknown data set 'no'; ")
        done = ran([*words, "train"])
        assert done.stderr.startswith(f"{name} train: the following arguments are required: --data, --out")
        assert f"usage: {name} " in ran([*words, "--help"]).stdout
        out = tmp_path / "model.npz"
        assert ran([*words, "train", *FAST, "--out", out]).returncode == 0
        assert rbm.io.read(out)[1]["made_by"].startswith(f"{name} train --data digits-8x8 ")


def test_fetch_has_two_names():
    for words in (["rbm", "fetch"], ["rbm.datasets"]):
        assert "kmnist" in ran([sys.executable, "-m", *words, "--help"]).stdout
        done = ran([sys.executable, "-m", *words, "emnist"])
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("python -m rbm fetch: ")
        assert "invalid choice: 'emnist'" in done.stderr


def piped(words, lines):
    """(the first `lines` lines, exit code, stderr) of a program whose reader then closes the pipe."""
    process = subprocess.Popen(text(*words), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        read = [process.stdout.readline() for _ in range(lines)]
        process.stdout.close()
        return read, process.stderr.read(), process.wait()


def test_training_stops_quietly_when_nobody_reads_and_keeps_the_last_epoch(tmp_path):
    out = tmp_path / "model.npz"
    read, err, code = piped(program("train", *FAST, "--epochs", 1_000_000, "--out", out), lines=1)
    assert read[0].startswith("epoch 1: ")
    assert (err, code) == ("", cli.UNREAD)
    assert rbm.io.read(out)[1]["epochs"] >= 2  # the one that could not be told


def test_what_is_printed_in_one_go_ends_quietly_too():
    """It fails only when it leaves the buffer, at the very end."""
    read, err, code = piped(program("evaluate", pretrained.path("classes"), "--data", "mnist-5k"), lines=0)
    assert (read, err, code) == ([], "", cli.UNREAD)
    _, err, code = piped(program("train", "--help"), lines=0)
    assert err == ""
    assert code in (0, cli.UNREAD)  # argparse itself may have overlooked it


def test_head_in_a_shell():
    done = subprocess.run(
        f"'{sys.executable}' -m rbm train --help | head -1", shell=True, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.startswith("usage: python -m rbm train")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
