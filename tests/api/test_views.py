"""Saved views over REST: made, changed with a version check, shared, deleted and restored, and the runs they find."""

import pytest

from runs.actions import views as actions
from runs.models import Member, SavedView
from tests import make

VIEWS = "workspaces/vision/views/"


@pytest.fixture
def made(api_of, contributor):
    """A view of Carl's that the workspace may edit, as REST answers it."""
    new = {"name": "Bad", "sharing": "edit", "state": {"status": "Failed", "sort": "-metrics.loss"}}
    return api_of(contributor)("POST", VIEWS, new).json()


def path(made, below=""):
    return f"{VIEWS}{made['id']}/{below}"


def test_a_view_is_made_and_read(api_of, contributor, reader, workspace):
    make.run(workspace, "digits")
    new = {
        "name": "Bad",
        "description": "d",
        "sharing": "view",
        "experiment": "digits",
        "state": {"tag": ["a=1", "b"], "filter": "metrics.loss<0.3", "columns": "name,metrics.loss"},
    }
    answer = api_of(contributor)("POST", VIEWS, new)
    assert answer.status_code == 201
    found = api_of(reader)("GET", path(answer.json())).json()
    assert {k: found[k] for k in ("name", "owner", "sharing", "experiment", "version", "starred", "may")} == {
        "name": "Bad",
        "owner": "carl",
        "sharing": "view",
        "experiment": "digits",
        "version": 1,
        "starred": False,
        "may": {"edit": False, "manage": False},
    }
    assert found["state"]["tag"] == ["a=1", "b"] and found["columns"] == ["name", "metrics.loss"]
    assert found["filter"] == "metrics.loss < 0.3 and tags.a = '1' and tags.b is not null"
    assert sorted(found["missing"]) == ["the metric 'loss'", "the tag 'a'", "the tag 'b'"]


