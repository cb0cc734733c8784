"""Taking in pictures: decode, never trust; turn upright, strip, and write the two widths that mail needs."""

import hashlib
import io
from dataclasses import dataclass
from typing import IO

import PIL.Image
from django.core.files.base import ContentFile
from PIL import ImageOps, UnidentifiedImageError

from issues.models import Image
from newsroom.lib.errors import Refused

BYTES_AT_MOST = 8 * 1024 * 1024
PIXELS_AT_MOST = 40_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
SMALL, LARGE = 600, 1200


@dataclass(frozen=True)
class Decoded:
    """A picture ready to keep: encoded bytes of both widths, their ending, and the size of the small one in px."""

    small: bytes
    large: bytes
    ending: str
    width: int
    height: int


def decode(upload: IO[bytes]) -> Decoded:
    """Read an uploaded picture. Raises ``Refused`` with what is wrong: size, kind, damage, or too many pixels."""
    raw = upload.read(BYTES_AT_MOST + 1)
    if len(raw) > BYTES_AT_MOST:
        raise Refused("This picture is over 8 MB. Save it smaller and try again.")
    picture = _opened(raw)
    opaque = picture.mode == "RGB"
    small, large = _at_most(picture, SMALL), _at_most(picture, LARGE)
    return Decoded(_encoded(small), _encoded(large), "jpg" if opaque else "png", small.width, small.height)


def keep(decoded: Decoded) -> Image:
    """Store a decoded picture; the same picture twice is one row."""
    digest = hashlib.sha256(decoded.large).hexdigest()
    known = Image.objects.filter(digest=digest).first()
    if known:
        return known
    image = Image(digest=digest, width=decoded.width, height=decoded.height)
    image.small.save(f"{digest[:20]}-{SMALL}.{decoded.ending}", ContentFile(decoded.small), save=False)
    image.large.save(f"{digest[:20]}-{LARGE}.{decoded.ending}", ContentFile(decoded.large), save=False)
    image.save()
    return image


def _opened(raw: bytes) -> PIL.Image.Image:
    try:
        picture = PIL.Image.open(io.BytesIO(raw), formats=FORMATS)
        if picture.width * picture.height > PIXELS_AT_MOST:
            raise Refused(
                f"This picture has {picture.width} × {picture.height} pixels; at most 40 million are accepted."
            )
        return _upright(picture)
    except UnidentifiedImageError:
        raise Refused("This is not a JPEG, PNG, GIF or WebP picture, whatever its name says.") from None
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning):
        raise Refused("This picture has too many pixels; at most 40 million are accepted.") from None
    except (OSError, SyntaxError, ValueError, EOFError):
        raise Refused("This picture is damaged; export it again.") from None


def _upright(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Turned by its orientation mark, without metadata, in a mode that JPEG or PNG can hold."""
    turned = ImageOps.exif_transpose(picture)
    see_through = "A" in turned.getbands() or "transparency" in turned.info
    plain = turned.convert("RGBA" if see_through else "RGB")
    bare = PIL.Image.new(plain.mode, plain.size)
    bare.paste(plain)
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
