"""Who must not stand beside whom: labels, exclusivity and repeats, asked before anything is held, booked, moved or changed."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from django.db.models import Q, prefetch_related_objects

from issues.models import Issue
from newsroom.lib.errors import Refused
from sponsors.models import (
    LIVE,
    Advertiser,
    Exclusivity,
    Hold,
    Insertion,
    InsertionStatus,
    LineItem,
    Scope,
)

__all__ = ["Clash", "Clashes", "against_exclusivity", "between", "clashes", "lock", "refuse_unless"]


@dataclass(frozen=True)
class Clash:
    """A rule that an insertion of the advertiser in that issue would break."""

    issue_id: int
    advertiser_id: int
    sentence: str


class Clashes(Refused):
    """Rules stand against it. Whoever may override them can, with a reason."""

    def __init__(self, found: Sequence[Clash]) -> None:
        self.found = list(found)
        super().__init__(" ".join(dict.fromkeys(clash.sentence for clash in found)))


@dataclass(frozen=True)
class _Occupant:
    """Somebody who stands, or has the first option to stand, in an issue."""

    advertiser: Advertiser
    holds: bool

    @property
    def words(self) -> str:
        return f"{self.advertiser} {'holds a slot in' if self.holds else 'is booked in'}"


def clashes(
    issues: Iterable[Issue],
    advertiser: Advertiser,
    *,
    now: datetime.datetime,
    adding: Mapping[int, int] | None = None,
    line: LineItem | None = None,
    leaving: Set[int] = frozenset(),
    taking: Set[int] = frozenset(),
) -> list[Clash]:
    """What stands against that advertiser in those issues.

    ``adding`` says how many insertions are to be added to each issue, by its key (1 if it is not there); ``line`` are the
    terms on which; ``leaving`` are insertions that will be gone, ``taking`` the slots that are wanted: whoever holds one of
    those will be gone, too. One advertiser never clashes with itself, but repeats only
    as often as the line allows.
    """
    if advertiser.house:
        return []
    of = {issue.pk: issue for issue in issues}
    occupants = _occupants(of, now=now, leaving=leaving, taking=taking)
    bought = _bought(of.values())
    found: list[Clash] = []
    for key, issue in of.items():
        others = [each for each in occupants.get(key, []) if each.advertiser != advertiser]
        own = sum(1 for each in occupants.get(key, []) if each.advertiser == advertiser and not each.holds)
        sentences = [
            *_labels(issue, advertiser, others),
            *_shut_out(issue, advertiser, bought),
            *_shutting_out(issue, others, line),
            *_repeats(issue, advertiser, own, (adding or {}).get(key, 1), line),
        ]
        found += [Clash(key, advertiser.pk, sentence) for sentence in dict.fromkeys(sentences)]
    return found


def refuse_unless(found: Sequence[Clash], *, overriding: str) -> None:
    """Raises ``Clashes``, unless somebody gave a reason to override them."""
    if found and not overriding.strip():
        raise Clashes(found)


def lock(exclusivity: Exclusivity) -> None:
    """Nobody books in the issues it covers until the transaction ends: else neither would see the other."""
    issues = Issue.objects.filter(publication=exclusivity.line.order.publication)
    if exclusivity.scope == Scope.ISSUE:
        issues = issues.filter(pk__in=exclusivity.line.insertions.booked().values("slot__issue"))
    else:
        issues = issues.filter(planned_for__range=(exclusivity.starts, exclusivity.ends))
    list(issues.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def against_exclusivity(exclusivity: Exclusivity) -> list[Insertion]:
    """Booked insertions of others that the exclusivity would shut out: it is sold only once they are settled."""
    own = exclusivity.line.order
    rows = Insertion.objects.booked().filter(slot__issue__publication=own.publication).whole()
    if exclusivity.scope == Scope.ISSUE:
        mine = exclusivity.line.insertions.booked().values("slot__issue")
        rows = rows.filter(slot__issue__in=mine)
    else:
        rows = rows.filter(slot__issue__planned_for__range=(exclusivity.starts, exclusivity.ends))
    rivals = set(exclusivity.rivals.values_list("pk", flat=True))
    return [
        each
        for each in rows
        if each.advertiser != own.advertiser and _is_shut_out(each.advertiser, exclusivity, rivals)
    ]


def between(issue: Issue, booked: Sequence[Insertion]) -> list[Clash]:
    """What clashes among those who are ``booked`` in the issue: labels and exclusivity may have changed since.

    Of two who clash it is the one who came later, whom the booking was asked about. Holds are nobody in the issue yet.
    """
    in_turn = sorted(booked, key=lambda each: (each.booked_at, each.pk))
    came = [each for each in dict.fromkeys(each.advertiser for each in in_turn) if not each.house]
    prefetch_related_objects(came, "labels")
    bought = _bought([issue])
    found: list[Clash] = []
    for place, advertiser in enumerate(came):
        earlier = [_Occupant(each, holds=False) for each in came[:place]]
        sentences = [*_labels(issue, advertiser, earlier), *_shut_out(issue, advertiser, bought)]
        found += [Clash(issue.pk, advertiser.pk, sentence) for sentence in dict.fromkeys(sentences)]
    return found


def _occupants(
    of: Mapping[int, Issue], *, now: datetime.datetime, leaving: Set[int], taking: Set[int]
) -> dict[int, list[_Occupant]]:
    found: dict[int, list[_Occupant]] = {}
    booked = Insertion.objects.filter(slot__issue__in=of, status=InsertionStatus.BOOKED).exclude(
        pk__in=leaving
    )
    for each in booked.select_related("line__order__advertiser", "slot").prefetch_related(
        "line__order__advertiser__labels"
    ):
        found.setdefault(each.slot.issue_id, []).append(_Occupant(each.advertiser, holds=False))
    seen = set(taking)
    holds = Hold.objects.standing(now).filter(slot__issue__in=of).select_related("advertiser", "slot")
    for hold in holds.prefetch_related("advertiser__labels"):
        if hold.slot_id not in seen:
            seen.add(hold.slot_id)
            found.setdefault(hold.slot.issue_id, []).append(_Occupant(hold.advertiser, holds=True))
    return found


def _bought(issues: Iterable[Issue]) -> list[tuple[Exclusivity, set[int], set[int]]]:
    """Each exclusivity that might cover one of the issues, with the issues where its line runs and its rivals."""
    days = [issue.planned_for for issue in issues]
    publications = {issue.publication_id for issue in issues}
    if not days:
        return []
    dated = Q(scope=Scope.DATES, starts__lte=max(days), ends__gte=min(days))
    running = Q(scope=Scope.ISSUE, line__insertions__slot__issue__in=[issue.pk for issue in issues])
    rows = (
        Exclusivity.objects.filter(dated | running, line__order__publication__in=publications)
        .exclude(line__order__status="cancelled")
        .select_related("line__order__advertiser")
        .prefetch_related("rivals")
        .distinct()
    )
    return [
        (
            each,
            set(each.line.insertions.filter(status__in=LIVE).values_list("slot__issue", flat=True)),
            {rival.pk for rival in each.rivals.all()},
        )
        for each in rows
    ]


def _covers(exclusivity: Exclusivity, running_in: Set[int], issue: Issue) -> bool:
    if exclusivity.scope == Scope.ISSUE:
        return issue.pk in running_in
    starts, ends = exclusivity.starts, exclusivity.ends  # the database says that both are there
    return bool(starts and ends and starts <= issue.planned_for <= ends)


def _is_shut_out(advertiser: Advertiser, exclusivity: Exclusivity, rivals: Set[int]) -> bool:
    same = exclusivity.category_id is not None and advertiser.category_id == exclusivity.category_id
    return same or advertiser.pk in rivals


def _labels(issue: Issue, advertiser: Advertiser, others: Sequence[_Occupant]) -> Iterator[str]:
    mine = {label.pk: label.name for label in advertiser.labels.all()}
    for other in others:
        shared = [mine[label.pk] for label in other.advertiser.labels.all() if label.pk in mine]
        if shared:
            yield f"{other.words} the issue of {_day(issue)}, and shares the label “{shared[0]}” with {advertiser}."


def _shut_out(
    issue: Issue,
    advertiser: Advertiser,
    bought: Sequence[tuple[Exclusivity, set[int], set[int]]],
) -> Iterator[str]:
    for exclusivity, running_in, rivals in bought:
        owner = exclusivity.line.order.advertiser
        if owner == advertiser or not _covers(exclusivity, running_in, issue):
            continue
        if _is_shut_out(advertiser, exclusivity, rivals):
            yield f"{owner} has bought that {advertiser} stays out of the issue of {_day(issue)}."


def _shutting_out(issue: Issue, others: Sequence[_Occupant], line: LineItem | None) -> Iterator[str]:
    """The line's own exclusivity against those who are there already."""
    if line is None or line.pk is None:
        return
    for exclusivity in line.exclusivities.all():
        if not _covers(exclusivity, {issue.pk}, issue):
            continue
        rivals = {rival.pk for rival in exclusivity.rivals.all()}
        for other in others:
            if _is_shut_out(other.advertiser, exclusivity, rivals):
                yield f"{other.words} the issue of {_day(issue)}, which this line wants without them."


def _repeats(
    issue: Issue, advertiser: Advertiser, own: int, adding: int, line: LineItem | None
) -> Iterator[str]:
    at_most = line.max_per_issue if line else 1
    if adding and own + adding > at_most:
        times = {1: "once", 2: "twice"}.get(at_most, f"{at_most} times")
        yield f"{advertiser} may stand at most {times} in the issue of {_day(issue)}; this would be {own + adding}."


def _day(issue: Issue) -> str:
    day = issue.planned_for
    return f"{day:%a} {day.day} {day:%b}"
