"""What a format asks of a creative, checked by itself: lengths, links, image, life span. Pure but for reading an image's head."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

import PIL.Image

from issues import richtext
from sponsors.models import AdFormat, CreativeVersion, ImageUse

__all__ = ["Finding", "image_findings", "lapses", "too_heavy", "version_findings", "word_findings"]


@dataclass(frozen=True)
class Finding:
    """Something that does not fit, in a sentence that says the limit and the value. ``field`` is where it stands."""

    field: str
    sentence: str


def word_findings(form: AdFormat, words: Mapping[str, Any], *, has_image: bool) -> list[Finding]:
    """What does not fit of headline, body, cta, url and alt."""
    return [
        *_too_long(form, words),
        *_links(form, words),
        *_image_wanted(form, str(words.get("alt", "")), has_image=has_image),
    ]


def image_findings(form: AdFormat, upload: IO[bytes], size: int) -> list[Finding]:
    """What does not fit of an image file of ``size`` bytes that has been decoded without a complaint."""
    found = [too_heavy(form, size)] if too_heavy(form, size) else []
    upload.seek(0)
    width, height = PIL.Image.open(upload).size
    upload.seek(0)
    if width < form.image_width or height < form.image_height:
        found.append(
            f"The image is {width} × {height} pixels; it must be at least {form.image_width} × {form.image_height}."
        )
    return [Finding("upload", sentence) for sentence in found]


def too_heavy(form: AdFormat, size: int) -> str:
    """What is wrong with so many bytes; empty if they fit. It can be said before anybody decodes them."""
    if size <= form.image_max_kb * 1024:
        return ""
    return f"The image has {-(-size // 1024):,} KB; this format takes at most {form.image_max_kb:,} KB."


def version_findings(form: AdFormat, version: CreativeVersion) -> list[Finding]:
    """The same for a version that is stored: its placement may have another format than the one it was made for."""
    words = {name: getattr(version, name) for name in ("headline", "body", "cta", "url", "alt")}
    found = word_findings(form, words, has_image=version.image_id is not None)
    if version.link_ok is False:
        found.append(Finding("url", f"The link {version.link_found}."))
    return found


def lapses(version: CreativeVersion, on: datetime.date) -> str:
    """Why the version must not run on that day; empty if it may."""
    if version.valid_until and version.valid_until < on:
        return f"its offer ends on {_day(version.valid_until)}, before the issue of {_day(on)}"
    if version.valid_from and on < version.valid_from:
        return f"it may not run before {_day(version.valid_from)}"
    return ""


def _too_long(form: AdFormat, words: Mapping[str, Any]) -> Iterator[Finding]:
    limits = (
        ("headline", "headline", form.headline_max),
        ("body", "message", form.body_max),
        ("cta", "button", form.cta_max),
    )
    for name, label, limit in limits:
        text = str(words.get(name, ""))
        length = len(richtext.plain(text) if name == "body" else text)
        if length > limit:
            yield Finding(
                name, f"The {label} has {length:,} characters; this format takes at most {limit:,}."
            )


def _links(form: AdFormat, words: Mapping[str, Any]) -> Iterator[Finding]:
    url, inside = str(words.get("url", "")), _hrefs(str(words.get("body", "")))
    if url and not _safe(url):
        yield Finding("url", "The link must begin with https://, so that readers arrive safely.")
    for href in inside:
        if not href.startswith(("https://", "mailto:")):
            yield Finding("body", f"The link to {href[:60]} must begin with https://.")
    if len(inside) > form.max_links:
        yield Finding(
            "body", f"The message has {len(inside)} links; this format takes at most {form.max_links}."
        )


def _safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that do not match: a draft may bring anything
        return False
    return parts.scheme == "https" and bool(parts.hostname)


def _hrefs(body: str) -> list[str]:
    return list(
        dict.fromkeys(
            run.href for item in richtext.items(body) for run in richtext.parse_inline(item) if run.href
        )
    )


def _image_wanted(form: AdFormat, alt: str, *, has_image: bool) -> Iterator[Finding]:
    if form.image == ImageUse.NONE and has_image:
        yield Finding("upload", "This format has no image.")
    if form.image == ImageUse.REQUIRED and not has_image:
        yield Finding("upload", "This format needs an image.")
    if has_image and not alt.strip():
        yield Finding("alt", "Say what the image shows, for those who cannot see it.")


def _day(day: datetime.date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"
