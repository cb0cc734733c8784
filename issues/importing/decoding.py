"""From bytes to text that reads as it was written, or one sentence that says why not."""

import re
import unicodedata

from newsroom.lib.errors import Refused

BYTES_AT_MOST = 2_000_000

_SIGNATURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a picture or a sound"),
    (b"%PDF", "a PDF file"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b]")


class Unreadable(Refused):
    """A draft that cannot be read; ``str(error)`` says what it is and what to do."""


def decode(source: bytes | str) -> str:
    """The text of a draft, encodings and mojibake mended. Raises ``Unreadable``."""
    _not_too_long(source)
    text = source if isinstance(source, str) else _decoded(source)
    if "\x00" in text or len(_CONTROL.findall(text)) > 5 + len(text) // 20:
        raise Unreadable("The draft is a binary file: open it and paste its text instead.")
    text = text.removeprefix("\ufeff")
    if not any(_seen(character) for character in text):
        raise Unreadable("The draft is empty: there is nothing to read.")
    return mend(text)


def _seen(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def _not_too_long(source: bytes | str) -> None:
    size = len(source if isinstance(source, bytes) else source.encode("utf-8", "replace"))
    if size > BYTES_AT_MOST:
        raise Unreadable(f"The draft is {_megabytes(size)}; at most {_megabytes(BYTES_AT_MOST)} can be read.")


def _megabytes(size: int) -> str:
    return f"{max(round(size / 1_000_000, 1), 2.1) if size > BYTES_AT_MOST else size / 1_000_000:.1f} MB".replace(
        ".0 ", " "
    )


def _decoded(source: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if source.startswith(mark):
            return _strictly(source, encoding)
    if kind := _signed(source):
        raise Unreadable(f"The draft is {kind}: open it and paste its text instead.")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError:
        return _strictly(source, "cp1252")


def _strictly(source: bytes, encoding: str) -> str:
    try:
        return source.decode(encoding)
    except UnicodeDecodeError:
        if b"\x00" in source and encoding == "cp1252":
            raise Unreadable("The draft is a binary file: open it and paste its text instead.") from None
        raise Unreadable(
            "The draft’s encoding cannot be told: save it as UTF-8, or paste its text instead."
        ) from None


def _signed(source: bytes) -> str:
    if source.startswith(b"PK\x03\x04"):
        return _packed(source)
    return next((kind for signature, kind in _SIGNATURES if source.startswith(signature)), "")


def _packed(source: bytes) -> str:
    for inside, kind in ((b"word/", "a Word document"), (b"xl/", "a spreadsheet"), (b"ppt/", "a slide show")):
        if inside in source:
            return kind
    return "an OpenDocument text" if b"opendocument" in source[:200] else "a ZIP archive"


# Mojibake: UTF-8 that somebody read as a one-byte encoding.


def _table(encoding: str) -> dict[int, int]:
    """Character to byte; bytes the encoding leaves undefined may stand as cp1252 has them or as C1 controls."""
    table = {byte: byte for byte in range(0x80, 0x100)}
    for codec in ("cp1252", encoding):
        for byte in range(0x80, 0x100):
            character = bytes([byte]).decode(codec, "ignore")
            if character:
                table[ord(character)] = byte
    return table


_TABLES = {encoding: _table(encoding) for encoding in ("cp1252", "cp874")}
_FORMS = ((0xC2, 0xDF, 1), (0xE0, 0xEF, 2), (0xF0, 0xF4, 3))
_LOST = re.compile("â€(?:\ufffd|\\?)?(?=[\\s.,;:!?)\\]—-]|$)", re.MULTILINE)
_ROUNDS = 3


def mend(text: str) -> str:
    """Undo UTF-8 read as Windows-1252 (or its Thai cousin), also twice over, and leave healthy characters alone."""
    for _ in range(_ROUNDS):
        mended = text
        for encoding, table in _TABLES.items():
            mended = _mended(mended, table, _PATTERNS[encoding])
        if mended == text:
            break
        text = mended
    return text


def _class(table: dict[int, int], low: int, high: int) -> str:
    return "[" + "".join(re.escape(chr(point)) for point, byte in table.items() if low <= byte <= high) + "]"


def _compiled(encoding: str) -> "re.Pattern[str]":
    table = _TABLES[encoding]
    more = _class(table, 0x80, 0xBF)
    if encoding == "cp1252":
        return re.compile(
            "|".join(f"{_class(table, low, high)}{more}{{{n}}}" for low, high, n in reversed(_FORMS))
        )
    # Thai letters follow each other in healthy Thai text; what cannot is a sign from the quotation marks' row.
    odd = _class(table, 0x80, 0x9F)
    return re.compile(
        "|".join(f"{_class(table, low, high)}{odd}{more}{{{n - 1}}}" for low, high, n in reversed(_FORMS[1:]))
    )


_PATTERNS = {encoding: _compiled(encoding) for encoding in _TABLES}


def _mended(text: str, table: dict[int, int], pattern: "re.Pattern[str]") -> str:
    sequences = [_utf8(match[0], table) for match in pattern.finditer(text)]
    sure = sum(len(before) > 2 for before, _ in sequences)
    plausible = [pair for pair in sequences if _common(*pair)]
    if not plausible or (not sure and len(plausible) < 2):
        return text
    mended = pattern.sub(lambda match: _healthy(match[0], table), text)
    return _LOST.sub("”", mended) if sure else mended


def _utf8(seen: str, table: dict[int, int]) -> tuple[str, str]:
    raw = bytes(table[ord(character)] for character in seen)
    return seen, raw.decode("utf-8", "ignore")


def _healthy(seen: str, table: dict[int, int]) -> str:
    _, meant = _utf8(seen, table)
    return meant if _common(seen, meant) else seen


def _common(seen: str, meant: str) -> bool:
    """Whether people write that character (letters, signs, emoji), or it is a half-way house of mojibake twice over."""
    if len(meant) != 1:
        return False
    point = ord(meant)
    if 0x80 <= point < 0xA0:
        return 0x80 <= ord(seen[-1]) < 0xA0
    return (
        0xA0 <= point < 0x180
        or 0x370 <= point < 0x530
        or (point >= 0x590 and unicodedata.category(meant) not in ("Cn", "Co", "Cc"))
    )
