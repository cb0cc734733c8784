"""How the house's own mail leaves over the relay: confirmations, mentions, reminders. Django's way, signed as issues are."""

import smtplib
from collections.abc import Sequence
from typing import Any

from django.core.mail.backends import smtp

from newsroom.delivery.wire import dkim


class _Signing(smtplib.SMTP):
    def sendmail(self, from_addr: str, to_addrs: str | Sequence[str], msg: Any, *options: Any) -> Any:
        return super().sendmail(from_addr, to_addrs, dkim.signed(msg), *options)


class _SigningOverTls(_Signing, smtplib.SMTP_SSL):
    """The same on a connection that is secured from the first byte."""


class EmailBackend(smtp.EmailBackend):
    """Django's own, over connections that sign."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SigningOverTls if self.use_ssl else _Signing
