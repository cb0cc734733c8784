"""Creatives from submitted to approved: the only writer of versions, proofs and rulings on late ones."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from issues import composing, richtext
from issues.models import Issue
from newsroom.lib.errors import Conflict, NotNow, Refused
from newsroom.lib.people import Person, called
from newsroom.lib.states import move
from sponsors import checks, deadlines, showing, trail
from sponsors.models import (
    Advertiser,
    Creative,
    CreativeVersion,
    Decision,
    Fault,
    Insertion,
    InsertionStatus,
    Proof,
    Remark,
    VersionStatus,
)
from sponsors.models.creatives import VERSION_MOVES

__all__ = [
    "approved",
    "decide",
    "hand_over",
    "lateness",
    "remark",
    "review",
    "reviewed",
    "rule_late",
    "submit",
    "take_from_draft",
    "use",
    "withdraw_ruling",
]

WORDS = ("headline", "body", "cta", "url", "image", "alt", "valid_from", "valid_until")


@transaction.atomic
def submit(
    insertion: Insertion, words: Mapping[str, Any], *, who: str, by: Person, now: datetime.datetime
) -> CreativeVersion:
    """A new version of the insertion's creative, for this insertion and its twins on the same line in the same issue.

    ``words`` are fields of ``CreativeVersion`` that passed the format's checks. Words that are the same as before make no new
    version. Raises ``NotNow`` once the issue is approved or has gone out.
    """
    _only_open(insertion)
    words = {**words, "body": richtext.clean(str(words.get("body", "")))}
    before = insertion.version
    if before and all(getattr(before, name) == words.get(name, getattr(before, name)) for name in WORDS):
        return before
    creative = before.creative if before else _creative(insertion)
    version = _next(creative, words, who=who, now=now)
    for each in _together(insertion):
        _give(each, version, now=now)
        trail.note(
            "creative submitted", by=by, now=now, who=who, words=f"Version {version.number}.", insertion=each
        )
    return version


@transaction.atomic
def use(
    insertions: Sequence[Insertion], version: CreativeVersion, *, by: Person, now: datetime.datetime
) -> None:
    """Run a version that is there already, such as last month’s, in these insertions too."""
    for each in sorted(insertions, key=lambda each: (each.slot.issue_id, each.pk)):
        if version.creative.advertiser_id != each.line.order.advertiser_id:
            raise Refused("This creative is another advertiser’s.")
        _only_open(each)
        _give(each, version, now=now)
        trail.note("creative chosen", by=by, now=now, words=str(version), insertion=each)


@transaction.atomic
def review(
    version: CreativeVersion, decision: str, *, by: Person, now: datetime.datetime, note: str = ""
) -> None:
    """Our own review, before the sponsor's approval: passed, changes requested, or rejected.

    A refusal says why. Raises ``NotNow`` while the version stands in an issue that is approved.
    """
    if decision != VersionStatus.REVIEWED and not note.strip():
        raise Refused("Say what should change.")
    for issue in _issues(version.insertions.booked().whole()):
        composing.touch(issue, now=now)
    move(
        version,
        decision,
        moves=VERSION_MOVES,
        reviewed_at=now,
        reviewed_by=by,
        review_note=note.strip()[:400],
    )
    for each in version.insertions.booked().whole():
        words = f"Version {version.number}: {version.get_status_display()}. {note}".strip()
        trail.note("creative reviewed", by=by, now=now, words=words, insertion=each)


@transaction.atomic
def decide(
    insertion: Insertion,
    rendering: str,
    decision: str,
    *,
    who: str,
    by: Person,
    now: datetime.datetime,
    words: str = "",
) -> Proof:
    """The sponsor approves the very rendering that they saw, or asks for changes.

    Raises ``Conflict`` if the message has changed since, ``NotNow`` before our review has passed or once it is in an approved
    issue.
    """
    if decision not in Decision.values:
        raise Refused("Approve it, or ask for changes.")
    insertion = Insertion.objects.whole().get(pk=insertion.pk)
    _only_open(insertion)
    version = insertion.version
    if version is None:
        raise NotNow("There is nothing to approve yet: no words were submitted.")
    if version.status != VersionStatus.REVIEWED:
        raise NotNow("Our review comes first; you are told when it has passed.")
    if rendering != showing.seal(insertion, version):
        raise Conflict("The message has changed since you opened this page. Look at it again, then decide.")
    if decision == Decision.CHANGES_REQUESTED and not words.strip():
        raise Refused("Say what should change.")
    _touch(insertion, now=now)
    proof = Proof.objects.create(
        insertion=insertion, version=version, rendering=rendering, decision=decision,
        who=who[:120], by=by, at=now, words=words.strip()[:1000],
    )  # fmt: skip
    trail.note(
        f"proof {proof.get_decision_display().lower()}",
        by=by,
        now=now,
        who=who,
        words=words,
        insertion=insertion,
    )
    return proof


def approved(insertion: Insertion) -> Proof | None:
    """The sponsor's approval of the message just as it would run now; None if there is none, or it was for another rendering."""
    if insertion.version is None:
        return None
    latest = next(iter(insertion.proofs.all()), None)
    if latest is None or latest.decision != Decision.APPROVED or latest.version_id != insertion.version_id:
        return None
    return latest if latest.rendering == showing.seal(insertion, insertion.version) else None


