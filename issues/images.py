"""Taking in pictures: decode, never trust; turn upright, strip, and write the two widths that mail needs."""

import hashlib
import io
from dataclasses import dataclass
from threading import Lock
from typing import IO

import PIL.Image
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from PIL import ExifTags, ImageOps, UnidentifiedImageError

from issues.models import Image
from newsroom.lib.errors import Refused

BYTES_AT_MOST = 8 * 1024 * 1024
PIXELS_AT_MOST = 40_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
SMALL, LARGE = 600, 1200
TALLEST = 10_000
"""Px; no mail program shows more, and a JPEG holds only 65,500."""
_ONE_AT_A_TIME = Lock()
"""A picture of 40 megapixels takes up to 700 MB while it is unpacked; several at once would take the whole machine."""
MOVING = ("GIF", "PNG", "WEBP")


@dataclass(frozen=True)
class Decoded:
    """A picture ready to keep: encoded bytes of both widths, their ending, and the size of the small one in px.

    ``moving`` says that it moved, and that only its first frame is kept.
    """

    small: bytes
    large: bytes
    ending: str
    width: int
    height: int
    moving: bool = False


def decode(upload: IO[bytes]) -> Decoded:
    """Read an uploaded picture. Raises ``Refused`` with what is wrong: size, kind, damage, or too many pixels."""
    raw = upload.read(BYTES_AT_MOST + 1)
    if len(raw) > BYTES_AT_MOST:
        raise Refused("This picture is over 8 MB. Save it smaller and try again.")
    with _ONE_AT_A_TIME:
        large, moving = _opened(raw)
    if large.height > TALLEST:
        raise Refused(
            f"This picture would stand {large.height} px high in the mail; crop it to at most {TALLEST:,}."
        )
    small, ending = _at_most(large, SMALL), "jpg" if large.mode == "RGB" else "png"
    return Decoded(_encoded(small), _encoded(large), ending, small.width, small.height, moving)


def keep(decoded: Decoded) -> Image:
    """Store a decoded picture; the same picture twice is one row."""
    digest = hashlib.sha256(decoded.large).hexdigest()
    known = Image.objects.filter(digest=digest).first()
    if known:
        return known
    image = Image(digest=digest, width=decoded.width, height=decoded.height)
    image.small.save(f"{digest[:20]}-{SMALL}.{decoded.ending}", ContentFile(decoded.small), save=False)
    image.large.save(f"{digest[:20]}-{LARGE}.{decoded.ending}", ContentFile(decoded.large), save=False)
    try:
        with transaction.atomic():
            image.save()
    except IntegrityError:  # somebody kept the same picture in this very moment
        return Image.objects.get(digest=digest)
    return image


def _opened(raw: bytes) -> tuple[PIL.Image.Image, bool]:
    """The picture upright and at most ``LARGE`` wide, and whether it moved."""
    try:
        picture = PIL.Image.open(io.BytesIO(raw), formats=FORMATS)
        if picture.width * picture.height > PIXELS_AT_MOST:
            raise Refused(
                f"This picture has {picture.width} × {picture.height} pixels; at most 40 million are accepted."
            )
        moving = picture.format in MOVING and bool(getattr(picture, "is_animated", False))
        return _bare(_upright(picture)), moving
    except UnidentifiedImageError:
        raise Refused("This is not a JPEG, PNG, GIF or WebP picture, whatever its name says.") from None
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
        raise Refused("This picture has too many pixels; at most 40 million are accepted.") from None
    except (OSError, SyntaxError, ValueError, EOFError):
        raise Refused("This picture is damaged; export it again.") from None


def _upright(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Made small before it is turned: 40 megapixels are 160 MB, and each step would copy them."""
    lies = picture.getexif().get(ExifTags.Base.Orientation) in (5, 6, 7, 8)
    picture.draft("RGB", (2 * LARGE, 2 * LARGE))  # a JPEG is unpacked no larger than it needs to be
    plain = _in_plain_colours(picture)
    width = plain.height if lies else plain.width
    if width > LARGE:
        scaled = (max(1, round(side * LARGE / width)) for side in plain.size)
        plain = plain.resize(tuple(scaled), PIL.Image.Resampling.LANCZOS, reducing_gap=3.0)
    return ImageOps.exif_transpose(plain)


def _in_plain_colours(picture: PIL.Image.Image) -> PIL.Image.Image:
    """In a mode that JPEG or PNG can hold: RGB, or RGBA if one can see through it."""
    if picture.mode.startswith("I"):  # 16 bits of grey: conversion would cut them off at white
        picture = picture.point(lambda grey: grey * (1 / 256)).convert("L")
    see_through = "A" in picture.getbands() or "transparency" in picture.info
    mode = "RGBA" if see_through else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)


def _bare(picture: PIL.Image.Image) -> PIL.Image.Image:
    """The pixels and nothing else: no camera, no place, no comment, no colour profile."""
    bare = PIL.Image.new(picture.mode, picture.size)
    bare.paste(picture)
    return bare


def _at_most(picture: PIL.Image.Image, width: int) -> PIL.Image.Image:
    if picture.width <= width:
        return picture
    return picture.resize(
        (width, max(1, round(picture.height * width / picture.width))), PIL.Image.Resampling.LANCZOS
    )


def _encoded(picture: PIL.Image.Image) -> bytes:
    out = io.BytesIO()
    if picture.mode == "RGB":
        picture.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    else:
        picture.save(out, "PNG", optimize=True)
    return out.getvalue()
