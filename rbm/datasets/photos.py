"""Grey patches of the two photographs inside scikit-learn: natural images, real-valued and without classes.

Each photograph is cut into upright bands; those of `HELD_OUT` give the held-out patches and no others, so that no pixel
is in both parts. Within a part patches may overlap.
"""

from __future__ import annotations

import numpy as np

from rbm.datasets.dataset import SPLIT_SEED, Dataset, Pixels

SIDE = 12  # pixels
BANDS, HELD_OUT = 10, (2, 7)  # of each photograph: a fifth is held out
TRAIN, TEST = 2000, 500  # patches of each photograph
LUMA = (0.299, 0.587, 0.114)  # what red, green and blue weigh in a grey level (ITU-R BT.601)
SOURCE = (
    "grey 12 × 12 patches of the two photographs in the package scikit-learn (CC BY 2.0, on Flickr by "
    "danielbuechele and vultilion)"
)
FILES = ("china.jpg", "flower.jpg")


def photo_patches() -> Dataset:
    """4,000 training and 1,000 held-out patches of 12 × 12 pixels, as many of a temple in China as of a flower."""
    from sklearn.datasets import load_sample_image

    rng = np.random.default_rng(SPLIT_SEED)
    photos = [np.rint(load_sample_image(name) @ LUMA).astype(np.uint8) for name in FILES]
    others = tuple(band for band in range(BANDS) if band not in HELD_OUT)
    train, test = (
        rng.permutation(np.concatenate([_patches(photo, bands, count, rng) for photo in photos]))
        for bands, count in ((others, TRAIN), (HELD_OUT, TEST))
    )
    labels = [np.zeros(len(part), dtype=np.int64) for part in (train, test)]
    return Dataset("photo-patches", train, labels[0], test, labels[1], (SIDE, SIDE), SOURCE)


def _patches(photo: Pixels, bands: tuple[int, ...], count: int, rng: np.random.Generator) -> Pixels:
    """`count` patches (count, 144) at random places of these bands of a photograph (height, width)."""
    every = np.lib.stride_tricks.sliding_window_view(photo, (SIDE, SIDE))  # by the place of its upper left corner
    band = photo.shape[1] // BANDS
    left = np.array(bands)[rng.integers(len(bands), size=count)] * band + rng.integers(band - SIDE + 1, size=count)
    found: Pixels = every[rng.integers(len(every), size=count), left].reshape(count, SIDE * SIDE)
    return found
