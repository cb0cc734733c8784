"""Typed readers of environment variables: a bad value stops the start with a sentence that names the variable."""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off"}
MOST_PROXIES = 9
LONGEST_SOCKET = 103  # bytes; Linux takes 107, macOS 103

# Measured: with IMMEDIATE and WAL a web and a worker process never saw "database is locked"; with Django's defaults they
# did, hundreds of times in 20 s. IMMEDIATE takes the write lock when a transaction begins: never wait for the network in one.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": (
        "PRAGMA journal_mode=WAL;"
        "PRAGMA synchronous=NORMAL;"
        "PRAGMA journal_size_limit=67108864;"
        "PRAGMA cache_size=-20000;"
        "PRAGMA mmap_size=134217728"
    ),
}


def load(path: Path) -> None:
    """Read KEY=VALUE lines of a .env file, if there is one; what the real environment says wins."""
    if not path.is_file():
        return
    for number_of_line, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        setting = re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*", line)
        if setting is None:  # the line may hold a secret: name it, do not show it
            raise ImproperlyConfigured(f"Line {number_of_line} of {path.name} is not KEY=VALUE.")
        os.environ.setdefault(setting[1], _unquoted(setting[2]))


def _unquoted(value: str) -> str:
    quoted = re.fullmatch(r"""(["'])(.*)\1(?:\s+#.*)?""", value)
    return quoted[2] if quoted else re.split(r"(?:^|\s+)#", value, maxsplit=1)[0]


def text(name: str, default: str = "") -> str:
    """The variable as it is, without surrounding blanks; empty counts as not set."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    """The variable as yes or no."""
    value = text(name).lower()
    if value in YES | NO:
        return value in YES
    if value:
        raise ImproperlyConfigured(f"{name} must be yes or no (or true/false, on/off, 1/0), not {value!r}.")
    return default


def number(name: str, default: int) -> int:
    """The variable as a whole number."""
    value = text(name)
    try:
        return int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def proxies(name: str) -> int:
    """How many proxies of ours stand before us; yes is one, no is none."""
    value = text(name).lower()
    if value in YES | NO:
        return int(value in YES)
    if value and not (value.isdecimal() and int(value) <= MOST_PROXIES):
        raise ImproperlyConfigured(
            f"{name} must be the number of proxies (0 to {MOST_PROXIES}), or yes for one, not {value!r}."
        )
    return int(value or 0)


def secret(name: str) -> str | None:
    """The value of NAME, or the content of the file that NAME_FILE points to; None if neither is set."""
    value, path = text(name), text(f"{name}_FILE")
    if value and path:
        raise ImproperlyConfigured(f"Set either {name} or {name}_FILE, not both.")
    if path:
        value = _file_content(f"{name}_FILE", path)
    return value or None


def _file_content(name: str, path: str) -> str:
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name} points to {path}, which cannot be read: {error}.") from error
    if not value:
        raise ImproperlyConfigured(f"{name} points to {path}, which is empty.")
    return value


def database(url: str, var: Path) -> dict[str, Any]:
    """An entry for DATABASES: PostgreSQL for postgres://user:password@host:port/name, SQLite in `var` for nothing."""
    if not url:
        return _sqlite(var / "db.sqlite3")
    try:
        parts = urlsplit(url)
        if parts.scheme == "sqlite" and not parts.netloc and parts.path.startswith("//"):
            return _sqlite(Path(unquote(parts.path[1:])))
        if parts.scheme in ("postgres", "postgresql") and parts.path.strip("/"):
            return _postgres(parts)
    except ValueError:  # a port that is no number, brackets that do not match
        pass
    raise ImproperlyConfigured(
        "DATABASE_URL must look like postgres://user:password@host:5432/name or sqlite:////absolute/path.sqlite3, "
        "with special characters in the password percent-encoded. Leave it empty for the built-in SQLite database."
    )


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": 60,
        "OPTIONS": dict(SQLITE_OPTIONS),
    }


def _postgres(parts: SplitResult) -> dict[str, Any]:
    """PostgreSQL with Django's connection pool, which insists on CONN_MAX_AGE 0; DATABASE_POOL_SIZE=0 does without it.

    What follows the question mark goes to libpq (sslmode, sslrootcert, ...); a `host` there may name a socket folder.
    """
    options: dict[str, Any] = {"connect_timeout": 10, **dict(parse_qsl(parts.query))}
    host = _host(parts) or str(options.pop("host", ""))
    pool_size = number("DATABASE_POOL_SIZE", 10)
    if pool_size:
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _host(parts: SplitResult) -> str:
    """The host as written: `parts.hostname` would lower the letters of a socket folder."""
    host_and_port = parts.netloc.rpartition("@")[2]
    return unquote(re.sub(r":\d*$", "", host_and_port).strip("[]"))


def broker_socket(var: Path) -> str:
    """Where the built-in broker listens: in `var`, or in a temporary folder of ours when that path is too long for a socket."""
    socket = var.resolve() / "valkey.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET:
        return str(socket)
    name = f"newsroom-{os.getuid()}-{hashlib.sha256(os.fsencode(socket)).hexdigest()[:12]}"
    short = Path(tempfile.gettempdir(), name, "valkey.sock")
    return str(short if len(os.fsencode(short)) <= LONGEST_SOCKET else Path("/tmp", name, "valkey.sock"))  # noqa: S108 - a folder of ours
