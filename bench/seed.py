"""Fills a studio's database with invented runs: `python bench/seed.py --runs 1000000 --data DIR`.

Afterwards `studio up --data DIR` opens it. With DATABASE_URL set, it is that PostgreSQL that is filled.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import django
from django.core.management import call_command

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    """Make the tables, the first user and the workspace where they are missing, then the runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="how many runs (100,000)")
    parser.add_argument("--experiments", type=int, default=50, help="of how many experiments (50)")
    parser.add_argument("--data", type=Path, required=True, help="the data folder of the studio")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same runs (1)")
    parser.add_argument(
        "--until",
        type=datetime.fromisoformat,
        default=datetime.now(UTC).replace(minute=0, second=0, microsecond=0),
        help="when the newest run was made, as 2026-11-23T12:00:00+00:00 (this hour)",
    )
    options = parser.parse_args()
    os.environ["STUDIO_DATA"] = str(options.data.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    django.setup()
    call_command("migrate", verbosity=0)

    from bench.seeding import fill  # the models can be imported only now
    from runs.actions.workspace import ensure_first_user

    user, workspace, _ = ensure_first_user("bench")
    fill(
        workspace,
        by=user,
        runs=options.runs,
        experiments=options.experiments,
        seed=options.seed,
        until=options.until,
    )


if __name__ == "__main__":
    main()
