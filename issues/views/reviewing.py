"""From draft to approved, and back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from issues import access, workflow
from newsroom.lib.errors import NewsroomError
from newsroom.lib.people import person


@dataclass(frozen=True)
class Step:
    """A step of the workflow as a button: its verb, the right it takes, and what is said afterwards."""

    verb: Callable[..., Any]
    right: str
    done: str
    takes_note: bool = False


STEPS = {
    "submit": Step(workflow.submit, access.WRITE, "Submitted for review."),
    "send-back": Step(workflow.send_back, access.APPROVE, "Sent back to the author.", takes_note=True),
    "approve": Step(workflow.approve, access.APPROVE, "Approved: this edition is what readers will get."),
    "drop-correction": Step(
        workflow.drop_correction, access.APPROVE, "The correction is dropped; its words stay in the history."
    ),
    "reopen": Step(
        workflow.reopen, access.APPROVE, "Reopened: the edition is withdrawn, and nothing is scheduled."
    ),
    "cancel": Step(workflow.cancel, access.APPROVE, "Cancelled. Its words are kept.", takes_note=True),
    "restore": Step(workflow.restore, access.APPROVE, "A draft again."),
}


@require_POST
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One step of the workflow, if the person may and the state allows."""
    chosen = STEPS.get(name)
    if chosen is None:
        raise Http404("There is no such step.")
    issue = access.issue(request.user, pk, chosen.right)
    note = {"note": request.POST.get("note", "")} if chosen.takes_note else {}
    try:
        chosen.verb(issue, by=person(request), now=timezone.now(), **note)
        messages.success(request, chosen.done)
    except NewsroomError as error:
        messages.error(request, str(error))
    return redirect("issues:compose", pk)
