"""Who is who at the desk, and what each role may do. Roles are Django groups, made anew after every migration."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

EDITOR, CHIEF, SALES, OPERATOR = "Editors", "Chief editors", "Sales", "Operators"

_SEE = ["issues.view_issue", "sponsors.view_booking", "delivery.view_send"]
_WRITE = [*_SEE, "issues.add_issue", "issues.change_issue"]
_BOOKS = [
    "sponsors.add_booking",
    "sponsors.change_booking",
    "sponsors.delete_booking",
    "sponsors.view_advertiser",
    "sponsors.view_creative",
]
_WRITERS = ["issues.view_contributor", "issues.add_contributor", "issues.change_contributor"]
_READERS = ["audience.view_subscription", "audience.add_subscription"]

ROLES: dict[str, list[str]] = {
    EDITOR: _WRITE,
    CHIEF: [
        *_WRITE,
        *_BOOKS,
        *_WRITERS,
        *_READERS,
        "issues.approve_issue",
        "delivery.schedule_send",
        "issues.view_publication",
        "issues.change_publication",
    ],
    SALES: [*_SEE, *_BOOKS],
    OPERATOR: [
        *_SEE,
        *_WRITERS,
        *_READERS,
        "delivery.schedule_send",
        "issues.view_publication",
        "issues.add_publication",
        "issues.change_publication",
    ],
}


def make_roles(**_: Any) -> None:
    """Make the groups and give each exactly the rights listed here."""
    for name, rights in ROLES.items():
        group, _made = Group.objects.get_or_create(name=name)
        group.permissions.set(_permissions(rights))


def _permissions(rights: list[str]) -> Any:
    wanted = Q()
    for app, _, codename in (right.partition(".") for right in rights):
        wanted |= Q(content_type__app_label=app, codename=codename)
    return Permission.objects.filter(wanted)
