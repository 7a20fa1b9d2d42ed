"""The one library of data of this server, as its pages ask it: by name, and never with a traceback.

Pages look only at what is at hand: nothing here waits for a download.
"""

from __future__ import annotations

import math
from collections import Counter

from rbm import datasets
from rbm.app import visitor
from rbm.app.server import library
from rbm.datasets.dataset import Dataset
from rbm.datasets.own import OwnSet, is_brought
from rbm.errors import Refused, Unavailable


def mine() -> list[OwnSet]:
    """What this browser brought, the newest first."""
    return library().brought(visitor.key())


def names() -> list[str]:
    """The data sets to choose from: those that need no download, then this browser's own."""
    return [name for name in datasets.names() if datasets.is_at_hand(name)] + [card.name for card in mine()]


def fitting(pixels: int) -> list[str]:
    """The `names` whose images have so many pixels."""
    shapes = {card.name: card.shape for card in mine()}
    return [name for name in names() if math.prod(shapes.get(name) or datasets.shape(name)) == pixels]


def find(name: str, pixels: int | None = None) -> Dataset | None:
    """The data set called `name`, if it is to be had (and has so many pixels); else `problem` says why not."""
    return _look_up(name, pixels)[0]


def problem(name: str, pixels: int | None = None) -> str:
    """Why `find` finds nothing, in a sentence; empty where it does."""
    return _look_up(name, pixels)[1]


def _look_up(name: str, pixels: int | None) -> tuple[Dataset | None, str]:
    if not is_brought(name):
        if name not in datasets.names():
            return None, f"This server knows no data called {name!r}."
        if not datasets.is_at_hand(name):
            return None, f"The data {name} are not on this server yet; the Data page downloads them."
    elif not library().owns(visitor.key(), name):
        return None, "Those images are not on this server any more, or belong to another browser."
    try:
        data = library().load(name)
    except Unavailable as error:
        return None, f"{str(error)[0].upper()}{str(error)[1:]}."
    if pixels not in (None, data.train_images.shape[1]):
        return None, f"The images of {title(name)} have another size."
    return data, ""


def shape(name: str, pixels: int) -> tuple[int, int] | None:
    """Height and width of the images called `name`, if they are known and have so many pixels."""
    try:
        known = datasets.shape(name) if name in datasets.names() else library().load(name).shape
    except Refused:
        return None
    return known if math.prod(known) == pixels else None


def title(name: str) -> str:
    """What people call the data set: the title that its owner gave it, else its name."""
    own = {card.name: card.title for card in mine()} if is_brought(name) else {}
    if name in own:
        return own[name]
    return "somebody's own images" if is_brought(name) else name


def titles(known: list[str]) -> dict[str, str]:
    """The title of each name, all different: two files of one name are told apart by four letters."""
    plain = {name: title(name) for name in known}
    count = Counter(plain.values())
    return {name: text if count[text] == 1 else f"{text} ({name[-4:]})" for name, text in plain.items()}
