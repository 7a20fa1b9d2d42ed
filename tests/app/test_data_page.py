"""The Data page without a browser: look, bring, generate, fetch, and train on what was brought."""

import gzip
import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import rbm
from rbm import datasets
from rbm.app.server import lab, library
from rbm.datasets import mnist, own
from rbm.datasets.upload import read
from tests import misbehaving as bad
from tests.app.test_pages import PAGES, ROOT, in_use, open_page, pressed, wait_for_the_end
from tests.datasets.test_download import lab as mirrors
from tests.datasets.test_download import server
from tests.patience import SECONDS

__all__ = ["mirrors", "server"]

RNG = np.random.default_rng(5)
IMAGES = RNG.integers(0, 256, (40, 6, 5), dtype=np.uint8)
LABELS = np.arange(40, dtype=np.uint8) % 4


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("RBM_HOME", str(tmp_path / "home"))
    lab.clear()
    yield open_page(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=SECONDS).run(), "data")
    lab().close()
    lab.clear()


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=IMAGES, labels=LABELS)
    return buffer.getvalue()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, image in enumerate(IMAGES):
            picture = io.BytesIO()
            Image.fromarray(image).save(picture, "PNG")
            archive.writestr(f"{'cats' if number % 2 else 'dogs'}/{number}.png", picture.getvalue())
    return buffer.getvalue()


def csv() -> bytes:
    square = IMAGES[:, :5]
    return "\n".join(",".join(map(str, [k, *image.ravel()])) for k, image in zip(LABELS, square, strict=True)).encode()


def idx() -> bytes:
    return struct.pack(">HBB3I", 0, 8, 3, *IMAGES.shape) + IMAGES.tobytes()


FILES = {
    "pets.zip": (zipped(), "6 × 5", "2"),
    "some.npz": (npz(), "6 × 5", "4"),
    "table.csv": (csv(), "5 × 5", "4"),
    "train-images-idx3-ubyte": (idx(), "6 × 5", "none"),
    "train-images-idx3-ubyte.gz": (gzip.compress(idx()), "6 × 5", "none"),
}


def metrics(app: AppTest) -> list[str]:
    return [metric.value for metric in app.metric]


def choices(app: AppTest) -> list[str]:
    return list(app.selectbox(key="set").options)


def upload(app: AppTest, name: str, data: bytes) -> AppTest:
    return app.file_uploader[0].upload(name, data, "application/octet-stream").run()


def said(app: AppTest) -> str:
    return " ".join(element.value for kind in (app.info, app.warning, app.error) for element in kind)


def train_on_it(app: AppTest) -> AppTest:
    app.button(key="train_on_upload").click().run()
    assert not app.exception
    assert app.title[0].value == "Train"
    return open_page(app, "train")  # st.switch_page holds for one run of an AppTest


@pytest.mark.parametrize("name", [name for name in datasets.names() if datasets.is_at_hand(name)])
def test_every_data_set_is_shown(app: AppTest, name: str) -> None:
    app.selectbox(key="set").select(name).run()
    assert not app.exception
    data = datasets.load(name)
    assert metrics(app)[:2] == [f"{len(data.train_images):,}", f"{len(data.test_images):,}"]
    assert data.source in [caption.value for caption in app.caption]
    assert len(app.image) == 1
    assert app.query_params["set"] == name


def test_train_on_it_opens_the_form_with_these_data(app: AppTest) -> None:
    app.selectbox(key="set").select("digits-8x8").run()
    pressed(app, "Train on it")
    assert not app.exception
    assert app.title[0].value == "Train"
    assert app.selectbox(key="data").value == "digits-8x8"


def test_train_on_it_goes_before_what_the_form_held(app: AppTest) -> None:
    open_page(app, "train").selectbox(key="data").select("mixture").run()
    open_page(app, "data").selectbox(key="set").select("digits-8x8").run()
    pressed(app, "Train on it")
    assert app.selectbox(key="data").value == "digits-8x8"
    assert open_page(app, "train").selectbox(key="data").value == "digits-8x8"


@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_file_is_previewed_and_kept(app: AppTest, name: str) -> None:
    data, size, classes = FILES[name]
    upload(app, name, data)
    assert not app.exception
    assert not app.error
    assert metrics(app)[4:] == ["32", "8", size, classes]
    assert len(app.image) == 2
    pressed(app, "Keep it")
    assert not app.exception
    title = name.rsplit(".", 1)[0]
    assert title in choices(app)
    assert metrics(app) == ["32", "8", size, classes], "it is the one that is shown, and the uploader is empty"
    assert f"**{title}** is kept" in said(app)
    pressed(app, "Delete")
    assert not app.exception
    assert title not in choices(app)
    assert "Deleted" in said(app)


