"""What can go wrong, drawn once.

    NewsroomError           carries one sentence for the person who is waiting
    ├── NotNow              legal for somebody, some time, but not in this state
    ├── Conflict            somebody else was faster: look again, then decide
    └── Refused             what came in cannot be used

*Not yours* is no error of ours: it stays Django's ``PermissionDenied``. Views translate all four.
"""


class NewsroomError(Exception):
    """Base of all expected errors; ``str(error)`` is a sentence to show."""


class NotNow(NewsroomError):
    """The thing exists and you may, but its state forbids it now."""


class Conflict(NewsroomError):
    """The row changed between reading and writing; nothing was written."""


class Refused(NewsroomError):
    """Input that cannot be used; nothing was written."""
