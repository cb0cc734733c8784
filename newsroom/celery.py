"""The Celery application: JSON only, no results, the database is the queue and the schedule."""

import os
import warnings

from celery import Celery, platforms

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
warnings.filterwarnings("ignore", category=platforms.SecurityWarning)  # type: ignore[attr-defined]  # containers run as root

app = Celery("newsroom")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
