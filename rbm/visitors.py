"""What is known of a visitor: the hash of a key, and names that people give."""

from __future__ import annotations

import hashlib

from rbm.errors import BadValue

NAME_LENGTH = 60


def owner_hash(key: str) -> str:
    """What the store keeps of an owner's key. Raises ValueError for an empty key, which anybody would have."""
    if not key:
        raise ValueError("an owner needs a key; got an empty one")
    return hashlib.sha256(key.encode()).hexdigest()


def clean_name(name: str) -> str:
    """A name on one line. Raises BadValue if nothing is left of it."""
    shown = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:NAME_LENGTH]
    if not shown:
        raise BadValue("a run needs a name of at least one visible character")
    return shown
