"""The models that ship, and what making them measures."""

from __future__ import annotations

import io as buffers

import numpy as np
import pytest
from PIL import Image

import rbm
from rbm import pretrained
from rbm.measures import diagnostics
from rbm.models import io
from rbm.pretrained import deep, make
from tests import brute

PIXELS, CLASSES, HIDDEN = 5, 3, 7


@pytest.mark.parametrize("name", pretrained.NAMES)
def test_each_says_what_it_is_and_how_it_was_made(name: str) -> None:
    model, note = io.read(pretrained.path(name))
    recipe = make.RECIPES[name]
    assert (note["name"], note["about"]) == (recipe.name, recipe.about)
    assert note["made_by"].startswith("python -m ")
    assert note["config"]["n_hidden"] == model.n_hidden
    if recipe.config is not None:
        assert rbm.TrainConfig(**note["config"]) == recipe.config
    assert abs(note["measured"]["half_precision_costs_nats"]) <= make.WORTH
    assert isinstance(model, rbm.LabelRBM) == recipe.labels


def test_all_together_are_small() -> None:
    assert sum(pretrained.path(name).stat().st_size for name in pretrained.NAMES) < 6e6


def test_what_the_notes_say_is_so() -> None:
    data = rbm.datasets.load("mnist-5k")
    for name in ("strokes", "sick"):
        model, note = io.read(pretrained.path(name))
        error = diagnostics.reconstruction_error(model, data.test_images).mean()
        assert error == pytest.approx(note["measured"]["held_out_error"], abs=0.02)
        dead = diagnostics.unit_health(diagnostics.hidden_activations(model, data.test_images)).dead.mean()
        assert dead == pytest.approx(note["measured"]["dead_units"], abs=0.02)
    model, _ = io.read(pretrained.path("classes"))
    assert isinstance(model, rbm.LabelRBM)
    assert (model.classify(data.test_images) != data.test_labels).mean() < 0.05


def test_the_net_that_ships_reads_better_than_one_layer() -> None:
    data, net = rbm.datasets.load("mnist-5k"), pretrained.load_net("deep")
    note = io.read_net(pretrained.path("deep"))[1]
    assert repr(net) == "DeepBeliefNet(784-500-1000, 10 classes)"
    assert pretrained.path("deep").stat().st_size < 8e6
    assert rbm.TrainConfig(**note["config"]) == deep.TOP
    misread = float((net.classify(data.test_images) != data.test_labels).mean())
    assert misread == pytest.approx(note["measured"]["misread_mnist_5k"], abs=0.002)
    assert misread < (pretrained.load("classes").classify(data.test_images) != data.test_labels).mean()
    with pytest.raises(ValueError, match="no net that ships is called 'digits'; choose one of deep"):
        pretrained.load_net("digits")


@pytest.mark.parametrize("labels", [False, True])
def test_the_cost_of_half_precision_is_that_of_the_enumerated_likelihood(labels: bool) -> None:
    """With weights a fifth smaller, so that there is something to see."""
    rng = np.random.default_rng(0)
    visible = PIXELS + CLASSES * labels
    kind = {"n_classes": CLASSES} if labels else {}
    cls = rbm.LabelRBM if labels else rbm.RBM
    model = cls(rng.normal(size=(visible, HIDDEN)), rng.normal(size=visible), rng.normal(size=HIDDEN), **kind)
    rough = cls(model.weights * 0.8, model.visible_bias, model.hidden_bias, **kind)
    images = rng.integers(0, 2, (2000, PIXELS)).astype(np.uint8) * np.uint8(255)
    classes = rng.integers(0, CLASSES, len(images))
    digits = make.Digits("coins", images, classes, images, classes)

    def log_likelihood(one: rbm.RBM) -> float:
        p = brute.params(one)
        seen = [s for s in brute.states(visible) if not labels or sum(s[PIXELS:]) == 1]
        scores = {v: brute.logsumexp([-brute.energy(p, v, h) for h in brute.states(HIDDEN)]) for v in seen}
        log_z = brute.logsumexp(list(scores.values()))
        whole = np.hstack([images // 255, np.eye(CLASSES)[classes]])[:, :visible]
        return float(np.mean([scores[tuple(float(x) for x in v)] for v in whole]) - log_z)

    wanted = log_likelihood(model) - log_likelihood(rough)
    assert make.half_precision_cost(model, rough, digits) == pytest.approx(wanted, abs=0.1)
    assert abs(wanted) > 0.2, "the test can tell"


@pytest.mark.parametrize("arguments", [["default"], ["classes"], ["nobody"], []])
def test_a_command_that_lacks_something_says_so(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        make.main(arguments)
    assert stop.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_the_film_of_the_readme_is_what_home_shows() -> None:
    from rbm.app import readme_gif

    with (
        Image.open(buffers.BytesIO(readme_gif.film())) as made,
        Image.open(pretrained.path("dreams").with_suffix(".gif")) as kept,
    ):
        assert (made.n_frames, made.size) == (kept.n_frames, kept.size)
        for frame in (0, 30):
            made.seek(frame)
            kept.seek(frame)
            pictures = [np.asarray(one.convert("L"), dtype=float) for one in (made, kept)]
            assert np.abs(pictures[0] - pictures[1]).mean() < 5


@pytest.mark.parametrize(
    ("name", "file"), [("digits", "default"), ("strokes", "strokes"), ("classes", "classes"), ("sick", "sick")]
)
def test_each_is_loaded_by_its_name(name: str, file: str) -> None:
    loaded, kept = rbm.pretrained.load(name), rbm.load(pretrained.path(file))
    assert type(loaded) is type(kept)
    np.testing.assert_array_equal(loaded.weights, kept.weights)


def test_every_file_has_a_name_and_an_unknown_one_is_told_the_names() -> None:
    assert len(pretrained.NAMES) == 4, "the names above"
    told = "no model that ships is called 'cats'; choose one of digits, strokes, classes, sick"
    with pytest.raises(ValueError, match=f"^{told}$"):
        rbm.pretrained.load("cats")
