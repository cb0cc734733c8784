"""The newsroom: an editorial CMS for newsletters."""

from newsroom.celery import app as celery_app

__all__ = ["celery_app"]
