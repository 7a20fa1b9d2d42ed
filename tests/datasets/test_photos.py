"""Patches of photographs: each is where its part of a photograph says, and no pixel is in both parts."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_sample_image

from rbm import datasets
from rbm.datasets.photos import photo_patches


def grey(name: str) -> np.ndarray:
    red, green, blue = np.moveaxis(load_sample_image(name).astype(float), 2, 0)
    return np.rint(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.uint8)


def lefts(photo: np.ndarray, patch: np.ndarray) -> list[int]:
    """The left columns of all places of `patch` (12, 12) in a photograph."""
    whole, first, found, at = photo.tobytes(), patch[0].tobytes(), [], -1
    while (at := whole.find(first, at + 1)) >= 0:
        top, left = divmod(at, photo.shape[1])
        if np.array_equal(photo[top : top + 12, left : left + 12], patch):
            found.append(left)
    return found


def test_every_patch_is_of_its_own_part_of_a_photograph():
    """Every 17th of them."""
    data, photos = datasets.load("photo-patches"), [grey(name) for name in ("china.jpg", "flower.jpg")]
    assert (data.train_images.shape, data.test_images.shape) == ((4000, 144), (1000, 144))
    assert data.shape == datasets.shape("photo-patches") == (12, 12)
    assert not data.labelled
    for images, bands in ((data.train_images, {0, 1, 3, 4, 5, 6, 8, 9}), (data.test_images, {2, 7})):
        some, count = images[::17].reshape(-1, 12, 12), [0, 0]
        for patch in some:
            inside = [
                any(x // 64 == (x + 11) // 64 and x // 64 in bands for x in lefts(photo, patch)) for photo in photos
            ]
            assert any(inside)
            count[inside.index(True)] += 1
        assert min(count) > 0.3 * len(some)


def test_it_is_the_same_every_time():
    assert photo_patches().fingerprint == photo_patches().fingerprint
    assert "photo-patches" in datasets.names()
    assert datasets.is_at_hand("photo-patches")
