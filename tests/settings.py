"""Settings for tests: a data folder of their own, nothing of the developer's studio, and speed."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# What the developer's shell says of a studio must not reach the tests, except what is meant for them.
for _name in [name for name in os.environ if name.startswith("STUDIO_")]:
    if _name not in ("STUDIO_REQUIRE_BROWSER", "STUDIO_KEEP"):
        del os.environ[_name]

# Playwright keeps an event loop in the thread of the tests; the database is used beside it, never inside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

_folder = Path(tempfile.mkdtemp(prefix="run-studio-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
for _name in ("STUDIO_DATA", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
    os.environ[_name] = str(_folder / _name.lower())
(_folder / "studio_data" / "static").mkdir(parents=True)

from studio.settings import *  # noqa: E402, F403
from studio.settings import STORAGES  # noqa: E402

# One round instead of a million: no test is about how slow a password is checked.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
