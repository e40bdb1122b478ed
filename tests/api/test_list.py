"""The runs list over REST: parameters, pages, mistakes."""

import pytest

from tests import make


@pytest.fixture
def api(workspace, reader, api_of):
    return api_of(reader)


@pytest.fixture
def sweep(workspace, owner):
    for number in range(5):
        run = make.run(workspace, display_name=f"run-{number}", metrics={"loss": number / 10})
        make.tag(run, parity="even" if number % 2 == 0 else "odd")
    make.run(workspace, "other", display_name="elsewhere")


def names(api, query: str) -> list[str]:
    answer = api("GET", f"workspaces/vision/runs/?{query}")
    assert answer.status_code == 200, answer.content
    return [run["display_name"] for run in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("experiment=digits&limit=2", ["run-4", "run-3"]),
        ("tag=parity=odd", ["run-3", "run-1"]),
        ("filter=metrics.loss < 0.2 and tags.parity = 'even'", ["run-0"]),
        ("sort=metrics.loss&limit=2", ["run-0", "run-1"]),
        ("sort=-metrics.loss&experiment=digits&limit=1", ["run-4"]),
        ("q=elsewh", ["elsewhere"]),
        ("status=Completed", []),
        ("metric=loss>0.3", ["run-4"]),
    ],
)
def test_parameters_narrow_and_sort(api, sweep, query, expected):
    assert names(api, query) == expected


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "workspaces/vision/runs/?stauts=Failed",
            "There is no parameter 'stauts' here; did you mean 'status'?",
        ),
        ("workspaces/vision/runs/?Limit=5", "did you mean 'limit'?"),
        ("workspaces/vision/runs/export/?colums=name", "did you mean 'columns'?"),
        ("workspaces/vision/experiments/?zzz=1", "There is no parameter 'zzz' here; this address takes "),
        ("workspaces/vision/?x=1", "There is no parameter 'x' here; this address takes none."),
        ("workspaces/vision/runs/?" + "y" * 3000 + "=1", f"There is no parameter '{'y' * 40}' here"),
        ("workspaces/vision/runs/?<b>%00=1", "There is no parameter '<b>"),
    ],
)
def test_a_parameter_that_nobody_would_read_is_refused(api, sweep, path, said):
    answer = api("GET", path)
    assert answer.status_code == 400 and said in answer.json()["error"]["message"], answer.content


def test_a_stranger_learns_nothing_of_parameters(workspace, stranger, api_of, client):
    assert api_of(stranger)("GET", "workspaces/vision/runs/?status=Failed").status_code == 404
    assert client.get("/api/v1/workspaces/vision/runs/?stauts=Failed").status_code == 401


def test_following_next_meets_every_run_once(api, sweep):
    path, met = "workspaces/vision/runs/?limit=2&sort=name", []
    while path:
        page = api("GET", path).json()
        met += [run["display_name"] for run in page["results"]]
        path = (page["next"] or "").removeprefix("/api/v1/")
    assert met == sorted(["elsewhere", *(f"run-{n}" for n in range(5))])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("filter=loss <", "filter"),
        ("filter=status = 'Nowhere'", "filter"),
        ("sort=tags", "sort"),
        ("limit=0", "limit"),
        ("limit=100000", "limit"),
        ("created_after=whenever", "created_after"),
        ("cursor=forged", "cursor"),
        ("q=%00", "q"),
    ],
)
def test_a_mistake_is_a_sentence_at_its_field(api, sweep, query, field):
    answer = api("GET", f"workspaces/vision/runs/?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["field"] == field


def test_a_mistake_in_a_filter_says_where(api):
    error = api("GET", "workspaces/vision/runs/?filter=status = 'Failed' and lossy < 3").json()["error"]
    assert error["position"] == 22 and "lossy" in error["message"]


def test_the_number_of_queries_does_not_depend_on_the_runs(api, workspace, sweep, reads):
    path = "workspaces/vision/runs/?filter=metrics.loss < 3&sort=-metrics.loss"
    with reads(at_most=14):
        api("GET", path)
    for _ in range(20):
        make.run(workspace, tags={"a": "b"}, metrics={"loss": 1.0})
    with reads(at_most=14):
        api("GET", path)
