"""Measuring the desk beside a long list: the pages that have most to look through, as a chief editor gets them."""

from functools import partial

from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from issues.models import Click
from newsroom.bench import pages
from newsroom.delivery.models import Send
from newsroom.desk import roles

__all__ = ["CLICKS", "measure"]

CLICKS = 200_000
TIMES = 5


def measure() -> dict[str, float]:
    """Median milliseconds of each page of the one send in this database, and of its list, after ``CLICKS`` clicks."""
    call_command("collectstatic", interactive=False, verbosity=0)
    send = Send.objects.select_related("issue__publication").get()
    _follow(send)
    issue, slug = [send.issue_id], send.issue.publication.slug
    client = pages.signed_in(roles.CHIEF)
    asked = {
        "the monitor of the send": reverse("delivery:monitor", args=issue),
        "who got it: a part of an address": reverse("delivery:readers", args=issue) + "?q=user77777",
        "who got it: everybody": reverse("delivery:readers", args=issue) + "?outcome=sent",
        "figures of the issue": reverse("delivery:issue_figures", args=issue),
        "figures over time": reverse("delivery:publication_figures", args=[slug]),
        "growth of the list": reverse("delivery:growth", args=[slug]),
        "subscribers, the latest": reverse("desk:subscribers"),
        "subscribers, an address": reverse("desk:subscribers") + "?q=user77777@domain27.example",
        "subscribers, a part of a name": reverse("desk:subscribers") + "?q=kerlund77777",
        "subscribers, a name of many": reverse("desk:subscribers") + "?q=Ann+Smith",
        "subscribers, counted": reverse("desk:figures"),
    }

    def ask(url: str) -> None:
        answer = client.get(url, secure=True)
        if answer.status_code != 200:
            raise RuntimeError(f"{url} answered {answer.status_code}.")

    return {name: pages.median_ms(partial(ask, url), times=TIMES, warm_up=1) for name, url in asked.items()}


def _follow(send: Send) -> None:
    """Readers follow the links of the issue, one after the other."""
    urls = [url for piece in send.edition.pieces for url in piece["links"]]
    uids = [piece["uid"] for piece in send.edition.pieces for _ in piece["links"]]
    now = timezone.now()
    for start in range(0, CLICKS, 20_000):
        Click.objects.bulk_create(
            Click(
                issue_id=send.issue_id, block=uids[n % len(uids)], url=urls[n % len(urls)], reader=str(n * 2 // 3), at=now,
                method="GET", agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            )
            for n in range(start, start + 20_000)
        )  # fmt: skip
    if connection.vendor == "postgresql":  # as it does by itself after a while
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE issues_click, delivery_delivery")
