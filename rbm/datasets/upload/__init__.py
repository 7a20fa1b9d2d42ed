"""Images of one's own: a file from outside becomes a Dataset, or one clear sentence says why not."""

from rbm.datasets.upload.options import Options
from rbm.datasets.upload.reading import read

__all__ = ["Options", "read"]
