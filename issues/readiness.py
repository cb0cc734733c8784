"""Pre-flight: what readers would notice, asked of every block kind and of the issue itself."""

from collections.abc import Sequence

from issues import saving
from issues.blocks import registry
from issues.blocks.base import Commitment, Problem, blocker, warning
from issues.models import Issue
from issues.rendering import Rendered
from issues.snapshot import by_kind, standing
from newsroom.lib.people import Visitor
from newsroom.lib.text import counted

SUBJECT_AT_MOST = 60
PREHEADER_AT_LEAST = 40
CLIPPED_AT = 102 * 1024
"""Gmail shows no more of a message than this."""


def problems(issue: Issue) -> list[Problem]:
    """Blockers first, then warnings."""
    placed = standing(issue)
    found = _of_issue(issue) + ([] if placed else [blocker("The issue has no blocks.")]) + _unread(issue)
    for kind, blocks in by_kind(placed).items():
        found += registry.kind(kind).problems(issue, blocks)
    return sorted(found, key=lambda problem: problem.severity)


def blockers(issue: Issue) -> list[Problem]:
    """What keeps the issue from being approved."""
    return [problem for problem in problems(issue) if problem.severity == "blocker"]


def seen_by(user: Visitor, found: Sequence[Problem]) -> list[Problem]:
    """Of these problems those that the person may see."""
    return [each for each in found if not each.seen_by or any(user.has_perm(right) for right in each.seen_by)]


def commitments(issue: Issue) -> list[Commitment]:
    """Everything that was sold with the issue, with what keeps it from going out as sold."""
    return [
        each
        for kind, blocks in by_kind(standing(issue)).items()
        for each in registry.kind(kind).commitments(issue, blocks)
    ]


def size_problems(rendered: Rendered) -> list[Problem]:
    """Whether mail programs would cut the issue off."""
    size = len(rendered.html.encode())
    if size > CLIPPED_AT:
        return [
            blocker(
                f"The mail has {size // 1024} KB; Gmail cuts off after {CLIPPED_AT // 1024} KB, unsubscribe link included."
            )
        ]
    if size > CLIPPED_AT * 5 // 6:
        return [warning(f"The mail has {size // 1024} of the {CLIPPED_AT // 1024} KB that Gmail shows.")]
    return []


def _unread(issue: Issue) -> list[Problem]:
    """What editors typed that could not be read: it would be missing from the issue."""
    return [
        Problem("blocker", f"{registry.kind(row.kind).label}: {sentence}", row.uid)
        for row in issue.blocks.standing().exclude(unread={})
        for sentence in dict.fromkeys(saving.form_of(row).mistakes.values())
    ]


def _of_issue(issue: Issue) -> list[Problem]:
    found = []
    if not issue.title:
        found.append(blocker("The issue has no title."))
    if len(issue.subject_line) > SUBJECT_AT_MOST:
        found.append(
            warning(
                f"The subject has {counted(len(issue.subject_line), 'character')}; many phones show {SUBJECT_AT_MOST}."
            )
        )
    if issue.preheader and len(issue.preheader) < PREHEADER_AT_LEAST:
        found.append(warning("The preheader is short; inboxes fill up with whatever comes next."))
    if issue.preheader and issue.preheader == issue.subject_line:
        found.append(warning("The preheader repeats the subject."))
    return found
