"""Mail providers (ESPs) that take mail by HTTP, as far as they differ for us. django-anymail speaks to them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

__all__ = ["PROVIDERS", "Provider", "read_provider"]


@dataclass(frozen=True)
class Provider:
    """``needs`` and ``knows`` are anymail's settings, read from variables of the same name. ``signed_with`` is the one that its
    webhooks are signed with; those of the others show ``WEBHOOK_SECRET`` as user and password. ``metadata``: it gives back what
    we attach to a message; else a tag does. ``unrewritten``: it can be told to leave our links alone. ``message_id``: it keeps
    ours."""

    name: str
    webhook: str
    needs: tuple[str, ...]
    knows: tuple[str, ...] = ()
    signed_with: str = ""
    metadata: bool = True
    unrewritten: bool = True
    message_id: bool = False

    @property
    def module(self) -> str:
        return self.webhook.rpartition(".")[0].rpartition(".")[2]

    @property
    def backend(self) -> str:
        """What Django's mail is configured with."""
        return f"anymail.backends.{self.module}.EmailBackend"


PROVIDERS = {
    "mailgun": Provider(
        "Mailgun", "anymail.webhooks.mailgun.MailgunTrackingWebhookView", ("MAILGUN_API_KEY",),
        ("MAILGUN_API_URL", "MAILGUN_SENDER_DOMAIN", "MAILGUN_WEBHOOK_SIGNING_KEY"),
        signed_with="MAILGUN_WEBHOOK_SIGNING_KEY", message_id=True,
    ),
    "postmark": Provider(
        "Postmark", "anymail.webhooks.postmark.PostmarkTrackingWebhookView", ("POSTMARK_SERVER_TOKEN",),
        ("POSTMARK_API_URL", "POSTMARK_MESSAGE_STREAM"), message_id=True,
    ),
    "brevo": Provider(
        "Brevo", "anymail.webhooks.brevo.BrevoTrackingWebhookView", ("BREVO_API_KEY",), ("BREVO_API_URL",), unrewritten=False,
    ),
    "mailjet": Provider(
        "Mailjet", "anymail.webhooks.mailjet.MailjetTrackingWebhookView", ("MAILJET_API_KEY", "MAILJET_SECRET_KEY"),
        ("MAILJET_API_URL",),
    ),
    "sparkpost": Provider(
        "SparkPost", "anymail.webhooks.sparkpost.SparkPostTrackingWebhookView", ("SPARKPOST_API_KEY",),
        ("SPARKPOST_API_URL", "SPARKPOST_SUBACCOUNT"),
    ),
    "resend": Provider(
        "Resend", "anymail.webhooks.resend.ResendTrackingWebhookView", ("RESEND_API_KEY",), ("RESEND_API_URL",),
        unrewritten=False,
    ),
    "mailersend": Provider(
        "MailerSend", "anymail.webhooks.mailersend.MailerSendTrackingWebhookView", ("MAILERSEND_API_TOKEN",),
        ("MAILERSEND_API_URL", "MAILERSEND_SIGNING_SECRET"), signed_with="MAILERSEND_SIGNING_SECRET", metadata=False,
    ),
}  # fmt: skip


def read_provider(name: str, variable: Callable[[str], str | None]) -> tuple[Provider | None, dict[str, str]]:
    """The provider that ``ESP`` names, if any, and anymail's settings. Raises ``ImproperlyConfigured``."""
    secret = variable("WEBHOOK_SECRET")
    if secret and ":" not in secret:
        raise ImproperlyConfigured("WEBHOOK_SECRET must look like user:password.")
    if not name:
        return None, {}
    if name not in PROVIDERS:
        raise ImproperlyConfigured(f"ESP is one of {', '.join(PROVIDERS)}, not {name!r}.")
    provider = PROVIDERS[name]
    found = {each: variable(each) for each in (*provider.needs, *provider.knows)}
    missing = [each for each in provider.needs if not found[each]]
    if missing:
        raise ImproperlyConfigured(f"ESP={name} needs {' and '.join(missing)}.")
    options = {each: value for each, value in found.items() if value}
    return provider, options | ({"WEBHOOK_SECRET": secret} if secret else {})
