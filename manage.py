#!/usr/bin/env python3
"""The entry point: `up` and `test` make .venv the first time and run inside it; all else is plain Django."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        f"Run Studio needs Python 3.11 or newer; this is Python {sys.version.split()[0]}. "
        "Call manage.py with a newer one, for example: python3.11 manage.py up"
    )

from studio import bootstrap


def main() -> int:
    """Run one command and give its exit code."""
    command, rest = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("help", [])
    bootstrap.enter(bootstrap.sets_for(command, rest))
    if command == "up":
        from studio import serve

        return serve.main(rest)
    if command == "test":
        from tests import start_tests

        return start_tests.main(rest)
    import os

    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    execute_from_command_line([sys.argv[0], command, *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
