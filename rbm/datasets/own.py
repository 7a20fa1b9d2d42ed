"""The data sets of a server by name: those of `rbm.datasets`, and those that its visitors brought.

What a visitor brings is kept under the store's home, one file for each content however many bring it, and one
small card for each owner of it. Trainings load by name; pages show images to those who brought them (`owns`).
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from rbm import datasets, files
from rbm.datasets import saved
from rbm.datasets.dataset import Dataset
from rbm.errors import BadFile, NotSaved, NotYours, Refused, Unavailable
from rbm.visitors import clean_name, owner_hash

if TYPE_CHECKING:  # it loads requests, which only a download needs
    from rbm.datasets.download import Watch

HELD_BYTES = 256 * 2**20  # of brought images that stay in memory while nobody uses them
_NAME = re.compile("own-[0-9a-f]{16}")
_MAX_CARD = 10_000  # bytes
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OwnSet:
    """What a listing says of a data set without reading it: `images` in both parts, `created` in seconds of Unix."""

    name: str
    title: str
    height: int
    width: int
    images: int
    created: float

    @property
    def shape(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def size(self) -> int:
        """Bytes of its pixels."""
        return self.height * self.width * self.images


class OwnSets:
    """Data sets under `home`: at most `max_sets` of an owner. Threads and processes may share the folder."""

    def __init__(self, home: Path, max_sets: int = 10, max_megabytes: int = 1000) -> None:
        self.folder, self.max_sets, self.max_megabytes = home / "data", max_sets, max_megabytes
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, Dataset] = OrderedDict()  # least recently used first
        self._alive: WeakValueDictionary[str, Dataset] = WeakValueDictionary()  # also what a training still holds
        self._unsaved: dict[str, tuple[Dataset, dict[str, OwnSet]]] = {}  # cards by owner
        try:
            files.remove_abandoned(self.folder)
        except OSError as error:
            log.warning("%s can't be tidied up: %s", self.folder, error)

    # ---- for trainings, by name

    def load(self, name: str, progress: Watch | None = None) -> Dataset:
        """The data set called `name`, in memory once however many ask. `progress`: see `datasets.load`.

        Raises BadValue for a name that can't be, and Unavailable, a sentence, where the images can't be had.
        """
        if not is_brought(name):
            return datasets.load(name, progress=progress)
        with self._lock:
            return self._get(name)

    # ---- what belongs to an owner

    def brought(self, owner: str) -> list[OwnSet]:
        """The owner's data sets, the newest first."""
        return sorted(self._cards(owner_hash(owner)).values(), key=lambda card: card.created, reverse=True)

    def owns(self, owner: str, name: str) -> bool:
        """Whether this owner brought them: nobody else is shown these images, whoever knows their name."""
        return name in self._cards(owner_hash(owner))

    def keep(self, owner: str, data: Dataset, title: str) -> tuple[OwnSet, str | None]:
        """Make `data` the owner's, under a name that its content gives it; and why it isn't saved, a sentence.

        What the disk doesn't take is kept in memory. Raises Refused where a limit forbids it, and BadValue
        for a title without a visible character.
        """
        who, name = owner_hash(owner), saved.name(data)
        height, width = data.shape
        images = len(data.train_images) + len(data.test_images)
        card = OwnSet(name, clean_name(title), height, width, images, time.time())
        with self._lock:
            if name not in self._cards(who):
                self._check_share(who)
            known = self._whole(name)
            data = known or self._with_room(who, replace(data, name=name))
            trouble = self._write(who, card, data, new=known is None)
            self._remember(data)
        return card, trouble

    def delete(self, owner: str, name: str) -> None:
        """Nobody's list shows it for this owner; the images go with their last owner. Raises NotYours or NotSaved."""
        who = owner_hash(owner)
        with self._lock:
            if name not in self._cards(who):
                raise NotYours("only the browser that brought these images can delete them")
            if name in self._unsaved:
                self._unsaved[name][1].pop(who, None)
            try:
                self._drop(who, name)
            except OSError as error:
                raise NotSaved(f"these images can't be deleted: {error.strerror}") from error

    # ---- below the surface, with the lock held

    def _drop(self, who: str, name: str) -> None:
        """Off an owner's list; the images go with their last owner. Raises OSError."""
        _remove(self._card_path(who, name))
        if not self._has_owner(name):
            _remove(self._path(name))
            self._forget(name)

    def _get(self, name: str) -> Dataset:
        data = self._unsaved[name][0] if name in self._unsaved else self._alive.get(name)
        if data is None:
            data = self._read(name)
        self._remember(data)
        return data

    def _read(self, name: str) -> Dataset:
        path = self._path(name)
        try:
            if path.stat().st_size > saved.MAX_BYTES:
                raise BadFile("it is too large")
            return saved.unpack(path.read_bytes(), name)
        except FileNotFoundError:
            raise Unavailable(
                f"the images {name} are not on this server: they were deleted, or brought to another one"
            ) from None
        except OSError as error:
            raise Unavailable(f"the images {name} can't be read: {error.strerror}") from error
        except BadFile as error:
            raise Unavailable(f"the file of the images {name} is damaged ({error}); upload them again") from error

    def _whole(self, name: str) -> Dataset | None:
        """The same images, if they are here already and not damaged."""
        try:
            return self._get(name)
        except Unavailable:
            return None

    def _remember(self, data: Dataset) -> None:
        """The latest stay in memory: at least one, and as many as HELD_BYTES hold."""
        self._alive[data.name] = self._recent[data.name] = data
        self._recent.move_to_end(data.name)
        while len(self._recent) > 1 and sum(map(_bytes, self._recent.values())) > HELD_BYTES:
            self._recent.popitem(last=False)

    def _forget(self, name: str) -> None:
        self._recent.pop(name, None)
        self._alive.pop(name, None)
        self._unsaved.pop(name, None)

    def _write(self, who: str, card: OwnSet, data: Dataset, new: bool) -> str | None:
        """Onto the disk, with what it did not take before; else into memory: then a sentence says so."""
        path = self._path(card.name)
        waiting = self._unsaved[card.name][1] if card.name in self._unsaved else {}
        try:
            for owner, one in {**waiting, who: card}.items():  # first: images that no card names would stay for ever
                card_path = self._card_path(owner, card.name)
                card_path.parent.mkdir(parents=True, exist_ok=True)
                files.write(card_path, json.dumps(asdict(one)).encode())
            if new or not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                files.write(path, saved.pack(data, card.title))
        except OSError as error:
            self._unsaved.setdefault(card.name, (data, {}))[1][who] = card
            return f"These images are not saved and go when the server restarts: {self.folder}: {error.strerror}."
        self._unsaved.pop(card.name, None)
        return None

    # ---- cards (which need no lock) and limits

    def _cards(self, who: str) -> dict[str, OwnSet]:
        found = {name: cards[who] for name, (_, cards) in list(self._unsaved.items()) if who in cards}
        for path in self._card_path(who, "own-*").parent.glob("own-*.json"):
            card = _read_card(path)
            if card is not None:
                found[card.name] = card
        return found

    def _has_owner(self, name: str) -> bool:
        unsaved = self._unsaved[name][1] if name in self._unsaved else {}
        return bool(unsaved) or any(self.folder.glob(f"owners/*/{name}.json"))

    def _check_share(self, who: str) -> None:
        cards = self._cards(who)  # a kill between card and images leaves a card alone, which takes no place
        if (count := sum(name in self._unsaved or self._path(name).exists() for name in cards)) >= self.max_sets:
            raise Refused(
                f"you have {count} data sets of your own, and RBM_MAX_UPLOADS allows no more on this server; "
                "delete one first"
            )

    def _with_room(self, who: str, data: Dataset) -> Dataset:
        """`data`, if there is room for it on the disk, or if others make some. Raises Refused."""
        most = saved.MAX_BYTES - 2**20  # for headers and the note
        if _bytes(data) + data.train_labels.nbytes + data.test_labels.nbytes > most:
            raise Refused(f"these images take {_bytes(data) / 2**20:.0f} MB, too much for one data set; bring fewer")
        unsaved = sum(_bytes(kept) for kept, _ in self._unsaved.values())
        self._make_room(who, _bytes(data), self.max_megabytes * 2**20 - unsaved)
        taken = unsaved + self._saved_bytes()
        if taken + _bytes(data) > self.max_megabytes * 2**20 or unsaved + _bytes(data) > 2 * HELD_BYTES:
            raise Refused(
                f"these images take {_bytes(data) / 2**20:.1f} MB, and {taken / 2**20:.0f} MB of images are kept here "
                "already; delete some of yours, or ask whoever runs the server to raise RBM_MAX_DATA_MEGABYTES "
                f"(now {self.max_megabytes})"
            )
        return data

    def _make_room(self, who: str, needed: int, most: int) -> None:
        """Whoever has most gives way, their oldest images first, to somebody who would have less than half of that."""
        while self._saved_bytes() + needed > most:
            shares = {folder.name: self._share(folder.name) for folder in self.folder.glob("owners/*")}
            largest = max(shares, key=shares.__getitem__, default=who)
            cards = self._cards(largest).values()
            if largest == who or not cards or shares[largest] < 2 * (shares.get(who, 0) + needed):
                return
            oldest = min(cards, key=lambda card: card.created).name
            try:
                self._drop(largest, oldest)
            except OSError as error:
                log.warning("%s can't be removed: %s", oldest, error)
                return

    def _share(self, who: str) -> int:
        """Bytes on the disk of an owner's data sets."""
        paths = (self._path(name) for name in self._cards(who))
        return sum(path.stat().st_size for path in paths if path.exists())

    def _saved_bytes(self) -> int:
        total = 0
        for path in self.folder.glob("own-*.npz"):
            with suppress(FileNotFoundError):  # another process that deletes it
                total += path.stat().st_size
        return total

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def _card_path(self, who: str, name: str) -> Path:
        return self.folder / "owners" / who / f"{name}.json"


def is_brought(name: str) -> bool:
    """Whether this is what a data set that somebody brought can be called."""
    return _NAME.fullmatch(name) is not None


def _bytes(data: Dataset) -> int:
    return data.train_images.nbytes + data.test_images.nbytes


def _remove(path: Path) -> None:
    """If it is there at all: not below what is no folder either."""
    if path.exists():
        path.unlink(missing_ok=True)


def _read_card(path: Path) -> OwnSet | None:
    """None, and a line in the log, where it can't be read: one of many that a listing shows."""
    try:
        if path.stat().st_size > _MAX_CARD:
            raise ValueError("too large")
        card = OwnSet(**json.loads(path.read_bytes()))
        numbers = (card.height, card.width, card.images, card.created)
        fits = card.name == path.stem and is_brought(card.name) and isinstance(card.title, str)
        if not fits or not all(type(number) in (int, float) and number > 0 for number in numbers):
            raise ValueError("not a card")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        log.warning("%s can't be read: %s", path, error)
        return None
    return card
