"""``manage.py run``: the whole newsroom on one machine, until Ctrl-C."""

import errno
import http.client
import ipaddress
import os
import socket
from argparse import ArgumentParser
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from newsroom.desk import programs
from newsroom.desk.supervisor import AlreadyRunning, Interrupted, Program, Supervisor, only_one

HOST, PORT = "127.0.0.1", 8000


class Command(BaseCommand):
    help = "Start everything: broker, database, mail catcher, web server, worker and clock. Ctrl-C stops it."
    requires_system_checks = []  # they cost half a second, and `manage.py check` has them all

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default=HOST, help=f"address to listen on (default {HOST}: this machine only)"
        )
        parser.add_argument("--port", type=int, default=PORT, help=f"port of the web pages (default {PORT})")
        parser.add_argument(
            "--smtp-port",
            type=int,
            default=settings.MAIL_CATCHER_PORT,
            help=f"port of the mail catcher (default {settings.MAIL_CATCHER_PORT})",
        )
        parser.add_argument(
            "--no-demo", action="store_true", help="start without the demo issue and its sign-ins"
        )

    def handle(self, *, host: str, port: int, smtp_port: int, no_demo: bool, **_options: Any) -> None:
        self.host, self.port, self.smtp_port = host, port, smtp_port
        self.with_demo = not no_demo and is_private(host) and not settings.SITE_URL.startswith("https:")
        try:
            with only_one(settings.VAR / "run.lock"):
                self._run_alone()
        except AlreadyRunning:
            raise CommandError(
                f"The newsroom is already running with the data in {settings.VAR}. Stop that one first, "
                "or give this one a data folder of its own: VAR=/another/folder make run"
            ) from None

    def _run_alone(self) -> None:
        check_port(self.host, self.port, "--port")
        if settings.MAIL_CATCHER:
            check_port("127.0.0.1", self.smtp_port, "--smtp-port")
        with Supervisor(self._say, self._environment(), settings.BASE_DIR) as supervisor:
            try:
                self._start(supervisor)
                supervisor.watch()
            except Interrupted:
                pass
            self._say("Stopping ...")
        if supervisor.gave_up:
            raise CommandError(
                "Stopped, because a part of the newsroom does not run; its messages are above."
            )
        self._say("Stopped.")

    def _start(self, supervisor: Supervisor) -> None:
        """Broker and mail catcher start while the database is made ready; the rest needs both."""
        # whitenoise warns at every start if it is missing
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
        if not settings.REDIS_URL:
            supervisor.start(self._broker())
        if settings.MAIL_CATCHER:
            supervisor.start(programs.mail_catcher(self.smtp_port))
        with supervisor.may_break_off():
            self._prepare_database()
        if not settings.REDIS_URL and not supervisor.wait_for(self._broker_answers, seconds=10):
            raise CommandError("The broker did not start within 10 seconds.")
        supervisor.start(programs.web(self.host, self.port), programs.worker(), programs.beat())
        if supervisor.wait_for(self._web_answers, seconds=60):
            self._greet()

    def _broker(self) -> Program:
        try:
            return programs.broker(settings.VAR, settings.VALKEY_SOCKET)
        except programs.NoBroker:
            raise CommandError(
                "There is no program here that can be the broker. Install valkey-server or redis-server, "
                "or point REDIS_URL at a server."
            ) from None

    def _environment(self) -> Mapping[str, str]:
        """What our programs need to know to find each other, unless the operator says otherwise."""
        found = {"PYTHONUNBUFFERED": "1", "MAIL_CATCHER_PORT": str(self.smtp_port), **os.environ}
        if "SITE_URL" not in os.environ and (self.host, self.port) != (HOST, PORT):
            found["SITE_URL"] = settings.SITE_URL = self._address()
        return found

    def _prepare_database(self) -> None:
        self._say("Preparing the database ...")
        call_command("migrate", verbosity=0, interactive=False)
        if self.with_demo:
            call_command("make_demo", stdout=self.stdout)
        for connection in connections.all(initialized_only=True):
            connection.close()
            getattr(connection, "close_pool", lambda: None)()  # PostgreSQL's pool has threads

    def _broker_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
            client.settimeout(0.5)
            client.connect(settings.VALKEY_SOCKET)
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        return False

    def _web_answers(self) -> bool:
        client = http.client.HTTPConnection(reachable(self.host), self.port, timeout=1)
        with suppress(OSError, http.client.HTTPException):
            client.request("GET", "/healthz")
            # whatever it says: if it is an error, its report is on the screen
            return client.getresponse().status > 0
        return False

    def _address(self) -> str:
        host = reachable(self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def _greet(self) -> None:
        self._say(f"\nThe newsroom is open: {self._address()}/\n")
        if self.with_demo:
            self._say("Sign in as")
            for role, username, password in settings.DEMO_SIGN_INS:
                self._say(f"  {role:<14} {username:<10} {password}")
        else:
            self._say("There is no demo here. Make your own account with: manage.py createsuperuser")
        if settings.MAIL_CATCHER:
            self._say(f"\nNo mail leaves this machine: all of it is kept in {settings.VAR / 'outbox'}")
        self._say("Ctrl-C stops everything.\n")

    def _say(self, line: str) -> None:
        with suppress(OSError):  # the terminal may be gone
            self.stdout.write(line)
            self.stdout.flush()


def check_port(host: str, port: int, option: str) -> None:
    """Raise `CommandError` if nobody could listen there now."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except (OSError, OverflowError) as error:
        in_use = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "is used by another program" if in_use else f"cannot be used: {error}"
        raise CommandError(
            f'Port {port} on {host} {why}. Choose another: make run ARGS="{option} {port + 1}"'
        ) from error


def is_private(host: str) -> bool:
    """Whether only this machine can reach an address: the demo's passwords are known to everyone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reachable(host: str) -> str:
    """The address to call a server by that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
