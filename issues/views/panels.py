"""What stands beside the composer: a fragment for its panel, or a page of its own without scripts."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from issues.models import Issue


def panel(
    request: HttpRequest,
    issue: Issue,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    told: str = "",
) -> HttpResponse:
    """``template`` filled in with ``values``; ``told`` is an event that the composer hears of."""
    context = {**values, "issue": issue, "publication": issue.publication, "panel": template}
    beside = request.htmx  # type: ignore[attr-defined]
    response = (
        render(request, template, context)  # with 200: htmx shows nothing else, mistakes included
        if beside
        else render(request, "issues/panel.html", context, status=status)
    )
    # One address, two answers: the way back must not show a fragment as a page.
    patch_vary_headers(response, ["HX-Request"])
    if beside and told:
        response.headers["HX-Trigger"] = told
    return response
