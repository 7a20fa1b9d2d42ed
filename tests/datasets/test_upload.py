"""Images of one's own: what is read from each format, and the sentence for whatever is refused."""

from __future__ import annotations

import gzip
import io
import re
import struct
import tracemalloc
import zipfile
import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rbm import files
from rbm.datasets import upload
from rbm.datasets.upload import options as upload_options
from rbm.datasets.upload import scaling
from rbm.datasets.upload.options import Options
from rbm.errors import BadFile, BadValue, Refused

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (11, 5, 5), dtype=np.uint8)
LABELS = [3, 1, 3, 3, 1, 3, 7, 7, 3, 1, 3]


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def zipped(files: dict[str, bytes], compression=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def picture(array, form="PNG", mode=None, **more) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(np.asarray(array))
    (image.convert(mode) if mode else image).save(buffer, form, **more)
    return buffer.getvalue()


def csv(rows, delimiter=",", heading=None) -> bytes:
    lines = [heading] if heading else []
    return "\n".join(lines + [delimiter.join(map(str, row)) for row in rows]).encode()


def idx_bytes(array) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def read(data: bytes, name="mine.xyz", **options):
    return upload.read(io.BytesIO(data), name, Options(**options))


def rows(data) -> Counter:
    """(pixels, label) of every image of both parts."""
    images = [image.tobytes() for image in (*data.train_images, *data.test_images)]
    return Counter(zip(images, [*data.train_labels.tolist(), *data.test_labels.tolist()], strict=True))


def expected(images, labels=None) -> Counter:
    flat = [np.asarray(image, np.uint8).tobytes() for image in images]
    return Counter(zip(flat, labels if labels is not None else [0] * len(flat), strict=True))


# ---- what comes in


FLAT = IMAGES.reshape(11, 25)
WITH_LABELS = {
    "npz": npz(images=IMAGES, labels=np.array(LABELS)),
    "npz, rows": npz(X=FLAT, y=np.array(LABELS, float)),
    "npz, unnamed": npz(arr_0=IMAGES, arr_1=np.array(LABELS, np.uint8)[:, None]),
    "npz, floats to 255": npz(data=IMAGES.astype(np.float32), target=np.array([str(x) for x in LABELS])),
    "npz, unit interval": npz(images=IMAGES / 255, labels=np.array(LABELS, ">i2")),
    "npz, column by column": npz(images=np.asfortranarray(IMAGES), labels=np.array([b"%d" % x for x in LABELS])),
    "npz, one channel": npz(images=IMAGES[..., None].astype(np.int64), labels=np.array(LABELS)),
    "csv, label first": csv(np.column_stack([LABELS, FLAT])),
    "csv, heading": csv(np.column_stack([FLAT, LABELS]), heading=",".join([*map(str, range(25)), "Label"])),
    "csv, heading and quotes": csv(np.column_stack([LABELS, FLAT]), heading='"label"' + ',"p"' * 25),
    "csv, semicolons": csv(np.column_stack([LABELS, FLAT]), ";"),
    "csv, tabs, floats": csv(np.column_stack([LABELS, FLAT / 255]), "\t"),
    "csv, gzip": gzip.compress(csv(np.column_stack([LABELS, FLAT]))),
    "csv, byte order mark and CR LF": b"\xef\xbb\xbf"
    + csv(np.column_stack([LABELS, FLAT])).replace(b"\n", b"\r\n\r\n"),
    "pictures": zipped({f"set/{label}/{i}.png": picture(IMAGES[i]) for i, label in enumerate(LABELS)}),
}
WITHOUT_LABELS = {
    "npz": npz(images=IMAGES),
    "csv": csv(FLAT),
    "idx": idx_bytes(IMAGES),
    "idx, gzip": gzip.compress(idx_bytes(IMAGES)),
    "pictures": zipped({f"{i:02}.PNG": picture(IMAGES[i]) for i in range(11)}),
    "pictures and litter": zipped(
        {
            **{f"my/{i}.png": picture(IMAGES[i]) for i in range(11)},
            "my/notes.txt": b"hello",
            "__MACOSX/my/._0.png": b"\0\5\x16\7",
            "other/.0.png": b"",
        }
    ),
}


@pytest.mark.parametrize("data", WITH_LABELS.values(), ids=WITH_LABELS)
def test_every_image_comes_in_with_its_label(data):
    got = read(data, "my digits.xyz")
    assert rows(got) == expected(IMAGES, LABELS)
    assert (got.name, got.shape) == ("my digits", (5, 5))
    assert got.classes == [1, 3, 7]
    assert got.source == "my digits.xyz: 11 images of 5 × 5 pixels, 3 classes"
    assert len(got.test_labels) == 2


@pytest.mark.parametrize("data", WITHOUT_LABELS.values(), ids=WITHOUT_LABELS)
def test_images_without_labels_are_all_of_class_0(data):
    got = read(data)
    assert rows(got) == expected(IMAGES)
    assert not got.labelled
    assert "no labels" in got.source


def test_labels_may_be_words():
    words = ["cat", "dog", "a \ud800 \n"]
    for data in (
        csv([[words[i % 2], *FLAT[i]] for i in range(11)]),
        csv([[*FLAT[i], f'"{words[i % 2]}"'] for i in range(11)]),
        npz(images=IMAGES, labels=np.array([words[i % 2] for i in range(11)])),
        zipped({f"{words[i % 2]}/{i}.png": picture(IMAGES[i]) for i in range(11)}),
    ):
        got = read(data)
        assert rows(got) == expected(IMAGES, [i % 2 for i in range(11)])
        assert got.class_names == ("cat", "dog")
    odd = read(npz(images=IMAGES, labels=np.array([words[i % 3] for i in range(11)])))
    assert odd.class_names == ("a ? ?", "cat", "dog")


def test_a_file_with_a_test_part_keeps_it():
    """As Keras' mnist.npz has one."""
    data = npz(x_train=IMAGES[:7], y_train=np.array(LABELS[:7]), x_test=IMAGES[7:], y_test=np.array(LABELS[7:]))
    got = read(data, test_fraction=0.5)
    np.testing.assert_array_equal(got.train_images, FLAT[:7])
    np.testing.assert_array_equal(got.test_images, FLAT[7:])
    assert [*got.train_labels, *got.test_labels] == LABELS
    assert not read(npz(x_train=IMAGES[:7], x_test=IMAGES[7:], y_test=np.array(LABELS[7:]))).labelled


def test_the_split_is_what_was_asked_for_and_never_changes():
    got = [read(WITH_LABELS["npz"], test_fraction=f, seed=s) for f, s in ((0.5, 1), (0.5, 1), (0.5, 2), (0.001, 1))]
    assert [len(data.test_images) for data in got] == [6, 6, 6, 1]  # round(5.5) is 6
    assert Counter(got[0].test_labels.tolist()) == {3: 3, 1: 2, 7: 1}
    assert got[0].fingerprint == got[1].fingerprint != got[2].fingerprint


def test_black_and_white_is_0_and_255():
    for array in (IMAGES > 99, (IMAGES > 99).astype(np.uint8), (IMAGES > 99).astype(np.float16)):
        assert rows(read(npz(images=array))) == expected((IMAGES > 99) * 255)


def test_inversion():
    for data in (WITHOUT_LABELS["npz"], WITHOUT_LABELS["csv"], WITHOUT_LABELS["pictures"]):
        assert rows(read(data, invert=True)) == expected(255 - IMAGES)


COLOURS = RNG.integers(0, 256, (4, 3, 2, 3), dtype=np.uint8)
GREYS = {
    "luminance": COLOURS @ np.array([0.299, 0.587, 0.114]),
    "mean": COLOURS.mean(axis=-1),
    "brightest": COLOURS.max(axis=-1),
}


@pytest.mark.parametrize("how", GREYS)
def test_colours_become_grey(how):
    """Within one level of the formula: Pillow rounds in its own way."""
    for data in (npz(images=COLOURS), zipped({f"{i}.png": picture(COLOURS[i]) for i in range(4)})):
        got = read(data, grey=how, test_fraction=0.1)
        assert got.shape == (3, 2)
        images = [*got.train_images, *got.test_images]
        nearest = [np.abs(np.reshape(grey, -1) - image.astype(float)).max() for grey in GREYS[how] for image in images]
        assert sum(distance <= 1 for distance in nearest) == 4


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGB", "RGBA", "I;16", "CMYK"])
def test_pictures_of_any_mode(mode):
    grey = np.repeat(np.array([[0], [255]], np.uint8), 6, axis=1)
    if mode == "I;16":
        data = picture(grey.astype(np.uint16) * 257)
    else:
        data = picture(grey, "JPEG" if mode == "CMYK" else "PNG", mode)
    got = read(zipped({"a.jpg": data, "b.jpg": data}))
    np.testing.assert_array_equal(got.train_images[0], grey.ravel())


def test_what_is_transparent_is_paper():
    ink = np.zeros((2, 3, 4), np.uint8)
    ink[0, :, 3] = 255  # black above, nothing below
    data = zipped({"a.png": picture(ink), "b.png": picture(ink)})
    np.testing.assert_array_equal(read(data).train_images[0], [0, 0, 0, 255, 255, 255])
    np.testing.assert_array_equal(read(data, invert=True).train_images[0], [255, 255, 255, 0, 0, 0])


def test_telephones_that_lie_on_their_side():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90°
    wide = np.repeat(np.repeat(np.array([[0, 255]], np.uint8), 8, 0), 16, 1)
    data = zipped({f"{i}.jpeg": picture(wide, "JPEG", exif=exif) for i in range(2)})
    got = read(data)
    assert got.shape == (32, 8)
    assert got.train_images[0].reshape(32, 8)[:14].max() < 20
    assert got.train_images[0].reshape(32, 8)[18:].min() > 235


def test_a_jpeg_of_many_passes_is_refused_before_it_is_decoded(monkeypatch):
    """A picture of 1 KB whose last pass comes 1,500 times costs 20 seconds."""
    usual = picture(np.arange(256, dtype=np.uint8).reshape(16, 16), "JPEG", progressive=True)
    assert read(zipped({f"{i}.jpg": usual for i in range(2)})).shape == (16, 16)
    last = usual[usual.rindex(b"\xff\xda") : -2]
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(BadFile, match=r"0.jpg is a JPEG in 1,5\d\d passes; 20 is the limit"):
        read(zipped({f"{i}.jpg": usual[:-2] + 1500 * last + b"\xff\xd9" for i in range(2)}))


def test_scaling_is_anti_aliased():
    """Fine black and white stripes become grey, not black or white, and the mean stays."""
    stripes = np.tile(np.array([0, 255], np.uint8), (40, 20))
    for data in (npz(images=np.stack([stripes] * 2)), zipped({f"{i}.png": picture(stripes) for i in range(2)})):
        got = read(data, size=(4, 5))
        assert got.shape == (4, 5)
        assert abs(got.train_images.mean() - 127.5) < 5
        assert np.ptp(got.train_images) < 20


def test_pictures_of_several_sizes_need_a_size():
    data = zipped({"a.png": picture(IMAGES[0]), "b.png": picture(IMAGES[0, 1:])})
    with pytest.raises(BadFile, match=r"b.png is of another size than the first; choose a size for all"):
        read(data)
    assert read(data, size=(7, 3)).shape == (7, 3)


def test_rows_that_are_no_squares_need_a_size():
    table = csv(FLAT[:, :15])
    with pytest.raises(BadFile, match="rows of 15 pixels are no square images; choose a height and width"):
        read(table)
    assert read(table, size=(3, 5)).shape == (3, 5)
    assert rows(read(table, size=(3, 5))) == expected(FLAT[:, :15])


def test_which_column_is_the_label():
    corner = FLAT.copy()
    corner[:, 0] = 0  # as MNIST's
    assert read(csv(np.column_stack([corner, LABELS]))).classes == [1, 3, 7]
    assert read(csv(np.column_stack([FLAT, LABELS])), label_column="last").classes == [1, 3, 7]
    assert read(csv(np.column_stack([LABELS, FLAT])), label_column="first").classes == [1, 3, 7]
    assert not read(csv(np.column_stack([LABELS, FLAT])), label_column="none", size=(2, 13)).labelled
    assert not read(csv(FLAT), size=(5, 5)).labelled
    assert read(csv(FLAT[:, :16]), size=(3, 5), label_column="auto").shape == (3, 5)


def test_a_table_longer_than_a_block(monkeypatch):
    monkeypatch.setattr("rbm.datasets.upload.table._BLOCK", 200)
    monkeypatch.setattr("rbm.datasets.upload.scaling._ROWS", 60)
    assert rows(read(csv(np.column_stack([LABELS, FLAT])))) == expected(IMAGES, LABELS)
    halves = FLAT.astype(float)
    halves[3, 4] = 0.25  # this block alone is no whole numbers
    got = read(csv(np.column_stack([LABELS, halves])))
    assert rows(got) == expected(np.rint(halves), LABELS)


# ---- what is refused


def claim(shape: str, data: bytes, descr: str = "'|u1'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def png_header(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that claims a size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def declared(data: bytes, size: int) -> bytes:
    """A zip whose directory claims `size` for its first member."""
    place = data.index(b"PK\1\2") + 24
    return data[:place] + struct.pack("<I", size) + data[place + 4 :]


def locked(data: bytes) -> bytes:
    place = data.index(b"PK\1\2") + 8
    return data[:place] + b"\1" + data[place + 1 :]


TWO = {"a.png": picture(IMAGES[0]), "b.png": picture(IMAGES[1])}
REFUSED = {
    "nothing": (b"", "this file is empty"),
    "blank lines": (b"\n\n \n", "this file is empty"),
    "a picture": (picture(IMAGES[0]), "single picture; put the pictures into a zip"),
    "a JPEG": (picture(IMAGES[0], "JPEG"), "single picture"),
    "a program": (b"\x7fELF\2\1\1" + bytes(100) + b"\xff\xfe", "line 1 is not text"),
    "a web page": (b"<!doctype html><html>\n<p>Not found, sorry</p>", "line 1 holds no numbers: this is no table"),
    "an empty zip": (b"PK\5\6" + bytes(18), "no .png or .jpg pictures and no .npy arrays"),
    "a zip of text": (zipped({"a.txt": b"hello"}), "no .png or .jpg pictures"),
    "half a zip": (zipped(TWO)[:-40], "this archive is damaged"),
    "a locked zip": (locked(zipped(TWO)), "locked with a password"),
    "lzma": (zipped(TWO, zipfile.ZIP_LZMA), "compressed in an unusual way"),
    "a zip that claims much": (declared(zipped(TWO), 2**31), "unpacks to 2048 MB; 256 MB is the limit"),
    "a zip bomb": (zipped({"a.png": bytes(2**24)}), "unpack to 16 MB; 300 times is the limit"),
    "a picture that is text": (zipped({"a/b.png": b"hello"}), "a/b.png is no picture that can be read"),
    "half a picture": (zipped({"b.png": TWO["a.png"][:60]}), "b.png is no picture that can be read"),
    "a huge picture": (zipped({"b.png": png_header(5001, 5000)}), "b.png has more than 25 million pixels"),
    "a picture bomb": (zipped({"b.png": png_header(30_000, 30_000)}), "b.png has more than 25 million pixels"),
    "a picture of 0": (zipped({"b.png": png_header(0, 5)}), "b.png is no picture that can be read"),
    "a GIF": (zipped({"b.png": picture(IMAGES[0], "GIF")}), "b.png is no picture that can be read"),
    "a picture too large to learn": (zipped({"b.png": picture(np.zeros((200, 200), np.uint8))}), "choose a size of 1"),
    "a name of rubbish": (zipped({"\n" * 99 + "b.png": b"x"}), r"^\?{57}... is no picture"),
    "one picture": (zipped({"b.png": TWO["a.png"]}), "holds one image"),
    "npz without images": (npz(weights=IMAGES), "no array is called images, .* or arr_0; this file has weights"),
    "npz of objects": (npz(images=np.array([None, "a"], object)), "images must be an array of numbers; this is object"),
    "npz of words": (npz(images=np.array(["a", "b"])), "images must be an array of numbers; this is <U1"),
    "npz of complex": (npz(images=IMAGES * 1j), "images must be an array of numbers; this is complex128"),
    "npz of one row": (npz(images=FLAT[0]), r"images has shape \(25,\)"),
    "npz of no image": (npz(images=IMAGES[:0]), r"images has an impossible shape, \(0, 5, 5\)"),
    "npz of 7 colours": (npz(images=np.zeros((2, 3, 3, 7))), r"images has shape \(2, 3, 3, 7\)"),
    "npz, negative": (npz(images=IMAGES - 1.0), "pixels must run from 0 to 1 or from 0 to 255; these run from -1 to"),
    "npz, 16 bits": (npz(images=IMAGES * np.uint16(257)), "these run from .* to 65"),
    "npz, NaN": (npz(images=np.where(IMAGES > 9, np.nan, 0.0)), "these run from nan to nan"),
    "npz, other labels": (
        npz(images=IMAGES, labels=np.arange(10)),
        r"labels has shape \(10,\); one label for each",
    ),
    "npz, long labels": (npz(images=IMAGES, labels=np.array(["x" * 99] * 11)), "labels of more than 64 characters"),
    "npz, two sizes": (npz(x_train=IMAGES, x_test=IMAGES[:, 1:]), "x_train and x_test hold images of different sizes"),
    "npz, a false claim": (zipped({"images.npy": claim(f"({2**40}, 5, 5)", b"")}), "does not fit its"),
    "npz, negative shape": (zipped({"images.npy": claim("(-1, 5, 5)", b"")}), "an impossible shape"),
    "npz, no array": (zipped({"images.npy": b"hello"}), "not stored as a plain array"),
    "npz, many labels": (npz(images=np.zeros((999, 2, 2), "u1"), labels=np.arange(999)), "999 different values; 256"),
    "npz, no Unicode": (
        npz(images=IMAGES, labels=np.full(11, 2**31, np.uint32).view("<U1")),
        "labels holds labels that are not text",
    ),
    "csv, words": (b"1,2,3,x\n4,5,6,7\n1,2,hello,4", "lines 1 to 3 can't be read as numbers: could not convert"),
    "csv, ragged": (b"1,2,3,4\n\n1,2,3", "line 3 has 3 values, the first line has 4"),
    "csv, gaps": (b"1,2,3,4\n1,,3,4", "lines 1 to 2 can't be read as numbers"),
    "csv, only a heading": (b"label,a,b,c,d\n", "a heading and nothing below it"),
    "csv, only labels": (b"label\n1\n2", "labels and no column of pixels"),
    "csv, too high": (b"1,2,3,400\n1,2,3,4", "these run from 1 to 400"),
    "csv, infinite": (b"1,2,3,1e999\n1,2,3,4", "these run from 1 to inf"),
    "csv, beyond float32": (b"1,2,3,1e300\n1,2,3,4", "these run from 1 to inf"),
    "csv, an odd quote": (b'1,2,3,"4\n1,2,3,4', "odd quotation mark|can't be read as numbers"),
    "csv, one row": (b"1,2,3,4", "holds one image"),
    "csv, many columns": (b"1," * 70_000 + b"1", "this table has 70001 columns; 65536 is the limit"),
    "csv, an endless line": (b"1" * 2_000_000, "line 1 is too long"),
    "csv, many rows": (b"1\n" * 250_001, "this file holds more than 250,000 images"),
    "csv, many lines": (b"\n" * 1_000_001, "this table has more than 1,000,000 lines"),
    "csv, UTF-16": ("1,2,3,4\n".encode("utf-16"), "line 1 is not text"),
    "idx of labels": (idx_bytes(np.zeros(9, np.uint8)), "mine.xyz has 1 dimensions; 3 are wanted"),
    "idx, cut off": (idx_bytes(IMAGES)[:-1], "mine.xyz is cut off"),
    "idx, a false claim": (struct.pack(">HBB3I", 0, 8, 3, 2**20, 28, 28), "claims .* MB of data; 64 MB is the limit"),
    "idx, nothing": (idx_bytes(IMAGES[:0]), "mine.xyz holds no images"),
    "idx, no pixels": (idx_bytes(IMAGES[:, :0]), "mine.xyz holds no images"),
    "gzip, cut off": (gzip.compress(csv(FLAT))[:-9], "damaged gzip"),
    "gzip, damaged": (gzip.compress(csv(FLAT))[:30] + b"rubbish" * 9, "damaged gzip"),
    "gzip, a bomb": (gzip.compress(b"1,2,3,4\n" * 2**19), "this table has more than"),
    "gzip, an idx bomb": (
        gzip.compress(idx_bytes(np.zeros((2**14, 28, 28), np.uint8))),
        "claims 12.2 MB of data",
    ),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_whatever_cannot_be_used_is_one_clear_sentence(data, message):
    with pytest.raises(Refused, match=message) as caught:
        read(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (0, 5)}, "images of 0 × 5 pixels can't be used"),
        ({"size": (129, 128)}, "choose a size of 1 to 16,384 pixels"),
        ({"grey": "pink"}, "grey must be one of luminance, mean, brightest; got 'pink'"),
        ({"label_column": "second"}, "label_column must be one of auto, first"),
        ({"test_fraction": 0}, "test_fraction must lie between 0 and 1; got 0"),
        ({"test_fraction": float("nan")}, "test_fraction must lie"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(BadValue, match=message):
        Options(**options)


def test_limits_that_would_take_long_to_reach(monkeypatch):
    monkeypatch.setattr("rbm.datasets.upload.reading.MAX_BYTES", 100)
    with pytest.raises(BadFile, match="this file has 0 MB; 0 MB is the limit"):
        read(WITHOUT_LABELS["npz"])
    monkeypatch.undo()
    monkeypatch.setattr("rbm.datasets.upload.reading.MAX_FILES", 10)
    with pytest.raises(BadFile, match="this file holds 11 others; 10 is the limit"):
        read(WITHOUT_LABELS["pictures"])
    monkeypatch.undo()
    monkeypatch.setattr("rbm.datasets.upload.pictures.MAX_DECODED", 11 * 25 - 1)
    with pytest.raises(BadFile, match="million pixels in all"):
        read(WITHOUT_LABELS["pictures"])
    monkeypatch.undo()
    monkeypatch.setattr(upload_options, "MAX_PIXELS", 11 * 25 - 1)
    for name in ("npz", "csv", "idx", "pictures"):
        with pytest.raises(BadFile, match=r"11 images of .* are more than"):
            read(WITHOUT_LABELS[name])


BOMBS = {
    "zip of zeros": zipped({"a.png": bytes(2**27)}),
    "npz of zeros": npz(images=np.zeros((2**13, 128, 128), np.uint8)),
    "gzip of a table": gzip.compress(b"1,2,3,4\n" * 2**23),
    "gzip of empty lines": gzip.compress(b"\n" * 2**26),
    "gzip of short lines": gzip.compress(b"1\n2\n" * 2**20),
    "gzip of long lines": gzip.compress((b"0.5," * 2**14 + b"1\n") * 2**10),
    "gzip of one line": gzip.compress(b"1" * 2**26),
    "gzip of idx": gzip.compress(struct.pack(">HBB3I", 0, 8, 3, 2**12, 128, 128) + bytes(2**26)),
    "idx that claims": struct.pack(">HBB3I", 0, 8, 3, 2**11, 128, 128),
    "png that claims": zipped({"a.png": png_header(30_000, 30_000)}),
    "png that claims less than it holds": zipped({"a.png": png_header(50, 50, bytes(2**25)), "b.png": b""}),
    "zip of a million": b"PK\3\4" + (b"PK\1\2" + bytes(42)) * 2**18 + b"PK\5\6" + bytes(18),
    "labels": npz(images=IMAGES, labels=np.zeros(11, "U500000")),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_bombs_take_little_memory(monkeypatch, data):
    monkeypatch.setattr("rbm.datasets.upload.options.MAX_IMAGES", 30_000)  # tracing takes its time
    monkeypatch.setattr("rbm.datasets.upload.table.MAX_LINES", 100_000)
    tracemalloc.start()
    with pytest.raises(BadFile):
        read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(data) + 40 * 2**20


def test_a_ratio_that_pictures_reach_is_no_bomb():
    files.check_ratio(10_000, 3_000_000)
    files.check_ratio(1, files.FREE)
    with pytest.raises(BadFile, match="10000 bytes in this file unpack to 3 MB"):
        files.check_ratio(10_000, 3_000_001)


def test_levels_are_exact_for_every_byte():
    every = np.arange(256, dtype=np.uint8).reshape(1, 256)
    for block in (every, every.astype(float), every / 255, (every / 255).astype(np.float32), every.astype(">i8")):
        np.testing.assert_array_equal(scaling.levels([block]), every)


# ---- whatever the bytes

FUZZ = settings(derandomize=True, deadline=None, max_examples=150)
JPEGS = zipped({f"{i}.jpg": picture(COLOURS[i], "JPEG") for i in range(4)})
SEEDS = [*WITH_LABELS.values(), *WITHOUT_LABELS.values(), npz(images=COLOURS), JPEGS]
STARTS = [b"", b"PK\3\4", b"\x1f\x8b\x08\0", b"\0\0\x08\3", b"\0\0\x08\3\0\0\0\2\0\0\0\1\0\0\0\1"]
FORMS = [*(("PNG", mode) for mode in ("L", "1", "P", "LA", "RGBA")), ("JPEG", "RGB"), ("JPEG", "CMYK")]


def dataset_or_sentence(data: bytes, **options) -> None:
    try:
        got = read(data, **options)
    except Refused as error:
        sentence = str(error)
    else:
        sentence = got.source
        assert got.train_images.shape[1] == got.shape[0] * got.shape[1]
        assert got.train_labels.max() < upload_options.MAX_CLASSES
    assert re.fullmatch(r"[^\n]{5,400}", sentence)


def damaged(draw, data: bytes) -> bytes:
    """Some bytes overwritten, put in, or cut out, and now and then the end cut off."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, max(0, len(data) - 1)))
        new = draw(st.binary(max_size=4) | st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b",", b'"', b"\n", b"-"]))
        data = data[:start] + new + data[start + draw(st.sampled_from([0, len(new), 9])) :]
    return data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 4)) == 0 else data


@FUZZ
@given(st.data())
def test_fuzz_damaged_files(data):
    dataset_or_sentence(damaged(data.draw, data.draw(st.sampled_from(SEEDS))))


@FUZZ
@given(st.sampled_from(STARTS), st.binary())
def test_fuzz_any_bytes(start, data):
    dataset_or_sentence(start + data)


@FUZZ
@given(st.text(alphabet='0123456789.,;\t\n\r"-+eEnaif x', max_size=60), st.sampled_from([None, (1, 2), (2, 2)]))
def test_fuzz_tables(text, size):
    dataset_or_sentence(text.encode(), size=size)


@FUZZ
@given(st.data())
def test_fuzz_arrays(data):
    """Sound archives of damaged arrays."""
    array = IMAGES if data.draw(st.booleans()) else COLOURS / 255
    labels = np.array(LABELS[: len(array)], data.draw(st.sampled_from(["i8", "f4", "U3", "S2", "?"])))
    files = {}
    for name, content in (("images.npy", array), ("labels.npy", labels)):
        buffer = io.BytesIO()
        np.save(buffer, content)
        files[name] = buffer.getvalue()
    chosen = data.draw(st.sampled_from(list(files)))
    start = data.draw(st.integers(0, 140))
    new = data.draw(st.binary(min_size=1, max_size=3) | st.sampled_from([b"O", b"f", b"V", b"9", b"L", b"-", b"("]))
    files[chosen] = files[chosen][:start] + new + files[chosen][start + len(new) :]
    dataset_or_sentence(zipped(files, zipfile.ZIP_STORED))


@FUZZ
@given(st.data())
def test_fuzz_pictures(data):
    """Sound archives of damaged pictures."""
    form, mode = data.draw(st.sampled_from(FORMS))
    good = picture(IMAGES[0], form, mode)
    bad = damaged(data.draw, good)
    dataset_or_sentence(zipped({"a.png": bad, "b.png": good}), size=data.draw(st.sampled_from([None, (3, 4)])))
