"""Free text over the search row of each run: its names, description, experiment, submitter and tags; and the status.

SQLite finds words of three letters and more in an FTS5 index of trigrams, PostgreSQL in one of pg_trgm. The index
is asked with an unescaped LIKE, because FTS5 uses it only without an ESCAPE clause; the row is then tested exactly.
"""

from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import Run, RunSearch
from runs.query.conditions import Context

LENGTH = 500
WORDS = 12
INDEXED_LENGTH = 3  # shorter words have no trigram


def words_of(text: str) -> list[str]:
    """The words that must all be found, in lower case; "several words" in double quotes stay together."""
    if len(text) > LENGTH:
        raise Invalid(f"The search has {len(text):,} characters; at most {LENGTH} are allowed.", field="q")
    if "\x00" in text:
        raise Invalid("The search holds a NUL character, which cannot be stored.", field="q")
    found: list[str] = []
    for place, part in enumerate(text.lower().split('"')):
        found += [part.strip()] if place % 2 else part.split()
    return [word for word in dict.fromkeys(found) if word][:WORDS]


def word_condition(word: str) -> Q:
    """When a run holds the word, or stands in a status whose name does."""
    texts = RunSearch.objects.filter(text__contains=word, run_id=OuterRef("pk"))
    statuses = _statuses(word)
    return Q(Exists(texts)) | Q(status__in=statuses) if statuses else Q(Exists(texts))


def word_candidates(word: str, context: Context) -> "QuerySet[Any] | None":
    """The numbers of the runs that hold the word, by the index; None for a word too short for it."""
    if len(word) < INDEXED_LENGTH:
        return None
    rows = RunSearch.objects.filter(text__contains=word)
    if connection.vendor == "sqlite":
        pattern = f"%{word}%"
        rows = rows.filter(
            run_id__in=RawSQL("SELECT rowid FROM runs_search_fts WHERE text LIKE %s", [pattern])
        )
    found: QuerySet[Any] = rows.values("run_id")
    statuses = _statuses(word)
    if not statuses:
        return found
    return found.union(
        Run.objects.filter(workspace=context.workspace, status__in=statuses).values("id"), all=True
    )


def _statuses(word: str) -> list[str]:
    return sorted(status.value for status in Status if word in status.value.lower())
