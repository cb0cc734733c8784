"""Pictures from outside: turned upright, stripped, in two widths, and refused in a sentence when they are bad."""

import contextlib
import io
import struct
import zlib
from typing import Any

import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issues import images
from issues.models import Image
from newsroom.lib.errors import Refused

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F


def encoded(picture: PIL.Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def plain(size: tuple[int, int] = (8, 4), mode: str = "RGB", colour: Any = None) -> PIL.Image.Image:
    return PIL.Image.new(mode, size, colour if colour is not None else 0)


def decode(raw: bytes) -> images.Decoded:
    return images.decode(io.BytesIO(raw))


def opened(raw: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(raw))


def photograph(orientation: int) -> bytes:
    """40 × 20 px, the left half red, taken by a telephone that was held ``orientation``, and tells where."""
    picture = plain((40, 20), colour="blue")
    picture.paste("red", (0, 0, 20, 20))
    exif = PIL.Image.Exif()
    exif[ORIENTATION], exif[MAKER] = orientation, "Telephone"
    exif.get_ifd(GPS)[1] = "N"
    return encoded(picture, "JPEG", exif=exif, comment=b"secret", quality=95)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [(1, (40, 20), (5, 10)), (3, (40, 20), (35, 10)), (6, (20, 40), (10, 5)), (8, (20, 40), (10, 35))],
)
def test_it_stands_upright_however_the_camera_was_held(orientation, size, red_at):
    with opened(decode(photograph(orientation)).small) as upright:
        assert upright.size == size
        red, _, blue = upright.getpixel(red_at)
    assert red > 200 > 60 > blue


def test_nothing_but_the_picture_is_kept():
    decoded = decode(photograph(6))
    for raw in (decoded.small, decoded.large):
        assert b"Telephone" not in raw
        assert b"secret" not in raw
        assert b"Exif" not in raw
        with opened(raw) as picture:
            assert not picture.getexif()


@pytest.mark.parametrize(
    ("size", "small", "large"),
    [((3000, 1500), (600, 300), (1200, 600)), ((800, 10), (600, 8), (800, 10)), ((1, 1), (1, 1), (1, 1)),
     ((5000, 1), (600, 1), (1200, 1))],
)  # fmt: skip
def test_it_has_two_widths_and_is_never_made_larger(size, small, large):
    decoded = decode(encoded(plain(size), "PNG"))
    assert (decoded.width, decoded.height) == small
    assert opened(decoded.small).size == small
    assert opened(decoded.large).size == large


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_one_can_see_through_stays_so(kind):
    picture = plain((8, 4), "RGBA", (255, 0, 0, 0))
    decoded = decode(encoded(picture, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert decoded.ending == "png"
    assert opened(decoded.small).getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "JPEG"])
def test_an_opaque_picture_of_any_kind_becomes_a_jpeg(kind):
    decoded = decode(encoded(plain(colour="teal"), kind))
    assert decoded.ending == "jpg"
    assert opened(decoded.small).format == "JPEG"


def test_a_gif_with_a_transparent_colour_stays_transparent():
    picture = plain((8, 4), "P")
    assert decode(encoded(picture, "GIF", transparency=0)).ending == "png"


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_kept_and_it_is_said_so(kind):
    frames = [plain(colour="red"), plain(colour="blue")]
    decoded = decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert opened(decoded.small).getpixel((2, 2))[0] > 200
    assert decoded.moving
    assert not decode(encoded(frames[0], kind)).moving


