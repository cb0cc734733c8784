"""Whoever acts: a person at the desk, or nobody (the scheduler)."""

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

Person = User | None
Visitor = User | AnonymousUser


def person(request: HttpRequest) -> User:
    """The person behind a request to the desk; an access loader has let them in before."""
    assert isinstance(request.user, User)
    return request.user


def called(somebody: Person) -> str:
    """What colleagues call a person."""
    return (somebody.get_full_name() or somebody.get_username()) if somebody else "Somebody"


def allow(user: Visitor, right: str) -> None:
    """Raises ``PermissionDenied`` unless the person has the right."""
    if not user.has_perm(right):
        raise PermissionDenied
