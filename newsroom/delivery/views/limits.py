"""How fast we may send: what people set, and what workers found out."""

import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from newsroom.delivery import access
from newsroom.delivery.forms import LimitForm
from newsroom.delivery.models import RateLimit, SendEvent

SHOWN = 30
LATELY = datetime.timedelta(days=7)


@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: HttpRequest) -> HttpResponse:
    """The limits, and how workers have slowed down by themselves; a POST sets one or takes one away."""
    access.allow(request.user, access.SEE if request.method != "POST" else access.LIMIT)
    form = LimitForm(request.POST if request.method == "POST" and "remove" not in request.POST else None)
    if request.method == "POST" and "remove" in request.POST:
        removed, _ = RateLimit.objects.filter(domain=request.POST["remove"]).delete()
        messages.success(request, "The limit is gone." if removed else "There was no such limit any more.")
        return redirect("delivery:limits")
    if form.is_bound and form.is_valid():
        messages.success(request, f"Set: {form.save()}.")
        return redirect("delivery:limits")
    slowed = SendEvent.objects.filter(what="slowed", at__gt=timezone.now() - LATELY)
    values = {
        "form": form,
        "limits": RateLimit.objects.all(),
        "slowed": slowed.select_related("send__edition", "send__issue__publication")[:SHOWN],
        "section": "sending",
    }
    return render(request, "delivery/limits.html", values, status=422 if form.errors else 200)
