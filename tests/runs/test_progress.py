"""A curve of any length stays small, even and up to date."""

import itertools

import pytest

from rbm.runs.progress import MOST_POINTS, History, Point, Progress


@pytest.mark.parametrize("epochs", [0, 1, 2, 1998, 1999, 2000, 2001, 3999, 4001, 50_003])
def test_history_is_bounded_even_and_ends_at_the_last_point(epochs: int) -> None:
    history = History(Point(epoch, 1.0 * epoch, None) for epoch in range(epochs + 1))
    points = history.points()
    assert len(points) <= MOST_POINTS
    assert len(points) > min(epochs, MOST_POINTS / 2 - 2)
    assert (points[0].epoch, points[-1].epoch) == (0, epochs)
    gaps = {b.epoch - a.epoch for a, b in itertools.pairwise(points[:-1])}
    assert len(gaps) <= 1, "the same stride everywhere but at the end"


def test_history_that_goes_on_keeps_its_stride() -> None:
    whole = History(Point(epoch, 0.0, None) for epoch in range(10_001))
    part = History(History(Point(epoch, 0.0, None) for epoch in range(6_001)).points())
    for epoch in range(6_001, 10_001):
        part.add(Point(epoch, 0.0, None))
    assert {point.epoch for point in whole.points()} == {point.epoch for point in part.points()}


def test_no_points() -> None:
    assert History().points() == ()


def test_time_left() -> None:
    assert Progress("running", 10).seconds_left is None
    assert Progress("running", 10, fraction=0.25, speed=0.05).seconds_left == 15
    assert Progress("finished", 10, fraction=1.0).seconds_left == 0


@pytest.mark.parametrize(
    ("status", "active", "over"),
    [("waiting", True, False), ("running", True, False), ("paused", False, False), ("interrupted", False, False)]
    + [(status, False, True) for status in ("finished", "stopped", "diverged", "failed")],
)
def test_what_a_status_means(status: str, active: bool, over: bool) -> None:
    progress = Progress(status, 1)  # type: ignore[arg-type]
    assert (progress.active, progress.over) == (active, over)
