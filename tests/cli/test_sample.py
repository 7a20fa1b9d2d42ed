"""rbm sample: the mosaic and where its chains start."""

import numpy as np
import pytest
from PIL import Image

import rbm
from rbm.cli import main, sample
from rbm.cli.data import read_data
from tests.cli.common import PATTERNS, text


def picture_in(path):
    with Image.open(path) as image:
        return np.asarray(image)


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
    rbm.save(saved, rbm.RBM(np.random.default_rng(2).standard_normal((16, 3)), np.full(16, 8.0), np.zeros(3)))

    def picture(*options):
        out = tmp_path / "samples.png"
        main(text("sample", saved, "--out", out, "--number", 9, "--sweeps", 5, *options))
        return picture_in(out).astype(int)

    assert (picture("--seed", 1) == picture("--seed", 1)).all()
    assert (picture("--seed", 1) != picture("--seed", 2)).any()
    assert picture().mean() > picture("--temperature", 50).mean() + 20  # ink at 1, nearly even odds at 50


@pytest.mark.parametrize("kind", ["RBM", "GaussianRBM", "GaussianVarianceRBM", "LabelRBM"])
def test_samples_can_start_at_images(kind, folder, tmp_path, monkeypatch):
    """The chains are held still, so the mosaic shows where they start."""
    saved, out, extra = tmp_path / "model.npz", tmp_path / "samples.png", 2 * (kind == "LabelRBM")
    more = {"n_classes": 2} if extra else {"log_variance": np.zeros(15)} if "Variance" in kind else {}
    model = getattr(rbm, kind)(np.zeros((15 + extra, 2)), np.zeros(15 + extra), np.zeros(2), **more)
    rbm.save(saved, model, {"shape": [3, 5], "data": str(folder)})
    monkeypatch.setattr(sample, "chain", lambda model, v, sweeps, rng: [rbm.models.sampling.Sweep(v, v)] * sweeps)
    assert main(text("sample", saved, "--out", out, "--data", folder, "--number", 4, "--sweeps", 1)) == 0
    known = {image.tobytes() for image in read_data(str(folder)).train_images}
    tiles = [picture_in(out)[y : y + 3, x : x + 5] for y in (0, 4) for x in (0, 6)]
    assert all(tile.tobytes() in known for tile in tiles)
    assert len({tile.tobytes() for tile in tiles}) > 1


def test_a_label_model_is_sampled_without_its_class_units(tmp_path):
    saved, out = tmp_path / "model.npz", tmp_path / "samples.png"
    rbm.save(saved, rbm.LabelRBM(np.zeros((19, 2)), np.zeros(19), np.zeros(2), n_classes=3))
    assert main(text("sample", saved, "--out", out, "--number", 1, "--sweeps", 1)) == 0
    assert picture_in(out).shape == (4, 4)