def test_what_is_made_of_a_file_can_be_chosen(app: AppTest) -> None:
    upload(app, "pets.zip", FILES["pets.zip"][0])
    app.segmented_control(key="upload_scaled").select("Scale").run()
    app.number_input(key="upload_height").set_value(9)
    app.number_input(key="upload_width").set_value(7)
    app.slider(key="upload_share").set_value(50)
    app.toggle(key="upload_invert").set_value(True)
    app.selectbox(key="upload_grey").select("brightest").run()
    assert not app.exception
    assert metrics(app)[4:] == ["20", "20", "9 × 7", "2"]


@pytest.mark.parametrize("data", [b"PK\x03\x04 nonsense", b"", b"\x89PNG\r\n\x1a\n", b"\x1f\x8b\x08", b"a,b\nc,d"])
def test_a_wrong_file_is_one_sentence_and_nothing_is_lost(app: AppTest, data: bytes) -> None:
    app.selectbox(key="set").select("digits-8x8").run()
    before = metrics(app)
    upload(app, "wrong.zip", data)
    assert not app.exception
    assert len(app.error) == 1
    assert app.error[0].value.startswith("wrong.zip can't be used like this: ")
    assert metrics(app) == before


def test_train_on_an_upload_from_end_to_end(app: AppTest) -> None:
    upload(app, "pets.zip", FILES["pets.zip"][0])
    train_on_it(app)
    assert own.is_brought(app.selectbox(key="data").value)
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(5)
    wait_for_the_end(pressed(app, "Start"))
    assert not app.exception
    assert any("Finished 5 epochs" in text.value for text in app.markdown)
    assert "30-13 · pets · 5 epochs" in in_use(app)
    for page in PAGES:
        assert not open_page(app, page).exception
    open_page(app, "reconstructions")
    assert list(app.selectbox(key="reconstructions_digit").options) == ["All", "cats", "dogs"]
    assert len(app.image) == 5


def test_classes_of_which_no_image_is_held_out_are_not_offered(app: AppTest) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, images=RNG.integers(0, 256, (20, 6, 5), dtype=np.uint8), labels=np.arange(20) % 10)
    upload(app, "few.npz", buffer.getvalue())
    train_on_it(app)
    app.number_input(key="n_hidden").set_value(7)
    app.number_input(key="epochs").set_value(2)
    wait_for_the_end(pressed(app, "Start"))
    open_page(app, "reconstructions")
    offered = list(app.selectbox(key="reconstructions_digit").options)
    assert 1 < len(offered) < 11
    app.selectbox(key="reconstructions_digit").select(offered[-1]).run()
    assert not app.exception
    open_page(app, "sample")
    app.segmented_control(key="dream_source").select("A test digit").run()
    assert list(app.selectbox(key="dream_digit").options) == offered
    app.selectbox(key="dream_digit").select(offered[-1]).run()
    assert not app.exception


def test_whoever_knows_the_name_of_somebody_elses_images_sees_none_of_them(app: AppTest) -> None:
    data = read(io.BytesIO(npz()), "theirs.npz")
    card, _ = library().keep("somebody else", data, "Their secret title")
    app.query_params["data"] = card.name
    open_page(app, "train")
    assert app.selectbox(key="data").value == "mnist-5k"
    app.query_params["set"] = card.name
    open_page(app, "data")
    assert app.selectbox(key="set").value == "mnist-5k"
    assert "belong to another browser" in said(app)
    theirs = lab().start("somebody else", card.name, rbm.TrainConfig(n_hidden=13, epochs=2), "Theirs")
    job = lab().job(theirs)
    assert job is None or job.join(SECONDS)
    app.query_params["run"] = theirs
    open_page(app, "runs")
    assert any("somebody's own images" in text.value for text in app.markdown)
    pressed(app, "Use this model")
    for page in PAGES:
        assert not open_page(app, page).exception
        assert not any("secret title" in text.value for text in [*app.markdown, *app.caption, *app.info])
    open_page(app, "reconstructions")
    assert any("belong to another browser" in text.value for text in app.info)


def test_a_file_without_a_visible_name_is_kept(app: AppTest) -> None:
    upload(app, " .npz", FILES["some.npz"][0])
    app.button(key="keep_upload").click().run()
    assert not app.exception
    assert "is kept" in said(app)


