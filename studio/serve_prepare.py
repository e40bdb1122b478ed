"""What must be there before the studio serves: tables, static files, the first user, their token and link.

`python -m studio.serve_prepare` does it in a process of its own, so that `studio up` itself stays small; what came
out of it is one line of JSON on stdout.
"""

import argparse
import getpass
import json
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

# One number of ours: two servers that start on one PostgreSQL migrate one after the other.
MIGRATION_LOCK = 7_215_300_417
# What packages bring along and no page shows: a third of the time it takes to collect.
UNUSED = ["redoc", "rest_framework"]


class NotReady(Exception):
    """The studio cannot be prepared; the sentence says why."""


def main() -> int:
    """Prepare, and print what came out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--beyond", metavar="HOST", help="an address that other machines can reach")
    parser.add_argument("--collect", action="store_true", help="static files may have changed: collect them")
    options = parser.parse_args()
    try:
        load_django()
        migrated = migrate()
        facts = sign_in_facts()
        if options.beyond and not facts["has_password"]:
            raise NotReady(
                f"{options.beyond} can be reached from other machines, and {facts['user']}, who owns this studio, "
                f"has no password yet. Set one first: studio password --data {settings.DATA}"
            )
        if options.collect:
            collect_static()
        print(json.dumps({"migrated": migrated, **facts}))
    except NotReady as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def load_django() -> None:
    """Load the settings and the models. Raises NotReady when the database's driver is missing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        if "psycopg" not in str(error):
            raise
        raise NotReady(
            "DATABASE_URL names a PostgreSQL, but its driver is not installed: pip install 'run-studio[postgres]'"
        ) from None


def migrate() -> bool:
    """Bring the tables up to date; whether there was anything to do. Raises NotReady when nobody answers."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise NotReady(f"The database does not answer: {str(error).strip()}") from None
    if not pending():
        return False
    with migration_lock():
        is_new = not connection.introspection.table_names()
        print("Making the database." if is_new else "Bringing the database up to date.", file=sys.stderr)
        call_command("migrate", interactive=False, verbosity=0)
    return True


def pending() -> bool:
    """Whether a migration of this version has not been applied."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def migration_lock() -> Iterator[None]:
    """One process at a time; on SQLite the lock of the data folder sees to that."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def collect_static() -> None:
    """Gather and compress the static files of the studio and its packages into the data folder."""
    print("Gathering the pages' scripts and styles.", file=sys.stderr)
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, ignore_patterns=UNUSED)


def sign_in_facts() -> dict[str, object]:
    """Who the first user is, a token for scripts of this machine and a link that signs them in once."""
    from runs.actions import workspace as people

    user, workspace, is_new = people.ensure_first_user(operating_system_user())
    token = kept_token(user.pk)
    if token is None:
        _, token = people.create_token(user, name=f"Scripts on {socket.gethostname()}")
    return {
        "user": user.username,
        "is_new": is_new,
        "has_password": user.has_usable_password(),
        "workspace": workspace.name,
        "token": token,
        "login": people.create_login_link(user),
    }


def operating_system_user() -> str:
    """The name of whoever started this; `owner` where the system knows no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "owner"


def kept_token(user_id: int) -> str | None:
    """The token in server.json, while it still opens what it should; tokens do not pile up with each start."""
    from runs.access import live_token
    from runs.actions.secret import sha256_of
    from runs.models import ApiToken

    try:
        text = str(json.loads((settings.DATA / "server.json").read_text()).get("token", ""))
    except (OSError, ValueError):
        return None
    parts = re.fullmatch(r"studio_(\d{1,18})_(.+)", text)
    if parts is None:
        return None
    secret = sha256_of(parts[2])
    found = (
        ApiToken.objects.select_related("user")
        .filter(pk=parts[1], user=user_id, secret_sha256=secret)
        .first()
    )
    return text if found and found.scope == "write" and live_token(found) else None


if __name__ == "__main__":
    sys.exit(main())
