"""One way to say no: `Refused`, whose message is one sentence for the reader.

A page catches Refused and nothing wider: whatever else is raised is a mistake of ours, which belongs in the log.
Kinds that a caller tells apart have a name; beside these there is `rbm.Diverged`, which brings a model.
"""

from __future__ import annotations


class Refused(Exception):
    """What was asked for can't be done; the message says why, and what to change."""


class BadValue(Refused, ValueError):
    """A setting, a name or a drawing can't be; the message names it, and what was received."""


class BadFile(Refused, ValueError):
    """A file is damaged, too large, or not what it is given for."""


class BadModelFile(BadFile):
    """The file is not a model this version can read."""


class BadCheckpoint(BadFile):
    """The file is not a whole checkpoint of this version."""


class Unavailable(Refused, OSError):
    """The data can't be had now."""


class NoSuchRun(Refused):
    """No run has this id, or it was deleted."""


class NotYours(Refused):
    """Whoever has the link may look; only the owner may do this."""


class NotSaved(Refused):
    """The disk did not take it."""


class Busy(Refused):
    """No more trainings can wait, or no more of this owner; later they can."""
