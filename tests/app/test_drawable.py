"""The drawing package's board: what arrives from a browser is hostile until checked; and what is kept of it."""

from __future__ import annotations

import base64
import io
import zlib

import numpy as np
import pytest
from PIL import Image

from rbm.app.components import canvas, drawable
from rbm.app.components.canvas import Drawing
from rbm.app.drawings import Drawings
from rbm.app.sample_page import first
from rbm.errors import BadValue

SIDE = drawable.SIDE


def sent(picture: Image.Image, kind: str = "PNG", head: str = "data:image/png;base64,") -> dict[str, object]:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return {"raw": {}, "data": head + base64.b64encode(buffer.getvalue()).decode()}


def drawn(grey: int = 255) -> Image.Image:
    picture = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 255))
    picture.paste((grey, grey, grey, 255), (50, 100, 100, 200))
    return picture


def with_header(width: int, height: int) -> dict[str, object]:
    """A PNG that says it is of this size: a few bytes that would be inflated to gigabytes."""
    body = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    chunk = b"\0\0\0\rIHDR" + body + zlib.crc32(b"IHDR" + body).to_bytes(4, "big")
    raw = b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IEND\xaeB`\x82"
    return {"data": "data:image/png;base64," + base64.b64encode(raw).decode()}


def test_a_drawing_becomes_ink() -> None:
    ink = drawable.read(sent(drawn()))
    assert ink.shape == (canvas.SIZE, canvas.SIZE)
    assert ink.dtype == np.float32
    assert ink.mean() == pytest.approx(50 * 100 / SIDE**2, rel=1e-3)
    assert ink[40:80, 20:40].min() == 1
    assert ink[:39].max() == 0
    assert drawable.read(sent(drawn(51)))[50, 30] == np.float32(0.2)


@pytest.mark.parametrize(
    "hostile",
    [
        None, 7, "drawing", [], {}, {"data": None}, {"data": 3}, {"data": "AAAA"}, {"data": "data:image/png;base64,"},
        {"data": "data:image/png;base64,%%%"}, {"data": "data:image/png;base64,é"},
        {"data": "data:image/png;base64," + "A" * drawable.MOST},
        sent(drawn().convert("RGB"), "JPEG"), sent(drawn(), "PNG", "data:image/svg+xml;base64,"),
        sent(drawn().convert("RGB"), "BMP"), sent(drawn().resize((SIDE, SIDE + 1))), with_header(60_000, 60_000),
        with_header(SIDE, SIDE), {"data": str(sent(drawn())["data"])[:200]},
    ],
)  # fmt: skip
def test_what_is_no_drawing_of_this_board_is_refused(hostile: object) -> None:
    with pytest.raises(BadValue, match="clear the board and draw anew"):
        drawable.read(hostile)


def test_a_picture_that_is_put_on_the_board_comes_back() -> None:
    """Exactly, where it is made of whole pixels of a digit; nearly, where it was drawn by hand."""
    digit = np.random.default_rng(0).integers(0, 16, (28, 28)).astype(np.float32) / 15
    ink = digit.repeat(4, axis=0).repeat(4, axis=1)
    np.testing.assert_allclose(drawable.as_shown(ink), ink, atol=0.5 / 255)
    by_hand = first.drawing().ink
    assert np.abs(drawable.as_shown(by_hand) - by_hand).mean() < 0.003
    assert drawable.as_shown(by_hand).mean() == pytest.approx(by_hand.mean(), abs=0.001)


def test_the_first_drawing_is_a_digit() -> None:
    ink = first.drawing().ink
    assert 0.08 < ink.mean() < 0.2
    assert ink[[0, -1]].max() == 0
    assert ink[:, [0, -1]].max() == 0


# ---- kept for a reload


def noise(seed: int) -> Drawing:
    rng = np.random.default_rng(seed)
    ink = rng.integers(0, 256, (canvas.SIZE, canvas.SIZE)).astype(np.float32) / 255
    return Drawing(ink, rng.random(ink.shape) < 0.5)


def test_a_drawing_is_kept_for_its_owner_alone() -> None:
    drawings, drawing = Drawings(), noise(1)
    drawings.keep("a", drawing)
    back = drawings.of("a")
    assert back is not None
    np.testing.assert_array_equal(back.ink, drawing.ink)
    np.testing.assert_array_equal(back.mask, drawing.mask)
    assert drawings.of("b") is None
    drawings.keep("a", canvas.empty())
    assert drawings.of("a") is None


def test_the_oldest_give_way_to_number_and_to_bytes() -> None:
    few = Drawings(most=2)
    for owner in "abac":
        few.keep(owner, first.drawing())
    assert [owner for owner in "abc" if few.of(owner)] == ["a", "c"]
    small = Drawings(most_bytes=40_000)  # noise takes about 14 kB
    for owner in "abcd":
        small.keep(owner, noise(ord(owner)))
    assert [owner for owner in "abcd" if small.of(owner)] == ["c", "d"]
    for _ in range(100):
        small.keep("d", noise(5))
    assert small.of("c") is not None, "an owner's new drawing replaces the last"
