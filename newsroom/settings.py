"""All settings, read from the environment once; `.env.example` lists what may be set."""

from pathlib import Path

from django.core.management.utils import get_random_secret_key

from newsroom import env
from newsroom.lib.mailbox import parse_mailbox
from newsroom.lib.providers import read_provider
from newsroom.lib.relay import Relay, parse_relay

BASE_DIR = Path(__file__).resolve().parent.parent
env.load(BASE_DIR / ".env")
VAR = Path(env.text("VAR", str(BASE_DIR / "var")))
VAR.mkdir(parents=True, exist_ok=True)


def _kept_secret(path: Path) -> str:
    """A secret made on the first start and kept beside the database, so that links in sent mail stay valid."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.secret("SECRET_KEY") or _kept_secret(VAR / "secret_key")
SECRET_KEY_FALLBACKS = (env.secret("SECRET_KEY_FALLBACKS") or "").split()

# Where readers find us. Links in mail are made from it; https switches on everything that needs it.
SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.text("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
BEHIND_PROXY = env.proxies("BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # whether the other hosts of the domain speak https is not ours to say
    "security.W019",  # the preview frames our own pages
    "security.W021",  # joining the browsers' preload list is the operator's decision
]

INSTALLED_APPS = [
    "newsroom.bench",
    "newsroom.desk",
    "newsroom.archive",
    "newsroom.delivery",
    "sponsors",
    "issues",
    "newsroom.audience",
    "crispy_forms",
    "django_htmx",
    "whitenoise.runserver_nostatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "newsroom.delivery.clicks.redirecting.follow_links",  # first: it needs nothing of what follows, and must be fast
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "newsroom.lib.policy.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "newsroom.desk.closing.SignInRequired",  # closed unless a view says that it is public
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "newsroom.desk.translation.TranslateErrors",
]

ROOT_URLCONF = "newsroom.urls"
WSGI_APPLICATION = "newsroom.wsgi.application"

_BLOCKS = "newsroom.lib.blocktemplates.Loader"


def _engine(
    name: str, files: tuple[str, ...], folders: list[Path], *, autoescape: bool, library: str
) -> dict:  # type: ignore[type-arg]
    """A template engine of its own for mail: it sees only ``files`` of each block kind, and its own frame."""
    return {
        "NAME": name,
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": folders,
        "OPTIONS": {
            "autoescape": autoescape,
            "builtins": [library],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", (_BLOCKS, files)],
                )
            ],
        },
    }


TEMPLATES = [
    {
        "NAME": "web",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "newsroom.desk.notices.context",
            ],
            "builtins": ["issues.templatetags.rich"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                        (_BLOCKS, ("web.html", "card.html")),
                    ],
                )
            ],
        },
    },
    _engine(
        "email_html",
        ("email.html",),
        [BASE_DIR / "templates" / "email"],
        autoescape=True,
        library="issues.templatetags.rich",
    ),
    _engine(
        "email_text",
        ("email.txt",),
        [BASE_DIR / "templates" / "email"],
        autoescape=False,
        library="issues.templatetags.typeset",
    ),
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "forms"

# The database is the queue and the schedule.
DATABASES = {"default": env.database(env.text("DATABASE_URL"), VAR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The broker only makes it fast: losing it loses nothing.
REDIS_URL = env.text("REDIS_URL") or None
VALKEY_SOCKET = env.broker_socket(VAR)
CELERY_BROKER_URL = REDIS_URL or f"redis+socket://{VALKEY_SOCKET}?virtual_host=0"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"


def _every(seconds: int, task: str, *, expires: int) -> dict[str, object]:
    """A row of the beat. What no worker has taken up after ``expires`` seconds is dropped: a later one does the same."""
    return {"task": task, "schedule": float(seconds), "options": {"expires": expires}}


CELERY_BEAT_SCHEDULE = {
    "tick": _every(3, "newsroom.delivery.tasks.tick", expires=9),
    "confirmations": _every(5, "newsroom.audience.tasks.send_confirmations", expires=15),
    "intakes": _every(3, "newsroom.audience.tasks.take_in", expires=9),
    "old intakes": _every(3600, "newsroom.audience.tasks.tidy_intakes", expires=3000),
    "plan ahead": _every(3600, "sponsors.tasks.plan_ahead", expires=3000),
    "holds": _every(60, "sponsors.tasks.tidy_holds", expires=50),
    "runs": _every(20, "sponsors.tasks.record_runs", expires=18),
    "reminders": _every(300, "sponsors.tasks.remind", expires=280),
    "links": _every(600, "sponsors.tasks.check_links", expires=580),
    "refused": _every(60, "newsroom.delivery.tasks.suppress_refused", expires=50),
    "mentions": _every(10, "issues.tasks.send_mentions", expires=30),
}
CELERY_TIMEZONE = "UTC"

# Mail goes to the built-in catcher until a relay is named, or a provider that takes it by HTTP.
SMTP_URL = env.secret("SMTP_URL")
PROVIDER, ANYMAIL = read_provider(env.text("ESP"), env.secret)
EMAIL_BACKEND = PROVIDER.backend if PROVIDER else "newsroom.delivery.relay.housemail.EmailBackend"
MAIL_CATCHER = not (SMTP_URL or PROVIDER)
MAIL_CATCHER_PORT = env.number("MAIL_CATCHER_PORT", 1025)
RELAY = parse_relay(SMTP_URL) if SMTP_URL else Relay("127.0.0.1", MAIL_CATCHER_PORT)
EMAIL_HOST, EMAIL_PORT = RELAY.host, RELAY.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = RELAY.username, RELAY.password
EMAIL_USE_TLS, EMAIL_USE_SSL = RELAY.tls == "starttls", RELAY.tls == "implicit"
EMAIL_TIMEOUT = 20
SEND_WORKERS = env.number("SEND_WORKERS", 1)  # how many workers may share one send
# Set together if the relay does not sign: a private key in PEM (RSA of 2048 bits), the senders' domain, the key's name there.
DKIM_KEY = env.secret("DKIM_KEY")
DKIM_DOMAIN, DKIM_SELECTOR = env.text("DKIM_DOMAIN"), env.text("DKIM_SELECTOR")
# Where mail that does not arrive comes back to; each message adds its own tag: bounce+TAG@bounces.example.org.
BOUNCE_ADDRESS = env.text("BOUNCE_ADDRESS")
# Where we fetch it: imaps://user:password@host/INBOX or pops://user:password@host. Empty if the mail server pipes it to us.
_MAILBOX_URL = env.secret("BOUNCE_MAILBOX")
BOUNCE_MAILBOX = parse_mailbox(_MAILBOX_URL) if _MAILBOX_URL else None
if BOUNCE_MAILBOX:
    CELERY_BEAT_SCHEDULE["mailbox"] = _every(60, "newsroom.delivery.tasks.fetch_bounces", expires=50)
# So many issues that bounced softly within so many days, and the reader is suppressed.
SOFT_BOUNCES = env.number("SOFT_BOUNCES", 5)
SOFT_BOUNCE_DAYS = env.number("SOFT_BOUNCE_DAYS", 14)

LOGIN_URL = "desk:sign_in"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "desk:sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Role, user name and password of the demo, printed by `manage.py run`; they exist only where the demo was made.
DEMO_SIGN_INS = [
    ("Editor", "edith", "demo-edith"),
    ("Chief editor", "chris", "demo-chris"),
    ("Sales", "sam", "demo-sam"),
    ("Sales manager", "maria", "demo-maria"),
    ("Ad operations", "adam", "demo-adam"),
    ("Finance", "fiona", "demo-fiona"),
    ("Operator", "olga", "demo-olga"),
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
WHITENOISE_USE_FINDERS = not HTTPS  # on one machine nothing needs collecting
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if HTTPS
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
MEDIA_URL = "media/"
MEDIA_ROOT = VAR / "media"
FILE_UPLOAD_MAX_MEMORY_SIZE = 9 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2500  # two for each column of a file of subscribers, and room for more

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "WARNING")},
    "loggers": {"flufl.bounce": {"level": "CRITICAL"}},  # it logs a traceback for each mail without a sender
}