def test_images_without_labels_offer_no_classes(app: AppTest) -> None:
    upload(app, "plain.gz", FILES["train-images-idx3-ubyte.gz"][0])
    train_on_it(app)
    app.number_input(key="n_hidden").set_value(7)
    app.number_input(key="epochs").set_value(2)
    wait_for_the_end(pressed(app, "Start"))
    for page in PAGES:
        assert not open_page(app, page).exception
    open_page(app, "reconstructions")
    assert "reconstructions_digit" not in [box.key for box in app.selectbox]
    open_page(app, "sample")
    app.segmented_control(key="dream_source").select("A test digit").run()
    assert not app.exception
    assert "Digits seen" not in [metric.label for metric in app.metric]


def test_images_of_128_by_128_pixels_work_on_every_page(app: AppTest) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, images=RNG.integers(0, 256, (30, 128, 128), dtype=np.uint8), labels=np.arange(30) % 3)
    upload(app, "large.npz", buffer.getvalue())
    train_on_it(app)
    app.number_input(key="n_hidden").set_value(60)
    app.number_input(key="epochs").set_value(1)
    wait_for_the_end(pressed(app, "Start"))
    assert "16384-60 · large" in in_use(app)
    for page in PAGES:
        assert not open_page(app, page).exception
    open_page(app, "sample")
    app.segmented_control(key="dream_source").select("Noise").run()
    assert not app.exception


def test_a_run_whose_images_are_gone_shows_its_curve_and_says_so(app: AppTest) -> None:
    upload(app, "pets.zip", FILES["pets.zip"][0])
    train_on_it(app)
    app.number_input(key="n_hidden").set_value(13)
    app.number_input(key="epochs").set_value(2)
    wait_for_the_end(pressed(app, "Start"))
    open_page(app, "data")
    pressed(app, "Delete")
    for page in PAGES:
        assert not open_page(app, page).exception
    open_page(app, "train")
    assert "are not on this server" in said(app)
    assert "learning_curve" in [chart.key for chart in app.get("plotly_chart")]
    assert len(app.image) == 1
    open_page(app, "reconstructions")
    assert "are not on this server" in said(app)


@pytest.mark.parametrize("kind", ["bars-and-stripes", "shifter", "mixture"])
def test_patterns_of_any_size_are_made_and_kept(app: AppTest, kind: str) -> None:
    app.session_state["data_tab"] = "Generated patterns"
    app.run()
    app.segmented_control(key="made_kind").select(kind).run()
    app.number_input(key=f"made_width_{kind}").set_value(11)
    app.number_input(key="made_train").set_value(70)
    app.number_input(key="made_test").set_value(30).run()
    assert not app.exception
    assert metrics(app)[4:6] == ["70", "30"]
    pressed(app, "Keep it")
    assert not app.exception
    assert metrics(app)[:2] == ["70", "30"]
    assert app.selectbox(key="set").value.startswith("own-")


def test_a_disk_that_takes_nothing_is_told(app: AppTest, tmp_path: Path) -> None:
    (tmp_path / "home" / "data").write_bytes(b"a file where a folder should be")
    upload(app, "pets.zip", FILES["pets.zip"][0])
    pressed(app, "Keep it")
    assert not app.exception
    assert "These images are not saved" in said(app)
    assert metrics(app) == ["32", "8", "6 × 5", "2"]


def test_two_files_of_one_name_are_told_apart(app: AppTest) -> None:
    for share in (20, 50):
        upload(app, "pets.zip", FILES["pets.zip"][0])
        app.slider(key="upload_share").set_value(share).run()
        pressed(app, "Keep it")
    assert len([name for name in choices(app) if name.startswith("pets (")]) == 2


def test_a_limit_is_told_by_its_name(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    from rbm.app.server import library as shelf

    monkeypatch.setattr(shelf(), "max_sets", 1)
    for name in ("pets.zip", "some.npz"):
        upload(app, name, FILES[name][0])
        pressed(app, "Keep it")
    assert not app.exception
    assert "RBM_MAX_UPLOADS" in said(app)


# ---- downloads


def test_a_download_that_fails_is_told_and_the_embedded_digits_remain(app: AppTest, mirrors: bad.Server) -> None:
    for mirror in "ab":
        mirrors.tricks[f"/{mirror}/{mnist.FILES[0]}.gz"].extend([bad.status(404)] * 2)
    app.selectbox(key="set").select("kmnist").run()
    assert "not on this server yet: about 21 MB" in said(app)
    pressed(app, "Download")
    assert not app.exception
    assert "answered 404" in app.warning[0].value
    assert "mnist-5k" in app.warning[0].value
    assert "RBM_DATA=FOLDER" in app.warning[0].value
    assert not app.metric
    pressed(app, "Download")
    assert not app.exception
    assert metrics(app) == ["60", "12", "28 × 28", "7"], "the second time it works"
    assert "kmnist" in open_page(app, "train").selectbox(key="data").options