@transaction.atomic
def remark(insertion: Insertion, words: str, *, who: str, by: Person, now: datetime.datetime) -> Remark:
    """Something said about an insertion, by the sponsor or by us."""
    if not words.strip():
        raise Refused("Write something first.")
    if len(words) > 2000:
        raise Refused(f"At most 2,000 characters; these are {len(words):,}.")
    return Remark.objects.create(insertion=insertion, who=who[:120], by=by, at=now, words=words.strip())


@transaction.atomic
def rule_late(insertion: Insertion, *, by: Person, now: datetime.datetime) -> CreativeVersion | None:
    """The creative is late through the advertiser's fault: the last message of theirs that may run stands in, else a house
    promotion. It stays billable, and nothing is owed. Returns the stand-in.

    Raises ``NotNow`` before it is due, if it is there, or if what is missing is our own review.
    """
    _only_open(insertion)
    _only_late(insertion, now=now)
    _touch(insertion, now=now)
    insertion.stand_in, insertion.late_since, insertion.fault = _stand_in(insertion), now, Fault.ADVERTISER
    insertion.save(update_fields=["stand_in", "late_since", "fault"])
    instead = (
        f"{insertion.stand_in} stands in." if insertion.stand_in else "A house promotion runs, or nothing."
    )
    trail.note("ruled late", by=by, now=now, words=f"The advertiser’s fault. {instead}", insertion=insertion)
    return insertion.stand_in


def lateness(insertion: Insertion, *, now: datetime.datetime) -> str:
    """What the advertiser did not do in time, as a sentence; empty if the message is here, or what is missing is ours.

    It is read from the deadlines, whether anybody ruled or not. Who bought after the deadline had none to keep.
    """
    due, version = deadlines.due(insertion.slot.issue, insertion.slot.placement), insertion.version
    if now < due.creative_due or insertion.booked_at > due.creative_due or approved(insertion):
        return ""
    if version is None:
        return f"No message had come by {_clock(due.creative_due)}."
    if _kept_waiting(version, due):
        return ""
    if version.submitted_at > due.creative_due:
        came = _clock(version.submitted_at.astimezone(due.creative_due.tzinfo))
        return f"The message came on {came}; it was due on {_clock(due.creative_due)}."
    if version.status != VersionStatus.REVIEWED:
        return f"What had come by {_clock(due.creative_due)} could not run: {version.review_note}"
    if now < due.proof_due:
        return ""
    return f"They had not approved their message by {_clock(due.proof_due)}."


