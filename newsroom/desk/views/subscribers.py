"""Who reads what."""

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from newsroom.audience.models import MailingList, Status, Subscription
from newsroom.lib.people import allow

ROWS_A_PAGE = 100


@require_safe
def subscribers(request: HttpRequest) -> HttpResponse:
    """Subscriptions, searchable, with counts by list."""
    allow(request.user, "audience.view_subscription")
    wanted = request.GET.get("q", "").replace("\0", "").strip()  # PostgreSQL has no such character
    status = request.GET.get("status", "")
    found = Subscription.objects.select_related("subscriber", "mailing_list").order_by("-pk")
    if wanted:
        found = found.filter(Q(subscriber__email__icontains=wanted) | Q(subscriber__name__icontains=wanted))
    if status in Status.values:
        found = found.filter(status=status)
    counts = {each: Count("subscriptions", filter=Q(subscriptions__status=each)) for each in Status.values}
    values = {
        "lists": MailingList.objects.annotate(**counts),
        "page": Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "q": wanted,
        "status": status,
        "statuses": Status.choices,
        "section": "subscribers",
    }
    return render(request, "desk/subscribers.html", values)
