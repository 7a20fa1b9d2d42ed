"""--data: a name, a folder of IDX files, or any file that the Data page takes."""

import gzip
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

import rbm
from rbm.cli import main
from rbm.cli.data import read_data
from rbm.datasets import upload
from tests.cli.common import FAST, IMAGES, WHICH, refused, text, write_idx

SPLIT = ("train_images", "train_labels", "test_images", "test_labels")


def same(data, other):
    assert data.shape == other.shape
    for part in SPLIT:
        np.testing.assert_array_equal(getattr(data, part), getattr(other, part))


def test_a_folder_of_idx_files_with_and_without_test_images(folder):
    data = read_data(str(folder))
    assert (data.name, data.shape, len(data.train_images), len(data.test_images)) == (str(folder), (3, 5), 55, 11)
    assert not data.labelled
    every = np.concatenate([data.train_images, data.test_images])
    np.testing.assert_array_equal(np.sort(every, axis=0), np.sort(IMAGES.reshape(66, 15), axis=0))
    write_idx(folder / "t10k-images-idx3-ubyte", IMAGES[:7])
    data = read_data(str(folder))
    np.testing.assert_array_equal(data.train_images, IMAGES.reshape(66, 15))
    np.testing.assert_array_equal(data.test_images, IMAGES[:7].reshape(7, 15))
    write_idx(folder / "t10k-images-idx3-ubyte", np.zeros((2, 4, 4), np.uint8))
    with pytest.raises(rbm.datasets.Unavailable, match="t10k-images-idx3-ubyte holds images of 4 × 4, not 3 × 5"):
        read_data(str(folder))


def test_the_labels_of_a_folder_count_where_every_part_has_them(folder):
    write_idx(folder / "train-labels-idx1-ubyte", WHICH)
    data = read_data(str(folder))
    pairs = {(image.tobytes(), int(label)) for image, label in zip(IMAGES, WHICH, strict=True)}
    for images, labels in ((data.train_images, data.train_labels), (data.test_images, data.test_labels)):
        assert {(image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True)} <= pairs
    assert data.classes == [0, 1, 2]
    write_idx(folder / "t10k-images-idx3-ubyte", IMAGES[:7])
    assert read_data(str(folder)).classes == [0]
    write_idx(folder / "t10k-labels-idx1-ubyte", WHICH[:6])
    with pytest.raises(rbm.datasets.Unavailable, match="holds 7 images and t10k-labels-idx1-ubyte 6 labels"):
        read_data(str(folder))


def test_a_string_is_never_taken_for_a_folder_by_the_library(folder):
    """Names reach it from the web: from an address or an imported run."""
    same(rbm.datasets.load(folder), read_data(str(folder)))
    with pytest.raises(ValueError, match="unknown data set"):
        rbm.datasets.load(str(folder))


def npz():
    file = io.BytesIO()
    np.savez(file, images=IMAGES, labels=WHICH)
    return file.getvalue()


def table():
    rows = np.column_stack([WHICH, IMAGES.reshape(66, 15)[:, :9]])  # 3 × 3: a table has square images
    return "\n".join(",".join(map(str, row)) for row in rows).encode()


def idx_file():
    return bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in IMAGES.shape) + IMAGES.tobytes()


def pictures():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (image, kind) in enumerate(zip(IMAGES, WHICH, strict=True)):
            picture = io.BytesIO()
            Image.fromarray(image).save(picture, "PNG")
            archive.writestr(f"{kind}/{number}.png", picture.getvalue())
    return file.getvalue()


FILES = {"a.npz": npz, "a.csv": table, "a.csv.gz": lambda: gzip.compress(table()), "a-idx3-ubyte": idx_file,
         "a.gz": lambda: gzip.compress(idx_file()), "a.zip": pictures}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_as_the_data_page_reads_it(name, tmp_path, capsys):
    path, out = tmp_path / name, tmp_path / "model.npz"
    path.write_bytes(FILES[name]())
    data = read_data(str(path))
    same(data, upload.read(io.BytesIO(path.read_bytes()), name))
    assert main(text("train", *FAST, "--data", path, "--out", out, "--n-hidden", 2, "--visible", "gaussian")) == 0
    model, note = rbm.io.read(out)
    assert (note["data"], note["shape"]) == (str(path), list(data.shape))
    assert model.n_visible == data.train_images.shape[1]
    # a Gaussian model is scaled back by its data, which are read again
    assert main(text("sample", out, "--out", tmp_path / "s.png", "--number", 2, "--sweeps", 2, "--data", path)) == 0
    assert main(text("evaluate", out, "--data", path)) == 0
    assert f"held-out images of {path}" in capsys.readouterr().out


def test_a_file_that_holds_no_images_is_refused_by_its_name(tmp_path, capsys, model):
    message = refused(capsys, "evaluate", model, "--data", model)
    assert f"{model} can't be used: no array is called images, " in message
    (tmp_path / "empty.csv").touch()
    assert "empty.csv can't be used: " in refused(capsys, "evaluate", model, "--data", tmp_path / "empty.csv")
    missing = refused(capsys, "evaluate", model, "--data", tmp_path / "none.zip")
    assert "none.zip'; choose mnist-5k, digits-8x8, " in missing
    assert "or a file: .npz, CSV, IDX or a zip of pictures" in missing
