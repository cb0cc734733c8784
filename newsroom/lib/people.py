"""Whoever acts: a person at the desk, or nobody (the scheduler)."""

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

Person = User | None
Visitor = User | AnonymousUser


def person(request: HttpRequest) -> User:
    """The person behind a request to the desk; an access loader has let them in before."""
    assert isinstance(request.user, User)
    return request.user
