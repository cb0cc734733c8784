"""What came back: bounces and complaints."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from newsroom.delivery import access
from newsroom.delivery.clicks import recording
from newsroom.delivery.forms import ReturnsForm
from newsroom.delivery.returns import consequences

RETURNS_A_PAGE = 100


@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Bounces and complaints, the latest first, of all sends or of one; what follows from them; and whether clicks wait."""
    access.allow(request.user, access.SEE)
    form = ReturnsForm(request.GET)
    found = form.found()
    backlog = recording.backlog()
    values = {
        "form": form,
        "backlog": backlog if backlog.late(now=timezone.now()) else None,
        "page": Paginator(found, RETURNS_A_PAGE).get_page(request.GET.get("page")),
        "counts": consequences.counts(found),
        "rules": consequences.rules(),
        "named": request.user.has_perm("audience.view_subscription"),
        "section": "returns",
    }
    return render(request, "delivery/returns.html", values)
