"""rbm train with a curve, checkpoints, more measures and labels; and a run that is cut and goes on."""

import csv
import itertools
import os

import numpy as np
import pytest

import rbm
from rbm.cli import main
from rbm.runs import checkpoint
from rbm.training.trainer import Trainer
from tests.cli.common import refused, text

DATA = ["--data", "digits-8x8"]
LEARN = [*DATA, "--n-hidden", "5", "--epochs", "4", "--batch-size", "400", "--algorithm", "pt", "--temperatures", "3",
         "--chains", "7", "--momentum", "0.5", "--binarize", "sample", "--schedule", "linear"]  # fmt: skip


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def timeless(path):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in table(path)]


def same(one, other):
    """Model files with the same arrays."""
    a, b = rbm.load(one), rbm.load(other)
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in ("weights", "visible_bias", "hidden_bias")
    )


def cut(monkeypatch, before_step, by=KeyboardInterrupt):
    """Ctrl-C arrives before this step."""
    step, calls = Trainer.step, itertools.count()

    def interrupted(self):
        if next(calls) == before_step:
            raise by
        return step(self)

    monkeypatch.setattr(Trainer, "step", interrupted)


@pytest.mark.parametrize("extra", [[], ["--labels"]])
def test_a_cut_run_goes_on_to_the_very_same_model_and_curve(tmp_path, monkeypatch, extra):
    straight, log = tmp_path / "straight.npz", tmp_path / "straight.csv"
    measures = ["--measure", "ais", "exact", "update_ratio", "--measure-every", "2"]
    assert main([*text("train", *LEARN, *extra, "--out", straight, "--log", log), *measures]) == 0
    out, curve, kept = tmp_path / "m.npz", tmp_path / "m.csv", tmp_path / "kept.npz"
    files = text("--out", out, "--log", curve, "--checkpoint", kept)
    with monkeypatch.context() as patch:
        cut(patch, before_step=11)  # of 4 · 4: two epochs are done, and nearly a third
        assert main(["train", *LEARN, *extra, *files, *measures]) == 130
    assert len(table(curve)) == 3
    assert not same(straight, out)
    assert main(["train", *DATA, *files, "--resume", str(kept)]) == 0
    assert same(straight, out)
    assert timeless(curve) == timeless(log)
    seconds = [float(row["seconds"]) for row in table(curve)]
    assert seconds == sorted(seconds)
    assert rbm.io.read(out)[1]["config"] == rbm.io.read(straight)[1]["config"]
    assert type(rbm.load(out)) is (rbm.LabelRBM if extra else rbm.RBM)


def test_the_curve_holds_what_train_reports(tmp_path):
    out, log = tmp_path / "m.npz", tmp_path / "m.csv"
    assert main(text("train", *LEARN, "--out", out, "--log", log, "--measure", "exact", "ais")) == 0
    data, config = rbm.datasets.load("digits-8x8"), rbm.TrainConfig(**rbm.io.read(out)[1]["config"])
    watched = {"validation": data.test_images, "monitors": ["exact", "ais"]}
    reports = list(rbm.train(data.train_images, config, **watched))
    rows = table(log)
    assert list(rows[0]) == [
        "epoch", "training_error", "held_out_error", "seconds", "exact_log_likelihood", "ais", "ais_error", "ais_lower",
        "ais_upper", "ais_sample_size", "swap_rate", "swap_rate_lowest",
    ]  # fmt: skip
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2, 3, 4]
    assert rows[0]["exact_log_likelihood"] == ""
    for row, report in zip(rows[1:], reports, strict=True):
        assert float(row["training_error"]) == report.reconstruction_error
        assert float(row["held_out_error"]) == report.validation_error
        assert {name: float(row[name]) for name in report.metrics} == report.metrics


