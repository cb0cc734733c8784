"""The answer to a browser that asks for a file to keep."""

from collections.abc import Iterable

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
ICAL = "text/calendar; charset=utf-8"

_SEPARATORS = dict.fromkeys(map(ord, '/\\:*?"<>|'), "-")
_LONGEST = 120


def attachment(data: bytes, filename: str, content_type: str) -> HttpResponse:
    """The file as an answer that browsers keep under a name any system takes."""
    answer = HttpResponse(data, content_type=content_type)
    answer["Content-Disposition"] = content_disposition_header(True, file_name(filename)) or "attachment"
    return answer


def streamed(pieces: Iterable[bytes], filename: str, content_type: str) -> StreamingHttpResponse:
    """The same, written while it is made."""
    answer = StreamingHttpResponse(pieces, content_type=content_type)
    answer["Content-Disposition"] = content_disposition_header(True, file_name(filename)) or "attachment"
    return answer


def file_name(wanted: str) -> str:
    """The name without folders, control characters and leading dots, and short enough for every disk."""
    clean = "".join(letter for letter in wanted.translate(_SEPARATORS) if letter.isprintable())
    stem, dot, ending = clean.strip(". ").rpartition(".")
    if not dot or len(ending) > 10:
        stem, dot, ending = clean.strip(". "), "", ""
    return f"{stem[:_LONGEST].strip()}{dot}{ending}" or "paper"
