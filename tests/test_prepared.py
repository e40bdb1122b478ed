"""Lookups whose SQL is built once find what Django finds."""

from datetime import timedelta
from unittest.mock import MagicMock, Mock

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.db.models.expressions import RawSQL

from runs.connections import allow_prepared
from runs.models import ApiToken, Member, Run, Tag
from runs.prepared import Prepared, PreparedRows, rows_of_each
from runs.query.expressions import is_one_of
from runs.transaction import apart
from tests import make


def facts(thing):
    return {name: value for name, value in vars(thing).items() if not name.startswith("_")}


def test_an_object_is_what_django_reads_with_what_is_read_along(workspace, owner):
    run = make.run(workspace, tags={"a": "b"}, arguments=["--lr", "0.1"])
    by_id = Prepared(
        lambda name: Run.objects.select_related("workspace", "parent").filter(public_id=name), str
    )
    django = Run.objects.select_related("workspace", "parent").get()
    for _ in range(2):
        found = by_id.first(run.public_id)
        assert facts(found) == facts(django) and found == django
        assert facts(found.workspace) == facts(django.workspace) and found.parent is None
        assert found.created_at.tzinfo is not None and found.arguments == ["--lr", "0.1"]
    assert by_id.first("nowhere") is None


def test_each_call_asks_with_its_own_values(workspace, owner, reader):
    mine = Prepared(lambda user, name: Member.objects.filter(user=user, workspace__name=name), int, str)
    for person, role in ((owner, "owner"), (reader, "reader"), (owner, "owner")):
        assert mine.first(person.pk, workspace.name).role == role
    assert mine.first(owner.pk, "' OR 1=1 --") is None


def test_all_that_are_found_come_in_their_order_with_what_is_read_along(workspace, django_assert_num_queries):
    runs = [make.run(workspace) for _ in range(3)]
    among = Prepared(
        lambda *ids: Run.objects.select_related("workspace").filter(public_id__in=ids).order_by("-pk"),
        *[str] * 3,
    )
    names = [run.public_id for run in runs]
    with django_assert_num_queries(2):
        assert [run.workspace.name for run in among.all(*names)] == ["vision"] * 3
        assert among.all(names[0], names[2], names[2]) == [runs[2], runs[0]]
    assert among.all("no", "such", "run") == []


def test_what_is_read_along_may_be_missing_or_there(workspace, owner):
    with_run = Prepared(lambda number: ApiToken.objects.select_related("run", "user").filter(pk=number), int)
    make.token(owner)
    token = ApiToken.objects.get()
    found = with_run.first(token.pk)
    assert found.run is None and found.user == owner and found.user.last_seen_at == owner.last_seen_at


def test_one_query_and_none_besides(workspace, django_assert_num_queries):
    run = make.run(workspace)
    by_id = Prepared(
        lambda name: Run.objects.select_related("workspace", "experiment").filter(public_id=name), str
    )
    by_id.first(run.public_id)
    with django_assert_num_queries(1):
        assert by_id.first(run.public_id).experiment.workspace_id == workspace.pk


def test_plain_values_of_many_at_once_are_what_django_reads(workspace, django_assert_num_queries):
    runs = [make.run(workspace, tags={"a": f"{place}"}, arguments=["--lr", f"{place}"]) for place in range(3)]
    columns = ("pk", "created_at", "ended_at", "arguments", "workspace__name")
    some = PreparedRows(
        lambda numbers: Run.objects.filter(is_one_of(numbers)).order_by("pk").values_list(*columns), list
    )
    django = [list(row) for row in Run.objects.order_by("pk").values_list(*columns)]
    with django_assert_num_queries(3):
        assert [list(row) for row in some.all([run.pk for run in runs])] == django
        assert [row[0] for row in some.all([runs[2].pk, runs[0].pk, 10**9])] == [runs[0].pk, runs[2].pk]
        assert some.all([]) == []
    tagged = PreparedRows(
        lambda text, numbers: Tag.objects.filter(is_one_of(numbers, "run_id"), value=text).values_list(
            "run_id"
        ),
        str,
        list,
    )
    assert tagged.all("1", [run.pk for run in runs]) == [(runs[1].pk,)]


