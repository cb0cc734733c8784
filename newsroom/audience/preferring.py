"""What a reader chooses on their own page: the lists they want."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from newsroom.audience import subscribing
from newsroom.audience.consents import Evidence
from newsroom.audience.models import MailingList, Status, Subscriber
from newsroom.lib.text import listed

__all__ = ["Chosen", "choose"]


@dataclass(frozen=True)
class Chosen:
    """What changed: lists left at once, and lists that a mail asks to confirm."""

    left: list[str]
    asked: list[str]

    def __str__(self) -> str:
        said = []
        if self.left:
            said.append(f"You have left {listed(self.left)}.")
        if self.asked:
            said.append(f"A mail with a button to confirm {listed(self.asked)} is on its way.")
        return " ".join(said) or "Saved."


def choose(
    person: Subscriber, wanted: Collection[str], *, evidence: Evidence, now: datetime.datetime
) -> Chosen:
    """Leave the lists that are not wanted, and ask for those that are. A list is joined by mail even here: a forwarded issue
    carries its reader's link along. ``wanted`` are slugs of lists. Raises ``Refused``."""
    have = {each.mailing_list_id: each for each in person.subscriptions.all()}
    chosen = Chosen([], [])
    for mailing_list in MailingList.objects.all():
        subscription = have.get(mailing_list.pk)
        active = subscription is not None and subscription.status == Status.ACTIVE
        if subscription and active and mailing_list.slug not in wanted:
            subscribing.leave(subscription, by="preferences", now=now, evidence=evidence)
            chosen.left.append(mailing_list.name)
        elif mailing_list.slug in wanted and not active:
            subscribing.ask(mailing_list, person.email, evidence=evidence, now=now, proven=True)
            chosen.asked.append(mailing_list.name)
    return chosen
