"""On PostgreSQL, let the index behind the search box know signs: pg_trgm itself takes letters and digits alone.

With `ml-77` it found every text that has a word ending in "ml" and one beginning with "77", and each was read again.
Signs stand in the index as letters; what that finds too much is tested on the text itself (runs/query/search.py).
"""

from django.db import migrations
from django.db.utils import DatabaseError

WITH_SIGNS = "translate(text, '-_=.:/+#@&,;()', 'qxzqxzqxzqxzqx')"


def _make(schema_editor, expression):
    """Without pg_trgm there was no index before, and the search answers by a scan."""
    if schema_editor.connection.vendor == "sqlite":
        return
    savepoint = "search_index"
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS runs_search_trgm")
        cursor.execute(f"SAVEPOINT {savepoint}")
        try:
            cursor.execute(
                f"CREATE INDEX runs_search_trgm ON runs_runsearch USING gin (({expression}) gin_trgm_ops)"
            )
        except DatabaseError:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {savepoint}")
        cursor.execute(f"RELEASE SAVEPOINT {savepoint}")


def know_signs(apps, schema_editor):
    _make(schema_editor, WITH_SIGNS)


def know_words(apps, schema_editor):
    _make(schema_editor, "text")


class Migration(migrations.Migration):
    dependencies = [("runs", "0016_outlines_of_old_metrics")]

    operations = [migrations.RunPython(know_signs, know_words, elidable=False)]
