"""An issue as readers will see it, by the same renderer that sends it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from issues import access
from issues.rendering import slots
from issues.rendering.render import render_marked, render_text
from issues.snapshot import take
from newsroom.lib.policy import FRAMES


@require_safe
@never_cache
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML mail, in a frame of its own policy: nothing in it runs, nothing in it is fetched from elsewhere.

    An approved issue shows its frozen edition, not a new rendering.
    """
    issue = access.issue(request.user, pk, access.READ)
    html = issue.final.html if issue.final else render_marked(take(issue)).html
    shown = slots.shown(schemed(html, dark=request.GET.get("scheme") == "dark"), settings.SITE_URL)
    return HttpResponse(shown, headers={"Content-Security-Policy": FRAMES})


def schemed(html: str, *, dark: bool) -> str:
    """The mail with its dark rules on or off, whatever the editor's own screen is set to."""
    return html.replace("@media (prefers-color-scheme: dark)", f"@media {'all' if dark else 'not all'}")


@require_safe
@never_cache
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """The plain text part, as mail programs show it."""
    issue = access.issue(request.user, pk, access.READ)
    words = issue.final.text if issue.final else render_text(take(issue))
    return HttpResponse(slots.shown(words, settings.SITE_URL), content_type="text/plain; charset=utf-8")
