"""Signing in, whether the house is up, and what is said when something broke."""

import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from newsroom.lib.forms import fields_only


class SignIn(LoginView):
    """The sign-in page; where the demo was made it names the demo's people."""

    template_name = "desk/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **given: Any) -> dict[str, Any]:
        names = [name for _, name, _ in settings.DEMO_SIGN_INS]
        demo = not settings.HTTPS and get_user_model().objects.filter(username__in=names).exists()
        return super().get_context_data(
            helper=fields_only(), demo=settings.DEMO_SIGN_INS if demo else None, **given
        )


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 while the web process answers."""
    return HttpResponse("ok", content_type="text/plain")


def broken(_request: HttpRequest) -> HttpResponse:
    """What Django calls for an exception that nobody expected. A database that does not answer is a 503: then a mail program
    sends its one click once more (RFC 8058)."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "60"})
    return HttpResponse(render_to_string("500.html"), status=500)
