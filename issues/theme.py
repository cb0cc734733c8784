"""A publication's colours, and whether people can read them."""

import zlib
from dataclasses import dataclass

COLOUR = r"^#[0-9a-fA-F]{6}$"
READABLE = 4.5
"""Least contrast of text, WCAG 2.2 SC 1.4.3."""

DARK_PAPER = "#1b2129"
DARK_GROUND = "#12161c"
DARK_INK = "#e8ebef"
DARK_MUTED = "#a6b0bd"


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb: ``ink`` and ``accent`` are text on ``paper``; ``ground`` lies around the paper."""

    accent: str = "#0b57b0"
    ink: str = "#1a2029"
    paper: str = "#ffffff"
    ground: str = "#eef1f5"

    @property
    def muted(self) -> str:
        """Ink mixed towards paper, as far as it stays readable on paper and on ground."""
        for part in (40, 30, 20, 10):
            colour = mix(self.ink, self.paper, part)
            if min(contrast(colour, self.paper), contrast(colour, self.ground)) >= READABLE:
                return colour
        return self.ink

    @property
    def rule(self) -> str:
        return mix(self.ink, self.paper, 82)

    @property
    def on_accent(self) -> str:
        """Text on a button of the accent colour: white or black, whichever reads better."""
        return max("#ffffff", "#000000", key=lambda colour: contrast(colour, self.accent))

    @property
    def dark_accent(self) -> str:
        """The accent, lightened until it can be read on dark paper."""
        for part in range(0, 101, 5):
            colour = mix(self.accent, "#ffffff", part)
            if contrast(colour, DARK_PAPER) >= READABLE:
                return colour
        return "#ffffff"

    @property
    def digest(self) -> str:
        """Changes with any of the colours."""
        return f"{zlib.crc32(f'{self.accent}{self.ink}{self.paper}{self.ground}'.encode()):08x}"


def too_faint(theme: Theme) -> list[tuple[str, str]]:
    """Field and sentence for each colour that is too close to what lies behind it."""
    pairs = [
        ("ink", theme.ink, theme.paper, "paper"),
        ("accent", theme.accent, theme.paper, "paper"),
        ("ink", theme.ink, theme.ground, "ground"),
    ]
    return [
        (
            field,
            f"{colour} on {behind} {name} has a contrast of {contrast(colour, behind):.1f}; text needs {READABLE}.",
        )
        for field, colour, behind, name in pairs
        if contrast(colour, behind) < READABLE
    ]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance). Raises ``ValueError`` if malformed."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, towards: str, percent: int) -> str:
    """``colour`` with ``percent`` of ``towards`` mixed in."""
    pairs = zip(_channels(colour), _channels(towards), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * percent / 100):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    if len(colour) != 7 or not colour.startswith("#"):
        raise ValueError(f"{colour!r} is not a colour")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
