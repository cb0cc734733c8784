"""Charts for pages: inline SVG drawn on the server, without scripts and without styles of its own.

Colours are the page's: text and axis take ``currentColor``, bars the class ``chart-bar``. For whoever does not see them, the
description says every value.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from newsroom.lib.text import printable

_WIDTH, _ROW, _BAR, _LABELS, _VALUES = 640, 30, 16, 190, 90
_HEIGHT, _TOP, _BOTTOM = 240, 24, 28
_LETTER = 6.6
"""The usual width of a letter at 12 units, to guess how many fit."""


@dataclass(frozen=True)
class _Scale:
    """From values to lengths, with nought always in sight."""

    low: float
    high: float
    length: float

    @classmethod
    def of(cls, values: Sequence[float], length: float) -> "_Scale":
        return cls(min(0.0, *values, 0.0), max(0.0, *values, 0.0), length)

    def at(self, value: float) -> float:
        """How far from the low end the value lies."""
        # Halved, because the whole span of two huge values may be no number any more.
        span = self.high / 2 - self.low / 2
        return (value / 2 - self.low / 2) / span * self.length if span else 0.0


def bars(series: Sequence[tuple[str, float]], *, title: str, unit: str = "") -> SafeString:
    """Lying bars, one below the other: for names to compare."""
    scale = _Scale.of([_finite(value) for _, value in series], _WIDTH - _LABELS - _VALUES)
    drawn = format_html_join("", "{}", ((_lying(*one, at, scale, unit),) for at, one in enumerate(series)))
    origin = _LABELS + scale.at(0)
    axis = _axis(origin, 0, origin, len(series) * _ROW)
    return _picture(
        "chart chart-bars", len(series) * _ROW, format_html("{}{}", drawn, axis), series, title, unit
    )


def columns(series: Sequence[tuple[str, float]], *, title: str, unit: str = "") -> SafeString:
    """Standing bars from left to right: for days, weeks and months."""
    scale = _Scale.of([_finite(value) for _, value in series], _HEIGHT - _TOP - _BOTTOM)
    step = _WIDTH / max(len(series), 1)
    named = _every([label for label, _ in series], step)
    valued = _every([figure(value, unit) for _, value in series], step)
    drawn = format_html_join(
        "",
        "{}",
        (
            (_standing(*one, at, step, scale, unit, at in named, at in valued),)
            for at, one in enumerate(series)
        ),
    )
    ground = _HEIGHT - _BOTTOM - scale.at(0)
    axis = _axis(0, ground, _WIDTH, ground)
    return _picture("chart chart-columns", _HEIGHT, format_html("{}{}", drawn, axis), series, title, unit)


def figure(value: float, unit: str = "") -> str:
    """“1,250”, “12.5 %”: at most two decimals; a dash where there is no number."""
    if not math.isfinite(value):
        return "–"
    number = f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) < 10**15 else f"{value:.3g}"
    number = "0" if number == "-0" else number
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number


def shortened(words: str, most: int) -> str:
    """The words, or as many of their letters as there is room for."""
    clean = " ".join(printable(words).split())
    return clean if len(clean) <= most else f"{clean[: max(most - 1, 1)].rstrip()}…"


def _lying(label: str, value: float, at: int, scale: _Scale, unit: str) -> SafeString:
    begin, end = sorted((scale.at(0), scale.at(_finite(value))))
    middle = at * _ROW + _ROW / 2
    return format_html(
        "{}{}{}",
        _words(
            "chart-label", _LABELS - 10, middle, "end", shortened(label, int(_LABELS / _LETTER) - 1), label
        ),
        _bar(_LABELS + begin, middle - _BAR / 2, end - begin, _BAR),
        _words("chart-value", _LABELS + end + 8, middle, "start", figure(value, unit)),
    )


def _every(words: Sequence[str], step: float) -> range:
    """Places of the words that stand side by side without running together, the last one's among them; the rest is left to the
    description."""
    longest = max((len(each) for each in words), default=0)
    return range(len(words) - 1, -1, -max(math.ceil((longest + 2) * _LETTER / step), 1))


def _standing(
    label: str, value: float, at: int, step: float, scale: _Scale, unit: str, named: bool, valued: bool
) -> SafeString:
    low, high = sorted((scale.at(0), scale.at(_finite(value))))
    middle, ground, width = (at + 0.5) * step, _HEIGHT - _BOTTOM, min(step * 0.64, 56)
    number, name = figure(value, unit), shortened(label, int(_WIDTH / _LETTER))
    return format_html(
        "{}{}{}",
        _bar(middle - width / 2, ground - high, width, high - low),
        _words("chart-value", _within(middle, number), ground - high - 10, "middle", number)
        if valued
        else "",
        _words("chart-label", _within(middle, name), _HEIGHT - 10, "middle", name, label) if named else "",
    )


def _within(middle: float, words: str) -> float:
    """As near to the middle of its bar as words can stand without leaving the picture."""
    half = min(len(words) * _LETTER, _WIDTH) / 2
    return min(max(middle, half), _WIDTH - half)


def _bar(x: float, y: float, width: float, height: float) -> SafeString:
    return format_html(
        '<rect class="chart-bar" x="{}" y="{}" width="{}" height="{}" rx="1.5" fill="currentColor"/>',
        *map(_unit, (x, y, width, height)),
    )


def _words(kind: str, x: float, y: float, anchor: str, words: str, in_full: str = "") -> SafeString:
    full = format_html("<title>{}</title>", printable(in_full)) if in_full and in_full != words else ""
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}" dominant-baseline="central" font-size="12"'
        ' fill="currentColor">{}{}</text>',
        *(kind, _unit(x), _unit(y), anchor, words, full),
    )


def _axis(x1: float, y1: float, x2: float, y2: float) -> SafeString:
    return format_html(
        '<line class="chart-axis" x1="{}" y1="{}" x2="{}" y2="{}" stroke="currentColor" stroke-opacity="0.4"/>',
        *map(_unit, (x1, y1, x2, y2)),
    )


def _picture(
    kind: str, height: float, drawn: SafeString, series: Sequence[tuple[str, float]], title: str, unit: str
) -> SafeString:
    said = "; ".join(f"{printable(label)}: {figure(value, unit)}" for label, value in series)
    return format_html(
        '<svg class="{}" role="img" viewBox="0 0 {} {}" width="100%" xmlns="http://www.w3.org/2000/svg">'
        "<title>{}</title><desc>{}</desc>{}</svg>",
        *(kind, _WIDTH, _unit(max(height, 1)), printable(title), said or "No values.", drawn),
    )


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else 0.0


def _unit(number: float) -> str:
    """A length as it stands in an attribute, whatever the language of the page."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
