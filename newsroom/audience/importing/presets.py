"""What the columns of an export mean: those of other newsletter programs, known by their heads, and common names.

docs/importing.md says where the heads are from. A preset only proposes; a person decides on each column.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from newsroom.audience.models import Status

__all__ = [
    "NOT_CONFIRMED",
    "ONLY_ONE",
    "OTHER",
    "PRESETS",
    "Column",
    "Preset",
    "Role",
    "propose",
    "recognised",
    "words_of",
]

NOT_CONFIRMED = Status.PENDING


class Role:
    """What a column becomes."""

    EMAIL, NAME, FIRST, LAST = "email", "name", "first", "last"
    STATUS, JOINED, ATTRIBUTE, ATTRIBUTES, NOTHING = "status", "joined", "attribute", "attributes", ""


ONLY_ONE = {
    Role.EMAIL: "email address",
    Role.NAME: "name",
    Role.FIRST: "first name",
    Role.LAST: "last name",
    Role.STATUS: "status",
    Role.JOINED: "date when they joined",
}
"""Roles that one column has at most, as people call them."""


@dataclass(frozen=True)
class Column:
    """One column's role; ``name`` is that of the attribute."""

    role: str = Role.NOTHING
    name: str = ""


@dataclass(frozen=True)
class Preset:
    """A program's export. ``marks`` are heads of which all must be there, in small letters. ``words`` say what its words for a
    status mean, beyond the usual ones; ``everybody`` is the status of all where no column has one."""

    name: str
    marks: frozenset[str]
    columns: Mapping[str, Column]
    words: Mapping[str, str] = field(default_factory=dict)
    everybody: str = Status.ACTIVE


def _keep(*names: str) -> dict[str, Column]:
    return {name: Column(Role.ATTRIBUTE, name.replace("_", " ")) for name in names}


_MAILCHIMP = {
    "email address": Column(Role.EMAIL),
    "email": Column(Role.EMAIL),
    "first name": Column(Role.FIRST),
    "last name": Column(Role.LAST),
    "status": Column(Role.STATUS),
    "confirm_time": Column(Role.JOINED),
    "tags": Column(Role.ATTRIBUTE, "tags"),
    "cc": Column(Role.ATTRIBUTE, "country"),
    "region": Column(Role.ATTRIBUTE, "region"),
}
_MAILCHIMP_MARKS = frozenset({"member_rating", "optin_time", "leid"})

PRESETS: dict[str, Preset] = {
    "mailchimp-cleaned": Preset(
        "Mailchimp, cleaned contacts",
        _MAILCHIMP_MARKS | {"clean_time"},
        _MAILCHIMP,
        everybody=Status.BOUNCED,
    ),
    "mailchimp-unsubscribed": Preset(
        "Mailchimp, unsubscribed contacts",
        _MAILCHIMP_MARKS | {"unsub_time"},
        _MAILCHIMP,
        everybody=Status.UNSUBSCRIBED,
    ),
    "mailchimp": Preset("Mailchimp, subscribed contacts", _MAILCHIMP_MARKS, _MAILCHIMP),
    "substack": Preset(
        "Substack",
        frozenset({"email", "active_subscription", "email_disabled"}),
        # active_subscription says who pays; who reads without paying is as much a reader
        {
            "email": Column(Role.EMAIL),
            "name": Column(Role.NAME),
            "email_disabled": Column(Role.STATUS),
            "created_at": Column(Role.JOINED),
            **_keep("plan"),
        },
        words={"true": Status.UNSUBSCRIBED, "false": Status.ACTIVE},
    ),
    "ghost": Preset(
        "Ghost",
        frozenset({"email", "subscribed_to_emails", "complimentary_plan"}),
        {
            "email": Column(Role.EMAIL),
            "name": Column(Role.NAME),
            "subscribed_to_emails": Column(Role.STATUS),
            "created_at": Column(Role.JOINED),
            **_keep("labels", "tiers", "note"),
        },
    ),
    "beehiiv": Preset(
        "beehiiv",
        frozenset({"email", "status", "subscription_tier"}),
        {
            "email": Column(Role.EMAIL),
            "first_name": Column(Role.FIRST),
            "last_name": Column(Role.LAST),
            "status": Column(Role.STATUS),
            "created": Column(Role.JOINED),
            "created_at": Column(Role.JOINED),
            "subscription_tier": Column(Role.ATTRIBUTE, "tier"),
            **_keep("tags", "utm_source", "utm_medium", "utm_campaign"),
        },
        words={
            "validating": NOT_CONFIRMED,
            "needs_attention": NOT_CONFIRMED,
            "invalid": Status.BOUNCED,
        },
    ),
    "buttondown": Preset(
        "Buttondown",
        frozenset({"email_address", "creation_date"}),
        {
            "email_address": Column(Role.EMAIL),
            "type": Column(Role.STATUS),
            "subscriber_type": Column(Role.STATUS),
            "creation_date": Column(Role.JOINED),
            "metadata": Column(Role.ATTRIBUTES),
            **_keep("tags", "notes"),
        },
        words={
            "regular": Status.ACTIVE,
            "premium": Status.ACTIVE,
            "gifted": Status.ACTIVE,
            "trialed": Status.ACTIVE,
            "churning": Status.ACTIVE,
            "churned": Status.ACTIVE,
            "past_due": Status.ACTIVE,
            "paused": Status.UNSUBSCRIBED,
            "removed": Status.UNSUBSCRIBED,
            "blocked": Status.UNSUBSCRIBED,
            "unactivated": NOT_CONFIRMED,
            "unpaid": NOT_CONFIRMED,
            "upcoming": NOT_CONFIRMED,
            "undeliverable": Status.BOUNCED,
        },
    ),
    "listmonk": Preset(
        "listmonk",
        frozenset({"uuid", "email", "attributes", "status"}),
        {
            "email": Column(Role.EMAIL),
            "name": Column(Role.NAME),
            "attributes": Column(Role.ATTRIBUTES),
            "status": Column(Role.STATUS),
            "created_at": Column(Role.JOINED),
        },
        words={"enabled": Status.ACTIVE, "disabled": Status.UNSUBSCRIBED, "blocklisted": Status.UNSUBSCRIBED},
    ),
}
"""The more particular before the general: the first that is recognised is proposed."""

