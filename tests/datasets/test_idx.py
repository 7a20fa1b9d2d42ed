"""The IDX reader: what it reads, and the sentence for each thing it refuses."""

import gzip
import io
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbm.datasets import idx
from rbm.errors import BadFile

CUBE = np.random.default_rng(0).integers(0, 256, (3, 5, 7), dtype=np.uint8)


def idx_bytes(array, kind=8):
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.tobytes()


def written(tmp_path, data, name="file"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("array", [CUBE, CUBE[:, 0, 0], CUBE[:0]])
def test_what_was_written_comes_back(tmp_path, pack, array):
    back = idx.read(written(tmp_path, pack(idx_bytes(array))), array.ndim)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, array)


def test_more_than_one_step_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "STEP", 11)
    np.testing.assert_array_equal(idx.read(written(tmp_path, gzip.compress(idx_bytes(CUBE))), 3), CUBE)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "starts with nothing"),
        (b"PK\3\4" + bytes(20), "not an IDX file: it starts with 50 4b 03 04"),
        (idx_bytes(CUBE, kind=13), "type 13; only unsigned bytes"),
        (idx_bytes(CUBE[0]), "has 2 dimensions; 3 are wanted"),
        (idx_bytes(CUBE)[:9], "cut off in its header"),
        (idx_bytes(CUBE)[:-1], r"cut off: its shape \(3, 5, 7\) asks for 105 bytes, it holds 104"),
        (idx_bytes(CUBE) + b"!", "goes on after the 105 bytes"),
        (struct.pack(">HBB3I", 0, 8, 3, *[2**32 - 1] * 3), "MB is the limit"),
        (struct.pack(">HBB3I", 0, 8, 3, 0, *[2**32 - 1] * 2), "MB is the limit"),  # nothing, but no array has the shape
        (gzip.compress(idx_bytes(CUBE), mtime=0)[:-10], "damaged gzip"),
        (gzip.compress(idx_bytes(CUBE), mtime=0)[:-8] + bytes(8), "damaged gzip"),  # its checksum
        (gzip.compress(idx_bytes(CUBE), mtime=0) + b"rubbish", "damaged gzip"),
        (gzip.compress(idx_bytes(CUBE) + bytes(2**24)), "goes on after the 105 bytes"),
        (gzip.compress(idx_bytes(CUBE), mtime=0)[:12] + b"\xff" * 40, "damaged gzip"),
    ],
)
def test_every_fault_has_its_sentence(tmp_path, data, message):
    with pytest.raises(BadFile, match=message):
        idx.read(written(tmp_path, data), 3)


def test_a_file_that_only_claims_to_be_large_takes_no_memory(tmp_path):
    path = written(tmp_path, struct.pack(">HBB3I", 0, 8, 3, 60_000, 28, 28) + bytes(100))
    tracemalloc.start()
    with pytest.raises(BadFile, match="it holds 100"):
        idx.read(path, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * idx.STEP


def test_files_are_found_plain_and_packed(tmp_path):
    packed = written(tmp_path, b"", "images.gz")
    assert idx.find(tmp_path, "images") == packed
    plain = written(tmp_path, b"", "images")
    assert idx.find(tmp_path, "images") == plain
    with pytest.raises(FileNotFoundError, match=r"neither labels nor labels\.gz"):
        idx.find(tmp_path, "labels")


def test_a_gzip_bomb_takes_no_memory(tmp_path):
    path = written(tmp_path, gzip.compress(struct.pack(">HBB3I", 0, 8, 3, 3, 5, 7) + bytes(2**27)))
    assert path.stat().st_size < 2**18
    tracemalloc.start()
    with pytest.raises(BadFile, match="goes on after"):
        idx.read(path, 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * idx.STEP


def test_the_limit_is_the_callers():
    assert idx.read_from(io.BytesIO(idx_bytes(CUBE)), 3, "cube", max_bytes=105).shape == CUBE.shape
    with pytest.raises(BadFile, match=r"^cube claims .* MB is the limit"):
        idx.read_from(io.BytesIO(idx_bytes(CUBE)), 3, "cube", max_bytes=104)


def damaged(draw, data):
    """`data` cut off, overwritten or lengthened somewhere."""
    start = draw(st.integers(0, len(data)))
    return data[:start] + draw(st.binary(max_size=20)) + data[draw(st.integers(0, len(data))) :]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.data())
def test_whatever_the_bytes_an_array_or_a_sentence(data):
    pack = data.draw(st.sampled_from([bytes, gzip.compress]))
    header = data.draw(st.binary(max_size=16).map(lambda tail: b"\0\0\x08\x03" + tail))
    body = data.draw(st.sampled_from([idx_bytes(CUBE), header, b""]))
    file = io.BytesIO(damaged(data.draw, pack(damaged(data.draw, body) if data.draw(st.booleans()) else body)))
    try:
        array = idx.read_from(file, 3, "it", max_bytes=1000)
    except BadFile as error:
        sentence = str(error)
    else:
        sentence = "it is fine"
        assert array.dtype == np.uint8
        assert array.ndim == 3
        assert array.size <= 1000
    assert sentence.startswith("it ")
    assert "\n" not in sentence