@transaction.atomic
def withdraw_ruling(insertion: Insertion, *, by: Person, now: datetime.datetime) -> None:
    """The creative came after all, and there is time: nothing stands in any more."""
    _only_open(insertion)
    if insertion.late_since is None:
        raise NotNow("Nothing stands in for it.")
    _touch(insertion, now=now)
    _clear_ruling(insertion)
    trail.note("ruling withdrawn", by=by, now=now, insertion=insertion)


@transaction.atomic
def take_from_draft(insertion: Insertion, words: Mapping[str, Any], *, now: datetime.datetime) -> None:
    """Words that an editor placed by hand in a draft: they were agreed elsewhere, and count as approved."""
    version = _same(insertion.advertiser, words)
    if version is None:
        version = _next(_creative(insertion), words, who="The draft", now=now)
        move(version, VersionStatus.REVIEWED, moves=VERSION_MOVES, reviewed_at=now)
    insertion.version = version
    insertion.save(update_fields=["version"])
    insertion = Insertion.objects.whole().get(pk=insertion.pk)
    Proof.objects.create(
        insertion=insertion, version=version, rendering=showing.seal(insertion),
        decision=Decision.APPROVED, who="The draft", at=now,
    )  # fmt: skip


def hand_over(insertion: Insertion, advertiser: Advertiser, *, by: Person, now: datetime.datetime) -> None:
    """The words become another advertiser's; who approved the old label has not seen the new one, but wrote it down."""
    version = insertion.version
    if version is None:
        return
    words = {name: getattr(version, name) for name in WORDS}
    insertion = Insertion.objects.whole().get(pk=insertion.pk)
    insertion.version = _same(advertiser, words)
    if insertion.version is None:
        insertion.version = _next(
            Creative.objects.create(advertiser=advertiser), words, who=called(by), now=now
        )
        move(insertion.version, VersionStatus.REVIEWED, moves=VERSION_MOVES, reviewed_at=now, reviewed_by=by)
    insertion.save(update_fields=["version"])
    Proof.objects.create(
        insertion=insertion, version=insertion.version, rendering=showing.seal(insertion),
        decision=Decision.APPROVED, who=called(by), by=by, at=now,
    )  # fmt: skip


def reviewed(
    creative: Creative, words: Mapping[str, Any], *, who: str, by: Person, now: datetime.datetime
) -> CreativeVersion:
    """A version that passes our review as it is made, because it is our own."""
    version = _next(creative, words, who=who, now=now)
    move(version, VersionStatus.REVIEWED, moves=VERSION_MOVES, reviewed_at=now, reviewed_by=by)
    return version


def _only_open(insertion: Insertion) -> None:
    """Judged by the row as it is now: what we have in hand may be from before somebody moved or cancelled it."""
    insertion.refresh_from_db(fields=["status", "version", "late_since"])
    if insertion.status != InsertionStatus.BOOKED:
        raise NotNow("This insertion is closed; its message is what it is.")
    composing.only_while_editable(insertion.slot.issue)


def _only_late(insertion: Insertion, *, now: datetime.datetime) -> None:
    """Nothing is late before it is due, nor while we or the sponsor still have time with what came in time."""
    due = deadlines.due(insertion.slot.issue, insertion.slot.placement)
    version = insertion.version
    if insertion.late_since:
        raise NotNow("It was ruled late already.")
    if now < due.creative_due:
        raise NotNow(f"The creative is due on {due.creative_due:%a %-d %b, %H:%M}; it is not late yet.")
    if approved(insertion):
        raise NotNow("The creative is here and approved; nothing has to stand in.")
    if version is not None and _kept_waiting(version, due):
        raise NotNow("They delivered in time: what is missing, or came late, is our own review.")
    if version is None or version.submitted_at > due.creative_due:
        return
    if version.status == VersionStatus.REVIEWED and now < due.proof_due:
        raise NotNow(
            f"They delivered in time, and have until {due.proof_due:%a %-d %b, %H:%M} to approve it."
        )


