"""python -m rbm: what it computes, saves and prints, and how it says no."""

import io
import itertools
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rbm
from rbm import cli
from rbm.cli import Bar, main
from rbm.datasets.catalogue import read_data
from rbm.training.trainer import Trainer
from tests.patience import SECONDS

ROOT = Path(__file__).parents[1]
RNG = np.random.default_rng(2)
PATTERNS = 255 * RNG.integers(0, 2, (3, 3, 5), dtype=np.uint8)
IMAGES = PATTERNS[RNG.integers(0, 3, 66)] ^ (255 * (RNG.random((66, 3, 5)) < 0.05)).astype(np.uint8)
FAST = ["--data", "digits-8x8", "--n-hidden", "5", "--epochs", "2", "--batch-size", "400"]


def write_idx(path, images):
    path.write_bytes(bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in images.shape) + images.tobytes())


@pytest.fixture
def folder(tmp_path):
    """66 images of 3 × 5 black or white pixels as IDX files; 55 are to learn from."""
    target = tmp_path / "images"
    target.mkdir()
    write_idx(target / "train-images-idx3-ubyte", IMAGES)
    return target


def text(*words):
    return [str(word) for word in words]


def program(*words):
    return [sys.executable, "-m", "rbm", *text(*words)]


def picture_in(path):
    with Image.open(path) as image:
        return np.asarray(image)


