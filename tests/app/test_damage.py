"""Damage does what it says, and leaves the rest and the caller's array alone."""

import numpy as np
import pytest

from rbm.app.reconstructions_page import damage

SHAPE = (7, 5)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(1).uniform(0.2, 0.8, (3, 35)).astype(np.float32)


def test_noise_replaces_the_asked_share_by_black_and_white() -> None:
    images = np.full((101, 997), 0.5, dtype=np.float32)
    noisy = damage.pixel_noise(images, 0.3, np.random.default_rng(2))
    hit = noisy != 0.5
    floor = 5 * np.sqrt(0.3 * 0.7 / images.size)  # five standard errors
    assert abs(hit.mean() - 0.3) < floor
    assert abs(noisy[hit].mean() - 0.5) < 5 * 0.5 / np.sqrt(hit.sum())
    assert set(np.unique(noisy)) == {0, 0.5, 1}
    assert (images == 0.5).all()


@pytest.mark.parametrize(
    ("side", "rows", "columns"),
    [("top", range(3), range(5)), ("bottom", range(3, 7), range(5)), ("left", range(7), range(2)),
     ("right", range(7), range(2, 5))],
)  # fmt: skip
def test_half_is_blank(images: np.ndarray, side: damage.Side, rows: range, columns: range) -> None:
    before = images.copy()
    blank = damage.blacked(images, damage.half(SHAPE, side))
    for n in range(3):
        for y in range(7):
            for x in range(5):
                expected = 0 if y in rows and x in columns else images[n, y * 5 + x]
                assert blank[n, y * 5 + x] == expected
    np.testing.assert_array_equal(images, before)


def test_the_hole_is_a_centred_square(images: np.ndarray) -> None:
    holed = damage.blacked(images, damage.square(SHAPE, 0.6))[0].reshape(SHAPE)
    rows, columns = np.nonzero(holed == 0)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 4, 1, 3)
    assert len(rows) == 9
