"""The house's own promotions, by ad operations."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from newsroom.lib.errors import NewsroomError
from newsroom.lib.people import person
from sponsors import access, promoting
from sponsors.forms import CreativeForm, PromotionForm
from sponsors.models import AdFormat, Creative


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """What stands where nothing is sold."""
    access.allow(request.user, access.SEE)
    values = {"rows": promoting.promotions(), "here": "promotions", "section": "sponsors"}
    return render(request, "sponsors/promotions.html", values)


@require_http_methods(["GET", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """A new promotion."""
    access.allow(request.user, access.TRAFFIC)
    return _edited(request, None)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Other words, or another place, for one that is there."""
    return _edited(request, access.promotion(request.user, pk))


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """It runs no more."""
    creative = access.promotion(request.user, pk)
    promoting.end(creative, by=person(request), now=timezone.now())
    messages.success(request, f"“{creative.name}” runs no more.")
    return redirect("sponsors:promotions")


def _edited(request: HttpRequest, before: Creative | None) -> HttpResponse:
    latest = before.versions.first() if before else None
    about = PromotionForm(request.POST or None, initial=_shown(before))
    words = CreativeForm(
        request.POST or None, request.FILES or None, form_of=AdFormat.objects.first() or AdFormat(),
        before=latest, day=timezone.localdate(), initial=CreativeForm.showing(latest),
    )  # fmt: skip
    if request.method == "POST" and about.is_valid() & words.is_valid():
        try:
            promoting.promote(
                words.words(), **about.cleaned_data, before=before, by=person(request), now=timezone.now()
            )
            messages.success(request, "It stands where nothing is sold from now on.")
            return redirect("sponsors:promotions")
        except NewsroomError as error:
            about.add_error(None, str(error))
    values = {"about": about, "words": words, "creative": before, "section": "sponsors"}
    status = 422 if about.errors or words.errors else 200
    return render(request, "sponsors/promotion.html", values, status=status)


def _shown(creative: Creative | None) -> dict[str, object]:
    names = ("name", "priority", "publication")
    return {name: getattr(creative, name) for name in names} if creative else {}
