"""Pictures in a zip: PNG and JPEG files; the folder that a picture is in is its class."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

import numpy as np
from PIL import ExifTags, Image, ImageOps

from rbm import files
from rbm.datasets.upload import scaling
from rbm.datasets.upload.options import (
    MAX_DECODED,
    MAX_PICTURE,
    Options,
    Parsed,
    check_size,
    check_total,
    shown,
)
from rbm.errors import BadFile, Refused

SCAN = b"\xff\xda"  # begins each pass over a JPEG; its data can't hold these two bytes
MAX_SCANS = 20  # cameras make 1, progressive pictures about 10; a thousand take seconds to decode
ENDINGS = (".png", ".jpg", ".jpeg")


def read(archive: zipfile.ZipFile, options: Options) -> Parsed:
    """The pictures, uint8 (n, pixels), sorted by name. Where they lie in several folders those are the labels.

    Other files are left out. Without a size in the options all must have the size of the first.
    Raises BadFile.
    """
    members = sorted((m for m in archive.infolist() if _is_picture(m.filename)), key=lambda m: m.filename)
    if not members:
        raise BadFile("this archive holds no .png or .jpg pictures and no .npy arrays")
    size = options.size or _upright_size(archive, members[0])
    check_size(size)
    check_total(len(members), size)
    images = np.empty((len(members), size[0] * size[1]), np.uint8)
    left = MAX_DECODED
    for row, member in zip(images, members, strict=True):
        with _opened(archive, member) as picture:
            left -= picture.width * picture.height
            if left < 0:
                raise BadFile(f"these pictures have more than {MAX_DECODED / 1e6:.0f} million pixels in all")
            upright = ImageOps.exif_transpose(picture)
            if options.size is None and (upright.height, upright.width) != size:
                raise BadFile(f"{shown(member.filename)} is of another size than the first; choose a size for all")
            row[:] = scaling.flatten(upright, size, options)
    folders = [PurePosixPath(member.filename).parent.name for member in members]
    return Parsed(images, size, folders if len(set(folders)) > 1 else None)


def _is_picture(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".") and "__MACOSX" not in path.parts


def _upright_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    with _opened(archive, member) as picture:
        on_its_side = picture.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
        return (picture.width, picture.height) if on_its_side else (picture.height, picture.width)


@contextmanager
def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Image.Image]:
    """A picture of which only the header has been read, and is small enough.

    Raises BadFile for what is none, then or when it is decoded.
    """
    data, name = files.read_member(archive, member), shown(member.filename)
    if data.startswith(b"\xff\xd8") and data.count(SCAN) > MAX_SCANS:
        raise BadFile(f"{name} is a JPEG in {data.count(SCAN):,} passes; {MAX_SCANS} is the limit, save it without")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MAX_PICTURE:
                raise Image.DecompressionBombError
            yield picture
    except Refused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise BadFile(f"{name} has more than {MAX_PICTURE // 10**6} million pixels") from None
    except Exception as error:  # Pillow names no set of exceptions that a damaged picture can raise
        raise BadFile(f"{name} is no picture that can be read ({type(error).__name__})") from None
