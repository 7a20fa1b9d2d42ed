"""The IDX reader: what it reads, and the sentence for each thing it refuses."""

import gzip
import struct

import numpy as np
import pytest

from rbm import idx

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
        (gzip.compress(idx_bytes(CUBE))[:-10], "damaged gzip"),
        (gzip.compress(idx_bytes(CUBE))[:12] + b"\xff" * 40, "damaged gzip"),
    ],
)
def test_every_fault_has_its_sentence(tmp_path, data, message):
    with pytest.raises(idx.BadIdxFile, match=message):
        idx.read(written(tmp_path, data), 3)


def test_a_file_that_only_claims_to_be_large_takes_no_memory(tmp_path):
    import tracemalloc

    path = written(tmp_path, struct.pack(">HBB3I", 0, 8, 3, 60_000, 28, 28) + bytes(100))
    tracemalloc.start()
    with pytest.raises(idx.BadIdxFile, match="it holds 100"):
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