OTHER = Preset("Another program", frozenset(), {})
_USUAL = {
    Role.EMAIL: "email|e-mail|mail|email address|e-mail address|subscriber_email|email_address",
    Role.NAME: "name|full name|full_name",
    Role.FIRST: "first name|first_name|firstname|given name|fname",
    Role.LAST: "last name|last_name|lastname|surname|family name|lname",
    Role.STATUS: "active|status|subscribed|state",
    Role.JOINED: "joined|subscribed at|subscribed_at|signup date|sign-up date|optin_time|created_at|confirmed",
}
_ROLE_BY_HEAD = {head: role for role, heads in _USUAL.items() for head in heads.split("|")}
_WORDS = {
    Status.ACTIVE: "|yes|y|1|true|active|subscribed|confirmed|enabled",
    Status.UNSUBSCRIBED: "no|n|0|false|inactive|unsubscribed|cancelled|canceled|disabled|removed|blocklisted|opted out|gone",
    Status.BOUNCED: "cleaned|bounced|bounce|hard bounce|invalid|undeliverable",
    Status.COMPLAINED: "complained|complaint|spam|spam complaint|marked as spam|abuse",
    NOT_CONFIRMED: "pending|unconfirmed|unactivated|not confirmed|not confirmed yet",
}
_STATUS_BY_WORD = {word: str(status) for status, words in _WORDS.items() for word in words.split("|")}


def recognised(head: Sequence[str]) -> str:
    """The key of the preset that these heads are of; empty if none."""
    heads = {cell.strip().lower() for cell in head}
    return next((key for key, preset in PRESETS.items() if preset.marks <= heads), "")


def propose(head: Sequence[str], preset: str = "") -> list[Column]:
    """What each column most likely is. No role that a person has once is given twice."""
    known = PRESETS.get(preset, OTHER).columns
    columns: list[Column] = []
    taken: set[str] = set()
    for cell in head:
        small = cell.strip().lower()
        column = known.get(small) or (_usual(small) if not known else Column())
        if column.role in taken:
            column = Column()
        if column.role in ONLY_ONE:
            taken.add(column.role)
        columns.append(column)
    return columns


def words_of(preset: str) -> dict[str, str]:
    """Status by the word for it, in small letters."""
    return _STATUS_BY_WORD | {word: str(status) for word, status in PRESETS.get(preset, OTHER).words.items()}


def _usual(head: str) -> Column:
    if role := _ROLE_BY_HEAD.get(re.sub(r"\s+", " ", head)):
        return Column(role)
    return Column()
