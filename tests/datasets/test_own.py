"""Images that visitors bring: kept over a restart, each owner's own, within limits, whatever becomes of the files."""

from __future__ import annotations

import gc
import io
import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rbm import datasets
from rbm.datasets import generated, own, saved
from rbm.datasets.dataset import Dataset
from rbm.datasets.own import OwnSets
from rbm.errors import NotYours, Refused, Unavailable

ANN, BEN = "key of ann", "key of ben"


def pictures(seed: int = 0, n: int = 12, shape: tuple[int, int] = (3, 5)) -> Dataset:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, shape[0] * shape[1]), dtype=np.uint8)
    labels = np.arange(n, dtype=np.int64) % 2
    return Dataset("x", images[:8], labels[:8], images[8:], labels[8:], shape, "cats.zip: 12 images", ("cat", "dog"))


def same(one: Dataset, other: Dataset) -> bool:
    return (one.fingerprint, one.source, one.class_names) == (other.fingerprint, other.source, other.class_names)


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_is_brought_is_there_after_a_restart(tmp_path: Path) -> None:
    card, trouble = OwnSets(tmp_path).keep(ANN, pictures(), "cats.zip")
    assert trouble is None
    assert (card.title, card.shape, card.images) == ("cats.zip", (3, 5), 12)
    again = OwnSets(tmp_path)
    data = again.load(card.name)
    assert same(data, pictures())
    assert (data.name, data.shape) == (card.name, (3, 5))
    assert not data.train_images.flags.writeable
    assert again.brought(ANN)[0].title == "cats.zip"
    assert again.brought(ANN) == [card]


def test_the_name_is_told_by_the_content(tmp_path: Path) -> None:
    here = OwnSets(tmp_path)
    names = {here.keep(ANN, pictures(seed), "x")[0].name for seed in (0, 0, 1)}
    assert len(names) == 2
    assert all(own.is_brought(name) for name in names)
    assert len(here.brought(ANN)) == 2


def test_the_names_of_datasets_are_known_too(tmp_path: Path) -> None:
    here = OwnSets(tmp_path)
    assert here.load("digits-8x8") is datasets.load("digits-8x8")
    with pytest.raises(ValueError, match=r"unknown data set 'own-\.\./\.\./etc'"):
        here.load("own-../../etc")


def test_each_owner_lists_their_own_and_whoever_knows_the_name_may_look(tmp_path: Path) -> None:
    here = OwnSets(tmp_path)
    name = here.keep(ANN, pictures(), "cats.zip")[0].name
    assert here.brought(BEN) == []
    assert same(here.load(name), pictures())
    with pytest.raises(NotYours):
        here.delete(BEN, name)
    assert [card.name for card in here.brought(ANN)] == [name]


def test_a_file_that_a_whole_class_brings_is_kept_once_until_the_last_deletes_it(tmp_path: Path) -> None:
    here = OwnSets(tmp_path)
    name = here.keep(ANN, pictures(), "cats.zip")[0].name
    assert here.keep(BEN, pictures(), "teacher.zip")[0].name == name
    assert len(list((tmp_path / "data").glob("*.npz"))) == 1
    assert here.brought(ANN)[0].title == "cats.zip"
    assert here.brought(BEN)[0].title == "teacher.zip"
    here.delete(ANN, name)
    assert here.brought(ANN) == []
    assert same(here.load(name), pictures())
    here.delete(BEN, name)
    assert files_in(tmp_path) == []
    with pytest.raises(Unavailable, match="not on this server: they were deleted"):
        here.load(name)
    assert same(here.load(here.keep(ANN, pictures(), "once more")[0].name), pictures())


def test_the_limit_on_sets_of_one_owner(tmp_path: Path) -> None:
    here = OwnSets(tmp_path, max_sets=2)
    for seed in (0, 1, 1):
        here.keep(ANN, pictures(seed), "x")
    with pytest.raises(Refused, match="you have 2 data sets of your own, and RBM_MAX_UPLOADS allows no more"):
        here.keep(ANN, pictures(2), "x")
    here.keep(BEN, pictures(2), "x")
    here.delete(ANN, here.brought(ANN)[0].name)
    here.keep(ANN, pictures(2), "x")


def test_the_limit_on_all_images(tmp_path: Path) -> None:
    here = OwnSets(tmp_path, max_megabytes=1)
    here.keep(ANN, pictures(0, n=60, shape=(100, 100)), "x")
    with pytest.raises(Refused, match=r"take 0.6 MB, and 1 MB of images .* RBM_MAX_DATA_MEGABYTES \(now 1\)"):
        here.keep(BEN, pictures(1, n=60, shape=(100, 100)), "x")
    here.keep(BEN, pictures(0, n=60, shape=(100, 100)), "the same take no room")


