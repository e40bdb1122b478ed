"""Saved views in the SDK and on the command line, against a real server; and docs/views.md as it is written there."""

import json
import re
import shlex
import urllib.request
import webbrowser
from collections.abc import Callable
from typing import Any

import pytest

from studio import Workspace
from studio.client.cli import main
from studio.client.errors import ServiceException, UserErrorException
from tests.client.conftest import ROOT

TEXT = (ROOT / "docs" / "views.md").read_text()


@pytest.fixture
def rest(live_studio: Any) -> Callable[..., Any]:
    """Sends a request as the first user; the JSON of the answer."""

    def send(method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            live_studio.url + path.replace(" ", "%20"),
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {live_studio.token}", "Content-Type": "application/json"},
            method=method,
        )
        text = urllib.request.urlopen(request, timeout=30).read()
        return json.loads(text) if text else None

    return send


@pytest.fixture
def cli(live_studio: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs `studio view …` as the first user: its exit code, and what it printed."""
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["view", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def view(rest: Callable[..., Any]) -> Any:
    """A view of two of three runs, the worse one first."""
    for loss in (0.1, 0.5, 0.9):
        run = rest("POST", "/api/v1/workspaces/default/runs/", {"experiment": "viewed"})
        body = {"series": [{"name": "vloss", "value": [loss]}]}
        rest("POST", f"/api/v1/runs/{run['id']}/metrics/", body)
    state = {"metric": "vloss>0.3", "sort": "-metrics.vloss", "columns": "name,metrics.vloss"}
    new = {"name": "Viewed", "sharing": "view", "state": state, "experiment": "viewed"}
    made = rest("POST", "/api/v1/workspaces/default/views/", new)
    yield made
    rest("DELETE", f"/api/v1/workspaces/default/views/{made['id']}/")


def test_a_view_says_what_it_keeps_and_finds_its_runs(view: Any, live_studio: Any) -> None:
    workspace = Workspace.from_config(url=live_studio.url, token=live_studio.token)
    found = workspace.views.get("Viewed")
    assert (found.id, found.owner, found.sharing, found.experiment) == (view["id"], "ada", "view", "viewed")
    assert (found.filter, found.order_by) == ("metrics.vloss > 0.3", "-metrics.vloss")
    assert found.columns == ["name", "metrics.vloss"]
    assert found.url == f"{live_studio.url}/w/default/views/{view['id']}/"
    values = [run.get_metrics()["vloss"] for run in found.runs()]
    assert values == sorted(values, reverse=True) and set(values) == {0.5, 0.9}
    assert "Viewed" in [one.name for one in workspace.views]
    assert workspace.views.get(view["id"]).name == workspace.views.get(str(view["id"])).name == "Viewed"


def test_a_view_that_is_not_there_or_twice_is_told(view: Any, live_studio: Any, rest: Any) -> None:
    views = Workspace.from_config(url=live_studio.url, token=live_studio.token).views
    with pytest.raises(UserErrorException, match="no view 'Vie'"):
        views.get("Vie")
    with pytest.raises(ServiceException, match="no view 999999"):
        views.get(999999)
    path = f"/api/v1/workspaces/default/views/{view['id']}/duplicate/"
    twin = rest("POST", path, {"name": "Viewed"})
    with pytest.raises(UserErrorException, match=f"several views 'Viewed'.*{view['id']} of ada"):
        views.get("Viewed")
    rest("DELETE", f"/api/v1/workspaces/default/views/{twin['id']}/")


def test_a_view_is_made_changed_copied_and_deleted(live_studio: Any) -> None:
    views = Workspace.from_config(url=live_studio.url, token=live_studio.token).views
    made = views.create("Sdk view", filter="metrics.vloss > 1", columns=["name", "status"], search="bert")
    try:
        assert (made.sharing, made.filter, made.columns) == (
            "private",
            "metrics.vloss > 1",
            ["name", "status"],
        )
        stale = views.get(made.id)
        made.update(name="Sdk view 2", sharing="edit", filter="", order_by="-metrics.vloss")
        again = views.get("Sdk view 2")
        assert (again.filter, again.search, again.order_by, again.sharing) == (
            "",
            "bert",
            "-metrics.vloss",
            "edit",
        )
        with pytest.raises(ServiceException, match="changed"):
            stale.update(name="Mine")
        with pytest.raises(ServiceException, match="'x' at character"):
            made.update(filter="metrics.vloss < x")
        assert views.get(made.id).to_dict()["version"] == again.to_dict()["version"]
        copy = made.duplicate()
        assert (copy.name, copy.sharing, copy.state) == ("Sdk view 2 copy", "private", made.state)
        copy.star()
        assert copy.id in [view.id for view in views.list(scope="starred")]
        copy.unstar()
        copy.delete()
        assert copy.id in [view.id for view in views.deleted()]
        assert views.get(copy.restore().id).name == "Sdk view 2 copy"
        copy.delete()
    finally:
        made.delete()
        made.delete()


def test_the_command_line_makes_and_changes_views(cli: Any) -> None:
    made = json.loads(cli("create", "Cli view", "--filter", "metrics.vloss > 1", "--sharing", "view")[1])
    try:
        assert (made["filter"], made["sharing"]) == ("metrics.vloss > 1", "view")
        number = str(made["id"])
        changed = json.loads(cli("update", number, "--name", "Cli view 2", "--columns", "name,status")[1])
        assert (changed["name"], changed["columns"]) == ("Cli view 2", ["name", "status"])
        assert changed["filter"] == made["filter"]
        code, _, err = cli("update", number)
        assert code == 1 and "Say what to change" in err
        code, _, err = cli("update", number, "--filter", "metrics.vloss <")
        assert code == 1 and "a value is missing" in err
        assert f"studio view restore {number}" in cli("delete", number)[1]
        code, _, err = cli("restore", "No such view")
        assert code == 1 and "no deleted view" in err
        assert json.loads(cli("restore", number)[1])["deleted_at"] is None
    finally:
        cli("delete", str(made["id"]))


def test_the_command_line_prints_every_format(cli: Any, view: Any) -> None:
    assert json.loads(cli("list", "--search", "viewed", "--query", "[].name")[1]) == ["Viewed"]
    assert cli("list", "--shared")[1].strip() == "[]"
    assert "metrics.vloss > 0.3" in cli("list", "--mine", "-o", "table")[1]
    assert cli("show", "Viewed", "--query", "[id, missing]", "-o", "tsv")[1].split()[0] == str(view["id"])
    assert "missing: []" in cli("show", "Viewed", "-o", "yaml")[1]
    rows = json.loads(cli("runs", "Viewed", "--last", "1")[1])
    assert [row["metrics"]["vloss"] for row in rows] == [0.9]
    code, _, err = cli("show", "Nowhere")
    assert code == 1 and "no view 'Nowhere'" in err and "Traceback" not in err


def test_open_prints_the_address_and_asks_a_browser_on_a_terminal_only(
    cli: Any, view: Any, live_studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    address = f"{live_studio.url}/w/default/views/{view['id']}/"
    assert cli("open", "Viewed")[1].strip() == address and opened == []
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert cli("open", "Viewed")[1].strip() == address and opened == [address]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)


def test_the_page_for_users_is_true(rest: Any, cli: Any) -> None:
    number, sent = "", 0
    for request in (part for block in blocks("http") for part in block.strip().split("\n\n")):
        head, _, body = request.partition("\n")
        method, path = head.split(" ", 1)
        answer = rest(method, path.replace("ID", number), json.loads(body) if body else None)
        number, sent = number or str(answer["id"]), sent + 1
    assert sent == 11
    try:
        names: dict[str, Any] = {}
        for block in blocks("python"):
            exec(block, names)
        commands = [line for block in blocks("sh") for line in block.splitlines()]
        assert len(commands) == 10
        for command in commands:
            program, noun, *words = shlex.split(command)
            assert (program, noun) == ("studio", "view") and cli(*words)[0] == 0, command
    finally:
        rest("DELETE", f"/api/v1/workspaces/default/views/{number}/")
        for name in ("My long runs", "Very long runs"):
            cli("delete", name)
