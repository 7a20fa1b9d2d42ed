"""Pictures in addresses: there and back, and whatever else may stand there."""

import base64
import zlib

import numpy as np
import pytest

from rbm import datasets
from rbm.app.sample_page import address
from rbm.errors import BadValue


@pytest.mark.parametrize("pixels", [784, 64, 77, 1])
def test_there_and_back(pixels: int) -> None:
    rng = np.random.default_rng(pixels)
    image, mask = rng.random(pixels), rng.random(pixels) < 0.5
    np.testing.assert_array_equal(address.unpack(address.pack(image), pixels), address.rounded(image))
    np.testing.assert_array_equal(address.unpack_mask(address.pack_mask(mask), pixels), mask)
    assert np.abs(address.rounded(image) - image).max() <= 1 / 30 + 1e-6


def test_rounding_twice_is_rounding_once() -> None:
    image = address.rounded(np.linspace(0, 1, 1001))
    np.testing.assert_array_equal(address.rounded(image), image)
    np.testing.assert_array_equal(np.unique(image), np.float32(np.arange(16) / 15))


def test_a_digit_is_short_and_safe_in_an_address() -> None:
    for digit in datasets.load("mnist-5k").test_images[:100] / 255:
        letters = address.pack(digit)
        assert len(letters) < 300
        assert set(letters) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


@pytest.mark.parametrize(
    "hostile",
    [
        "", "a", "%%%%", "é", "AAAA", "A" * 5000, letters(b"not zlib"), letters(zlib.compress(bytes(391))),
        letters(zlib.compress(bytes(393))), letters(zlib.compress(bytes(2_000_000))),
        letters(zlib.compress(bytes(392))[:-3]),
    ],
)  # fmt: skip
def test_other_letters_are_refused(hostile: str) -> None:
    for read in (lambda: address.unpack(hostile, 784), lambda: address.unpack_mask(hostile, 392 * 8)):
        with pytest.raises(BadValue, match="picture"):
            read()
