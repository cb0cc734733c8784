"""Reading a list that stands alone under a heading and is no round-up of links."""

from issues.importing.sections import Reader, Section, Taken
from issues.richtext import model


def read(section: Section) -> Taken | None:
    """A headed section of nothing but list items."""
    if not section.heading or not section.pieces or section.first:
        return None
    if any(piece.kind != "list" for piece in section.pieces):
        return None
    items: list[str] = []
    for entry in (entry for piece in section.pieces for entry in piece.entries):
        if entry.depth > 1 and items:
            items[-1] += "<br>" + entry.html
        else:
            items.append(model.inline_html(entry.runs))
    return Taken({"heading": section.heading, "items": items})


READER = Reader(order=80, read=read)
