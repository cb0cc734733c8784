"""Reading a story: whatever no other kind knows."""

from issues.importing import sections
from issues.importing.sections import Reader, Section, Taken


def read(section: Section) -> Taken:
    """Any section; quoted passages count as items."""
    quoted = sum(piece.kind == "quote" for piece in section.pieces)
    data = {"heading": section.heading, "body": sections.rich(section.pieces)}
    return Taken(data, {"quoted": quoted} if quoted else {})


READER = Reader(order=1000, read=read)
