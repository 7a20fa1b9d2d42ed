"""What can be refused, each with a sentence for the reader."""

from __future__ import annotations


class Unavailable(OSError):
    """The data can't be had now; the message is one sentence for the reader."""


class BadModelFile(ValueError):
    """The file is not a model this version can read; the message is one sentence for the reader."""


class StoreError(RuntimeError):
    """The store can't do what was asked; the message is a sentence for the reader."""


class NoSuchRun(StoreError):
    """No run has this id, or it was deleted."""


class NotYours(StoreError):
    """Whoever has the link may look; only the owner may do this."""


class NotSaved(StoreError):
    """The disk did not take it."""
