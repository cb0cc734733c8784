from importlib import import_module

from django.apps import AppConfig


class AudienceConfig(AppConfig):
    name = "newsroom.audience"
    label = "audience"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("newsroom.lib.lookups")  # registers itself
