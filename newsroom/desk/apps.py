from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class DeskConfig(AppConfig):
    name = "newsroom.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from newsroom.audience import personal  # noqa: PLC0415 - models are there only now
        from newsroom.desk.received import came_back, issues_sent  # noqa: PLC0415
        from newsroom.desk.roles import make_roles  # noqa: PLC0415

        # Django's auth comes after our apps, so by its turn every permission exists.
        post_migrate.connect(make_roles, sender=apps.get_app_config("auth"), dispatch_uid="roles")
        personal.also_tell("issues sent", issues_sent)
        personal.also_tell("what came back", came_back)
