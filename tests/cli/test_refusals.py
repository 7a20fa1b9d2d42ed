"""How the command line says no."""

import os
import subprocess

import pytest

from tests.cli.common import FAST, ROOT, program, refused


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "required: task"),
        ("learn", "invalid choice: 'learn'"),
        ("train --out {tmp}/a.npz", "required: --data"),
        ("train --data emnist --out {tmp}/a.npz", "unknown data set 'emnist'; choose mnist-5k, digits-8x8, "),
        ("train --data {tmp} --out {tmp}/a.npz", "holds neither train-images-idx3-ubyte nor"),
        ("train --data digits-8x8 --out {tmp}", "is a folder; name a file"),
        ("train --data digits-8x8 --out {tmp}/no/a.npz", "there is no folder"),
        ("train --data digits-8x8 --out {tmp}/a.npz --epochs ten", "--epochs: invalid int value: 'ten'"),
        ("train --data digits-8x8 --out {tmp}/a.npz --epochs 0", "epochs must be between 1 and"),
        ("train --data digits-8x8 --out {tmp}/a.npz --learning-rate nan", "learning_rate must be between"),
        ("train --data digits-8x8 --out {tmp}/a.npz --algorithm sgd", "invalid choice: 'sgd'"),
        ("train --data digits-8x8 --out {tmp}/a.npz --algorithm pt --negative mean", 'no use for negative "mean"'),
        ("train --data digits-8x8 --out {tmp}/a.npz --epoch 3", "unrecognized arguments: --epoch 3"),
        ("evaluate {tmp}/none.npz --data digits-8x8", "No such file or directory"),
        ("evaluate {tmp} --data digits-8x8", "Is a directory"),
        ("evaluate {code} --data digits-8x8", "this is not a model file"),
        ("evaluate {model} --data digits-8x8", "images of 15 pixels, those of digits-8x8 have 64"),
        ("sample {shipped} --out {tmp}/a.png --data digits-8x8", "images of 784 pixels, those of digits-8x8 have 64"),
        ("sample {shipped} --out {tmp}/a.png --data nothing", "unknown data set 'nothing'"),
        ("evaluate {model} --data digits-8x8 --schedule slow", "invalid choice: 'slow'"),
        ("evaluate {model} --data digits-8x8 --seed -1", "must be a whole number from 0 on, got '-1'"),
        ("sample {model} --out {tmp}/a.png", "15 pixels are no square"),
        ("sample {shipped} --out {tmp}/a.jpg", "name it a.png, not a.jpg"),
        ("sample {shipped} --out {tmp}/no/a.png", "there is no folder"),
        ("sample {shipped} --out {tmp}/a.png --number 0", "--number: must be a whole number from 1 on, got '0'"),
        ("sample {shipped} --out {tmp}/a.png --temperature 0", "temperature must be above 0"),
        ("sample {shipped} --out {tmp}/a.png --temperature nan", "temperature must be above 0"),
    ],
)
def test_one_line_and_exit_code_2(words, message, tmp_path, model, capsys):
    shipped = ROOT / "rbm" / "pretrained" / "default.npz"
    names = {"tmp": tmp_path, "model": model, "code": __file__, "shipped": shipped}
    assert message in refused(capsys, *words.format(**names).split())
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def test_no_traceback_from_outside(tmp_path):
    done = subprocess.run(program("train", "--data", "no", "--out", "x"), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable to root")
def test_a_folder_without_permission_is_found_out_before_training(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert "Permission denied" in refused(capsys, "train", *FAST, "--out", tmp_path / "a.npz")
