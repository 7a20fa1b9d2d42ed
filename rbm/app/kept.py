"""The last drawing of each browser, so that a reload loses none: in this process alone, in bounded room."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict

import numpy as np
import streamlit as st

from rbm.app import ink, visitor
from rbm.app.components.canvas import SIZE, Drawing
from rbm.models.arrays import Array
from rbm.visitors import owner_hash

MOST, MOST_BYTES = 1000, 4_000_000  # a drawing takes about 1 kB, and at most 15
_INK = SIZE * SIZE


class Drawings:
    """A drawing for each owner, at most `most` of them in `most_bytes` altogether; the oldest give way."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes, self._bytes = most, most_bytes, 0
        self._packed: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, owner: str, drawing: Drawing) -> None:
        """In place of the owner's last one; an empty drawing leaves nothing."""
        packed = _pack(drawing)
        with self._lock:
            self._bytes -= len(self._packed.pop(owner, b""))
            if drawing.ink.any() or drawing.mask.any():
                self._packed[owner] = packed
                self._bytes += len(packed)
            while len(self._packed) > self._most or self._bytes > self._most_bytes:
                self._bytes -= len(self._packed.popitem(last=False)[1])

    def of(self, owner: str) -> Drawing | None:
        with self._lock:
            packed = self._packed.get(owner)
        return None if packed is None else _unpack(packed)


def _pack(drawing: Drawing) -> bytes:
    ink = np.rint(drawing.ink * 255).astype(np.uint8)
    return zlib.compress(ink.tobytes() + np.packbits(drawing.mask).tobytes(), 1)


def _unpack(packed: bytes) -> Drawing:
    raw = np.frombuffer(zlib.decompress(packed), dtype=np.uint8)
    ink = np.divide(raw[:_INK], 255, dtype=np.float32).reshape(SIZE, SIZE)
    return Drawing(ink, np.unpackbits(raw[_INK:]).astype(bool).reshape(SIZE, SIZE))


@st.cache_resource(show_spinner=False)
def _drawings() -> Drawings:
    return Drawings()


def keep(drawing: Drawing) -> None:
    """For this browser."""
    _drawings().keep(owner_hash(visitor.key()), drawing)


def mine() -> Drawing | None:
    """This browser's last drawing, if it left one."""
    return _drawings().of(owner_hash(visitor.key()))


def normalised(shape: tuple[int, int]) -> Array | None:
    """This browser's drawing as data of `shape` have it (pixels,), if there is one."""
    drawing = mine()
    return None if drawing is None else ink.normalise(drawing.ink, shape)
