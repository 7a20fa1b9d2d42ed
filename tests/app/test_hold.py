"""Which pixels are held fixed."""

from __future__ import annotations

import numpy as np
import pytest

from rbm.app.sample_page import hold
from rbm.errors import BadValue


@pytest.mark.parametrize("region", hold.REGIONS)
def test_a_half_is_a_half(region: hold.Region) -> None:
    mask = hold.half((4, 6), region).reshape(4, 6)
    assert mask.sum() == 12
    middle = np.argwhere(mask).mean(axis=0) - [1.5, 2.5]
    wanted = {"Upper half": (-1, 0), "Lower half": (1, 0), "Left half": (0, -1), "Right half": (0, 1)}[region]
    np.testing.assert_array_equal(np.sign(middle), wanted)


def test_a_rectangle_and_the_ink() -> None:
    mask = hold.rectangle((4, 6), (1, 3), (2, 6)).reshape(4, 6)
    assert np.argwhere(mask).min(axis=0).tolist() == [1, 2]
    assert np.argwhere(mask).max(axis=0).tolist() == [2, 5]
    np.testing.assert_array_equal(hold.ink(np.array([0, 0.001, 0.1, 1])), [False, False, True, True])


def test_a_clamp_over_everything_says_what_to_do() -> None:
    with pytest.raises(BadValue, match="nothing left to dream: choose a smaller region"):
        hold.check(np.ones(6, bool))
    assert not hold.check(np.zeros(6, bool)).any()
