"""Reading the lead story: the first section that is nothing else."""

from issues.blocks.byline.reading import read_byline
from issues.importing import sections
from issues.importing.sections import Reader, Section, Taken


def read(section: Section) -> Taken | None:
    """The first section with words of its own, its byline taken from right below the heading."""
    if not section.first or not section.pieces:
        return None
    name, pieces, found = "", section.pieces, {}
    byline = read_byline(pieces[0]) if section.heading and len(pieces) > 1 else None
    if byline and not byline["links"] and not byline["email"]:
        name, found, pieces = byline["name"], {"byline": pieces[0].text}, pieces[1:]
    data = {"heading": section.heading, "body": sections.rich(pieces), "byline": name}
    return Taken(data, found, source=sections.source(pieces))


READER = Reader(order=900, read=read)
