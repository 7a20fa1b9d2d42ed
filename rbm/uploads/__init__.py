"""Images of one's own: a file from outside becomes a Dataset, or one clear sentence says why not."""

from rbm.uploads.limits import Options, UploadError
from rbm.uploads.reading import read

__all__ = ["Options", "UploadError", "read"]