def refused(capsys, *words):
    """The one line on stderr with which `words` end in exit code 2."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(text(*words))
    out, err = capsys.readouterr()
    assert (stop.value.code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("python -m rbm")
    return err


# ---- train


def test_train_saves_what_rbm_train_makes_and_says_how(tmp_path, capsys):
    out = tmp_path / "model.npz"
    assert main(["train", *FAST, "--out", str(out), "--algorithm", "pcd", "--momentum", "0.5", "--centering"]) == 0
    data = rbm.datasets.load("digits-8x8")
    config = rbm.TrainConfig(n_hidden=5, epochs=2, batch_size=400, algorithm="pcd", momentum=0.5, centering=True)
    *_, report = rbm.train(data.train_images, config, validation=data.test_images)
    model, note = rbm.io.read(out)
    np.testing.assert_array_equal(model.weights, report.model.weights)
    assert rbm.TrainConfig(**note.pop("config")) == config
    assert note == {
        "name": "model",
        "data": "digits-8x8",
        "shape": [8, 8],
        "epochs": 2,
        "validation_error": report.validation_error,
        "made_by": f"python -m rbm train {' '.join(FAST)} --out {out} --algorithm pcd --momentum 0.5 --centering",
    }
    printed, err = capsys.readouterr()
    assert [line.split(":")[0] for line in printed.splitlines()[:2]] == ["epoch 1", "epoch 2"]
    assert printed.splitlines()[2] == f"saved the model of epoch 2 of 2 in {out}"
    assert err == ""  # no bar where no terminal is


def test_a_folder_of_idx_files_with_and_without_test_images(folder):
    data = read_data(str(folder))
    assert (data.shape, len(data.train), len(data.held_out)) == ((3, 5), 55, 11)
    every = np.concatenate([data.train, data.held_out])
    np.testing.assert_array_equal(np.sort(every, axis=0), np.sort(IMAGES.reshape(66, 15), axis=0))
    write_idx(folder / "t10k-images-idx3-ubyte", IMAGES[:7])
    data = read_data(str(folder))
    np.testing.assert_array_equal(data.train, IMAGES.reshape(66, 15))
    np.testing.assert_array_equal(data.held_out, IMAGES[:7].reshape(7, 15))
    write_idx(folder / "t10k-images-idx3-ubyte", np.zeros((2, 4, 4), np.uint8))
    with pytest.raises(ValueError, match=r"training images are \(3, 5\), the test images \(4, 4\)"):
        read_data(str(folder))


def interrupt(monkeypatch, before_step):
    """Ctrl-C arrives before this step of the trainer."""
    step, calls = Trainer.step, itertools.count()

    def interrupted(self):
        if next(calls) == before_step:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(Trainer, "step", interrupted)


def test_ctrl_c_keeps_the_last_finished_epoch(tmp_path, monkeypatch, capsys):
    data, out = rbm.datasets.load("digits-8x8"), tmp_path / "model.npz"
    first = next(rbm.train(data.train_images, rbm.TrainConfig(n_hidden=5, epochs=2, batch_size=400)))
    interrupt(monkeypatch, before_step=6)  # of 2 · 4: in the midst of the second epoch
    assert main(["train", *FAST, "--out", str(out)]) == 130
    model, note = rbm.io.read(out)
    np.testing.assert_array_equal(model.weights, first.model.weights)
    assert note["epochs"] == 1
    err = capsys.readouterr().err
    assert err == f"python -m rbm: interrupted; saved the model of epoch 1 of 2 in {out}\n"


def test_ctrl_c_before_there_is_anything_to_keep(tmp_path, monkeypatch, capsys):
    interrupt(monkeypatch, before_step=2)
    assert main(["train", *FAST, "--out", str(tmp_path / "model.npz")]) == 130
    assert capsys.readouterr().err == "python -m rbm: interrupted; no epoch was finished, so nothing is saved\n"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_for_real(tmp_path):
    out = tmp_path / "model.npz"
    words = program("train", "--data", "digits-8x8", "--n-hidden", 5, "--epochs", 1_000_000, "--out", out)
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's & ignores it
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("epoch 1:")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    found = re.fullmatch(r"python -m rbm: interrupted; saved the model of epoch (\d+) of 1000000 in .*\n", err)
    assert found, err
    assert rbm.io.read(out)[1]["epochs"] == int(found[1])


def test_a_blow_up_exits_1_and_keeps_the_last_good_epoch(tmp_path, monkeypatch, capsys):
    out = tmp_path / "model.npz"
    assert main(["train", *FAST, "--out", str(out), "--learning-rate", "1000"]) == 1
    err = capsys.readouterr().err
    assert re.fullmatch(r"python -m rbm: training diverged in epoch 1: .*; no epoch was finished.*\n", err)
    assert not out.exists()
    monkeypatch.setattr(rbm.TrainConfig, "rate_at", lambda self, epoch: 0.1 if epoch < 1 else 1000)
    assert main(["train", *FAST, "--out", str(out)]) == 1
    err = capsys.readouterr().err
    assert re.fullmatch(r"python -m rbm: training diverged in epoch 2: .*; saved the model of epoch 1 of 2 .*\n", err)
    assert rbm.io.read(out)[1]["epochs"] == 1


# ---- evaluate


def rows(printed):
    """{what: [numbers]} of the lines that evaluate prints."""
    found = re.findall(r"^(.{40}) *(-?[\d.]+)(?: ± ([\d.]+))?$", printed, re.MULTILINE)
    return {what.strip(): [float(x) for x in numbers if x] for what, *numbers in found}


def test_evaluate_against_enumeration(folder, tmp_path, capsys):
    out = tmp_path / "model.npz"
    learn = ["--n-hidden", "4", "--epochs", "40", "--batch-size", "11", "--learning-rate", "0.2"]
    assert main(["train", "--data", str(folder), "--out", str(out), *learn]) == 0
    model, held_out = rbm.load(out), read_data(str(folder)).held_out > 127
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", str(folder)]) == 0
    table = rows(capsys.readouterr().out)

    w, b, c = (x.astype(float) for x in (model.weights, model.visible_bias, model.hidden_bias))

    def log_p(v):  # up to log Z
        return v @ b + np.log1p(np.exp(v @ w + c)).sum(axis=-1)

    v = held_out.astype(float)
    every = np.array(list(itertools.product((0.0, 1.0), repeat=15)))
    exact = log_p(v).mean() - np.log(np.exp(log_p(every)).sum())
    flipped = np.abs(v[:, None] - np.eye(15))
    pseudo = -np.log1p(np.exp(log_p(flipped) - log_p(v)[:, None])).sum(axis=1).mean()
    back = 1 / (1 + np.exp(-(1 / (1 + np.exp(-(v @ w + c))) @ w.T + b)))
    assert table["reconstruction error"] == [pytest.approx(np.square(v - back).sum(axis=1).mean(), abs=6e-4)]
    assert table["log pseudo-likelihood, nats"] == [pytest.approx(pseudo, abs=6e-4)]
    assert table["log-likelihood, exact"] == [pytest.approx(exact, abs=6e-4)]
    for name in ("log-likelihood, AIS (flatters)", "log-likelihood, reverse AIS (is modest)"):
        value, error = table[name]
        assert value == pytest.approx(exact, abs=5 * error + 1e-3)
        assert error < 0.1


def test_grey_levels_are_cut_where_training_cut_them(tmp_path, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(cli, "_measure", lambda model, *parts: seen.append(parts[1]))
    for binarize in ("threshold", "none"):
        out = tmp_path / f"{binarize}.npz"
        main(["train", *FAST, "--out", str(out), "--binarize", binarize])
        main(["evaluate", str(out), "--data", "digits-8x8"])
    held_out = rbm.datasets.load("digits-8x8").test_images
    np.testing.assert_array_equal(seen[0], 255 * (held_out > 127))
    np.testing.assert_array_equal(seen[1], held_out)


def test_the_full_schedule_is_the_literatures(monkeypatch, tmp_path):
    assert len(cli.SCHEDULES["full"][0]) == 14_501
    assert list(cli.SCHEDULES) == ["quick", "full"]


def test_gaussian_models_have_an_error_and_samples_but_no_likelihood(tmp_path, capsys):
    out = tmp_path / "model.npz"
    assert main(["train", *FAST, "--out", str(out), "--visible", "gaussian", "--learning-rate", "0.001"]) == 0
    _, note = rbm.io.read(out)
    capsys.readouterr()
    assert main(["evaluate", str(out), "--data", "digits-8x8"]) == 0
    printed = capsys.readouterr().out
    assert rows(printed)["reconstruction error"] == [pytest.approx(note["validation_error"], abs=6e-4)]
    assert "likelihoods are for binary units only" in printed
    assert main(text("sample", out, "--out", tmp_path / "s.png", "--number", 4, "--sweeps", 3)) == 0


# ---- sample


def test_the_mosaic_shows_what_the_model_dreams(tmp_path, capsys):
    image = PATTERNS[0].reshape(15) > 127
    model = rbm.RBM(np.zeros((15, 2)), np.where(image, 20.0, -20.0), np.zeros(2))  # certain of one image
    saved, out = tmp_path / "model.npz", tmp_path / "samples.png"
    rbm.save(saved, model, {"shape": [3, 5]})
    assert main(text("sample", saved, "--out", out, "--number", 7, "--sweeps", 2)) == 0
    assert capsys.readouterr().out == f"saved 7 samples in {out}\n"
    picture = picture_in(out)
    assert picture.shape == (3 * 4 - 1, 3 * 6 - 1)
    for tile in range(9):
        y, x = 4 * (tile // 3), 6 * (tile % 3)
        wanted = PATTERNS[0] if tile < 7 else np.full((3, 5), 128)
        np.testing.assert_array_equal(picture[y : y + 3, x : x + 5], wanted)


def test_samples_follow_the_seed_and_the_temperature(tmp_path):
    saved = tmp_path / "model.npz"
    rbm.save(saved, rbm.RBM(RNG.standard_normal((16, 3)), np.full(16, 8.0), np.zeros(3)))

    def picture(*options):
        out = tmp_path / "samples.png"
        main(text("sample", saved, "--out", out, "--number", 9, "--sweeps", 5, *options))
        return picture_in(out).astype(int)

    assert (picture("--seed", 1) == picture("--seed", 1)).all()
    assert (picture("--seed", 1) != picture("--seed", 2)).any()
    assert picture().mean() > picture("--temperature", 50).mean() + 20  # ink at 1, nearly even odds at 50


@pytest.mark.parametrize("kind", ["RBM", "GaussianRBM", "LabelRBM"])
def test_samples_can_start_at_images(kind, folder, tmp_path, monkeypatch):
    """The chains are held still, so the mosaic shows where they start."""
    saved, out, extra = tmp_path / "model.npz", tmp_path / "samples.png", 2 * (kind == "LabelRBM")
    more = {"n_classes": 2} if extra else {}
    model = getattr(rbm, kind)(np.zeros((15 + extra, 2)), np.zeros(15 + extra), np.zeros(2), **more)
    rbm.save(saved, model, {"shape": [3, 5], "data": str(folder)})
    monkeypatch.setattr(cli, "chain", lambda model, v, sweeps, rng: [rbm.models.sampling.Sweep(v, v)] * sweeps)
    assert main(text("sample", saved, "--out", out, "--data", folder, "--number", 4, "--sweeps", 1)) == 0
    known = {image.tobytes() for image in read_data(str(folder)).train}
    tiles = [picture_in(out)[y : y + 3, x : x + 5] for y in (0, 4) for x in (0, 6)]
    assert all(tile.tobytes() in known for tile in tiles)
    assert len({tile.tobytes() for tile in tiles}) > 1


def test_a_label_model_is_sampled_without_its_class_units(tmp_path, capsys):
    saved, out = tmp_path / "model.npz", tmp_path / "samples.png"
    rbm.save(saved, rbm.LabelRBM(np.zeros((19, 2)), np.zeros(19), np.zeros(2), n_classes=3))
    assert main(text("sample", saved, "--out", out, "--number", 1, "--sweeps", 1)) == 0
    assert picture_in(out).shape == (4, 4)
    assert "rbm.LabelRBM.classify" in refused(capsys, "evaluate", saved, "--data", "digits-8x8")


# ---- how it says no


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.npz"
    rbm.save(path, rbm.RBM(np.zeros((15, 2)), np.zeros(15), np.zeros(2)))
    return path


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
    names = {"tmp": tmp_path, "model": model, "code": __file__, "shipped": ROOT / "rbm" / "pretrained" / "default.npz"}
    assert message in refused(capsys, *words.format(**names).split())
    assert [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def test_no_traceback_from_outside(tmp_path):
    done = subprocess.run(program("train", "--data", "no", "--out", "x"), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable to root")
def test_a_folder_without_permission_is_found_out_before_training(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert "Permission denied" in refused(capsys, "train", *FAST, "--out", tmp_path / "a.npz")


# ---- help


def test_every_field_of_the_config_has_help_of_its_own():
    words = cli.field_help()
    assert set(words) == {field.name for field in fields(rbm.TrainConfig)}
    assert all(len(text) > 10 for text in words.values())
    assert len(set(words.values())) == len(words)
    assert words["gibbs_steps"] == "k, full sweeps per update"
    assert words["seed"] == "of all random numbers; the same seed and settings give the same model"


@pytest.mark.parametrize("task", ["train", "evaluate", "sample"])
def test_help_says_what_every_option_does_and_its_default(task, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    with pytest.raises(SystemExit) as stop:
        main([task, "--help"])
    assert stop.value.code == 0
    entries = re.split(r"\n  (?=-)", capsys.readouterr().out.split("options:")[1])
    lines = [" ".join(entry.split()) for entry in entries if entry.strip() and "--help" not in entry]
    assert len(lines) >= 3
    assert all(re.search(r"\((default: \S+|required)\)$", line) for line in lines), lines
    if task == "train":
        for field in fields(rbm.TrainConfig):
            (line,) = [x for x in lines if x.split()[0].rstrip(",") == f"--{field.name.replace('_', '-')}"]
            shown = {"None": "none", "False": "off"}.get(str(field.default), str(field.default))
            assert line.endswith(f"(default: {shown})")


def test_a_new_field_appears_by_itself(monkeypatch):
    @dataclass(frozen=True)
    class Config:
        """Settings.

        Group
            first, second: numbers
                of 100 %; third: or none.
        """

        first: int = 1
        second: float = 2.0
        third: int | None = None

    monkeypatch.setattr(cli, "TrainConfig", Config)
    assert cli.field_help() == {"first": "numbers of 100 %", "second": "numbers of 100 %", "third": "or none"}
    options = cli.parse(["train", "--data", "d", "--out", "o", "--third", "3", "--second", "5"])
    assert (options.first, options.second, options.third) == (1, 5.0, 3)


# ---- the bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_is_drawn_over_itself_and_wiped(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Bar(8) as bar:
        bar.show(0, "start")
        bar.show(4, "half")
        bar.show(5, "half")  # the same words within a tenth of a second: not drawn
        bar.say("a line")
        bar.show(8, "end")
    drawn = sys.stderr.getvalue().split("\r")[1:]
    assert [re.sub(r", \d+ s left", "", line) for line in drawn] == [
        f"[{'.' * 24}]   0%  start\x1b[K",
        f"[{'#' * 12}{'.' * 12}]  50%  half\x1b[K",
        "\x1b[K",
        f"[{'#' * 24}] 100%  end\x1b[K",
        "\x1b[K",
    ]
    assert capsys.readouterr().out == "a line\n"


def test_the_bar_counts_the_whole_run(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr("rbm.cli.PAUSE", -1.0)
    main(["train", *FAST, "--out", str(tmp_path / "model.npz")])
    shown = [int(percent) for percent in re.findall(r"(\d+)%", sys.stderr.getvalue())]
    assert shown == [12, 25, 38, 50, 62, 75, 88, 100]