def test_measures_are_printed_and_ais_is_taken_ten_times_a_run(tmp_path, capsys):
    few = [*DATA, "--n-hidden", "5", "--epochs", "20", "--batch-size", "1000", "--out", str(tmp_path / "m.npz")]
    assert main(["train", *few, "--measure", "ais"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [", ais lower -" in line for line in lines[:20]] == [False, True] * 10


def test_the_checkpoint_of_a_run_that_ended_trains_longer(tmp_path, capsys):
    out, kept, longer = tmp_path / "m.npz", tmp_path / "kept.npz", tmp_path / "longer.npz"
    constant = [*LEARN[:-2], "--out", str(out)]  # whose rate does not depend on the number of epochs
    assert main(["train", *constant, "--checkpoint", str(kept)]) == 0
    said = refused(capsys, "train", *DATA, "--out", out, "--resume", kept)
    assert f"{kept} is at the end of its 4 epochs; ask for more by --epochs" in said
    assert main(text("train", *DATA, "--out", out, "--resume", kept, "--epochs", 6)) == 0
    assert main(text("train", *constant, "--out", longer, "--epochs", 6)) == 0
    assert same(out, longer)


def test_a_checkpoint_is_replaced_whole(tmp_path, monkeypatch, capsys):
    """The disk fills up while the second is written: the first is still there, and so is the model of that epoch."""
    out, kept = tmp_path / "m.npz", tmp_path / "kept.npz"
    real, calls = os.fsync, itertools.count()

    def full(descriptor):
        if next(calls) >= 2:  # of the first one: the file and its folder
            raise OSError(28, "No space left on device")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(SystemExit) as stop:
            main(text("train", *LEARN, "--out", out, "--checkpoint", kept))
    assert stop.value.code == 2
    assert "No space left" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept.npz"]
    assert main(text("train", *DATA, "--out", out, "--resume", kept)) == 0
    straight = tmp_path / "straight.npz"
    assert main(text("train", *LEARN, "--out", straight)) == 0
    assert same(out, straight)


def test_what_can_not_be_resumed(tmp_path, capsys):
    out, kept, log = tmp_path / "m.npz", tmp_path / "kept.npz", tmp_path / "m.csv"
    assert main(text("train", *LEARN, "--out", out, "--checkpoint", kept, "--log", log)) == 0
    again = ["train", "--out", out, "--resume", kept, "--epochs", 9]
    assert "made on other images, those of digits-8x8" in refused(capsys, *again, "--data", "bars-and-stripes")
    assert "but float32 (64, 6) is what" in refused(capsys, *again, *DATA, "--n-hidden", 6)
    assert "has the columns epoch," in refused(capsys, *again, *DATA, "--log", log, "--measure", "exact")
    assert f"{out} can't be resumed: " in refused(capsys, "train", *DATA, "--out", out, "--resume", out)
    kept.write_bytes(kept.read_bytes()[:-30])
    assert f"{kept} can't be resumed: it is damaged" in refused(capsys, *again, *DATA)
    assert "no-such" in refused(capsys, "train", *DATA, "--out", out, "--resume", tmp_path / "no-such")


def test_what_can_not_be_asked_for(tmp_path, capsys, folder):
    out = tmp_path / "m.npz"
    train = ["train", *DATA, "--n-hidden", 5, "--epochs", 1, "--out", out]
    assert "there is no folder" in refused(capsys, *train, "--log", tmp_path / "no" / "m.csv")
    assert "is a folder" in refused(capsys, *train, "--checkpoint", tmp_path)
    assert "labels need binary pixels" in refused(capsys, *train, "--labels", "--visible", "gaussian")
    assert "discriminative 0.5 is for telling classes apart, and there are none to learn here; give labels" in refused(
        capsys, *train, "--discriminative", 0.5
    )
    assert "discriminative must be between 0 and 1, got 1.5" in refused(
        capsys, *train, "--labels", "--discriminative", 1.5
    )
    assert "'misread' needs classes to read" in refused(capsys, *train, "--measure", "misread")
    assert "'pseudo_likelihood' can't be measured on a LabelRBM" in refused(
        capsys, *train, "--labels", "--measure", "pseudo_likelihood"
    )
    assert "invalid choice: 'loss'" in refused(capsys, *train, "--measure", "loss")
    assert "exact sums need a layer of at most 20" in refused(capsys, *train, "--n-hidden", 23, "--measure", "exact")
    assert "has no labels to learn" in refused(capsys, "train", "--data", folder, "--out", out, "--labels")
    assert not out.exists()


def test_what_tells_classes_apart_is_typed_watched_and_resumed(tmp_path, monkeypatch):
    """Also by a checkpoint of an earlier version, which knew of no such thing: it was 0."""
    straight, out, log = (tmp_path / name for name in ("straight.npz", "m.npz", "m.csv"))
    learn = text(*LEARN, "--labels", "--discriminative", 0.5, "--measure", "misread")
    assert main(["train", *learn, *text("--out", straight, "--log", log)]) == 0
    data, model = rbm.datasets.load("digits-8x8"), rbm.load(straight)
    wrong = (model.classify(data.test_images) != data.test_labels).mean()
    assert float(table(log)[-1]["misread"]) == pytest.approx(wrong, abs=1e-6)
    kept = tmp_path / "kept.npz"
    with monkeypatch.context() as patch:
        cut(patch, before_step=11)
        assert main(["train", *learn, *text("--out", out, "--checkpoint", kept)]) == 130
    assert main(text("train", *DATA, "--out", out, "--resume", kept)) == 0
    assert same(straight, out)

    with monkeypatch.context() as patch:
        cut(patch, before_step=11)
        assert main(text("train", *LEARN, "--labels", "--out", out, "--checkpoint", kept)) == 130
    state, told = checkpoint.read(kept)
    assert told["config"].pop("discriminative") == 0
    checkpoint.write(kept, state, told)
    assert main(text("train", *DATA, "--out", out, "--resume", kept)) == 0
    assert main(text("train", *LEARN, "--labels", "--out", straight)) == 0
    assert same(straight, out)


def test_labels_are_learned(tmp_path, capsys):
    out = tmp_path / "m.npz"
    assert (
        main(text("train", *DATA, "--labels", "--n-hidden", 50, "--epochs", 30, "--batch-size", 10, "--out", out)) == 0
    )
    data, model = rbm.datasets.load("digits-8x8"), rbm.load(out)
    assert (model.classify(data.test_images) == data.test_labels).mean() > 0.7


def test_a_cut_run_goes_on_telling_its_likelihood(tmp_path, monkeypatch):
    """Its chains are followed from the first update on; what they know is in the checkpoint."""
    learn = [*DATA, "--n-hidden", "5", "--epochs", "3", "--batch-size", "400", "--algorithm", "pcd", "--chains", "31"]
    straight, log, curve, kept = (tmp_path / name for name in ("s.npz", "s.csv", "m.csv", "kept.npz"))
    files = text("--out", tmp_path / "m.npz", "--log", curve, "--checkpoint", kept)
    assert main([*text("train", *learn, "--out", straight, "--log", log), "--measure", "trajectory"]) == 0
    with monkeypatch.context() as patch:
        cut(patch, before_step=6)
        assert main(["train", *learn, *files, "--measure", "trajectory"]) == 130
    assert main(["train", *DATA, *files, "--resume", str(kept)]) == 0
    assert timeless(curve) == timeless(log)
    assert all(float(row["trajectory"]) < 0 < float(row["trajectory_sample_size"]) for row in table(curve)[1:])


def test_a_checkpoint_that_followed_no_chains_is_refused(tmp_path, capsys):
    learn = [*DATA, "--n-hidden", "5", "--batch-size", "400", "--algorithm", "pcd", "--chains", "31"]
    files = text("--out", tmp_path / "m.npz", "--checkpoint", tmp_path / "kept.npz")
    assert main(["train", *learn, *files, "--epochs", "1"]) == 0
    again = ["train", *DATA, *files, "--epochs", "2", "--resume", str(tmp_path / "kept.npz"), "--measure", "trajectory"]
    assert "the state is of a run that didn't; begin the run anew" in refused(capsys, *again)
