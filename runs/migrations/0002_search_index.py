"""The index behind the search box: FTS5 trigrams on SQLite, pg_trgm on PostgreSQL."""

from django.db import migrations
from django.db.utils import DatabaseError

SQLITE = [
    "CREATE VIRTUAL TABLE runs_search_fts USING fts5("
    "text, content='runs_runsearch', content_rowid='run_id', tokenize='trigram', detail='none')",
    "CREATE TRIGGER runs_search_added AFTER INSERT ON runs_runsearch BEGIN "
    "INSERT INTO runs_search_fts(rowid, text) VALUES (new.run_id, new.text); END",
    "CREATE TRIGGER runs_search_removed AFTER DELETE ON runs_runsearch BEGIN "
    "INSERT INTO runs_search_fts(runs_search_fts, rowid, text) VALUES ('delete', old.run_id, old.text); END",
    "CREATE TRIGGER runs_search_changed AFTER UPDATE ON runs_runsearch BEGIN "
    "INSERT INTO runs_search_fts(runs_search_fts, rowid, text) VALUES ('delete', old.run_id, old.text); "
    "INSERT INTO runs_search_fts(rowid, text) VALUES (new.run_id, new.text); END",
]
SQLITE_BACK = [
    "DROP TRIGGER runs_search_added",
    "DROP TRIGGER runs_search_removed",
    "DROP TRIGGER runs_search_changed",
    "DROP TABLE runs_search_fts",
]


def make_index(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        for statement in SQLITE:
            schema_editor.execute(statement)
        return
    # Making the extension needs a right that the role may lack, or the server may not ship it: without it the
    # search still answers, by a scan.
    savepoint = "search_index"
    with connection.cursor() as cursor:
        cursor.execute(f"SAVEPOINT {savepoint}")
        try:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute("CREATE INDEX runs_search_trgm ON runs_runsearch USING gin (text gin_trgm_ops)")
        except DatabaseError:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {savepoint}")
        cursor.execute(f"RELEASE SAVEPOINT {savepoint}")


def drop_index(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        for statement in SQLITE_BACK:
            schema_editor.execute(statement)
        return
    schema_editor.execute("DROP INDEX IF EXISTS runs_search_trgm")


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [migrations.RunPython(make_index, drop_index, elidable=False)]
