"""Looks at the terms of a filter before anything is chosen: how many runs each names, up to a cap."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When

from runs.models import Run
from runs.query.candidates import Sql, Term, capped_count, capped_counts, compiled
from runs.query.expressions import Listed, Numbers

# Of terms that no index answers without looking at every row of their key, so many are tried.
MOST_SCANS = 3
_BOTH = 1_000_000


@dataclass(frozen=True)
class Rarest:
    """A term, its numbers, and how many they are as far as they were counted."""

    term: Term
    numbers: Numbers | Listed
    count: int


@dataclass
class Probe:
    """What is known of the terms of one request, by their keys: counts up to a cap, and numbers at hand."""

    counts: dict[Hashable, int] = field(default_factory=dict)
    at_hand: dict[Hashable, Listed] = field(default_factory=dict)
    # Of the newest runs before any term: how many were looked at, and how many fulfil all terms.
    seen: int = 0
    hits: int = 0

    def rarest(self, terms: Sequence[Term]) -> Rarest | None:
        """The term with the fewest numbers; None where none was counted."""
        found = []
        for term in terms:
            numbers = self.at_hand.get(term.key) or term.numbers
            if numbers is not None and term.key in self.counts:
                found.append(Rarest(term, numbers, self.counts[term.key]))
        return min(found, key=lambda each: each.count, default=None)


def probe(terms: Sequence[Term], newest: QuerySet[Run], *, cap: int, sample: int) -> Probe:
    """Count each indexed term up to the cap; is none under it, look at the newest runs too. One query, or two.

    What looks at the newest runs is long in the writing: mostly a term is rare, and it is not needed. With a term that
    can only be fetched, for which `probe_again` may follow, all is one query.
    """
    indexed = [term for term in terms if term.numbers is not None]
    known = Probe()
    if not any(term.scan for term in terms):
        counted = capped_counts([term.numbers for term in indexed if term.numbers is not None], cap)
        known.counts = {term.key: count for term, count in zip(indexed, counted, strict=True)}
        if any(count <= cap for count in counted):
            return known
        indexed = []
    counts = [capped_count(term.numbers, cap) for term in indexed if term.numbers is not None]
    looked, params = sampled(newest, reduce(and_, (term.where for term in terms)), sample)
    names = [f"n{place}" for place in range(len(counts))]
    counted_sql = ", ".join(f"{sql} AS {name}" for name, (sql, _) in zip(names, counts, strict=True))
    # The databases leave alone what a CASE does not come to. Both numbers in one: it is then looked once.
    all_common = " AND ".join(f"{name} > {cap}" for name in names) or "1 = 1"
    both = f"(SELECT COUNT(*) * {_BOTH} + COALESCE(SUM(hit), 0) FROM ({looked}) AS newest)"  # noqa: S608
    chosen = ", ".join([*names, f"CASE WHEN {all_common} THEN {both} END"])
    sql = f"WITH counted AS (SELECT {counted_sql or '1 AS unused'}) SELECT {chosen} FROM counted"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [*(value for _, values in counts for value in values), *params])
        *found, seen_and_hits = cursor.fetchone()
    known.seen, known.hits = divmod(int(seen_and_hits or 0), _BOTH)
    known.counts |= {term.key: count for term, count in zip(indexed, found, strict=True)}
    return known


def sampled(newest: QuerySet[Run], where: Q, most: int, *columns: str) -> Sql:
    """The newest so many runs as rows of these columns and `hit`: 1 where the condition is fulfilled, else 0."""
    hit = Case(When(where, then=1), default=0) if where else Value(1)
    rows = newest.order_by("-created_at", "-id").annotate(hit=hit).values(*columns, "hit")
    # The rows may contradict what the list leaves out: nothing is found then.
    nothing = "".join(f"NULL AS {column}, " for column in columns)
    return compiled(rows[:most]) or (f"SELECT {nothing}0 AS hit WHERE 1 = 0", ())


def probe_again(known: Probe, terms: Sequence[Term], *, cap: int, most_fetched: int) -> Probe:
    """Fetch the first term of those that can only be fetched, should it have few enough numbers; else count further.

    One query: each part of it is left alone when a part before it has found the answer.
    """
    scans = [term for term in terms if term.scan is not None][:MOST_SCANS]
    indexed = [term for term in terms if term.numbers is not None]
    parts, params = _fetching(scans, min(cap, most_fetched))
    missed = _missed(len(scans), min(cap, most_fetched))
    for place, term in enumerate(indexed, len(scans)):
        count, values = capped_count(term.numbers, cap) if term.numbers is not None else ("0", ())
        parts.append(f"SELECT {place}, CASE WHEN {missed} THEN {count} END")
        params += values
    if not parts:
        return Probe()
    with connection.cursor() as cursor:
        cursor.execute(f"{_tables(scans, min(cap, most_fetched))} {' UNION ALL '.join(parts)}", params)
        rows = cursor.fetchall()
    by_place: dict[int, list[int]] = {}
    for place, number in rows:
        by_place.setdefault(place, []).extend([] if number is None else [number])
    return _found(known, scans, indexed, by_place)


def _tables(scans: Sequence[Term], most: int) -> str:
    tables = [
        f"f{place} AS (SELECT * FROM ({term.scan[0]}) AS scan LIMIT {most + 1})"  # noqa: S608 (compiled)
        for place, term in enumerate(scans)
        if term.scan is not None
    ]
    return f"WITH {', '.join(tables)}" if tables else ""


def _missed(place: int, most: int) -> str:
    """When no table before this one holds few enough numbers."""
    conditions = [f"(SELECT COUNT(*) FROM f{before}) > {most}" for before in range(place)]  # noqa: S608
    return " AND ".join(conditions) or "1 = 1"


def _fetching(scans: Sequence[Term], most: int) -> tuple[list[str], list[Any]]:
    """For each table a row without a number, and then its numbers, if it is the first with few enough of them."""
    parts = []
    for place in range(len(scans)):
        when = f"{_missed(place, most)} AND (SELECT COUNT(*) FROM f{place}) <= {most}"  # noqa: S608
        parts.append(f"SELECT {place}, NULL WHERE {when}")
        parts.append(f"SELECT {place}, f{place}.* FROM f{place} WHERE {when}")  # noqa: S608 (our own names)
    return parts, [value for term in scans if term.scan is not None for value in term.scan[1]]


def _found(
    known: Probe, scans: Sequence[Term], indexed: Sequence[Term], by_place: dict[int, list[int]]
) -> Probe:
    """What was counted, as a probe of its own; what was fetched is put into the known one too."""
    made = Probe()
    for place, numbers in by_place.items():
        if place >= len(scans):
            made.counts |= {indexed[place - len(scans)].key: number for number in numbers}
            continue
        key = scans[place].key
        for each in (made, known):
            each.counts[key], each.at_hand[key] = len(numbers), Listed(numbers)
    return made
