"""What was made last, for whoever asks for it again: bounded in bytes altogether, whatever the entries are."""

from __future__ import annotations

import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

Value = TypeVar("Value")


class Recent:
    """Values by their keys, those used last, in at most `most_bytes`; an array that several hold counts once.

    Threads share it: what several ask for at once is made once. A value beyond the bound is handed on and not kept.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self._values: OrderedDict[Hashable, tuple[Any, dict[int, int]]] = OrderedDict()  # last used last
        self._holders: Counter[int] = Counter()  # of each buffer
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of `key`, made if it is not there; raises what `make` raises."""
        value: Value
        with self._lock:
            if key in self._values:
                value = self._used(key)
                return value
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            try:
                with self._lock:
                    if key in self._values:
                        value = self._used(key)
                        return value
                value = make()
                with self._lock:
                    self._keep(key, value)
                return value
            finally:
                with self._lock:
                    self._making.pop(key, None)

    def _used(self, key: Hashable) -> Any:
        self._values.move_to_end(key)
        return self._values[key][0]

    def _keep(self, key: Hashable, value: Any) -> None:
        found = dict(buffers(value))
        self._values[key] = value, found
        self.bytes += sum(size for one, size in found.items() if not self._holders[one])
        self._holders.update(found.keys())
        while self.bytes > self.most_bytes:
            _, (_, gone) = self._values.popitem(last=False)
            self._holders.subtract(gone.keys())
            self.bytes -= sum(size for one, size in gone.items() if not self._holders[one])
            self._holders = +self._holders


def buffers(value: Any) -> Iterator[tuple[int, int]]:
    """What `value` takes memory for: arrays, bytes and texts in it, however deep, each by its id and with its bytes.

    All else is small. A view counts as the array it looks into.
    """
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        yield id(value), value.nbytes
    elif isinstance(value, str | bytes):
        yield id(value), sys.getsizeof(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from buffers(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from buffers(one)
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        yield from buffers(vars(value))
