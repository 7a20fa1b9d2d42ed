"""Downloads from a real server that misbehaves on purpose, and data sets that come from them."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import struct
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rbm import datasets
from rbm.cli import main
from rbm.datasets import catalogue, download, idx, mnist
from rbm.datasets.download import Patience
from rbm.errors import Unavailable
from tests import misbehaving as bad
from tests.patience import SECONDS

PATIENT = Patience(connect=SECONDS, read=SECONDS, grace=SECONDS, pause=0.01)
QUICK = Patience(connect=2, read=0.4, grace=1, rate=1e6, pause=0.01)  # for servers that make us wait
DATA = np.random.default_rng(0).integers(0, 256, 100_000, dtype=np.uint8).tobytes()
MD5 = hashlib.md5(DATA).hexdigest()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    with bad.running() as running:
        running.files = {"/a/file": DATA, "/b/file": DATA}
        yield running


def fetched(server, target, watch=lambda progress: None, patience=PATIENT):
    """The index of the mirror that delivered: 0 is /a, 1 is /b."""
    urls = [f"{server.url('localhost')}/a/file", f"{server.url()}/b/file"]
    return download.fetch(urls, MD5, target, watch, "the file", patience)


def left_in(folder: Path) -> list[str]:
    """Every file and folder below `folder`."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_file_comes_from_the_first_mirror(server, tmp_path):
    assert fetched(server, tmp_path / "deep" / "file") == 0
    assert (tmp_path / "deep" / "file").read_bytes() == DATA
    assert left_in(tmp_path) == ["deep", "deep/file"]
    assert server.asked == ["/a/file"]


TRICKS = {
    "404": (bad.status(404), "answered 404"),
    "403": (bad.status(403), "answered 403"),
    "500": (bad.status(500), "answered 500"),
    "truncated": (bad.truncate, "broke off"),
    "truncated, length unknown": (bad.truncate_unannounced, "sent another file than the one wanted"),
    "altered": (bad.alter, "sent another file than the one wanted"),
    "empty": (bad.empty, "sent another file than the one wanted"),
    "stalls": (bad.stall, "did not answer in time"),
    "silent": (bad.silence, "did not answer in time"),
    "trickles": (bad.trickle, "was too slow"),
    "claims a terabyte": (bad.boast, "sent more than 64 MB"),
    "redirects nowhere": (bad.redirect("http://127.0.0.1:9/"), "could not be reached"),
    "redirects to rubbish": (bad.redirect("http://[::"), "failed"),
    "redirects to a file": (bad.redirect("file:///etc/passwd"), "failed"),
    "no HTTP": (bad.babble, "could not be reached"),
    "length is no number": (bad.odd_length, "failed"),
    "broken chunks": (bad.bad_chunks, "broke off"),
    "wrongly encoded": (bad.false_encoding, "failed"),
}
WAITS = (bad.stall, bad.silence, bad.trickle)


@pytest.mark.parametrize(("trick", "why"), TRICKS.values(), ids=TRICKS)
def test_the_next_mirror_is_asked_when_one_misbehaves(server, tmp_path, monkeypatch, trick, why):
    monkeypatch.setattr(download, "Patience", None)  # no other patience than the one that is given
    server.tricks["/a/file"].append(trick)
    if trick in WAITS:  # a slow machine may run out of a short patience with the good mirror too
        fetched(server, tmp_path / "file", patience=replace(QUICK, rounds=100))
    else:
        assert fetched(server, tmp_path / "file") == 1
    assert server.asked[:2] == ["/a/file", "/b/file"]
    assert (tmp_path / "file").read_bytes() == DATA
    assert left_in(tmp_path) == ["file"]


@pytest.mark.parametrize(("trick", "why"), TRICKS.values(), ids=TRICKS)
def test_when_all_misbehave_a_sentence_says_how(server, tmp_path, trick, why):
    patience = replace(QUICK if trick in WAITS else PATIENT, rounds=1)
    for path in ("/a/file", "/b/file"):
        server.tricks[path].append(trick)
    with pytest.raises(Unavailable) as caught:
        fetched(server, tmp_path / "file", patience=patience)
    sentence = str(caught.value)
    assert re.match(f"the file can't be downloaded now: localhost {why}.*, 127.0.0.1 {why}", sentence)
    assert "\n" not in sentence
    assert left_in(tmp_path) == []


def test_an_endless_file_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MAX_BYTES", 2**20)
    server.tricks["/a/file"].append(bad.endless)
    assert fetched(server, tmp_path / "file") == 1
    assert left_in(tmp_path) == ["file"]


def test_a_redirect_is_followed(server, tmp_path):
    server.tricks["/a/file"].append(bad.redirect("/b/file"))
    assert fetched(server, tmp_path / "file") == 0
    assert server.asked == ["/a/file", "/b/file"]


