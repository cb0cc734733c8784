"""What became of issues, in numbers for the editor: delivered, bounced, followed, left; by block, by section, by link.

Each number takes one query for all issues asked about. What is delivered is known by the counters of chunks: no delivery is
counted row by row.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Case, Count, Q, Sum, Value, When

from issues import clicked
from issues.blocks import registry
from issues.blocks.base import UnknownKind
from issues.clicked import Clicked
from issues.clicks import RULES
from issues.models import Edition, Issue, Opening, Publication
from newsroom.delivery.models import Chunk, Return, ReturnKind
from newsroom.delivery.reporting import leavers
from newsroom.lib.text import percent

__all__ = [
    "NOTES",
    "OPENS_NOTE",
    "Block",
    "Detail",
    "Link",
    "Measure",
    "Numbers",
    "Section",
    "detail",
    "latest",
    "measures",
    "numbers",
    "sections_over_time",
    "usual",
]

LOOKED_BACK = 12
"""Issues that make the usual."""
TOP = 10

NOTES = {
    "Delivered": "Mails that the mail server of the reader took. What bounced afterwards is counted among them, and apart.",
    "Bounced": "Readers whose mail came back afterwards, for good or for now. What was refused at once is no delivery.",
    "Clicks": "A click does not count as a person’s if it " + "; or ".join(RULES.values()) + ".",
    "People": "Different readers who clicked at least once. A reader who passes an issue on counts as one, whoever clicks in it.",
    "Unsubscribed": leavers.RULE,
    "Complaints": "Reports as spam that a mailbox provider passed on to us. Not every provider does.",
}
"""What is counted, and by which rule, in sentences for people."""


OPENS_NOTE = (
    "Opened includes machine opens: many mail programs fetch the pixel although nobody reads, and others never fetch it. "
    "Compare issues with each other, not with the number of readers."
)
"""What is said wherever opens are shown."""


@dataclass(frozen=True)
class Numbers:
    """One issue. ``opened`` is None where opens are not tracked."""

    issue: Issue
    delivered: int = 0
    refused: int = 0
    bounced: int = 0
    counts: Clicked = field(default_factory=Clicked)
    left: int = 0
    complaints: int = 0
    opened: int | None = None

    @property
    def people(self) -> int:
        return self.counts.people

    @property
    def clicks(self) -> int:
        return self.counts.human

    @property
    def machines(self) -> int:
        return self.counts.machines

    def rate(self, name: str) -> float | None:
        """One of the numbers per delivered mail."""
        count = getattr(self, name)
        return count / self.delivered if self.delivered and count is not None else None


@dataclass(frozen=True)
class Measure:
    """One number of an issue beside the publication's usual; ``rate`` and ``usual`` are per delivered mail."""

    name: str
    label: str
    count: int
    rate: float | None = None
    usual: float | None = None

    @property
    def context(self) -> str:
        """“4.2 % of delivered, usually 3.9 %”."""
        if self.rate is None:
            return ""
        if not self.rate and self.usual == 0:
            return "none, as usual"
        words = f"{percent(self.rate)} of delivered"
        return words if self.usual is None else f"{words}, usually {percent(self.usual)}"


@dataclass(frozen=True)
class Link:
    """An address in an issue, and who followed it."""

    url: str
    counts: Clicked

    @property
    def name(self) -> str:
        """The address as people say it, without marks for the statistics of whom it leads to."""
        found = urlsplit(self.url)
        query = "&".join(each for each in found.query.split("&") if each and not each.startswith("utm_"))
        name = f"{found.netloc.removeprefix('www.')}{found.path.rstrip('/')}" + (f"?{query}" if query else "")
        return name or self.url


@dataclass(frozen=True)
class Block:
    """One block that readers saw, with its links. ``place`` counts from 1; None for what only an earlier copy had, and for what
    stands around the blocks."""

    place: int | None
    section: str
    gist: str
    links: tuple[Link, ...]
    counts: Clicked


