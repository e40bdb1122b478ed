"""Free text over the search row of each run: its names, description, experiment, submitter and tags; and the status.

SQLite finds words of three letters and more in an FTS5 index of trigrams, PostgreSQL in one of pg_trgm. FTS5 is asked
for all trigrams of the words, wherever they stand, and pg_trgm, which leaves signs out, holds them as letters. Both
find too much, never too little: the search row itself is then tested.
"""

import json
import re
from typing import Any

from django.db import connection
from django.db.models import F, Func, OuterRef, Q, TextField, Value
from django.db.models.functions import Lower
from django.db.models.lookups import In

from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import RunSearch
from runs.query.candidates import Sql, Term, compiled, of_statuses
from runs.query.conditions import Context
from runs.query.expressions import Holds, Unindexed
from runs.query.lexer import composed, first_unstorable

LENGTH = 500
WORDS = 12
INDEXED_LENGTH = 3  # shorter words have no trigram
# How PostgreSQL keeps signs in `letters`, beside the text: migration 0033 says the same.
_SIGNS, _LETTERS = "-_=.:/+#@&,;()", "qxzqxzqxzqxzqx"
_AS_LETTERS = str.maketrans(_SIGNS, _LETTERS)
# A trigram that nearly every run has finds nothing that the others do not, and FTS5 reads all of its list for it: of a
# million runs that all have `ml-` in a name, twice what it takes to find 2,600 by the rest. The newest texts tell.
_ASKED_FOR = """
    SELECT COALESCE(
        (SELECT group_concat('"' || replace(value, '"', '""') || '"', ' ') FROM json_each(%s) AS part WHERE (
            SELECT COUNT(*) FROM (SELECT text FROM runs_runsearch ORDER BY run_id DESC LIMIT 100)
            WHERE instr(text, part.value) > 0
        ) < 90), %s)
"""


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
    """The words that an index finds as one term, which the index answers together; each other word as its own."""
    words = words_of(text)
    together = [word for word in words if len(word) >= INDEXED_LENGTH and not _statuses(word)]
    terms = [_alone(word, context) for word in words if word not in together]
    if not together:
        return terms
    holds = RunSearch.objects.filter(*(Q(text__contains=word) for word in together), run_id=OuterRef("pk"))
    return [Term(("words", *together), Q(Holds(holds)), scan=find(together), is_exact=True), *terms]


def _alone(word: str, context: Context) -> Term:
    """A word that may also be part of a status, or is too short for the index."""
    statuses, key = _statuses(word), ("words", word)
    if len(word) < INDEXED_LENGTH:
        where = _short(word)
    else:
        where = Q(Holds(RunSearch.objects.filter(text__contains=word, run_id=OuterRef("pk"))))
    if statuses:
        where |= Q(In(Unindexed(F("status")), statuses))
    if len(word) < INDEXED_LENGTH:
        return Term(key, where)
    in_status = compiled(of_statuses(statuses, context)) if statuses else None
    if in_status is None:
        return Term(key, where, scan=find([word]), is_exact=True)
    sql, params = find([word])
    both = f"{sql} UNION ALL {in_status[0]}", (*params, *in_status[1])
    return Term(key, where, scan=both, is_exact=True)


def _short(word: str) -> Q:
    """A word that nearly every id holds somewhere: of an id it is the beginning, or it is none."""
    but_the_id: Any = Func(
        F("text"), Lower(OuterRef("public_id")), Value(""), function="REPLACE", output_field=TextField()
    )
    rows = RunSearch.objects.annotate(rest=but_the_id).filter(rest__contains=word, run_id=OuterRef("pk"))
    return Q(Holds(rows)) | Q(public_id__istartswith=word)


def _statuses(word: str) -> list[str]:
    """The statuses that the word is part of."""
    return sorted(status.value for status in Status if word in status.value.lower())


def find(words: list[str]) -> Sql:
    """What finds the numbers of the runs that hold all the words, of whatever workspace, by the index."""
    patterns = [_pattern(word) for word in words]
    if connection.vendor == "sqlite":
        found = "SELECT run_id FROM runs_search_fts JOIN runs_runsearch ON run_id = runs_search_fts.rowid"
        likes = " AND ".join(["runs_runsearch.text LIKE %s ESCAPE '\\'"] * len(words))
        return f"{found} WHERE runs_search_fts MATCH ({_ASKED_FOR}) AND {likes}", (
            *_trigrams(words),
            *patterns,
        )
    likes = " AND ".join(["letters LIKE %s"] * len(words) + ["text LIKE %s"] * len(words))
    in_letters = [_pattern(word.translate(_AS_LETTERS)) for word in words]
    return f"SELECT run_id FROM runs_runsearch WHERE {likes}", (*in_letters, *patterns)  # noqa: S608 (constants)


def _trigrams(words: list[str]) -> tuple[str, str]:
    """All runs of three characters in the words, as JSON and, each in quotes, as FTS5 is asked for all of them."""
    starts = [(word, place) for word in words for place in range(len(word) - INDEXED_LENGTH + 1)]
    parts = list(dict.fromkeys(word[place : place + INDEXED_LENGTH] for word, place in starts))
    return json.dumps(parts), " ".join('"' + part.replace('"', '""') + '"' for part in parts)


def _pattern(word: str) -> str:
    """Finds the word anywhere."""
    escaped = re.sub(r"([\\%_])", r"\\\1", word)
    return f"%{escaped}%"
