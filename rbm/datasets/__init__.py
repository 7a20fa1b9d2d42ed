"""What models learn from: uint8 pixels, integer labels, and a split that never changes."""

from rbm.datasets.catalogue import cache_folder, is_at_hand, load, names, shape
from rbm.datasets.dataset import SPLIT_SEED, Dataset, hold_out, stratified_split
from rbm.errors import Unavailable

__all__ = [
    "SPLIT_SEED",
    "Dataset",
    "Unavailable",
    "cache_folder",
    "hold_out",
    "is_at_hand",
    "load",
    "names",
    "shape",
    "stratified_split",
]