@dataclass(frozen=True)
class Section:
    """All blocks of one kind: people who clicked in any of them. ``rate`` is per mail delivered of issues that had it."""

    label: str
    blocks: int
    counts: Clicked
    rate: float | None

    @property
    def per_thousand(self) -> float:
        return round(1000 * (self.rate or 0), 1)


@dataclass(frozen=True)
class Detail:
    """Where in an issue readers clicked."""

    blocks: list[Block]
    sections: list[Section]
    top: list[tuple[Link, Block]]
    verdicts: list[tuple[str, int]]
    """What machines did, by rule, and how often."""


def latest(publication: Publication, count: int, *, but: Issue | None = None) -> list[Issue]:
    """The issues that went out last, latest first."""
    issues = publication.issues.published().select_related("publication")
    return list((issues.exclude(pk=but.pk) if but else issues)[:count])


def numbers(issues: Collection[Issue]) -> list[Numbers]:
    """The numbers of each issue, in the order given; as many queries for fifty as for one."""
    if not issues:
        return []
    handed, followed, opened = _handed_over(issues), clicked.by_issue(issues), _opened(issues)
    bounced, complaints = _returned(issues)
    gone = leavers.left(issues)
    return [
        Numbers(
            issue=each,
            delivered=each.delivered if each.delivered is not None else handed[each.pk]["sent"],
            refused=handed[each.pk]["failed"],
            bounced=bounced[each.pk],
            left=gone[each.pk],
            complaints=complaints[each.pk],
            opened=opened.get(each.pk, 0 if each.publication.track_opens else None),
            counts=followed.get(each.pk, Clicked()),
        )
        for each in issues
    ]


def usual(others: Sequence[Numbers], name: str) -> float | None:
    """The median of a rate over issues that were delivered; None while there are none."""
    rates = [rate for each in others if (rate := each.rate(name)) is not None]
    return median(rates) if rates else None


def measures(of: Numbers, others: Sequence[Numbers]) -> list[Measure]:
    """What stands at the head of an issue's figures."""
    shown = [
        ("people", "People who clicked"),
        ("clicks", "Clicks of people"),
        ("bounced", "Bounced"),
        ("left", "Unsubscribed"),
        ("complaints", "Complaints"),
    ]
    rows = [Measure("delivered", "Delivered", of.delivered)]
    rows += [
        Measure(name, label, getattr(of, name), of.rate(name), usual(others, name)) for name, label in shown
    ]
    if of.opened is not None:
        rows.append(
            Measure(
                "opened",
                "Opened, includes machine opens",
                of.opened,
                of.rate("opened"),
                usual(others, "opened"),
            )
        )
    return rows


def detail(of: Numbers) -> Detail:
    """Where in an issue readers clicked: five queries."""
    issue = of.issue
    pieces = _pieces(issue)
    blocks = _blocks(issue, pieces)
    links = [(link, block) for block in blocks for link in block.links if link.counts.human]
    return Detail(
        blocks=blocks,
        sections=_sections([of], {issue.pk: pieces}),
        top=sorted(links, key=_most_people)[:TOP],
        verdicts=[(RULES.get(rule, rule), count) for rule, count in clicked.by_rule(issue).items()],
    )


def sections_over_time(rows: Sequence[Numbers]) -> list[Section]:
    """Each section over several issues, those with most people per delivered mail first: two queries."""
    editions = Edition.objects.filter(pk__in=[each.issue.edition_id for each in rows])
    pieces = {
        issue: {piece["uid"]: piece for piece in found}
        for issue, found in editions.order_by().values_list("issue_id", "pieces")
    }
    return _sections(rows, pieces)


def _most_people(one: tuple[Link, Block]) -> tuple[int, int, str]:
    link, _ = one
    return -link.counts.people, -link.counts.human, link.url


_Piece = Mapping[str, Any]
_Pieces = Mapping[str, _Piece]


