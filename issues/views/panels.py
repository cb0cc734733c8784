"""What stands beside the composer: a fragment for its panel, or a page of its own without scripts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from issues.models import Issue


def panel(
    request: HttpRequest, issue: Issue, template: str, *, status: int = 200, told: str = "", **values: Any
) -> HttpResponse:
    """``template`` filled in; ``told`` is an event that the composer hears of."""
    htmx = request.htmx  # type: ignore[attr-defined]
    values |= {"issue": issue, "publication": issue.publication, "panel": template}
    if not htmx:
        return render(request, "issues/panel.html", values, status=status)
    # htmx shows only what comes with 200, mistakes included.
    response = render(request, template, values)
    if told:
        response.headers["HX-Trigger"] = told
    return response
