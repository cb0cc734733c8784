"""From draft to approved, and back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from issues import access, workflow
from newsroom.lib.errors import NewsroomError
from newsroom.lib.people import person

STEPS: dict[str, tuple[Callable[..., Any], str, str]] = {
    "submit": (workflow.submit, access.WRITE, "Submitted for review."),
    "send-back": (workflow.send_back, access.APPROVE, "Sent back to the author."),
    "approve": (workflow.approve, access.APPROVE, "Approved: this edition is what readers will get."),
    "reopen": (
        workflow.reopen,
        access.APPROVE,
        "Reopened: the edition is withdrawn, and nothing is scheduled.",
    ),
    "cancel": (workflow.cancel, access.APPROVE, "Cancelled. Its words are kept."),
    "restore": (workflow.restore, access.APPROVE, "A draft again."),
}


@require_POST
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One step of the workflow, if the person may and the state allows."""
    if name not in STEPS:
        raise Http404("There is no such step.")
    verb, right, done = STEPS[name]
    issue = access.issue(request.user, pk, right)
    try:
        verb(issue, by=person(request), now=timezone.now())
        messages.success(request, done)
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("issues:compose", pk)