def _handed_over(issues: Collection[Issue]) -> defaultdict[int, Counter[str]]:
    rows = (
        Chunk.objects.filter(send__issue__in=issues)
        .order_by()
        .values("send__issue")
        .annotate(sent=Sum("sent"), failed=Sum("failed"))
    )
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in rows:
        found[row["send__issue"]] += Counter(sent=row["sent"], failed=row["failed"])
    return found


def _opened(issues: Collection[Issue]) -> dict[int, int]:
    rows = Opening.objects.filter(issue__in=issues).order_by().values_list("issue")
    return dict(rows.annotate(Count("reader", distinct=True)))


def _returned(issues: Collection[Issue]) -> tuple[Counter[int], Counter[int]]:
    """Readers whose mail bounced, and who complained, by issue. Of a reader who was erased each report is one of its own."""
    bounced, complaints = Counter[int](), Counter[int]()
    rows = Return.objects.filter(send__issue__in=issues).order_by()
    complained = Case(When(kind=ReturnKind.COMPLAINT, then=Value(True)), default=Value(False))
    for row in rows.values("send__issue", complained=complained).annotate(
        readers=Count("subscription", distinct=True), erased=Count("pk", filter=Q(subscription__isnull=True))
    ):
        counts = complaints if row["complained"] else bounced
        counts[row["send__issue"]] += row["readers"] + row["erased"]
    return bounced, complaints


def _pieces(issue: Issue) -> dict[str, _Piece]:
    """The blocks of every copy by uid, the present one's first; each with its place in that."""
    editions = Edition.objects.filter(issue=issue).order_by("-number").values_list("pk", "pieces")
    found: dict[str, _Piece] = {}
    for edition, pieces in sorted(editions, key=lambda each: each[0] != issue.edition_id):
        for place, piece in enumerate(pieces, start=1):
            found.setdefault(piece["uid"], {**piece, "place": place if edition == issue.edition_id else None})
    return found


def _blocks(issue: Issue, pieces: _Pieces) -> list[Block]:
    """Every block of the present copy, and those of an earlier one that somebody clicked in; last what stands around them."""
    counts = clicked.by_block(issue)
    followed: dict[str, dict[str, Link]] = defaultdict(dict)
    for (uid, url), link in clicked.by_link(issue).items():
        followed[uid if uid in pieces else ""][url] = Link(url, link)
    blocks = [
        _block(piece, followed[uid], counts.get(uid, Clicked()))
        for uid, piece in pieces.items()
        if piece["place"] or uid in followed
    ]
    around = {"place": None, "kind": "", "gist": "Around the blocks"}
    return [*blocks, _block(around, followed[""], counts.get("", Clicked()))] if followed[""] else blocks


def _block(piece: _Piece, followed: Mapping[str, Link], counts: Clicked) -> Block:
    addresses = dict.fromkeys([*piece.get("links", ()), *followed])
    links = tuple(followed.get(url, Link(url, Clicked())) for url in addresses)
    return Block(piece["place"], section(piece["kind"]), piece["gist"], links, counts)


def section(kind: str) -> str:
    """What a kind of block is called, also one that this house does not know any more."""
    try:
        return registry.kind(kind).label
    except UnknownKind:
        return kind.replace("_", " ").capitalize() or "Head and foot"


def _sections(rows: Sequence[Numbers], pieces: Mapping[int, _Pieces]) -> list[Section]:
    """By kind, over one issue or several."""
    uids: dict[str, list[str]] = defaultdict(list)
    delivered: Counter[str] = Counter()
    for each in rows:
        found = pieces.get(each.issue.pk, {})
        for uid, piece in found.items():
            uids[piece["kind"]].append(uid)
        for kind in {piece["kind"] for piece in found.values()}:
            delivered[kind] += each.delivered
    counts = clicked.by_section([each.issue for each in rows], uids)
    sections = [
        Section(
            section(kind), len(uids[kind]), found, found.people / delivered[kind] if delivered[kind] else None
        )
        for kind, found in counts.items()
        if found.human
    ]
    return sorted(sections, key=lambda each: (-(each.rate or 0), -each.counts.people, each.label))
