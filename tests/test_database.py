"""The settings of the database that keep writes from being lost."""

import pytest
from django.db import connection

from runs.models import RunSearch
from studio.settings import database, sqlite_database
from tests import make


def test_sqlite_keeps_what_it_acknowledged(tmp_path):
    import sqlite3

    options = sqlite_database(tmp_path / "db.sqlite3")["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE" and options["timeout"] >= 20
    opened = sqlite3.connect(tmp_path / "db.sqlite3")
    opened.executescript(options["init_command"])
    pragma = {
        name: opened.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_database_url_names_postgresql(tmp_path):
    entry = database("postgres://ada:p%40ss@db.example:5433/studio?sslmode=require", tmp_path)
    assert entry["ENGINE"] == "django.db.backends.postgresql"
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"], entry["PORT"]) == (
        "ada",
        "p@ss",
        "db.example",
        "5433",
    )
    assert entry["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize(("said", "meant"), [("none", None), ("5", 5)])
def test_the_address_says_when_statements_are_prepared(tmp_path, said, meant):
    entry = database(f"postgres://db.example/studio?prepare_threshold={said}", tmp_path)
    assert entry["OPTIONS"] == {"prepare_threshold": meant}


@pytest.mark.parametrize("said", ["-1", "never", ""])
def test_what_prepare_threshold_may_be_is_said(tmp_path, said):
    with pytest.raises(ValueError, match="give a number or none"):
        database(f"postgres://db.example/studio?prepare_threshold={said or '%20'}", tmp_path)


def test_another_database_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="give postgres://user:password@host:port/name"):
        database("mysql://root@localhost/x", tmp_path)


def test_the_search_index_follows_its_rows(workspace):
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'runs_search_trgm'")
            assert cursor.fetchone()[0] in (0, 1)
        return
    run = make.run(workspace, display_name="resnet-baseline")

    def hits(word: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM runs_search_fts WHERE text LIKE %s", [f"%{word}%"])
            return cursor.fetchone()[0]

    assert hits("resnet-base") == 1
    RunSearch.objects.filter(run=run).update(text="something else")
    assert (hits("resnet-base"), hits("something")) == (0, 1)
    RunSearch.objects.filter(run=run).delete()
    assert hits("something") == 0
