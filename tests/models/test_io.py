"""Model files: what is written comes back, and whatever else comes in is refused in one sentence."""

from __future__ import annotations

import io
import json
import os
import struct
import threading
import tracemalloc
import zipfile

import numpy as np
import pytest

import rbm
from rbm.errors import BadModelFile
from tests import brute
from tests.patience import SECONDS

MODEL = brute.tiny(3, 7, seed=1)
NAMES = ("weights", "visible_bias", "hidden_bias")


def same(one: rbm.RBM, other: rbm.RBM) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in NAMES)


def written(model: rbm.RBM = MODEL, **options) -> bytes:
    buffer = io.BytesIO()
    rbm.save(buffer, model, **options)
    return buffer.getvalue()


# ---- there and back


@pytest.mark.parametrize("kind", [str, None], ids=["str", "Path"])
def test_a_model_comes_back_to_the_last_bit(tmp_path, kind):
    path = tmp_path / "model.npz"
    rbm.save(kind(path) if kind else path, MODEL)
    assert same(rbm.load(kind(path) if kind else path), MODEL)
    assert os.listdir(tmp_path) == ["model.npz"]


def test_file_objects_will_do_wherever_they_stand():
    buffer = io.BytesIO()
    rbm.save(buffer, MODEL)
    assert same(rbm.load(buffer), MODEL)
    assert same(rbm.load(buffer), MODEL)
    assert not buffer.closed


def test_extreme_float32_values_come_back():
    limits = np.finfo(np.float32)
    weights = np.array([[limits.max, limits.min, limits.tiny], [limits.smallest_subnormal, -0.0, 1 / 3]], np.float32)
    model = rbm.RBM(weights, np.zeros(2), np.zeros(3))
    assert rbm.load(io.BytesIO(written(model))).weights.tobytes() == weights.tobytes()


def test_half_precision_halves_the_weights_only():
    model = brute.tiny(101, 97, seed=2)
    half = rbm.load(io.BytesIO(written(model, half_precision=True)))
    assert half.weights.dtype == np.float32
    np.testing.assert_array_equal(half.weights, model.weights.astype(np.float16).astype(np.float32))
    # float16 has 11 significant bits, and steps of 2^-24 below its smallest normal number
    assert (np.abs(half.weights - model.weights) <= np.abs(model.weights) * 2.0**-11 + 2.0**-25).all()
    np.testing.assert_array_equal(half.visible_bias, model.visible_bias)
    np.testing.assert_array_equal(half.hidden_bias, model.hidden_bias)
    assert len(written(model, half_precision=True)) < 0.6 * len(written(model))


def test_weights_beyond_half_precision_are_refused():
    model = rbm.RBM(np.full((3, 7), -1e5), np.zeros(3), np.zeros(7))
    with pytest.raises(ValueError, match="too large for half precision"):
        written(model, half_precision=True)
    assert same(rbm.load(io.BytesIO(written(model))), model)


def test_the_note_comes_back():
    note = {"name": "Ziffern ½", "data": "mnist-5k", "epochs": 30, "errors": [1.5, None], "nested": {"a": True}}
    model, info = rbm.io.read(io.BytesIO(written(info=note)))
    assert info == note
    assert same(model, MODEL)
    assert rbm.io.read(io.BytesIO(written()))[1] == {}


def test_the_note_stays_as_it_is_and_cannot_claim_a_version():
    note = {"version": 7}
    with pytest.raises(ValueError, match="can't have a key 'version'"):
        written(info=note)
    assert note == {"version": 7}


def test_the_file_is_a_plain_npz():
    with np.load(io.BytesIO(written()), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["weights"], MODEL.weights)
        assert json.loads(arrays["info"].tobytes()) == {"version": 1, "kind": "RBM"}


# ---- all or nothing


def test_a_note_that_json_cannot_hold_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(b"old")
    with pytest.raises(TypeError, match="JSON"):
        rbm.save(path, MODEL, {"rng": object()})
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.npz"]


