"""Settings of the server: one file, values from the environment, safe by default."""

import os
import secrets
from importlib import resources
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
# In a checkout templates and static files lie beside manage.py; in the wheel, inside the package.
ASSETS = ROOT if (ROOT / "manage.py").exists() else Path(str(resources.files("studio"))) / "_assets"


def env_text(name: str, default: str = "") -> str:
    """The variable's text, stripped; the default where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_flag(name: str, *, default: bool = False) -> bool:
    """A yes/no variable: 1, true, yes, on. Anything else is no."""
    text = env_text(name).lower()
    return default if not text else text in ("1", "true", "yes", "on")


def env_list(name: str) -> list[str]:
    """A comma-separated variable as a list without empty entries."""
    return [part.strip() for part in env_text(name).split(",") if part.strip()]


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """One of some words, in lower case; the first where the variable is unset."""
    text = env_text(name).lower() or choices[0]
    if text not in choices:
        raise ValueError(f"{name} is '{text}'; take one of: {', '.join(choices)}.")
    return text


def env_port(name: str, default: int) -> int:
    """A port from 1 to 65535."""
    text = env_text(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ValueError(f"{name} is '{text}', which is no port: take a number from 1 to 65535.")
    return int(text)


def env_number(name: str, default: int, *, least: int) -> int:
    """A whole number of at least so much."""
    text = env_text(name) or str(default)
    if not text.isdecimal() or int(text) < least:
        raise ValueError(f"{name} is '{text}'; take a whole number from {least} on.")
    return int(text)


def default_data_folder() -> Path:
    """The user's data folder for the studio, by the XDG base directory specification."""
    base = env_text("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "run-studio"


def secret_key(folder: Path) -> str:
    """The key in the data folder, made on first use and readable by its owner alone."""
    path = folder / "secret_key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process of the same start won the race
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text().strip()


def database(url: str, folder: Path) -> dict[str, object]:
    """Django's database entry for `postgres://user:password@host:port/name?option=value`, or SQLite in the folder."""
    if not url:
        return sqlite_database(folder / "db.sqlite3")
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(
            f"DATABASE_URL starts with '{parts.scheme}://': give postgres://user:password@host:port/name, "
            "or leave it empty for the built-in SQLite."
        )
    options: dict[str, object] = {k: v for k, v in parse_qsl(parts.query) if k != "host"}
    # Said by nobody, it depends on whether a pooler stands between: runs/prepared.py.
    if (threshold := options.get("prepare_threshold")) is not None:
        text = str(threshold)
        if text != "none" and not (text.isascii() and text.isdecimal()):
            raise ValueError(f"DATABASE_URL says prepare_threshold={text}: give a number or none.")
        options["prepare_threshold"] = None if text == "none" else int(text)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or dict(parse_qsl(parts.query)).get("host", "")),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def sqlite_database(path: Path) -> dict[str, object]:
    """SQLite as measured to survive many writers: WAL, writers queue from BEGIN on, a power cut loses nothing."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
            ),
        },
    }


DATA = Path(env_text("STUDIO_DATA") or default_data_folder()).expanduser().resolve()
DEBUG = env_flag("STUDIO_DEBUG")
SECRET_KEY = env_text("STUDIO_SECRET_KEY") or secret_key(DATA)
DATABASES = {"default": database(env_text("DATABASE_URL"), DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The address people and mails use; only it may appear in links that leave the page (never the Host header).
PUBLIC_URL = env_text("STUDIO_PUBLIC_URL", "http://127.0.0.1:8080").rstrip("/")
# An allow-list also on loopback: a page of another site must not reach the studio by rebinding its name to 127.0.0.1.
ALLOWED_HOSTS = sorted(
    {
        "127.0.0.1",
        "localhost",
        "[::1]",
        urlsplit(PUBLIC_URL).hostname or "localhost",
        *env_list("STUDIO_HOSTS"),
    }
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
HTTPS = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "runs",
]

MIDDLEWARE = [
    "runs.web.headers.SafeHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_http_compression.middleware.HttpCompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "runs.web.visitor.Visits",
]

ROOT_URLCONF = "studio.urls"
WSGI_APPLICATION = "studio.wsgi.application"
AUTH_USER_MODEL = "runs.User"
# The second is for sessions that were begun before there was the first.
AUTHENTICATION_BACKENDS = ["runs.web.signed_in.SignedIn", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ASSETS / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "runs.web.frame.frame",
            ],
        },
    }
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [ASSETS / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "runs.web.plotly_bundle.PlotlyFinder",
]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "files"},
    },
    "staticfiles": {"BACKEND": "studio.static_storage.CollectedStatic"},
}
# Where the bytes of logs, artifacts, images and snapshots lie (runs/storage.py).
FILES_FOLDER = DATA / "files"

SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-studio" if HTTPS else "studio"
CSRF_COOKIE_NAME = "__Host-studio-csrf" if HTTPS else "studio-csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "runs.web.errors.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Nothing to other sites. With "no-referrer" browsers say "Origin: null" in forms of our own, which CSRF refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
BEHIND_PROXY = env_flag("STUDIO_BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
# `check --deploy` is to pass without these, which are answered elsewhere.
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # runs.web.headers sends X-Frame-Options with everything else
    "security.W005",  # whether HSTS holds for subdomains, or
    "security.W021",  # in browsers from the start, is for the owner of the domain to say, at the proxy
    "security.W008",  # the proxy redirects to HTTPS; programs on the studio's own machine speak HTTP to it
]

# One thread for each request under way, in each process of the server; half of them may wait for logs to grow.
WEB_THREADS = env_number("STUDIO_THREADS", 64, least=4)

# Mail (runs/mail.py). With STUDIO_SMTP_HOST the server is the environment's alone; without it, what the owner of the
# installation set up in Settings; without either no mail is sent, and the pages say so.
EMAIL_HOST = env_text("STUDIO_SMTP_HOST")
SMTP_TLS = env_choice("STUDIO_SMTP_TLS", ("starttls", "ssl", "none"))
EMAIL_PORT = env_port("STUDIO_SMTP_PORT", {"starttls": 587, "ssl": 465, "none": 25}[SMTP_TLS])
EMAIL_HOST_USER = env_text("STUDIO_SMTP_USER")
EMAIL_HOST_PASSWORD = env_text("STUDIO_SMTP_PASSWORD")
EMAIL_USE_TLS, EMAIL_USE_SSL = SMTP_TLS == "starttls", SMTP_TLS == "ssl"
MAIL_FROM = env_text("STUDIO_MAIL_FROM")
DEFAULT_FROM_EMAIL = MAIL_FROM or f"studio@{urlsplit(PUBLIC_URL).hostname or 'localhost'}"

# Bodies that Django reads into memory (REST bodies have limits of their own, see runs/limits.py): 16 MiB, as the
# longest profile of a dataset has, and what stands around it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024 + 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
# Forms with files: pictures of descriptions. Runs' files come in bodies of their own.
FILE_UPLOAD_HANDLERS = [
    "runs.web.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["runs.api.authentication.TokenOrSession"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["runs.api.json.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["runs.api.json.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "runs.api.errors.answer",
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter of the export
    "NUM_PROXIES": 0,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Run Studio",
    "DESCRIPTION": "Runs, metrics, tags, properties, files and logs over plain HTTP.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    # Links that let somebody in stand in addresses; a log keeps none of them.
    "filters": {"no_tokens": {"()": "studio.log_filter.NoTokens"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_tokens"]}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"runs": {"level": "INFO"}, "studio": {"level": "INFO"}},
}
