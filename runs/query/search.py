"""Free text over the search row of each run: its names, description, experiment, submitter and tags; and the status.

SQLite finds words of three letters and more in an FTS5 index of trigrams, PostgreSQL in one of pg_trgm. FTS5 is asked
with an unescaped LIKE, because it uses its index only without an ESCAPE clause: a `%` or `_` in a word makes it find
too much, never too little, and the search row itself is then tested.
"""

from django.db import connection
from django.db.models import F, OuterRef, Q
from django.db.models.lookups import In

from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import RunSearch
from runs.query.candidates import Term, of_statuses
from runs.query.conditions import Context
from runs.query.expressions import Holds, Unindexed
from runs.query.lexer import composed, first_unstorable

LENGTH = 500
WORDS = 12
INDEXED_LENGTH = 3  # shorter words have no trigram


def words_of(text: str) -> list[str]:
    """The words that must all be found, in lower case; "several words" in double quotes stay together."""
    if len(text) > LENGTH:
        raise Invalid(f"The search has {len(text):,} characters; at most {LENGTH} are allowed.", field="q")
    if first_unstorable(text) is not None:
        raise Invalid("The search holds a character that cannot be part of any text.", field="q")
    found: list[str] = []
    for place, part in enumerate(composed(text).lower().split('"')):
        found += [part.strip()] if place % 2 else part.split()
    return [word for word in dict.fromkeys(found) if word][:WORDS]


def word_terms(text: str, context: Context) -> list[Term]:
    """A term for each word; long words first, which are found in fewer runs."""
    return [_term(word, context) for word in sorted(words_of(text), key=len, reverse=True)]


def _term(word: str, context: Context) -> Term:
    statuses = sorted(status.value for status in Status if word in status.value.lower())
    where = Q(Holds(RunSearch.objects.filter(text__contains=word, run_id=OuterRef("pk"))))
    if statuses:
        where |= Q(In(Unindexed(F("status")), statuses))
    if len(word) < INDEXED_LENGTH:
        return Term(where)

    def fetch(most: int) -> list[int]:
        found = find(word, most)
        if statuses and len(found) < most:
            found += [row["id"] for row in of_statuses(statuses, context)[: most - len(found)]]
        return found

    return Term(where, fetch=fetch)


def find(word: str, most: int) -> list[int]:
    """The numbers of up to `most` runs that may hold the word, of whatever workspace, by the index."""
    if connection.vendor != "sqlite":
        return list(RunSearch.objects.filter(text__contains=word).values_list("run_id", flat=True)[:most])
    with connection.cursor() as cursor:
        cursor.execute("SELECT rowid FROM runs_search_fts WHERE text LIKE %s LIMIT %s", [f"%{word}%", most])
        return [row[0] for row in cursor.fetchall()]