@pytest.mark.parametrize("existing", [True, False])
def test_a_full_disk_leaves_the_old_file_and_no_part_of_the_new(tmp_path, monkeypatch, existing):
    def full(_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "model.npz"
    if existing:
        path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        rbm.save(path, MODEL)
    assert os.listdir(tmp_path) == (["model.npz"] if existing else [])
    assert not existing or path.read_bytes() == b"old"


def test_the_file_is_only_ever_seen_whole(tmp_path, monkeypatch):
    path, seen = tmp_path / "model.npz", []
    rbm.save(path, MODEL)
    fsync = os.fsync

    def look(number):  # the new bytes are all written: the old ones must still be what a reader gets
        seen.append(same(rbm.load(path), MODEL))
        fsync(number)

    monkeypatch.setattr(os, "fsync", look)
    other = brute.tiny(3, 7, seed=2)
    rbm.save(path, other)
    assert seen == [True, False]  # the second look, when the folder is synced, is after the rename
    assert same(rbm.load(path), other)


def test_two_threads_may_save_to_one_path(tmp_path, monkeypatch):
    path, both, failures, fsync = tmp_path / "model.npz", threading.Barrier(2), [], os.fsync

    def meet(number):  # both have their partial file open
        both.wait(SECONDS)
        fsync(number)

    def save():
        try:
            rbm.save(path, MODEL)
        except Exception as error:
            failures.append(error)

    monkeypatch.setattr(os, "fsync", meet)
    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert same(rbm.load(path), MODEL)
    assert os.listdir(tmp_path) == ["model.npz"]


# ---- hostile files


def npy(array: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(array), **options)
    return buffer.getvalue()


def header(text: str, data: bytes = b"") -> bytes:
    """A .npy member whose header says `text`."""
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text.encode() + b"\n" + data


def claim(shape: str, data: bytes, descr: str = "'<f4'", fortran: bool = False) -> bytes:
    return header(f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}", data)


def note(text: bytes) -> bytes:
    return npy(np.frombuffer(text, np.uint8))


def archive(compression: int = zipfile.ZIP_STORED, without: str = "", **members: bytes) -> bytes:
    """A good file with some members replaced, added or left out."""
    good = {name: npy(getattr(MODEL, name)) for name in NAMES} | {"info": note(b'{"version": 1}')}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in (good | members).items():
            if name != without:
                file.writestr(f"{name}.npy", data)
    return buffer.getvalue()


def declare(data: bytes, name: str, size: int) -> bytes:
    """`data` with the size that its member `name` unpacks to, as the archive's directory has it, replaced."""
    out = bytearray(data)
    at = data.index(b"PK\x01\x02")
    while data[at + 46 :][: len(name)] != name.encode():
        at = data.index(b"PK\x01\x02", at + 1)
    out[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(out)


def test_the_crafted_files_are_otherwise_good():
    assert same(rbm.load(io.BytesIO(archive())), MODEL)
    assert same(rbm.load(io.BytesIO(archive(zipfile.ZIP_DEFLATED))), MODEL)
    good = archive(weights=claim("(3, 7)", MODEL.weights.tobytes()))
    assert same(rbm.load(io.BytesIO(good)), MODEL)
    assert declare(good, "info.npy", len(note(b'{"version": 1}'))) == good


def flipped(data: bytes, part: bytes) -> bytes:
    at = data.index(part) + 5
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def locked(data: bytes) -> bytes:
    """With the bit set, here and in the directory, that says the members are encrypted."""
    out = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            out[at + offset] |= 1
            at = data.find(mark, at + 1)
    return bytes(out)


def twice(name: str) -> bytes:
    buffer = io.BytesIO(archive())
    with zipfile.ZipFile(buffer, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(f"{name}.npy", npy(np.zeros((3, 7))))
    return buffer.getvalue()


def pickled() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.array([[print] * 7] * 3, dtype=object))
    with zipfile.ZipFile(buffer) as file:
        return archive(weights=file.read("weights.npy"))


def overlapping(size: int) -> bytes:
    """Every member of the directory is said to begin where the first does, and holds `size` zeros."""
    data = bytearray(archive(zipfile.ZIP_DEFLATED, weights=bytes(size), visible_bias=bytes(size)))
    at = data.find(b"PK\1\2")
    while at >= 0:
        data[at + 42 : at + 46] = bytes(4)
        at = data.find(b"PK\1\2", at + 1)
    return bytes(data)


FLOATS = bytes(4 * 3 * 7)
HUGE = 10**9
HOSTILE = {
    "empty": (lambda: b"", "not a model file"),
    "text": (lambda: b"weights, biases\n" * 100, "not a model file"),
    "plain np.save": (lambda: npy(MODEL.weights), "not a model file"),
    "a bare pickle": (lambda: b"\x80\x04cos\nsystem\n(S'true'\ntR.", "not a model file"),
    "an empty zip": (lambda: b"PK\x05\x06" + bytes(18), "this one holds nothing"),
    "object array": (pickled, "weights must be a 2-dimensional array of numbers; this is object"),
    "structured": (
        lambda: archive(weights=npy(np.zeros((3, 7), "f4,f4"))),
        "weights must be a 2-dimensional array",
    ),
    "integers": (lambda: archive(weights=npy(np.zeros((3, 7), int))), "weights must be .* this is int64"),
    "complex": (lambda: archive(weights=npy(np.zeros((3, 7), complex))), "weights must be .* this is complex128"),
    "float note": (lambda: archive(info=npy(np.zeros(9))), "info must be a 1-dimensional array"),
    "swapped biases": (
        lambda: archive(visible_bias=npy(np.zeros(7)), hidden_bias=npy(np.zeros(3))),
        r"no usable model: weights are \(3, 7\)",
    ),
    "weights of another shape": (lambda: archive(weights=npy(np.zeros((7, 3)))), r"weights are \(7, 3\)"),
    "flat weights": (lambda: archive(weights=npy(np.zeros(21))), "weights must be a 2-dimensional .* shape .21,."),
    "bias matrix": (lambda: archive(visible_bias=npy(np.zeros((3, 1)))), "visible_bias must be a 1-dimensional"),
    "nothing in it": (lambda: archive(weights=npy(np.zeros((0, 7)))), r"impossible shape, \(0, 7\)"),
    "NaN": (lambda: archive(weights=npy(np.full((3, 7), np.nan))), "weights holds NaN"),
    "infinite": (lambda: archive(hidden_bias=npy(np.full(7, np.inf))), "hidden_bias holds NaN or infinite"),
    "beyond float32": (lambda: archive(weights=npy(np.full((3, 7), 1e300))), "weights holds NaN or infinite"),
    "too short": (lambda: archive(weights=claim("(3, 7)", FLOATS[:-1])), r"weights claims shape \(3, 7\)"),
    "too long": (lambda: archive(weights=claim("(3, 7)", FLOATS + b"\0")), r"weights claims shape \(3, 7\)"),
    "shape too large": (lambda: archive(weights=claim("(300000, 700000)", FLOATS)), "claims shape"),
    "shape beyond 64 bits": (lambda: archive(weights=claim(f"({2**62}, 7)", FLOATS)), "claims shape"),
    "shape of nothing, huge": (lambda: archive(weights=claim(f"(0, {10**30})", b"")), "impossible shape"),
    "negative shape": (lambda: archive(weights=claim("(-3, -7)", FLOATS)), "impossible shape"),
    "boolean shape": (lambda: archive(weights=claim("(True, 21)", FLOATS)), "impossible shape"),
    "shape is no tuple": (lambda: archive(weights=claim("21", FLOATS)), "weights is not stored as a plain array"),
    "float16 of no bytes": (lambda: archive(weights=claim("(3, 7)", FLOATS, "'<f0'")), "weights"),
    "header stops": (lambda: archive(weights=claim("(3, 7", FLOATS)), "weights is not stored as a plain array"),
    "header is a string without end": (lambda: archive(weights=header("'''")), "not stored as a plain array"),
    "header of odd keys": (lambda: archive(weights=header("{1: 2, 'a': 3}")), "not stored as a plain array"),
    "header of lists": (lambda: archive(weights=header("{[]: 1}")), "not stored as a plain array"),
    "header is code": (lambda: archive(weights=header("__import__('os')")), "not stored as a plain array"),
    "header nested deep": (lambda: archive(weights=header("(" * 900)), "not stored as a plain array"),
    "header too long": (lambda: archive(weights=header(" " * 9000)), "not stored as a plain array"),
    "header only begun": (lambda: archive(weights=b"\x93NUMPY\x01\x00\xff"), "not stored as a plain array"),
    "npy format 2": (lambda: archive(weights=npy(MODEL.weights, version=(2, 0))), "not stored as a plain array"),
    "no npy": (lambda: archive(weights=b"hello"), "weights is not stored as a plain array"),
    "declared huge": (lambda: declare(archive(zipfile.ZIP_DEFLATED), "weights.npy", HUGE), "unpacks to 954 MB"),
    "declared huge in parts": (
        lambda: declare(declare(archive(), "weights.npy", 150 * 2**20), "info.npy", 150 * 2**20),
        "unpacks to 300 MB; 200 MB is the limit",
    ),
    "header and directory lie together": (
        lambda: declare(
            archive(zipfile.ZIP_DEFLATED, weights=claim("(1300, 1700)", FLOATS)),
            "weights.npy",
            len(claim("(1300, 1700)", b"")) + 4 * 1300 * 1700,
        ),
        "weights is cut off|damaged",
    ),
    "missing member": (lambda: archive(without="hidden_bias"), "a model file holds hidden_bias.npy"),
    "missing note": (lambda: archive(without="info"), "a model file holds"),
    "extra member": (lambda: archive(extra=npy(np.zeros(3))), "this one holds 'extra.npy'"),
    "many long names": (lambda: archive(**{"x" * 9999 + str(i): b"" for i in range(99)}), "this one holds"),
    "a member twice": (lambda: twice("weights"), "a model file holds"),
    "encrypted": (lambda: locked(archive()), "locked with a password"),
    "bzip2": (lambda: archive(zipfile.ZIP_BZIP2), "compressed in an unusual way"),
    "lzma": (lambda: archive(zipfile.ZIP_LZMA), "compressed in an unusual way"),
    "truncated": (lambda: written()[:-30], "not a model file"),
    "a flipped bit in the weights": (lambda: flipped(archive(), MODEL.weights.tobytes()), "CRC"),
    "a flipped bit in the note": (lambda: flipped(archive(), b'{"version"'), "CRC"),
    "the note is no JSON": (lambda: archive(info=note(b"{version: 1}")), "the note in this file"),
    "the note is no UTF-8": (lambda: archive(info=note(b'{"version": "\xff"}')), "the note in this file"),
    "the note is a list": (lambda: archive(info=note(b"[1]")), "the note in this file"),
    "the note is a number": (lambda: archive(info=note(b"1")), "the note in this file"),
    "the note is empty": (lambda: archive(info=npy(np.zeros(0, np.uint8))), "info"),
    "the note has no version": (lambda: archive(info=note(b"{}")), "the note in this file"),
    "the note is nested deep": (lambda: archive(info=note(b"[" * 100_000)), "the note in this file"),
    "the version is a huge number": (
        lambda: archive(info=note(b'{"version": ' + b"9" * 5000 + b"}")),
        "the note in this file",
    ),
    "the version is a truth": (lambda: archive(info=note(b'{"version": true}')), "the note in this file"),
    "a note of millions of lists": (  # 190 KB packed; as objects it takes 5 GB
        lambda: archive(zipfile.ZIP_DEFLATED, info=note(b'{"version": 1, "x": [' + b"[]," * 2**25 + b"[]]}")),
        "unpack to 96 MB; 50 times is the limit",
    ),
    "a note of many lists": (
        lambda: archive(info=note(b'{"version": 1, "x": [' + b"[]," * 2**15 + b"[]]}")),
        "the note in this file takes 98,.* bytes; 65,536 is the limit",
    ),
    "zeros": (  # 194 KB packed
        lambda: archive(
            zipfile.ZIP_DEFLATED,
            weights=npy(np.zeros((784, 130_000), np.float16)),
            visible_bias=npy(np.zeros(784)),
            hidden_bias=npy(np.zeros(130_000)),
        ),
        "unpack to 195 MB; 50 times is the limit",
    ),
    "members on top of each other": (lambda: overlapping(2**25), "unpack to .* times is the limit|damaged"),
    "the version is text": (lambda: archive(info=note(b'{"version": "1"}')), "the note in this file"),
    "a newer version": (
        lambda: archive(info=note(b'{"version": 2}')),
        "this file has format version 2; this program reads version 1",
    ),
}


def test_weights_column_by_column_are_the_same_weights():
    assert same(rbm.load(io.BytesIO(archive(weights=npy(np.asfortranarray(MODEL.weights))))), MODEL)


def test_what_is_asked_of_the_size_is_asked_before_an_array_is_read():
    def refuse(visible: int, hidden: int) -> None:
        raise BadModelFile(f"{visible} times {hidden}")

    lying = archive(weights=claim("(300000, 700000)", FLOATS))
    with pytest.raises(BadModelFile, match="300000 times 700000"):
        rbm.io.read(io.BytesIO(lying), refuse)
    with pytest.raises(BadModelFile, match="weights must be a 2-dimensional array"):
        rbm.io.read(io.BytesIO(archive(weights=npy(np.zeros(21)))), refuse)


def test_a_note_that_could_not_be_read_again_is_not_written():
    longest = rbm.io.MAX_NOTE - 300
    assert rbm.io.read(io.BytesIO(written(info={"x": "y" * longest})))[1] == {"x": "y" * longest}
    with pytest.raises(ValueError, match="the note takes more than 65,336 bytes as JSON; leave something out"):
        written(info={"x": "y" * (longest + 300)})


@pytest.mark.parametrize(("make", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence_and_little_memory(make, message, tmp_path):
    data, path = make(), tmp_path / "model.npz"
    path.write_bytes(data)
    for source in (io.BytesIO(data), path):  # Python's zipfile stumbles over some in different ways
        tracemalloc.start()
        try:
            with pytest.raises(BadModelFile, match=message) as caught:
                rbm.load(source)
            assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
        finally:
            tracemalloc.stop()
        text = str(caught.value)
        assert "\n" not in text
        assert len(text) < 400


def test_a_file_over_the_limit_is_not_even_read(tmp_path):
    path = tmp_path / "model.npz"
    with path.open("wb") as file:
        file.truncate(200 * 2**20 + 1)  # sparse: takes no room
    tracemalloc.start()
    try:
        with pytest.raises(BadModelFile, match="this file has 200 MB; 200 MB is the limit"):
            rbm.load(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_no_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        rbm.load(tmp_path / "none.npz")


def test_a_directory_of_a_million_entries_is_never_built():
    """zipfile would take 430 MB for these 48."""
    entry = b"PK\1\2" + bytes(42)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 2**16 - 1, 2**16 - 1, 46 * 2**20, 0, 0)
    data = io.BytesIO(entry * 2**20 + end)
    tracemalloc.start()
    with pytest.raises(BadModelFile, match="this file holds 1048576 others; 1000 is the limit"):
        rbm.load(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_no_damage_passes_for_another_model(compression):
    """Every byte in turn, two ways, and a cut at every length: the same model or BadModelFile."""
    data, loaded = archive(compression), 0
    damaged = [data[:i] + bytes([data[i] ^ x]) + data[i + 1 :] for i in range(len(data)) for x in (1, 0xFF)]
    for each in (*damaged, *(data[:i] for i in range(len(data)))):
        try:
            model = rbm.load(io.BytesIO(each))
        except BadModelFile:
            continue
        assert same(model, MODEL)
        loaded += 1
    assert 0 < loaded < len(damaged) / 2  # dates, attributes and the like say nothing about the model
