"""Quoted-printable (RFC 2045) of which nothing has to be touched on its way."""

import binascii
import re

__all__ = ["COLUMNS", "SOFT_BREAK", "quoted"]

SOFT_BREAK = b"=\r\n"
COLUMNS = 76
"""Letters in a line at most."""
_BLANKS = re.compile(rb"[ \t]{2,}|[ \t]$")


def quoted(words: str) -> bytes:
    """Quoted-printable in CRLF lines of at most 76 columns. The same bytes are the relaxed canonical form: no blank before a line
    end, no two in a row; and no line begins with a dot, or with “From ”, which some relays change."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join(_quoted_line(line.encode()) for line in lines)


def _quoted_line(line: bytes) -> bytes:
    if not line:
        return line
    encoded = _BLANKS.sub(_all_but_first, binascii.b2a_qp(line, istext=True).replace(b"=\n", b""))
    folded: list[bytes] = []
    while True:
        encoded = _safe_start(encoded)
        if len(encoded) <= COLUMNS:
            return SOFT_BREAK.join([*folded, encoded])
        end = COLUMNS - 1
        end -= 1 if encoded[end - 1 : end] == b"=" else 2 if encoded[end - 2 : end - 1] == b"=" else 0
        folded.append(encoded[:end])
        encoded = encoded[end:]


def _all_but_first(blanks: re.Match[bytes]) -> bytes:
    """The first blank of a run stays, unless the line ends here: relaxed form would drop it, and so would a relay."""
    found = blanks[0]
    kept = found[:1] if len(found) > 1 else b""
    return kept + b"".join(b"=%02X" % each for each in found[len(kept) :])


def _safe_start(line: bytes) -> bytes:
    if line.startswith(b"."):
        return b"=2E" + line[1:]
    return b"=46" + line[1:] if line.startswith(b"From ") else line
