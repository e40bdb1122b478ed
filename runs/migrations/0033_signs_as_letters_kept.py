"""On PostgreSQL, keep the text of the search as letters beside itself, so that the index need not make it again.

Whatever the index of trigrams finds is tested once more, and `translate` took 25 µs a row for that: two thirds of a
search that finds 2,500 of a million runs. Kept, a row's test takes 1 µs. Writing a row costs what it did, for the
index needed the letters before as well; a million runs take some 170 MB more.
"""

from django.db import migrations
from django.db.utils import DatabaseError

LETTERS = "translate(text, '-_=.:/+#@&,;()', 'qxzqxzqxzqxzqx')"


def _index(cursor, expression):
    """Without pg_trgm there was no index before, and the search answers by a scan."""
    savepoint = "search_index"
    cursor.execute(f"SAVEPOINT {savepoint}")
    try:
        cursor.execute(f"CREATE INDEX runs_search_trgm ON runs_runsearch USING gin ({expression} gin_trgm_ops)")
    except DatabaseError:
        cursor.execute(f"ROLLBACK TO SAVEPOINT {savepoint}")
    cursor.execute(f"RELEASE SAVEPOINT {savepoint}")


def keep(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS runs_search_trgm")
        cursor.execute(
            f"ALTER TABLE runs_runsearch ADD COLUMN letters text GENERATED ALWAYS AS ({LETTERS}) STORED"
        )
        _index(cursor, "letters")
        cursor.execute("ANALYZE runs_runsearch")


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS runs_search_trgm")
        cursor.execute("ALTER TABLE runs_runsearch DROP COLUMN letters")
        _index(cursor, f"({LETTERS})")


class Migration(migrations.Migration):
    dependencies = [("runs", "0032_changes_given_up")]

    operations = [migrations.RunPython(keep, make, elidable=False)]
