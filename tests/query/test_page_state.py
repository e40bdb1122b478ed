"""The state of an address: what a saved view keeps, how it is compared, and what has gone."""

import pytest
from django.http import QueryDict

from runs.actions import organise
from runs.errors import Invalid
from runs.models import Tag
from runs.query.missing import missing_in
from runs.query.page_state import differences, is_same, read_state, state_in, state_of, state_text
from tests import make


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("", {}),
        ("q=+a+&cursor=x&view=7&version=2&next=//evil", {"q": ["a"]}),
        ("status=Running&status=Failed&status=Failed&status=", {"status": ["Failed", "Running"]}),
        ("sort=-created", {}),
        ("sort=metrics.acc+DESC", {"sort": ["-metrics.acc"]}),
        ("columns=name,+status,name", {"columns": ["name,status"]}),
        ("mine=False&archived=TRUE", {"archived": ["true"]}),
        ("mine=true&pin=1", {"mine": ["true"]}),
        ("selected=b&selected=a", {"selected": ["b", "a"]}),
        ("filter=created+>+-7d", {"filter": ["created > -7d"]}),
        ("filter=x+=&sort=nonsense", {"filter": ["x ="], "sort": ["nonsense"]}),
    ],
)
def test_what_an_address_says(address, kept):
    assert state_of(QueryDict(address)) == kept


def test_a_state_is_written_and_read_again():
    state = {"filter": ["tags.a = 'ü & b'"], "tag": ["a=1", "b"], "sort": ["-created_by"], "pin": ["2"]}
    assert state_of(state_in(state_text(state))) == state_of(state)
    assert state_of(state_in("/w/x/runs/?q=a?b=c")) == {"q": ["a?b=c"]}


@pytest.mark.parametrize(
    "address",
    ["filter=x+%3D", "sort=nonsense", "columns=a(", "chart=cake:x", "pin=many", "only=chosen", "created_after=soon",
     "archived=perhaps"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(address):
    with pytest.raises(Invalid):
        read_state(QueryDict(address))


def test_looking_into_a_run_is_no_change():
    assert is_same({"q": ["a"], "open": ["r"]}, {"q": ["a"]})
    assert not is_same({"q": ["a"]}, {"q": ["b"]})


def test_differences_are_told_part_by_part():
    found = list(differences({"q": ["a"], "status": ["Failed"]}, {"q": ["b"], "mine": ["true"]}))
    assert [(d.label, d.first, d.second) for d in found] == [
        ("Search", "a", "b"),
        ("Status", "Failed", ""),
        ("Only my runs", "", "true"),
    ]


def test_what_has_gone_is_named_in_one_query(workspace, owner, django_assert_max_num_queries):
    run = make.run(workspace, tags={"team": "a", "gone": "b"}, metrics={"loss": 1.0}, params={"lr": "1"})
    organise.remove_tags(run, ["gone"], by=owner)
    assert not Tag.objects.filter(name__text="gone").exists()
    state = read_state(
        QueryDict(
            f"columns=name,tags.team,tags.gone,metrics.loss,metrics.acc&sort=params.lr&selected={run.public_id}"
            "&selected=nobody&experiment=digits&filter=experiment+%3D+'old'&chart=line:metrics.acc2"
        )
    )
    with django_assert_max_num_queries(1):
        assert missing_in(workspace, state) == [
            "the tag 'gone'",
            "the metric 'acc'",
            "the metric 'acc2'",
            "the experiment 'old'",
            "1 selected run",
        ]
    with django_assert_max_num_queries(0):
        assert missing_in(workspace, {"q": ["a"], "filter": ["x ="]}) == []


def test_the_most_that_is_checked_is_still_one_query(workspace, django_assert_max_num_queries):
    make.run(workspace, tags={"t7": "a"})
    texts = ",".join(f"tags.t{n},metrics.m{n}" for n in range(50))
    selected = "".join(f"&selected=run-{n}" for n in range(300))
    state = read_state(QueryDict(f"columns={texts}{selected}"))
    with django_assert_max_num_queries(1):
        found = missing_in(workspace, state)
    assert found[-1] == "100 selected runs"
    assert len(found) == 100 and "the tag 't7'" not in found


def test_another_workspace_s_names_do_not_count(workspace, stranger):
    elsewhere = make.workspace(owner=stranger)
    make.run(elsewhere, tags={"team": "a"})
    assert missing_in(workspace, {"columns": ["tags.team"]}) == ["the tag 'team'"]
