"""A picture and a mask as a few hundred letters for an address: 16 greys, zlib, URL-safe base64.

An address is hostile until checked: `unpack` bounds what it reads before and after it inflates it.
"""

from __future__ import annotations

import base64
import zlib

import numpy as np
from numpy.typing import NDArray

from rbm.errors import BadValue
from rbm.models.arrays import Array

LEVELS = 15  # the brightest of the 16 greys
LONGEST = 4000  # letters; a digit of 28 × 28 takes about 200
Mask = NDArray[np.bool_]


def rounded(image: NDArray[np.floating]) -> Array:
    """`image` in [0, 1] at the nearest of the 16 greys: what survives `pack`."""
    grey: Array = (np.rint(image * LEVELS) / LEVELS).astype(np.float32)
    return grey


def pack(image: NDArray[np.floating]) -> str:
    """`image` (pixels,) in [0, 1], rounded, as letters."""
    levels = np.rint(image * LEVELS).astype(np.uint8)
    padded = np.append(levels, np.zeros(len(levels) % 2, dtype=np.uint8))
    return _letters(padded[0::2] << 4 | padded[1::2])


def unpack(letters: str, pixels: int) -> Array:
    """The image (pixels,) in `letters`. Raises BadValue."""
    pairs = _bytes(letters, (pixels + 1) // 2)
    levels = np.stack([pairs >> 4, pairs & 15], axis=1).ravel()[:pixels]
    return (levels / LEVELS).astype(np.float32)


def pack_mask(mask: Mask) -> str:
    """`mask` (pixels,) as letters."""
    return _letters(np.packbits(mask))


def unpack_mask(letters: str, pixels: int) -> Mask:
    """The mask (pixels,) in `letters`. Raises BadValue."""
    return np.unpackbits(_bytes(letters, (pixels + 7) // 8))[:pixels].astype(bool)


def _letters(raw: NDArray[np.uint8]) -> str:
    return base64.urlsafe_b64encode(zlib.compress(raw.tobytes(), 9)).decode().rstrip("=")


def _bytes(letters: str, size: int) -> NDArray[np.uint8]:
    """Exactly `size` bytes, never inflating more than one byte beyond them."""
    if len(letters) > LONGEST:
        raise BadValue(f"{len(letters)} letters are too many for a picture; {LONGEST} is the limit")
    try:
        packed = base64.b64decode(letters + "=" * (-len(letters) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj()
        raw = inflate.decompress(packed, size + 1)
    except (ValueError, zlib.error) as error:
        raise BadValue(f"these letters hold no picture: {error}") from None
    if len(raw) != size or not inflate.eof:
        raise BadValue(f"these letters hold a picture of another size than {size} bytes")
    return np.frombuffer(raw, dtype=np.uint8)