def test_what_stands_for_numbers_takes_nothing_else(workspace):
    some = PreparedRows(lambda numbers: Run.objects.filter(is_one_of(numbers)).values_list("pk"), list)
    with pytest.raises(TypeError, match="numbers are wanted, not 'a'"):
        some.all("a")


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks no rows.")
def test_a_lock_is_kept_in_the_statement(workspace):
    held = Prepared(
        lambda number: Run.objects.select_for_update(no_key=True).only("pk").filter(pk=number), int
    )
    run = make.run(workspace)
    assert held.first(run.pk) == run
    assert "FOR NO KEY UPDATE" in held._made[connection.vendor, True]._sql


def test_several_queries_of_the_same_runs_are_read_in_turn(workspace, django_assert_num_queries):
    runs = [make.run(workspace, tags={"a": str(number)}) for number in range(3)]
    numbers = [run.pk for run in runs]
    ids = PreparedRows(
        lambda some: Run.objects.filter(is_one_of(some)).order_by("pk").values_list("public_id"), list
    )
    times = PreparedRows(
        lambda some: Run.objects.filter(is_one_of(some)).values_list("pk", "created_at"), list
    )
    tags = PreparedRows(
        lambda some: Tag.objects.filter(is_one_of(some, "run_id")).values_list("run_id"), list
    )
    with django_assert_num_queries(3):
        found, moments, tagged = rows_of_each((ids, times, tags), numbers)
    assert [row[0] for row in found] == [run.public_id for run in runs]
    assert {row[0]: row[1] for row in moments} == {run.pk: run.created_at for run in runs}
    assert all(moment.utcoffset() == timedelta(0) for _, moment in moments)
    assert sorted(row[0] for row in tagged) == numbers


def test_a_query_that_fails_among_several_says_so_and_leaves_the_connection_whole(workspace):
    run = make.run(workspace)
    ids = PreparedRows(lambda some: Run.objects.filter(is_one_of(some)).values_list("pk"), list)
    broken = PreparedRows(
        lambda some: Run.objects.filter(is_one_of(some)).values_list(RawSQL("no_such_column", ())), list
    )
    with pytest.raises(ProgrammingError if connection.vendor == "postgresql" else OperationalError), apart():
        list(rows_of_each((ids, broken, ids), [run.pk]))
    assert [[*row] for row in ids.all([run.pk])] == [[run.pk]]


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no server that would remember statements"
)
def test_postgresql_remembers_the_statement(workspace):
    by_name = PreparedRows(lambda name: Tag.objects.filter(name__text=name).values_list("value"), str)
    make.run(workspace, tags={"first": "1", "second": "2"})
    known = "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE %s"
    assert [by_name.all(name) for name in ("first", "second", "third")] == [[("1",)], [("2",)], []]
    with connection.cursor() as cursor:
        cursor.execute(known, ["%runs_tag%"])
        assert cursor.fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("process", "options", "threshold"),
    [
        (7, {}, 0),
        (8, {}, None),
        (7, {"prepare_threshold": None}, "as it was"),
        (8, {"prepare_threshold": 5}, "as it was"),
    ],
)
def test_statements_are_prepared_where_no_pooler_stands_between(process, options, threshold):
    made = Mock(prepare_threshold="as it was", info=Mock(backend_pid=7))
    opened = MagicMock(vendor="postgresql", settings_dict={"OPTIONS": options}, connection=made)
    opened.cursor.return_value.__enter__.return_value.fetchone.return_value = (process,)
    allow_prepared(connection=opened)
    assert made.prepare_threshold == threshold
