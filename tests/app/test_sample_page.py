"""The Sample page without a browser: every start, every clamp, label models, links, and input that can't be."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import rbm
from rbm.app.components import canvas, sprite
from rbm.app.components.canvas import Drawing
from rbm.app.current_model import NamedModel
from rbm.app.sample_page import address, lost_ink
from rbm.errors import BadValue
from rbm.runs import budget

ROOT = Path(__file__).parents[2]


@pytest.fixture
def app() -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run()
    return app.switch_page("pages/sample.py").run()


def three() -> Drawing:
    """A drawn 3, off the middle."""
    ink = np.zeros((canvas.SIZE, canvas.SIZE), np.float32)
    for top, left, height, width in [
        (20, 30, 8, 40),
        (20, 62, 30, 8),
        (46, 40, 8, 30),
        (46, 62, 34, 8),
        (74, 30, 8, 40),
    ]:
        ink[top : top + height, left : left + width] = 1
    return Drawing(ink, np.zeros_like(ink, dtype=bool))


def drawn(app: AppTest, drawing: Drawing) -> AppTest:
    app.session_state["dream_drawing"] = drawing
    app.slider(key="dream_steps").set_value(10)
    return app.run()


def captions(app: AppTest) -> list[str]:
    return [text for image in app.image for text in image.captions]


def film(app: AppTest) -> dict[str, object]:
    """What the player was told to play."""
    import json

    (player,) = [node for node in app.get("bidi_component") if "captions" in node.proto.json]
    return dict(json.loads(player.proto.json))


def frames(app: AppTest) -> np.ndarray:
    told = film(app)
    png = base64.b64decode(str(told["sprite"]).split(",")[1])
    sheet = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    height, width, columns = (int(str(told[name])) for name in ("height", "width", "columns"))
    lines = sheet.reshape(-1, height, columns, width).swapaxes(1, 2).reshape(-1, height, width)
    return lines[: len(told["captions"])]  # type: ignore[arg-type]


def label_model() -> NamedModel:
    rng = np.random.default_rng(3)
    model = rbm.LabelRBM(0.1 * rng.normal(size=(74, 11)), np.zeros(74), np.zeros(11), n_classes=10)
    return NamedModel("With classes", model, "digits-8x8")


# ---- drawing


def test_a_drawing_is_seen_echoed_and_dreamt_from(app: AppTest) -> None:
    drawn(app, three())
    assert not app.exception
    assert captions(app)[:2] == ["the model sees", "its echo"]
    assert "likelier than" in " ".join(text.value for text in app.markdown).lower()
    assert "Nearest training digits" in " ".join(captions(app))
    assert frames(app).shape == (11, 4 * 28, 4 * 28)
    assert (frames(app)[0][:28, :28] == frames(app)[0][28:56, 28:56]).all(), "all chains start at the drawing"


def test_without_centring_the_ink_stays_where_it_is(app: AppTest) -> None:
    app.toggle(key="dream_centre").set_value(False)
    drawn(app, three())
    start = frames(app)[0][:28, :28]
    np.testing.assert_allclose(start[5:7, 8:17], 255)
    assert start[:5].max() == 0


def test_a_full_board_and_a_lone_mask_say_what_to_do(app: AppTest) -> None:
    full = np.ones((canvas.SIZE, canvas.SIZE), np.float32)
    drawn(app, Drawing(full, full > 1))
    assert "white all over: erase" in app.info[0].value
    drawn(app, Drawing(full * 0, full > 0))
    assert "Draw a digit" in app.info[0].value
    assert not app.exception


def test_the_board_without_a_mouse(app: AppTest) -> None:
    app.selectbox(key="dream_key_digit").select("5").run()
    next(button for button in app.button if button.label == "Put it on the board").click().run()
    assert "Looks like a **5**" in " ".join(text.value for text in app.markdown)
    before = app.session_state["dream_drawing"].ink
    app.button(key="dream_move_Left").click().run()
    np.testing.assert_array_equal(app.session_state["dream_drawing"].ink[:, :-4], before[:, 4:])
    press(app, "Blank")
    assert app.session_state["dream_drawing"].ink[:56].max() == 0
    press(app, "Fix")
    assert app.session_state["dream_drawing"].mask[:56].all()
    press(app, "Free")
    assert not app.session_state["dream_drawing"].mask.any()
    press(app, "Fill")
    assert app.session_state["dream_drawing"].ink[:56].min() == 1
    assert not app.exception


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


@pytest.mark.parametrize(
    "hostile",
    [None, 7, "", "AAAA", "é" * 18816, "%" * 18816, "A" * 18815, "A" * 18814 + "==", "A" * 10_000_000, {"letters": 1}],
    ids=list("abcdefghij"),
)
def test_letters_that_are_no_drawing_are_refused(hostile: object) -> None:
    with pytest.raises(BadValue, match="clear it and draw anew"):
        canvas.read(hostile)


def test_a_drawing_survives_the_wire() -> None:
    rng = np.random.default_rng(1)
    ink = rng.integers(0, 256, (canvas.SIZE, canvas.SIZE)).astype(np.float32) / 255
    there = Drawing(ink, rng.random(ink.shape) < 0.5)
    back = canvas.read(there.letters)
    np.testing.assert_array_equal(back.ink, there.ink)
    np.testing.assert_array_equal(back.mask, there.mask)


# ---- clamps


@pytest.mark.parametrize("hold", ["Upper half", "Right half", "The ink", "A rectangle"])
def test_what_is_held_fixed_is_the_same_in_every_frame(app: AppTest, hold: str) -> None:
    app.segmented_control(key="dream_source").select("A test digit").run()
    app.slider(key="dream_chains").set_value(1)
    app.slider(key="dream_steps").set_value(30)
    app.selectbox(key="dream_hold").select(hold).run()
    film = frames(app)
    mask = np.zeros((28, 28), bool)
    where = {"Upper half": np.s_[:14], "Right half": np.s_[:, 14:], "A rectangle": np.s_[:14]}
    mask[where.get(hold, film[0] > 0)] = True
    assert (film[:, mask] == film[0, mask]).all()
    assert (film[:, ~mask] != film[0, ~mask]).any()


def test_a_painted_mask_is_held_fixed(app: AppTest) -> None:
    app.toggle(key="dream_centre").set_value(False)
    app.selectbox(key="dream_hold").select("Painted mask").run()
    drawing = three()
    drawing.mask[:, :56] = True
    drawn(app, drawing)
    film = frames(app)[:, :28, :14]
    assert (film == film[0]).all()


def test_a_clamp_over_everything_says_what_to_do(app: AppTest) -> None:
    app.segmented_control(key="dream_source").select("A test digit").run()
    app.selectbox(key="dream_hold").select("A rectangle").run()
    app.slider(key="dream_rows").set_value((0, 28)).run()
    assert "nothing left to dream: choose a smaller region" in app.error[0].value
    assert not app.exception


# ---- chains that lose their ink


def black_model(algorithm: str) -> NamedModel:
    config = {"algorithm": algorithm, "gibbs_steps": 1}
    return NamedModel(
        "Black", rbm.RBM(np.zeros((64, 3)), np.full(64, -9), np.zeros(3)), "digits-8x8", info={"config": config}
    )


def warnings(app: AppTest) -> str:
    return " ".join(warning.value for warning in app.warning)


def test_a_model_whose_chains_go_black_says_so_and_why(app: AppTest) -> None:
    app.session_state["model_in_use"] = black_model("cd")
    app.run()
    assert "16 of 16 chains have gone black" in warnings(app)
    assert "CD-1, which goes one sweep away" in warnings(app)
    (way_out,) = [link for link in app.get("page_link") if "Recommended" in link.proto.label]
    assert way_out.proto.query_string == "preset=Recommended"
    app.session_state["model_in_use"] = black_model("pcd")
    app.run()
    assert "nothing forbids black squares" in warnings(app)
    assert "CD-1" not in warnings(app)


def test_only_a_fair_film_is_judged(app: AppTest) -> None:
    app.session_state["model_in_use"] = black_model("cd")
    app.slider(key="dream_steps").set_value(99).run()
    assert not app.warning
    app.slider(key="dream_steps").set_value(100).run()
    assert app.warning
    app.slider(key="dream_temperature").set_value(0.8).run()
    assert not app.warning
    app.slider(key="dream_temperature").set_value(1.0)
    app.selectbox(key="dream_hold").select("Upper half").run()
    assert not app.warning
    app.selectbox(key="dream_hold").select("Nothing")
    app.segmented_control(key="dream_source").select("Noise").run()
    assert not app.warning


def test_the_model_that_ships_is_not_blamed(app: AppTest) -> None:
    assert not app.warning
    assert not app.exception


def test_pale_chains_are_told_from_chains_of_ones() -> None:
    data, ones = np.full((4, 100), 51, np.uint8), np.zeros((5, 100), np.uint8)
    ones[:, :9] = 255
    pale = np.zeros((5, 100), np.uint8)
    pale[:, :5] = 255
    assert lost_ink.fate(ones, ones, data) is None
    assert lost_ink.fate(np.repeat(data, 2, axis=0), pale, data) == "The chains have lost 75 % of their ink"
    assert lost_ink.fate(ones[:1], 0 * ones[:1], data) == "The chain has gone black"


# ---- other models


def test_a_label_model_dreams_of_one_class(app: AppTest) -> None:
    app.session_state["model_in_use"] = label_model()
    app.segmented_control(key="dream_source").select("A test digit").run()
    assert not app.exception
    app.slider(key="dream_chains").set_value(2)
    app.slider(key="dream_steps").set_value(20)
    app.segmented_control(key="dream_class").select("5").run()
    assert not app.exception
    assert frames(app).shape == (21, 8, 16)
    for source in ("Noise", "Its own dreams"):
        assert not app.segmented_control(key="dream_source").select(source).run().exception


def test_a_model_that_no_data_fits_dreams_without_a_reader(app: AppTest) -> None:
    rng = np.random.default_rng(0)
    odd = rbm.RBM(rng.normal(size=(77, 5)), np.zeros(77), np.zeros(5))
    app.session_state["model_in_use"] = NamedModel("Odd", odd, None)
    drawn(app.run(), three())
    assert not app.exception
    assert frames(app).shape == (11, 4 * 7, 4 * 11)
    assert "No data set here has pictures of 7 × 11 pixels" in " ".join(text.value for text in app.caption)


def test_a_model_of_real_pixels_dreams_and_gets_a_sentence(app: AppTest) -> None:
    real = rbm.GaussianVarianceRBM(np.zeros((64, 5)), np.zeros(64), np.zeros(5), np.zeros(64))
    app.session_state["model_in_use"] = NamedModel("Real", real, "digits-8x8")
    app.run()
    assert not app.exception
    assert len(app.image) == 1
    assert "200 sweeps from held-out images. Black and white images" in app.image[0].captions[0]


# ---- the tabs


@pytest.mark.parametrize("tab", ["Free energy", "How far", "Take it away"])
def test_tabs(app: AppTest, tab: str) -> None:
    app.session_state["dream_tab"] = tab
    app.segmented_control(key="dream_source").select("Noise").run()
    assert not app.exception


def test_three_samplers_side_by_side(app: AppTest) -> None:
    app.session_state["dream_tab"] = "Mixing better"
    app.session_state["model_in_use"] = NamedModel("Small", rbm.RBM(*small()), "digits-8x8")
    app.segmented_control(key="dream_source").select("A test digit").run()
    app.button(key="dream_compare").click().run()
    assert not app.exception
    assert [metric.label for metric in app.metric].count("Sweeps per jump") == 3
    assert any("9 chains of 500 sweeps" in text.value for text in app.markdown)


def test_large_models_are_compared_by_fewer_sweeps(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "DREAM_WORK", 198 * 2 * 64 * 11 * 37)
    app.session_state["dream_steps"] = 3
    app.session_state["dream_tab"] = "Mixing better"
    app.session_state["model_in_use"] = NamedModel("Small", rbm.RBM(*small()), "digits-8x8")
    app.segmented_control(key="dream_source").select("A test digit").run()
    assert any("9 chains of 37 sweeps" in text.value for text in app.markdown)
    app.button(key="dream_compare").click().run()
    assert not app.exception
    assert [metric.label for metric in app.metric].count("Sweeps per jump") == 3
    app.session_state["dream_steps"] = 1000
    app.session_state["dream_chains"] = 100
    app.run()
    assert not app.exception
    assert "100 chains of 1,000 sweeps are too much for so large a model here" in app.error[0].value


def small() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(3)
    return rng.normal(size=(64, 11)), np.zeros(64), np.zeros(11)


def link(app: AppTest) -> dict[str, str]:
    app.session_state["dream_tab"] = "Take it away"
    app.run()
    return {name: values[-1] for name, values in parse_qs(urlsplit(app.code[0].value).query).items()}


@pytest.mark.parametrize("centred", [True, False])
def test_a_link_brings_back_the_same_film(app: AppTest, centred: bool) -> None:
    app.toggle(key="dream_centre").set_value(centred)
    app.selectbox(key="dream_hold").select("Painted mask").run()
    drawing = three()
    drawing.mask[30:60] = True
    app.number_input(key="dream_seed").set_value(17)
    app.slider(key="dream_temperature").set_value(1.25)
    drawn(app, drawing)
    wanted, address = frames(app), link(app)

    other = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run()
    for name, value in address.items():
        other.query_params[name] = value
    other.switch_page("pages/sample.py").run()
    assert not other.exception
    assert not other.error
    np.testing.assert_array_equal(frames(other), wanted)


@pytest.mark.parametrize("letters", ["A", "%%%", address.pack(np.zeros(64)), "A" * 100_000], ids=list("abcd"))
def test_a_damaged_link_gets_a_sentence(app: AppTest, letters: str) -> None:
    app.query_params["drawing"] = letters
    app.run()
    assert not app.exception
    assert "can't be read" in app.error[0].value


def test_a_link_made_with_another_model_says_so(app: AppTest) -> None:
    app.query_params["model"] = "0123456789"
    app.run()
    assert "made with another model" in app.warning[0].value


# ---- files


@pytest.mark.parametrize(("kept", "chains"), [(7, 1), (300, 1), (11, 5), (101, 100)])
def test_a_sprite_holds_every_frame(kept: int, chains: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 16, (kept, chains, 12), dtype=np.uint8) * 17
    made = sprite.of(pictures, (3, 4))
    sheet = np.asarray(Image.open(io.BytesIO(made.png)).convert("L"))
    for i in range(kept):
        row, column = divmod(i, made.per_row)
        frame = sheet[row * made.height :, column * made.width :][: made.height, : made.width]
        for chain in range(chains):
            y, x = divmod(chain, made.grid[1])
            np.testing.assert_array_equal(frame[3 * y : 3 * y + 3, 4 * x : 4 * x + 4].ravel(), pictures[i, chain])


def test_a_gif_plays_every_frame() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (9, 4, 12), dtype=np.uint8)
    movie = Image.open(io.BytesIO(sprite.gif(pictures, (3, 4), speed=10)))
    assert movie.n_frames == 9
    for i in range(9):
        movie.seek(i)
        assert movie.info["duration"] == 100
        grey = np.asarray(movie.convert("L")).reshape(6, movie.height // 6, 8, movie.width // 8)[:, 0, :, 0]
        np.testing.assert_array_equal(grey, sprite.frames(pictures, (3, 4))[i])