@pytest.mark.parametrize("title", ["", " \t\n", "\0"])
def test_a_title_must_be_visible(tmp_path: Path, title: str) -> None:
    with pytest.raises(ValueError, match="visible"):
        OwnSets(tmp_path).keep(ANN, pictures(), title)


# ---- damage


def corrupted(raw: bytes) -> dict[str, bytes]:
    arrays = dict(np.load(io.BytesIO(raw)))

    def packed(**changes: np.ndarray) -> bytes:
        buffer = io.BytesIO()
        np.savez(buffer, **arrays | changes)
        return buffer.getvalue()

    note = json.loads(arrays["note"].tobytes())
    more = {
        name: packed(note=np.frombuffer(json.dumps({**note, **change}).encode(), np.uint8))
        for name, change in {
            "shape": {"shape": [3]},
            "wide": {"shape": [3, 2**70]},
            "names": {"class_names": 7},
        }.items()
    }
    flipped = bytearray(raw)
    flipped[raw.index(b"train_images.npy") + 250] ^= 1
    return {
        **more,
        "empty": b"",
        "noise": bytes(range(256)) * 9,
        "cut off": raw[: len(raw) // 2],
        "a bit flipped": bytes(flipped),
        "another content": packed(train_images=arrays["train_images"] // 2),
        "floats": packed(train_images=arrays["train_images"] / 255.0),
        "objects": packed(train_labels=np.array([None] * 8)),
        "fewer labels": packed(test_labels=arrays["test_labels"][:1]),
        "negative": packed(test_labels=-1 - arrays["test_labels"]),
        "note is no JSON": packed(note=np.frombuffer(b"{", np.uint8)),
        "note is a list": packed(note=np.frombuffer(b"[]", np.uint8)),
        "deep": packed(note=np.frombuffer(b"[" * 100_000, np.uint8)),
        "a part too many": packed(more=arrays["test_labels"]),
    }


@pytest.mark.parametrize("damage", corrupted(saved.pack(pictures(), "x")))
def test_a_damaged_file_is_one_sentence_and_mended_by_bringing_it_again(tmp_path: Path, damage: str) -> None:
    name = OwnSets(tmp_path).keep(ANN, pictures(), "cats.zip")[0].name
    path = tmp_path / "data" / f"{name}.npz"
    path.write_bytes(corrupted(path.read_bytes())[damage])
    here = OwnSets(tmp_path)
    with pytest.raises(Unavailable, match=f"^the file of the images {name} is damaged") as caught:
        here.load(name)
    assert "\n" not in str(caught.value)
    assert here.brought(ANN)[0].name == name
    assert here.keep(ANN, pictures(), "cats.zip")[1] is None
    assert same(OwnSets(tmp_path).load(name), pictures())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1}', "[" * 9_000, "9" * 20_000, "\xff"])
def test_a_damaged_card_is_left_out(tmp_path: Path, text: str) -> None:
    here = OwnSets(tmp_path)
    names = [here.keep(ANN, pictures(seed), "x")[0].name for seed in (0, 1)]
    next(tmp_path.glob(f"data/owners/*/{names[0]}.json")).write_text(text)
    assert [card.name for card in here.brought(ANN)] == [names[1]]


# ---- a disk that takes nothing


def test_what_the_disk_does_not_take_is_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file where a folder should be")
    here = OwnSets(tmp_path)
    card, trouble = here.keep(ANN, pictures(), "cats.zip")
    assert trouble is not None
    assert trouble.startswith("These images are not saved")
    here.keep(BEN, pictures(), "cats.zip")
    assert same(here.load(card.name), pictures())
    assert here.brought(ANN) == [card]
    assert here.brought(ANN)[0].title == "cats.zip"
    (tmp_path / "data").unlink()
    assert here.keep(ANN, pictures(), "cats.zip")[1] is None, "there is room again: all of it is saved"
    assert len(OwnSets(tmp_path).brought(ANN)) == len(OwnSets(tmp_path).brought(BEN)) == 1


def test_what_is_only_in_memory_can_be_deleted_and_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").write_bytes(b"")
    monkeypatch.setattr(own, "HELD_BYTES", 200)
    here = OwnSets(tmp_path)
    names = [here.keep(ANN, pictures(seed), "x")[0].name for seed in (0, 1)]
    with pytest.raises(Refused, match="RBM_MAX_DATA_MEGABYTES"):
        here.keep(ANN, pictures(2), "x")
    assert same(here.load(names[0]), pictures())
    here.delete(ANN, names[0])
    assert [card.name for card in here.brought(ANN)] == names[1:]
    with pytest.raises(Unavailable):
        here.load(names[0])


def test_pixels_that_look_like_the_directory_of_a_zip_are_pixels(tmp_path: Path) -> None:
    made = pictures(shape=(3, 4))
    images = np.tile(np.frombuffer(b"PK\x01\x02", np.uint8), (8, 3))
    data = replace(made, train_images=images)
    name = OwnSets(tmp_path).keep(ANN, data, "x")[0].name
    assert same(OwnSets(tmp_path).load(name), data)


def test_whoever_has_most_gives_way(tmp_path: Path) -> None:
    sets = OwnSets(tmp_path, max_sets=20, max_megabytes=1)
    pupil, _ = sets.keep("pupil", pictures(0, 100, (40, 40)), "Mine")
    flood = [sets.keep("flood", pictures(seed, 100, (40, 40)), f"{seed}")[0] for seed in range(1, 6)]
    with pytest.raises(Refused, match="are kept here already"):  # the one who has most pushes out nobody
        sets.keep("flood", pictures(6, 100, (40, 40)), "6")
    other, _ = sets.keep("other", pictures(7, 100, (40, 40)), "Theirs")
    assert [card.name for card in sets.brought("flood")] == [card.name for card in reversed(flood[1:])], "the oldest"
    assert [card.name for card in sets.brought("pupil")] == [pupil.name]
    assert [card.name for card in sets.brought("other")] == [other.name]
    with pytest.raises(Unavailable):
        sets.load(flood[0].name)
    with pytest.raises(Refused):  # who would then have more than whoever has most
        sets.keep("other", pictures(8, 400, (40, 40)), "More")


def test_a_card_without_images_takes_no_place(tmp_path: Path) -> None:
    """A kill came between the two."""
    sets = OwnSets(tmp_path, max_sets=1)
    first, _ = sets.keep("ann", pictures(0), "First")
    (tmp_path / "data" / f"{first.name}.npz").unlink()
    sets = OwnSets(tmp_path, max_sets=1)
    second, _ = sets.keep("ann", pictures(1), "Second")
    assert second.name in [card.name for card in sets.brought("ann")]


def test_images_that_never_reached_the_disk_can_be_deleted(tmp_path: Path) -> None:
    name = OwnSets(tmp_path).keep(ANN, pictures(), "x")[0].name
    (tmp_path / "data" / f"{name}.npz").unlink()
    here = OwnSets(tmp_path)
    with pytest.raises(Unavailable, match="not on this server"):
        here.load(name)
    here.delete(ANN, name)
    assert here.brought(ANN) == []


# ---- memory


def test_it_is_read_once_and_the_least_recently_used_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "HELD_BYTES", 2 * 12 * 15)  # two sets
    here = OwnSets(tmp_path)
    names = [here.keep(ANN, pictures(seed), "x")[0].name for seed in range(3)]
    gc.collect()
    reads: list[str] = []
    monkeypatch.setattr(here, "_read", lambda name, read=here._read: reads.append(name) or read(name))
    for name in (names[2], names[1]):
        here.load(name)
    assert reads == []
    held = here.load(names[0])  # now the last one is the least recently used
    assert reads == [names[0]]
    gc.collect()
    here.load(names[1])
    here.load(names[2])
    assert reads == [names[0], names[2]]
    assert here.load(names[0]) is held, "what somebody still uses is never read twice"
    assert reads == [names[0], names[2]]


def test_threads_that_ask_at_once_share_one_copy(tmp_path: Path) -> None:
    name = OwnSets(tmp_path).keep(ANN, pictures(n=1000), "x")[0].name
    here = OwnSets(tmp_path)
    got: list[Dataset] = []
    threads = [threading.Thread(target=lambda: got.append(here.load(name))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(data) for data in got}) == 1


def test_generated_sets_of_any_size_can_be_kept(tmp_path: Path) -> None:
    made = generated.bars_and_stripes((6, 9), train=30, test=10)
    card = OwnSets(tmp_path).keep(ANN, made, "bars and stripes, 6 × 9")[0]
    assert same(OwnSets(tmp_path).load(card.name), made)
