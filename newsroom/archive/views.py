"""The public archive: no cookies, no scripts, one query for an issue."""

import hashlib
from email.headerregistry import Address
from functools import cache
from pathlib import Path

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from issues.models import Publication
from issues.rendering import lapsing
from newsroom.archive import reading
from newsroom.audience import consents, recipients, subscribing
from newsroom.audience.throttling import TooMany
from newsroom.lib.errors import Refused
from newsroom.lib.forms import posted
from newsroom.lib.links import absolute

ISSUES_A_PAGE = 20
FRESH_FOR = 60
"""Seconds for which a page may be shown without asking again."""


class SubscribeForm(forms.Form):
    """One address. ``website`` is a trap: people do not see it, scripts fill it in."""

    email = forms.CharField(
        max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"})
    )
    website = forms.CharField(required=False)


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """The one publication's front page, or the list of all."""
    publications = list(Publication.objects.all())
    if len(publications) == 1:
        return front(request, publications[0].slug)
    return render(request, "archive/home.html", {"publications": publications})


@require_safe
def front(request: HttpRequest, publication: str, number: int = 1) -> HttpResponse:
    """The latest issue and the recent ones; "See more" leads on."""
    owner = get_object_or_404(Publication, slug=publication)
    pages = Paginator(reading.published(owner), ISSUES_A_PAGE)
    if not 1 <= number <= pages.num_pages:
        raise Http404("There are no issues that far back.")
    page = pages.page(number)
    issues = list(page)
    latest = issues.pop(0) if number == 1 and issues else None
    values = {
        "publication": owner,
        "page": page,
        "latest": latest,
        "recent": issues,
        "newer": _newer(owner, number),
    }
    response = render(request, "archive/front.html", values)
    response["Cache-Control"] = f"public, max-age={FRESH_FOR}"
    return response


@require_safe
def issue(request: HttpRequest, publication: str, slug: str) -> HttpResponseBase:
    """One issue as it was frozen, with the recent issues around it."""
    page = reading.page(publication, slug, day=lapsing.last_day_over(timezone.now()))
    if page is None:
        raise Http404("There is no such issue.")
    etag = _etag(page)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = render(
            request,
            "archive/issue.html",
            {"page": page, "issue": page.issue, "publication": page.publication},
        )
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={FRESH_FOR}"
    return response


@require_safe
def theme(request: HttpRequest, publication: str) -> HttpResponse:
    """The publication's colours as a stylesheet; its address changes with them."""
    owner = get_object_or_404(Publication, slug=publication)
    response = render(request, "archive/theme.css", {"theme": owner.theme}, content_type="text/css")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What we keep about readers, which is little."""
    return render(request, "archive/privacy.html", {"publications": Publication.objects.all()})


@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """What search engines need not ask for, and where the issues are listed (RFC 9309)."""
    closed = "".join(
        f"Disallow: /{first}/\n" for first in ("admin", "confirm", "desk", "preferences", "sponsor", "u")
    )
    listed = absolute(reverse("archive:sitemap"))
    return HttpResponse(f"User-agent: *\n{closed}\nSitemap: {listed}\n", content_type="text/plain")


@csrf_exempt  # readers have no cookies to protect; asking to be asked changes nothing until it is confirmed by mail
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, publication: str) -> HttpResponse:
    """Ask for a confirmation mail. The answer is the same whether the address is known or not. Whoever comes back to this address
    finds the form."""
    owner = get_object_or_404(Publication, slug=publication)
    if request.method != "POST":
        return redirect("archive:front", owner.slug)
    form = SubscribeForm()
    try:
        form = SubscribeForm(posted(request))
        if not form.is_valid():
            raise Refused("Write your email address, such as name@example.org.")
        if not form.cleaned_data["website"]:
            mailing_list = recipients.list_of(
                owner.slug,
                name=owner.name,
                sender=str(Address(owner.sender_name, addr_spec=owner.sender_email)),
            )
            words = f"Get {owner.name} by mail. You confirm by mail. One click to leave."
            evidence = consents.seen(request, source="archive form", words=words)
            subscribing.ask(mailing_list, form.cleaned_data["email"], evidence=evidence, now=timezone.now())
    except Refused as error:
        values = {"publication": owner, "form": form, "error": str(error)}
        status = 429 if isinstance(error, TooMany) else 422
        return render(request, "archive/subscribe.html", values, status=status)
    return render(request, "archive/asked.html", {"publication": owner})


def _newer(publication: Publication, number: int) -> str:
    """The page before this one; the first has the publication's own address."""
    if number <= 2:
        return reverse("archive:front", args=[publication.slug])
    return reverse("archive:page", args=[publication.slug, number - 1])


def _etag(page: reading.Page) -> str:
    """Changes with anything that the page shows: the edition, the titles around it, the publication, our templates."""
    owner = page.publication
    shown = [
        page.seal,
        page.issue.public_title,
        owner.name,
        owner.masthead,
        owner.tagline,
        owner.postal_address,
    ]
    shown += [owner.language, repr(owner.theme), _look(), str(len(page.web))]
    shown += [f"{each.slug} {each.public_title}" for each in page.recent]
    digest = hashlib.sha256("\0".join(shown).encode()).hexdigest()
    return f'"{digest[:32]}"'


@cache
def _look() -> str:
    """A digest of the archive's templates: a new design is a new page."""
    folder = Path(settings.BASE_DIR, "templates")
    templates = [folder / "public.html", *sorted(folder.glob("archive/*.html"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in templates)).hexdigest()
