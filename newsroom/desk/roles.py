"""Who is who at the desk, and what each role may do. Roles are Django groups, made anew after every migration."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

EDITOR, CHIEF, OPERATOR = "Editors", "Chief editors", "Operators"
SALES, SALES_MANAGER, AD_OPS, FINANCE = "Sales", "Sales managers", "Ad operations", "Finance"

_SEE = ["issues.view_issue", "sponsors.view_insertion", "delivery.view_send"]
_WRITE = [*_SEE, "issues.add_issue", "issues.change_issue"]
_WRITERS = ["issues.view_contributor", "issues.add_contributor", "issues.change_contributor"]
_READERS = [f"audience.{verb}_subscription" for verb in ("view", "add", "change")]
_PARTIES = [
    f"sponsors.{verb}_{model}"
    for verb in ("view", "add", "change")
    for model in ("advertiser", "contact", "category", "exclusionlabel")
]
_INVENTORY = [
    f"sponsors.{verb}_{model}"
    for verb in ("view", "add", "change")
    for model in ("adformat", "placement", "ratecard", "ratecarditem", "package")
]
_TRAIL = [
    f"sponsors.view_{model}"
    for model in ("insertionorder", "creative", "creativeversion", "runrecord", "auditevent")
]
_BOOKS = [f"sponsors.view_{model}" for model in ("invoice", "payment", "creditnote")]

ROLES: dict[str, list[str]] = {
    EDITOR: _WRITE,
    CHIEF: [
        *_WRITE,
        *_WRITERS,
        *_READERS,
        "issues.approve_issue",
        "delivery.schedule_send",
        "issues.view_publication",
        "issues.change_publication",
        "sponsors.override_gate",
    ],
    SALES: [*_SEE, *_PARTIES, *_TRAIL, "sponsors.sell"],
    SALES_MANAGER: [
        *_SEE,
        *_PARTIES,
        *_TRAIL,
        *_INVENTORY,
        *_BOOKS,
        "sponsors.sell",
        "sponsors.approve_order",
        "sponsors.override_gate",
    ],
    AD_OPS: [*_SEE, *_PARTIES, *_TRAIL, "sponsors.traffic"],
    FINANCE: [*_SEE, *_TRAIL, *_BOOKS, "sponsors.view_advertiser", "sponsors.bill"],
    OPERATOR: [
        *_SEE,
        *_WRITERS,
        *_READERS,
        *_INVENTORY,
        "delivery.schedule_send",
        "delivery.change_ratelimit",
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