def test_what_a_redirect_says_beside_is_not_read(server, tmp_path):
    server.tricks["/a/file"].append(bad.redirect_talkatively("/b/file"))
    assert fetched(server, tmp_path / "file") == 0
    assert server.asked == ["/a/file", "/b/file"]


def test_redirects_in_a_circle_end(server, tmp_path):
    server.tricks["/a/file"].extend([bad.redirect("/a/file")] * 40)
    assert fetched(server, tmp_path / "file") == 1


def test_500_then_fine(server, tmp_path):
    for path in ("/a/file", "/b/file"):
        server.tricks[path].append(bad.status(500))
    assert fetched(server, tmp_path / "file") == 0
    assert server.asked == ["/a/file", "/b/file", "/a/file"]


def test_a_failed_download_leaves_the_file_that_was_there(server, tmp_path):
    (tmp_path / "file").write_bytes(b"precious")
    for path in ("/a/file", "/b/file"):
        server.tricks[path].extend([bad.truncate, bad.alter])
    with pytest.raises(Unavailable):
        fetched(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"precious"


def test_progress_rises_to_the_whole(server, tmp_path):
    seen: list[download.Progress] = []
    fetched(server, tmp_path / "file", seen.append)
    assert seen[-1] == ("the file", "localhost", len(DATA), len(DATA))
    assert [p.done for p in seen] == sorted(p.done for p in seen)


class Left(BaseException):
    """As Streamlit stops a script whose reader has gone to another page."""


def test_progress_is_told_while_it_lasts_and_in_the_callers_thread(server, tmp_path):
    server.tricks["/a/file"].append(bad.trickle)
    seen: list[tuple[int, threading.Thread]] = []

    def watch(progress):
        seen.append((progress.done, threading.current_thread()))
        if len(seen) == 5:
            raise Left

    with pytest.raises(Left):
        fetched(server, tmp_path / "file", watch)
    assert all(done < len(DATA) for done, _ in seen)
    assert {thread for _, thread in seen} == {threading.current_thread()}


def test_whoever_watches_may_leave(server, tmp_path):
    def leave(progress):
        if progress.total:
            raise Left

    server.tricks["/a/file"].append(bad.stall)
    patience = replace(PATIENT, read=10 * SECONDS)  # after which a server counts as stalled
    with pytest.raises(Left):
        fetched(server, tmp_path / "file", leave, patience)
    assert left_in(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_one_sentence(server, tmp_path):
    (tmp_path / "taken").write_bytes(b"a file where a folder should be")
    with pytest.raises(Unavailable, match=r"the folder .*taken can't be written: "):
        fetched(server, tmp_path / "taken" / "file")
    assert server.asked == []


def test_the_terminal_shows_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    download.on_terminal(download.Progress("x", "host", 1_000_000, 0))
    download.on_terminal(download.Progress("x", "host", 1_500_000, 2_000_000))
    download.on_terminal(download.Progress("x", "host", 2_000_000, 2_000_000))
    assert capsys.readouterr().err == "\rx: 1.0 MB\rx: 1.5 of 2.0 MB\rx: 2.0 of 2.0 MB\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    download.on_terminal(download.Progress("x", "host", 1, 2))
    assert capsys.readouterr().err == ""


# ---- data sets


def idx_bytes(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def collection(seed=0, train=60, test=12, shape=(28, 28)):
    """The four files of a small data set, by name, unpacked."""
    rng = np.random.default_rng(seed)
    arrays = [
        rng.integers(0, 256, (train, *shape), dtype=np.uint8),
        np.arange(train, dtype=np.uint8) % 7,
        rng.integers(0, 256, (test, *shape), dtype=np.uint8),
        np.arange(test, dtype=np.uint8) % 7,
    ]
    return {name: idx_bytes(array) for name, array in zip(mnist.FILES, arrays, strict=True)}


@pytest.fixture
def lab(server, tmp_path, monkeypatch):
    """`server` has "kmnist" on two mirrors, /a and /b; the cache is empty; nothing is loaded."""
    packed = {name: gzip.compress(data) for name, data in collection().items()}
    for mirror in "ab":
        server.files |= {f"/{mirror}/{name}.gz": data for name, data in packed.items()}
    sums = tuple(hashlib.md5(packed[name]).hexdigest() for name in mnist.FILES)
    mirrors = (f"{server.url('localhost')}/a/", f"{server.url()}/b/")
    known = mnist.Collection(mirrors, sums, ("ha", "ma"))
    monkeypatch.setitem(mnist.COLLECTIONS, "kmnist", known)
    monkeypatch.setattr(catalogue, "_ENTRIES", {})
    monkeypatch.setattr(catalogue, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(download, "Patience", lambda: PATIENT)
    monkeypatch.delenv("RBM_DATA", raising=False)
    return server


def test_the_real_collections_have_mirrors_and_sums():
    for known in mnist.COLLECTIONS.values():
        assert len(known.mirrors) >= 2
        assert all(re.fullmatch(r"https?://[a-z0-9.-]+/(\S+/)?", mirror) for mirror in known.mirrors)
        assert all(re.fullmatch("[0-9a-f]{32}", md5) for md5 in known.md5)
    assert len({md5 for known in mnist.COLLECTIONS.values() for md5 in known.md5}) == 12


def test_a_data_set_is_fetched_once_and_shared(lab):
    assert not datasets.is_at_hand("kmnist")
    labels: list[str] = []
    data = datasets.load("kmnist", progress=lambda p: labels.append(p.label))
    files = collection()
    assert data.train_images.tobytes() == files[mnist.FILES[0]][16:]
    assert data.train_labels.tolist() == list(files[mnist.FILES[1]][8:])
    assert data.test_images.tobytes() == files[mnist.FILES[2]][16:]
    assert data.test_labels.tolist() == list(files[mnist.FILES[3]][8:])
    assert (data.name, data.shape, data.class_name(1)) == ("kmnist", (28, 28), "ma")
    assert labels[0] == "kmnist, training images (1 of 4)"
    assert len(set(labels)) == 4
    assert len(lab.asked) == 4
    assert datasets.load("kmnist") is data
    assert datasets.is_at_hand("kmnist")
    catalogue._ENTRIES.clear()  # a new process
    assert datasets.load("kmnist").fingerprint == data.fingerprint
    assert len(lab.asked) == 4


def test_a_file_altered_in_the_cache_is_fetched_again(lab, tmp_path):
    datasets.load("kmnist")
    path = tmp_path / "cache" / "kmnist" / f"{mnist.FILES[0]}.gz"
    path.write_bytes(path.read_bytes()[:-1])
    catalogue._ENTRIES.clear()
    datasets.load("kmnist")
    assert lab.asked[4:] == [f"/a/{mnist.FILES[0]}.gz"]


def test_the_mirror_that_worked_is_asked_first(lab):
    lab.tricks[f"/a/{mnist.FILES[0]}.gz"].append(bad.status(404))
    datasets.load("kmnist")
    assert [path[1] for path in lab.asked] == ["a", "b", "b", "b", "b"]


def test_when_it_is_unavailable_it_can_be_asked_again(lab):
    for mirror in "ab":
        lab.tricks[f"/{mirror}/{mnist.FILES[2]}.gz"].extend([bad.status(404)] * 2)
    with pytest.raises(datasets.Unavailable, match=r"kmnist, test images \(3 of 4\) can't be downloaded now: .*404"):
        datasets.load("kmnist")
    assert not datasets.is_at_hand("kmnist")
    datasets.load("kmnist")


def test_those_who_waited_for_a_failure_hear_of_it(lab, monkeypatch):
    """A class that opens one page at once must not see one download fail after the other."""
    monkeypatch.setattr(download, "Patience", lambda: QUICK)
    for mirror in "ab":
        lab.tricks[f"/{mirror}/{mnist.FILES[0]}.gz"].extend([bad.stall] * 2)
    said: list[str] = []

    def ask():
        with pytest.raises(datasets.Unavailable) as caught:
            datasets.load("kmnist")
        said.append(str(caught.value))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert datasets.load("digits-8x8").name == "digits-8x8"  # nor does anyone else wait
    for thread in threads:
        thread.join()
    assert len(said) == 5
    assert len(set(said)) == 1
    assert len(lab.asked) == 4


def written(folder, files, pack=bytes, end=""):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / f"{name}{end}").write_bytes(pack(data))
    return folder


@pytest.mark.parametrize(("pack", "end"), [(bytes, ""), (gzip.compress, ".gz")])
def test_a_folder_needs_no_network(lab, tmp_path, pack, end):
    stick = written(tmp_path / "stick", collection(1), pack, end)
    data = datasets.load("kmnist", folder=str(stick))
    assert data.train_images.tobytes() == collection(1)[mnist.FILES[0]][16:]
    assert data is datasets.load("kmnist", folder=stick)
    assert lab.asked == []
    assert datasets.load("kmnist") is not data


def test_files_with_a_dot_before_idx_are_found(lab, tmp_path):
    files = {name.replace("-idx", ".idx"): data for name, data in collection(1).items()}
    data = datasets.load("kmnist", folder=written(tmp_path / "stick", files))
    assert data.test_images.shape == (12, 784)


def test_rbm_data_has_a_folder_a_data_set(lab, tmp_path, monkeypatch):
    written(tmp_path / "kmnist", collection(1))
    written(tmp_path, collection(2))
    monkeypatch.setenv("RBM_DATA", str(tmp_path))
    assert datasets.is_at_hand("kmnist")
    assert datasets.load("kmnist").train_images.tobytes() == collection(1)[mnist.FILES[0]][16:]
    assert datasets.load("mnist").train_images.tobytes() == collection(2)[mnist.FILES[0]][16:]
    assert lab.asked == []


def test_no_letters_under_the_name_of_digits(lab, tmp_path, monkeypatch):
    """Files in RBM_DATA itself are MNIST's; another data set is downloaded then."""
    monkeypatch.setenv("RBM_DATA", str(written(tmp_path / "stick", collection(2))))
    assert not datasets.is_at_hand("kmnist")
    assert datasets.load("kmnist").train_images.tobytes() == collection()[mnist.FILES[0]][16:]


def test_without_test_files_a_sixth_is_held_out_for_good(lab, tmp_path):
    files = {name: data for name, data in collection(1, train=67).items() if name.startswith("train")}
    data = datasets.load("kmnist", folder=written(tmp_path / "stick", files))
    assert (len(data.train_images), len(data.test_images)) == (56, 11)
    assert "11 of 67 held out" in data.source
    rows = [files[mnist.FILES[0]][16 + 784 * i : 16 + 784 * (i + 1)] for i in range(67)]
    places = [rows.index(image.tobytes()) for image in (*data.train_images, *data.test_images)]
    assert sorted(places) == list(range(67))
    assert [i % 7 for i in places] == [*data.train_labels.tolist(), *data.test_labels.tolist()]
    catalogue._ENTRIES.clear()
    assert datasets.load("kmnist", folder=tmp_path / "stick").fingerprint == data.fingerprint


BROKEN = {
    "no such folder": (None, "kmnist can't be read: .*stick holds neither train-images"),
    "nothing in it": ({}, "holds neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz"),
    "no labels": ({mnist.FILES[0]: collection()[mnist.FILES[0]]}, "holds neither train-labels"),
    "half a test part": (
        {name: data for name, data in collection().items() if name != mnist.FILES[3]},
        "holds neither t10k-labels",
    ),
    "other sizes": (collection(shape=(28, 27)), "holds images of 28 × 27, not 28 × 28 pixels"),
    "more images than labels": (
        collection() | {mnist.FILES[1]: collection(train=59)[mnist.FILES[1]]},
        "holds 60 images and train-labels-idx1-ubyte 59 labels",
    ),
    "one image": (collection(train=1), "holds 1 images"),
    "labels in place of images": (
        dict(zip(mnist.FILES, [collection()[mnist.FILES[1]]] * 4, strict=True)),
        "has 1 dimensions; 3 are wanted",
    ),
    "no IDX": (dict.fromkeys(mnist.FILES, b"<html>not found</html>"), "not an IDX file"),
}


@pytest.mark.parametrize(("files", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_folder_is_one_sentence_and_no_download(lab, tmp_path, files, why):
    stick = tmp_path / "stick"
    if files is not None:
        written(stick, files)
    with pytest.raises(datasets.Unavailable, match=why):
        datasets.load("kmnist", folder=stick)
    assert lab.asked == []


def test_a_stick_that_is_not_plugged_in(lab, tmp_path, monkeypatch):
    monkeypatch.setenv("RBM_DATA", str(tmp_path / "stick"))
    with pytest.raises(datasets.Unavailable, match="stick holds neither"):
        datasets.load("kmnist")
    assert lab.asked == []


def test_what_is_embedded_takes_no_folder():
    with pytest.raises(ValueError, match="mnist-5k needs no files; leave the folder out"):
        datasets.load("mnist-5k", folder="/tmp")


def test_the_command_fills_a_stick(lab, tmp_path, monkeypatch, capsys):
    assert main(["fetch", "kmnist", "--to", str(tmp_path / "stick")]) == 0
    assert f"IDX files in {tmp_path / 'stick' / 'kmnist'}" in capsys.readouterr().out
    monkeypatch.setenv("RBM_DATA", str(tmp_path / "stick"))
    assert datasets.load("kmnist").test_labels.shape == (12,)
    assert len(lab.asked) == 4
    lab.files.clear()
    with pytest.raises(SystemExit) as caught:
        main(["fetch", "kmnist", "--to", str(tmp_path / "other")])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert err.startswith("python -m rbm: ")
    assert "can't be downloaded now" in err


def test_importing_rbm_and_reading_a_folder_load_no_network_code(tmp_path):
    written(tmp_path, collection())
    program = (
        "import sys, rbm; rbm.datasets.load('mnist');"
        "print([name for name in ('requests', 'urllib3', 'http.client') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "RBM_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_the_files_here_are_what_the_reader_reads(tmp_path):
    """The helper of this file against the reader, so that neither can be wrong alone."""
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "x").write_bytes(idx_bytes(array))
    np.testing.assert_array_equal(idx.read(tmp_path / "x", 3), array)
