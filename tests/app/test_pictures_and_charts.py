"""Pictures hold the right pixels; charts the right points."""

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from rbm.app import charts, pictures
from rbm.runs.progress import Point


def pixels(picture: pictures.Picture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.png)))


def test_a_mosaic_of_towers_spends_no_memory_on_what_no_screen_shows() -> None:
    tracemalloc.start()
    picture = pictures.mosaic(np.zeros((12, 16384, 1, 3), np.uint8), 12, "towers", scale=40)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(pixels(picture)) <= 4 * pictures.WIDE
    assert peak < 20e6


def test_a_mosaic_places_every_tile() -> None:
    rng = np.random.default_rng(0)
    tiles = rng.integers(0, 256, (7, 3, 5, 3), dtype=np.uint8)
    picture = pixels(pictures.mosaic(tiles, 4, "seven tiles", scale=2, gap=1))
    assert picture.shape == ((2 * 4 + 1) * 2, (4 * 6 + 1) * 2, 3)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, 4)
        for y in range(3):
            for x in range(5):
                at = ((row * 4 + 1 + y) * 2, (column * 6 + 1 + x) * 2)
                np.testing.assert_array_equal(picture[at], tile[y, x])
                np.testing.assert_array_equal(picture[at[0] + 1, at[1] + 1], tile[y, x])


def test_grey_is_white_ink_on_black() -> None:
    tile = pictures.grey(np.array([[0, 0.5, 1, 2, -1, 0.2]]), (2, 3))
    assert tile[0, :, :, 0].tolist() == [[0, 128, 255], [255, 0, 51]]


def test_diverging_is_white_at_zero_and_symmetric() -> None:
    tile = pictures.diverging(np.array([[-2.0, 0, 2]]), (1, 3))[0, 0].astype(int)
    blue, white, red = tile
    assert white.min() > 240
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_a_common_scale_is_shared_and_an_own_one_is_not() -> None:
    weights = np.array([[1.0, -1.0], [10.0, -10.0]]).T
    own = pictures.diverging(weights.T, (1, 2))
    np.testing.assert_array_equal(own[0], own[1])
    common = pictures.diverging(weights.T, (1, 2), limit=10.0)
    assert (common[0] != common[1]).any()


def test_interleaved_puts_rebuilt_under_original() -> None:
    first, second = np.zeros((3, 1, 1, 3), np.uint8), np.full((3, 1, 1, 3), 9, np.uint8)
    assert pictures.interleaved(first, second, columns=2)[:, 0, 0, 0].tolist() == [0, 0, 9, 9, 0, 0, 9, 0]


def test_the_learning_curve_is_thinned_and_keeps_its_ends() -> None:
    history = tuple(Point(epoch, 50.0 / (1 + epoch), 60.0 / (1 + epoch)) for epoch in range(1237))
    chart = charts.learning_curve(history, 2000)
    training, held_out = chart.figure.data
    assert len(training.x) == len(held_out.x) == 500
    assert (training.x[0], training.x[-1]) == (0, 1236)
    assert "after 1236 of 2000 epochs" in chart.alt
    assert chart.figure.layout.xaxis.range == (-40, 2040), "pinned to what was asked for"


@pytest.mark.parametrize("count", [1, 2])
def test_a_curve_of_few_points(count: int) -> None:
    chart = charts.learning_curve(tuple(Point(epoch, 5.0, None) for epoch in range(count)), 30)
    assert len(chart.figure.data) == 1
    assert len(chart.figure.data[0].x) == count


def test_a_histogram_counts_every_value() -> None:
    values = np.random.default_rng(0).normal(size=997)
    assert sum(charts.histogram(values, "t", "x").figure.data[0].y) == 997