def test_the_state_may_be_a_part_of_an_address(api_of, owner, workspace):
    new = {"name": "n", "state": "?q=bert&status=Failed&cursor=x&view=3"}
    assert api_of(owner)("POST", VIEWS, new).json()["state"] == {"q": ["bert"], "status": ["Failed"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "must not be empty"),
        ({"sharing": "all"}, "A view is private"),
        ({"state": {"colums": "name"}}, "'colums' is not a part of a view"),
        ({"state": "nosuch=Foo"}, "'nosuch' is not a part of a view"),
        ({"stat": "status=Failed"}, "There is no field 'stat' here; did you mean 'state'?"),
        ({"state": {"q": 7}}, "q is a text"),
        ({"state": {"q": [["x"]]}}, "q is a text"),
        ({"state": ["q"]}, "The state is an object"),
        ({"state": {"filter": "metrics.a ="}}, "value is missing"),
        ({"state": {"mine": "perhaps"}}, "true or false"),
        ({"experiment": "nowhere"}, "no experiment 'nowhere'"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_kept(changes, words, api_of, owner, workspace):
    answer = api_of(owner)("POST", VIEWS, {"name": "n", **changes})
    assert answer.status_code in (400, 404) and words in answer.json()["error"]["message"]
    assert not SavedView.objects.exists()


def test_who_may_do_what(api_of, owner, contributor, reader, stranger, made):
    api = {person: api_of(person) for person in (owner, contributor, reader, stranger)}
    steps = [
        (("PATCH", "", {"version": 1, "name": "x"}), [200, 200, 403, 404]),
        (("PATCH", "", {"sharing": "view"}), [403, 200, 403, 404]),
        (("DELETE", "", None), [403, 204, 403, 404]),
        (("GET", "", None), [404, 404, 404, 404]),
        (("POST", "restore/", None), [403, 200, 403, 404]),
        (("GET", "runs/", None), [200, 200, 200, 404]),
        (("PUT", "star/", None), [200, 200, 200, 404]),
        (("PUT", "first/?for=workspace", None), [200, 403, 403, 404]),
        (("POST", "take/", None), [403, 200, 403, 404]),
    ]
    for (method, below, body), expected in steps:
        found = [api[person](method, path(made, below), body).status_code for person in api]
        assert found == expected, (method, below)


def test_a_reader_keeps_private_views_only(api_of, reader, workspace):
    api = api_of(reader)
    assert api("POST", VIEWS, {"name": "mine"}).status_code == 201
    refused = api("POST", VIEWS, {"name": "ours", "sharing": "view"})
    assert refused.status_code == 403 and "takes a contributor" in refused.json()["error"]["message"]
    assert api_of(reader, scope="read")("POST", VIEWS, {"name": "x"}).status_code == 403


def test_a_private_view_exists_for_its_owner_alone(api_of, owner, contributor, reader, workspace):
    private = api_of(contributor)("POST", VIEWS, {"name": "secret"}).json()
    for person in (owner, reader):
        assert api_of(person)("GET", path(private)).status_code == 404
        assert api_of(person)("GET", VIEWS).json()["results"] == []


def test_the_slower_one_is_told_and_nothing_is_half_written(api_of, owner, contributor, made):
    assert api_of(owner)("PATCH", path(made), {"version": 1, "name": "Worse"}).json()["version"] == 2
    change = {"version": 1, "state": {"q": "mine"}, "sharing": "private"}
    answer = api_of(contributor)("PATCH", path(made), change)
    assert answer.status_code == 409
    assert (answer.json()["version"], answer.json()["updated_by"]) == (2, "olga")
    kept = SavedView.objects.get()
    assert (kept.address, kept.sharing, kept.name) == (
        {"status": ["Failed"], "sort": ["-metrics.loss"]},
        "edit",
        "Worse",
    )
    bad = {"version": 2, "sharing": "private", "name": ""}
    assert api_of(contributor)("PATCH", path(made), bad).status_code == 400
    assert SavedView.objects.get().sharing == "edit"


def test_a_change_without_a_version_is_refused(api_of, contributor, made):
    answer = api_of(contributor)("PATCH", path(made), {"name": "x"})
    assert answer.status_code == 400 and "Send the version" in answer.json()["error"]["message"]


def test_delete_and_restore(api_of, contributor, made):
    api = api_of(contributor)
    api("PUT", path(made, "star/"))
    for _ in range(2):
        assert api("DELETE", path(made)).status_code == 204
    assert api("GET", VIEWS).json()["results"] == []
    assert [one["id"] for one in api("GET", VIEWS + "?deleted=true").json()["results"]] == [made["id"]]
    assert api("POST", path(made, "restore/")).json()["starred"] is True


def test_a_view_opens_first(api_of, owner, reader, made):
    api = api_of(reader)
    assert api("PUT", path(made, "first/")).json()["opens_first"] is True
    other = api("POST", path(made, "duplicate/")).json()
    assert (other["owner"], other["sharing"], other["name"]) == ("rita", "private", "Bad copy")
    api("DELETE", path(other, "first/"))  # not the one that opens first
    assert api("GET", path(made)).json()["opens_first"] is True
    assert api("DELETE", path(made, "first/")).json()["opens_first"] is False
    assert api("PUT", path(made, "first/?for=all")).status_code == 400
    assert api_of(owner)("PUT", path(made, "first/?for=workspace")).json()["opens_first_for_everybody"]


def test_an_owner_takes_over_what_was_left(api_of, owner, contributor, made):
    Member.objects.filter(user=contributor).delete()
    assert api_of(owner)("POST", path(made, "take/")).json()["owner"] == "olga"


def test_what_was_left_is_taken_over_before_it_becomes_private(api_of, owner, contributor, reader, made):
    Member.objects.filter(user=contributor).delete()
    api = api_of(owner)
    refused = api("PATCH", path(made), {"sharing": "private"})
    assert refused.status_code == 400 and "take it over first" in refused.json()["error"]["message"]
    assert api_of(reader)("GET", path(made)).status_code == 200
    api("POST", path(made, "take/"))
    assert api("PATCH", path(made), {"sharing": "private"}).json()["sharing"] == "private"


def test_the_list_is_searched_and_paged(api_of, owner, contributor, made, workspace, monkeypatch):
    monkeypatch.setattr("runs.api.views.A_PAGE", 2)
    for name in ("alpha", "Beta", "beta", "gamma"):
        actions.create_view(workspace, by=owner, name=name, address={})
    api, names, url = api_of(owner), [], VIEWS
    while url:
        answer = api("GET", url.removeprefix("/api/v1/")).json()
        names += [one["name"] for one in answer["results"]]
        url = answer["next"]
    assert names == ["alpha", "Bad", "Beta", "beta", "gamma"]
    ask = {"?q=bet": 2, "?scope=shared": 1, "?scope=mine&q=gam": 1, "?scope=starred": 0}
    assert {query: len(api("GET", VIEWS + query).json()["results"]) for query in ask} == ask
    for wrong in ("?scope=all", "?cursor=x", "?experiment=nowhere"):
        assert api("GET", VIEWS + wrong).status_code in (400, 404)


def test_a_view_finds_its_runs_where_it_is_opened(api_of, reader, contributor, workspace):
    runs = {name: make.run(workspace, name, tags={"team": "a"}) for name in ("one", "two")}
    make.run(workspace, "one")
    new = {"name": "v", "sharing": "view", "experiment": "one", "state": {"tag": "team=a", "sort": "name"}}
    made = api_of(contributor)("POST", VIEWS, new).json()

    def found(query=""):
        results = api_of(reader)("GET", path(made, "runs/" + query)).json()["results"]
        return sorted(run["id"] for run in results)

    one, two = runs["one"].public_id, runs["two"].public_id
    assert (
        found() == [one] and found("?experiment=") == sorted([one, two]) and found("?experiment=two") == [two]
    )
    runs["one"].experiment.deleted_at = runs["one"].created_at
    runs["one"].experiment.save(update_fields=["deleted_at"])
    assert two in found()


def test_only_the_ticked_runs_and_only_those_of_the_workspace(api_of, owner, stranger, workspace):
    foreign = make.run(make.workspace("other", owner=stranger))
    own, _ = make.run(workspace), make.run(workspace)
    state = {"selected": [own.public_id, foreign.public_id], "only": "selected"}
    made = api_of(owner)("POST", VIEWS, {"name": "n", "state": state}).json()
    answer = api_of(owner)("GET", path(made, "runs/")).json()
    assert [run["id"] for run in answer["results"]] == [own.public_id]
    assert made["missing"] == ["1 selected run"]


def test_mine_means_whoever_asks(api_of, contributor, reader, workspace):
    make.run(workspace, by=contributor)
    made = api_of(contributor)("POST", VIEWS, {"name": "n", "sharing": "view", "state": "mine=true"}).json()
    for person, count in ((contributor, 1), (reader, 0)):
        assert len(api_of(person)("GET", path(made, "runs/")).json()["results"]) == count


def test_the_list_costs_the_same_for_many(api_of, owner, workspace, reads):
    for number in range(30):
        actions.create_view(workspace, by=owner, name=f"v{number}", address={"tag": ["a"]})
    api = api_of(owner)
    with reads(at_most=6):
        assert len(api("GET", VIEWS).json()["results"]) == 30


def test_it_is_in_the_schema(api_of, owner):
    text = api_of(owner)("GET", "schema/").content.decode()
    for name in ("views_list", "view_runs", "view_star", "view_open_first", "NewView", "ViewChange"):
        assert name in text


def test_what_was_read_may_be_sent_again(api_of, owner, workspace):
    api = api_of(owner)
    read = api("POST", VIEWS, {"name": "n", "state": "status=Failed"}).json()
    again = api("POST", VIEWS, {**read, "name": "second"})
    assert again.status_code == 201 and again.json()["state"] == {"status": ["Failed"]}