def test_a_telephones_file_of_several_pictures_does_not_move():
    frames = [plain(colour="red"), plain(colour="blue")]
    decoded = decode(encoded(frames[0], "MPO", save_all=True, append_images=frames[1:]))
    assert (decoded.ending, decoded.moving) == ("jpg", False)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_pictures_in_unusual_modes_are_taken(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert decode(encoded(PIL.Image.new(mode, (8, 4)), kind)).width == 8


def png_of(width: int, height: int, *, bits: int = 8, kind: int = 2, pixels: bytes = b"\0" * 64) -> bytes:
    """A PNG that says it is that large, in a hundred bytes; ``kind`` is 0 for grey, 2 for colours, 4 for grey and alpha."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "values", "shown"),
    [(0, (0x8000,), (128, 128, 128)), (2, (0xFFFF, 0x8000, 0), (255, 128, 0)), (4, (0x8000, 0xFFFF), (128, 128, 128))],
)  # fmt: skip
def test_sixteen_bits_are_scaled_to_eight_and_not_cut_off_at_white(kind, values, shown):
    row = b"\0" + struct.pack(f">{len(values)}H", *values) * 4
    decoded = decode(png_of(4, 2, bits=16, kind=kind, pixels=row * 2))
    got = opened(decoded.small).convert("RGB").getpixel((1, 1))
    assert all(abs(one - other) < 4 for one, other in zip(got, shown, strict=True)), got


def test_the_inks_of_a_printers_file_become_light():
    decoded = decode(encoded(PIL.Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    red, green, blue = opened(decoded.small).getpixel((4, 4))
    assert red > 230 > 30 > max(green, blue)


def test_a_palette_with_a_transparent_colour_keeps_the_others():
    picture = plain((4, 2), "P")
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.paste(1, (2, 0, 4, 2))
    decoded = decode(encoded(picture, "PNG", transparency=0))
    with opened(decoded.small) as small:
        assert (small.getpixel((0, 0))[3], small.getpixel((3, 1))) == (0, (255, 0, 0, 255))


@pytest.mark.parametrize("behind", [b"<script>alert(1)</script>", b"PK\x03\x04 a whole archive", b"%PDF-1.7"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_what_else_the_file_is_does_not_come_along(kind, behind):
    decoded = decode(encoded(plain(), kind) + behind)
    assert behind not in decoded.small + decoded.large


def test_words_inside_a_picture_do_not_come_along():
    decoded = decode(encoded(plain(), "GIF", comment=b"<?php evil(); ?>"))
    assert b"php" not in decoded.small + decoded.large


@pytest.mark.parametrize(
    ("size", "said"), [((10, 12_000), "12000 px high"), ((600, 65_000), "65000 px high")]
)
def test_a_picture_taller_than_any_mail_is_refused(size, said):
    with pytest.raises(Refused, match=said):
        decode(encoded(plain(size), "PNG"))


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_photograph_is_small_and_upright(orientation):
    picture = plain((4000, 3000), colour="blue")
    picture.paste("red", (0, 0, 2000, 3000))
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    decoded = decode(encoded(picture, "JPEG", exif=exif))
    size, red_at = {1: ((1200, 900), (300, 450)), 6: ((1200, 1600), (600, 400))}[orientation]
    with opened(decoded.large) as large:
        assert large.size == size
        assert large.getpixel(red_at)[0] > 200


@pytest.mark.parametrize("side", [6_400, 10_000, 20_000, 2**31 - 1])
def test_a_bomb_is_refused_before_it_is_unpacked(side):
    with pytest.raises(Refused, match="40 million"):
        decode(png_of(side, side))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_that_is_cut_short_is_refused(kind):
    whole = encoded(PIL.Image.effect_noise((120, 80), 90).convert("RGB"), kind)
    for length in (0, 1, 9, len(whole) // 2):
        with pytest.raises(Refused, match=r"damaged|not a JPEG"):
            decode(whole[:length])


WHOLE = {kind: encoded(plain((30, 20), colour="teal"), kind) for kind in ("PNG", "GIF", "WEBP")} | {
    "JPEG": photograph(6)
}


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # it complains about damaged metadata
@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(sorted(WHOLE)), at=st.floats(0, 1), junk=st.binary(min_size=1, max_size=8))
def test_whatever_is_wrong_with_it_it_is_taken_or_refused(kind, at, junk):
    whole = WHOLE[kind]
    place = int(at * len(whole))
    with contextlib.suppress(Refused):
        assert decode(whole[:place] + junk + whole[place + len(junk) :]).width > 0


def test_a_file_over_the_limit_is_refused_without_reading_all_of_it():
    upload = io.BytesIO(b"x" * (images.BYTES_AT_MOST + 1000))
    with pytest.raises(Refused, match="over 8 MB"):
        images.decode(upload)
    assert upload.tell() == images.BYTES_AT_MOST + 1


@pytest.mark.django_db
def test_the_same_picture_twice_is_one_row_and_two_are_two():
    teal, red = (decode(encoded(plain(colour=colour), "PNG")) for colour in ("teal", "red"))
    assert images.keep(teal) == images.keep(teal)
    assert images.keep(red) != images.keep(teal)
    assert Image.objects.count() == 2


@pytest.mark.django_db
def test_the_same_picture_kept_by_two_at_once_is_one_row(monkeypatch):
    teal = decode(encoded(plain(colour="teal"), "PNG"))
    kept = images.keep(teal)
    monkeypatch.setattr(Image.objects, "filter", lambda **_: Image.objects.none())
    assert images.keep(teal) == kept