def _kept_waiting(version: CreativeVersion, due: deadlines.Deadlines) -> bool:
    """They delivered in time, and we had not answered when they should have approved: the delay is ours.

    An answer is our review, or a newer version of their own before it.
    """
    versions = list(version.creative.versions.order_by("number"))
    in_time = [each for each in versions if each.submitted_at <= due.creative_due]
    if not in_time:
        return False
    newer = versions[len(in_time) :]
    answered = in_time[-1].reviewed_at or (newer[0].submitted_at if newer else None)
    return answered is None or answered > due.proof_due


def _clock(moment: datetime.datetime) -> str:
    return f"{moment:%a %-d %b, %H:%M}"


def _touch(insertion: Insertion, *, now: datetime.datetime) -> None:
    """What a sponsor says in an issue is a change of the issue, and loses the race with its approval."""
    composing.touch(insertion.slot.issue, now=now)


def _issues(insertions: Iterable[Insertion]) -> list[Issue]:
    """Their issues, each once, in the order in which everybody locks them."""
    found = {each.slot.issue_id: each.slot.issue for each in insertions}
    return [found[key] for key in sorted(found)]


def _creative(insertion: Insertion) -> Creative:
    name = insertion.line.order.number
    return Creative.objects.create(advertiser=insertion.advertiser, name=name)


def _next(
    creative: Creative, words: Mapping[str, Any], *, who: str, now: datetime.datetime
) -> CreativeVersion:
    last = creative.versions.aggregate(last=Max("number"))["last"] or 0
    given = {name: words[name] for name in WORDS if name in words}
    given["body"] = richtext.clean(str(given.get("body", "")))
    try:
        with transaction.atomic():
            return CreativeVersion.objects.create(
                creative=creative, number=last + 1, submitted_at=now, submitted_by=who[:120], **given
            )
    except IntegrityError:
        raise Conflict("Somebody else submitted a version a moment ago. Look again.") from None


def _together(insertion: Insertion) -> list[Insertion]:
    """The insertion and its twins: booked on the same line in the same issue."""
    twins = insertion.line.insertions.booked().filter(slot__issue=insertion.slot.issue_id).whole()
    return list(twins.order_by("pk"))


def _give(insertion: Insertion, version: CreativeVersion, *, now: datetime.datetime) -> None:
    _touch(insertion, now=now)
    insertion.version = version
    insertion.save(update_fields=["version"])
    if insertion.late_since:
        _clear_ruling(insertion)


def _clear_ruling(insertion: Insertion) -> None:
    insertion.stand_in, insertion.late_since, insertion.fault = None, None, Fault.NONE
    insertion.save(update_fields=["stand_in", "late_since", "fault"])


def _stand_in(insertion: Insertion) -> CreativeVersion | None:
    """The advertiser's newest version that ran approved before, fits the format, and may run on the day."""
    day, form = insertion.slot.issue.planned_for, insertion.slot.placement.format
    candidates = CreativeVersion.objects.filter(
        creative__advertiser=insertion.advertiser,
        status=VersionStatus.REVIEWED,
        proofs__decision=Decision.APPROVED,
    )
    candidates = candidates.exclude(proofs__decision=Decision.CHANGES_REQUESTED).distinct()
    return next(
        (
            each
            for each in candidates.order_by("-submitted_at", "-pk")[:20]
            if not checks.lapses(each, day) and not checks.version_findings(form, each)
        ),
        None,
    )


def _same(advertiser: Advertiser, words: Mapping[str, Any]) -> CreativeVersion | None:
    """A reviewed version of the advertiser with just these words."""
    given = {name: words[name] for name in WORDS if name in words}
    given["body"] = richtext.clean(str(given.get("body", "")))
    return CreativeVersion.objects.filter(
        creative__advertiser=advertiser, status=VersionStatus.REVIEWED, **given
    ).first()
