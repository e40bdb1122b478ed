"""Who may do what: one table of every route and method. A route that is missing from it fails the test.

Most breaches of comparable servers were a route that nobody had put under the permission check.
"""

import json
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from runs.actions.alerts import create_alert, send_test
from runs.actions.bulk import change_runs
from runs.actions.compute import attach_target
from runs.actions.files import put_file
from runs.actions.invitations import create_invitation
from runs.actions.run_tokens import create_run_token
from runs.actions.views import create_view
from runs.models import BulkChange, Delivery, LoggedModel, Run, SavedView
from tests import make

# What it takes: "everybody", "signed in" (no workspace involved), or a role in the workspace of the address.
TABLE: dict[str, dict[str, str]] = {
    "healthz": {"GET": "everybody"},
    "api-me": {"GET": "signed in", "PATCH": "signed in"},
    "api-mail": {"GET": "owner of the installation", "PATCH": "owner of the installation"},
    "api-mail-forget": {"POST": "owner of the installation"},
    "api-mail-test": {"POST": "owner of the installation"},
    "api-schema": {"GET": "signed in"},
    "api-docs": {"GET": "signed in"},
    "api-me-email": {"POST": "signed in", "DELETE": "signed in"},
    "api-me-invitations": {"POST": "signed in"},
    "api-me-password": {"POST": "signed in"},
    "api-me-sessions": {"DELETE": "signed in"},
    "api-me-tokens": {"GET": "signed in", "POST": "signed in"},
    "api-me-token": {"DELETE": "signed in"},
    "api-workspaces": {"GET": "signed in", "POST": "owner of the installation"},
    "api-workspace": {"GET": "reader", "PATCH": "owner"},
    "api-members": {"GET": "reader"},
    "api-member": {"PUT": "owner", "DELETE": "owner"},
    "api-member-password-link": {"POST": "owner"},
    "api-invitations": {"GET": "owner", "POST": "owner"},
    "api-invitation": {"POST": "owner", "DELETE": "owner"},
    "api-workspace-events": {"GET": "owner"},
    "api-targets": {"GET": "reader", "POST": "owner"},
    "api-target": {"GET": "reader", "PATCH": "owner", "DELETE": "owner"},
    "api-target-test": {"POST": "owner"},
    "api-experiments": {"GET": "reader", "POST": "contributor"},
    "api-experiment": {"GET": "reader", "PATCH": "contributor", "DELETE": "contributor"},
    "api-experiment-star": {"PUT": "reader", "DELETE": "reader"},
    "api-runs": {"GET": "reader", "POST": "contributor"},
    "api-chart-data": {"GET": "reader"},
    "api-suggest": {"GET": "reader"},
    "api-runs-groups": {"GET": "reader"},
    "api-runs-export": {"GET": "reader"},
    "api-runs-bulk": {"POST": "contributor"},
    "api-runs-change": {"GET": "reader"},
    "api-runs-change-stop": {"POST": "contributor"},
    "api-alerts": {"GET": "reader", "POST": "reader"},
    "api-alert-messages": {"GET": "reader", "POST": "reader"},
    "api-alert": {"GET": "owner", "PATCH": "owner", "DELETE": "owner"},
    "api-alert-pause": {"POST": "owner"},
    "api-alert-resume": {"POST": "owner"},
    "api-alert-test": {"POST": "owner"},
    "api-alert-deliveries": {"GET": "owner"},
    "api-views": {"GET": "reader", "POST": "reader"},
    "api-view": {"GET": "reader", "PATCH": "contributor", "DELETE": "owner"},
    "api-view-restore": {"POST": "owner"},
    "api-view-duplicate": {"POST": "reader"},
    "api-view-take": {"POST": "owner"},
    "api-view-star": {"PUT": "reader", "DELETE": "reader"},
    "api-view-first": {"PUT": "reader", "DELETE": "reader"},
    "api-view-runs": {"GET": "reader"},
    "api-run": {"GET": "reader", "PATCH": "contributor"},
    "api-run-start": {"POST": "contributor"},
    "api-run-reopen": {"POST": "contributor"},
    "api-run-heartbeat": {"POST": "contributor"},
    "api-run-complete": {"POST": "contributor"},
    "api-run-fail": {"POST": "contributor"},
    "api-run-cancel": {"POST": "contributor"},
    "api-run-canceled": {"POST": "contributor"},
    "api-run-mark": {"POST": "contributor"},
    "api-run-definition": {"GET": "reader"},
    "api-run-token": {"POST": "contributor"},
    "api-run-stage": {"POST": "contributor"},
    "api-run-resubmit": {"POST": "contributor"},
    "api-run-children": {"GET": "reader", "POST": "contributor"},
    "api-run-star": {"PUT": "reader", "DELETE": "reader"},
    "api-run-tags": {"GET": "reader", "POST": "contributor"},
    "api-run-properties": {"GET": "reader", "POST": "contributor"},
    "api-run-params": {"GET": "reader", "POST": "contributor"},
    "api-run-events": {"GET": "reader"},
    "api-run-inputs": {"GET": "reader"},
    "api-run-metrics": {"GET": "reader", "POST": "contributor"},
    "api-run-series": {"GET": "reader"},
    "api-run-metric-values": {"GET": "reader"},
    "api-run-files": {"GET": "reader"},
    "api-run-files-zip": {"GET": "reader"},
    "api-run-file": {"GET": "reader", "PUT": "contributor", "DELETE": "contributor"},
    "api-run-log": {"POST": "contributor"},
    "api-run-snapshot": {"GET": "reader", "POST": "contributor"},
    "api-run-snapshot-missing": {"POST": "contributor"},
    "api-run-snapshot-blobs": {"POST": "contributor"},
    "api-run-snapshot-blob": {"PUT": "contributor"},
    "api-run-snapshot-file": {"GET": "reader"},
    "api-run-snapshot-zip": {"GET": "reader"},
    "api-snapshot-zip": {"GET": "reader"},
}
# What the token of a submitted script opens: below its own run everything of the table but these, and elsewhere only
# these. (What is made with POST at api-runs is a child of its own run, or of the one below it that the body names.)
NOT_OF_A_SCRIPT = {("api-run-star", "PUT"), ("api-run-star", "DELETE"), ("api-run-resubmit", "POST")}
ELSEWHERE_OF_A_SCRIPT = {
    ("api-me", "GET"),
    ("api-schema", "GET"),
    ("api-docs", "GET"),
    ("api-snapshot-zip", "GET"),
    ("api-runs", "POST"),
}
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ROLES = {"reader": 1, "contributor": 2, "owner": 3}
# A body that every POST, PUT or PATCH takes as far as its shape goes.
BODY = {
    "experiment": "digits",
    "name": "digits",
    "set": {},
    "series": [],
    "children": [],
    "description": "x",
    "role": "reader",
    "action": "archive",
    "ids": ["no-such-run"],
    "version": 1,
    "statuses": ["failed"],
}
# What a path must ask to be about something.
QUERIES = {"api-suggest": "?kind=tags", "api-runs-groups": "?group=status", "api-chart-data": "?chart=status"}
API = sorted(name for name in TABLE if name.startswith("api-"))


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every route of the running application: its pattern and its name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.name or route


def shared_view(run: Run) -> SavedView:
    """A view that the workspace may edit, left behind by nobody, so that owners of the workspace manage it."""
    found = SavedView.objects.filter(workspace=run.workspace, owner=None).first()
    if found is None:
        person = make.owner_of(run.workspace)
        found = create_view(run.workspace, by=person, name="left behind", address={}, sharing="edit")
        SavedView.objects.filter(pk=found.pk).update(owner=None)
    return found


def message_of(run: Run) -> Delivery:
    """A message of an alert of the workspace's owner."""
    found = Delivery.objects.filter(workspace=run.workspace).first()
    if found is None:
        person = make.owner_of(run.workspace)
        fields = {"statuses": ["failed"], "channel": "app"}
        found = send_test(create_alert(run.workspace, by=person, fields=fields))
    return found


def change_of(run: Run) -> BulkChange:
    """A change of the run."""
    found = BulkChange.objects.filter(workspace=run.workspace).first()
    return found or change_runs(run.workspace, [run.pk], action="unarchive", by=make.owner_of(run.workspace))


def path_of(name: str, run: Run) -> str:
    """The address of the route for this run."""
    route = next(route for route, found in routes() if found == name)
    values = {
        "workspace": run.workspace.name,
        "run_id": run.public_id,
        "name": run.experiment.name,
        "number": str(run.experiment.number),
        "path": "outputs/file.txt",
        "sha256": "0" * 64,
        "snapshot_id": run.snapshot.sha256 if run.snapshot else "no-such-snapshot",
        "token": "no-such-token",
        "view_id": str(shared_view(run).pk),
        "change": str(change_of(run).pk),
        "member": "mia",
        "target": "cluster",
        "token_id": 0,
        "model_id": LoggedModel.objects.filter(workspace=run.workspace)
        .values_list("public_id", flat=True)
        .first()
        or "no-such-model",
        "image": run.workspace.images.values_list("sha256", flat=True).first() or "0" * 64,
        "alert_id": str(message_of(run).alert_id),
        "message_id": str(message_of(run).pk),
        "invitation": run.workspace.invitations.values_list("pk", flat=True).first() or 0,
    }
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(values[match[1]]), route)


def ask(client: Client, method: str, name: str, run: Run) -> int:
    """The status of the answer."""
    path = path_of(name, run) + QUERIES.get(name, "")
    if name in ("api-run-log", "api-run-file") and method != "GET":
        offset = "?offset=0" if name == "api-run-log" else ""
        return client.generic(
            method, path + offset, b"x", content_type="application/octet-stream"
        ).status_code
    body = dict(BODY)
    if name == "api-workspaces":
        body["name"] = "brand-new"
    return client.generic(method, path, json.dumps(body), "application/json").status_code


def bearer(person, **options) -> Client:
    return Client(headers={"Authorization": f"Bearer {make.token(person, **options)}"})


@pytest.fixture
def run(workspace, owner):
    made = make.run(workspace, heartbeat=True, definition={})
    put_file(made, "outputs/file.txt", [b"hello"], by=owner)
    make.snapshot(made, {"outputs/file.txt": b"hello"})
    make.member(workspace, "contributor", "mia")
    create_invitation(workspace, "reader", by=owner)
    attach_target(workspace, "cluster", "slurm", {}, by=owner, enabled=False)
    return made


CELLS = [(name, method) for name in API for method in TABLE[name]]
SCOPED = [(name, method) for name, method in CELLS if TABLE[name][method] in ROLES]


def test_every_route_of_the_api_is_in_the_table():
    found = {name for route, name in routes() if route.startswith(("api/v1/", "healthz"))}
    assert found == set(TABLE)


@pytest.mark.parametrize("name", API)
def test_methods_that_are_not_in_the_table_are_refused(name, run, owner):
    client = bearer(owner)
    for method in METHODS:
        if method not in TABLE[name]:
            assert ask(client, method, name, run) == 405, method


@pytest.mark.parametrize(("name", "method"), CELLS)
def test_nobody_gets_in_without_signing_in(name, method, run):
    assert ask(Client(), method, name, run) == 401
    assert ask(Client(headers={"Authorization": "Bearer studio_1_wrong"}), method, name, run) == 401


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_each_role_reaches_what_the_table_says(name, method, run, workspace):
    needed = ROLES[TABLE[name][method]]
    for role, level in ROLES.items():
        status = ask(bearer(make.member(workspace, role)), method, name, run)
        assert (status == 403) == (level < needed), f"{role}: {status}"
        assert status < 500 and status != 404, f"{role}: {status}"


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_a_stranger_learns_nothing_of_it(name, method, run, stranger):
    events = run.events.count()
    for client in (
        bearer(stranger),
        bearer(make.owner_of(run.workspace), workspace=make.workspace(owner=stranger)),
    ):
        assert ask(client, method, name, run) == 404
    assert run.events.count() == events


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_a_reading_token_only_reads(name, method, run, owner):
    status = ask(bearer(owner, scope="read"), method, name, run)
    assert (status == 403) == (method != "GET")


@pytest.mark.parametrize("name", [name for name in API if TABLE[name].get("GET")])
def test_reading_changes_nothing(name, run, owner):
    before = list(Run.objects.values()), run.events.count()
    of_all = TABLE[name]["GET"] == "owner of the installation"
    assert ask(bearer(make.user(is_owner=True) if of_all else owner), "GET", name, run) == 200
    assert (list(Run.objects.values()), run.events.count()) == before


def test_only_the_owner_of_the_installation_makes_workspaces(run, owner):
    assert ask(bearer(owner), "POST", "api-workspaces", run) == 403
    assert ask(bearer(make.user(is_owner=True)), "POST", "api-workspaces", run) == 201


@pytest.mark.parametrize(("name", "method"), [cell for cell in CELLS if cell[0].startswith("api-mail")])
def test_only_the_owner_of_the_installation_sets_up_mail(name, method, run, owner):
    boss = make.user(is_owner=True)
    refused = (bearer(owner), bearer(boss, scope="read"), bearer(boss, workspace=run.workspace))
    assert [ask(client, method, name, run) for client in refused] == [403, 403, 403]
    assert ask(bearer(boss), method, name, run) in (
        200,
        403,
        400,
    )  # 403, 400: a password or an address is missing


def test_revoked_expired_and_disabled_tokens_open_nothing(run, owner):
    from datetime import timedelta

    from django.utils import timezone

    from runs.actions.workspace import create_token, revoke_token

    token, text = create_token(owner, name="t")
    assert bearer_text(text, run) == 200
    revoke_token(token, by=owner)
    assert bearer_text(text, run) == 401
    _, old = create_token(owner, name="old", expires_at=timezone.now() - timedelta(seconds=1))
    assert bearer_text(old, run) == 401
    _, text = create_token(owner, name="t")
    owner.is_active = False
    owner.save()
    assert bearer_text(text, run) == 401


def bearer_text(text: str, run: Run) -> int:
    return Client(headers={"Authorization": f"Bearer {text}"}).get(path_of("api-run", run)).status_code


def test_a_run_of_another_workspace_looks_like_one_that_does_not_exist(run, stranger):
    client = bearer(stranger)
    foreign = client.get(f"/api/v1/runs/{run.public_id}/").json()["error"]
    missing = client.get("/api/v1/runs/no-such-run/").json()["error"]
    assert foreign["message"].replace(run.public_id, "X") == missing["message"].replace("no-such-run", "X")
    assert foreign["code"] == missing["code"] == "not_found"


@pytest.mark.parametrize(("name", "method"), CELLS)
def test_the_token_of_a_script_opens_what_the_table_says(name, method, run, owner, workspace):
    above = make.run(workspace)
    sibling = make.run(workspace, parent=above)
    Run.objects.filter(pk=run.pk).update(parent=above, root=above)
    child = make.run(workspace, parent=run, definition={})
    put_file(child, "outputs/file.txt", [b"hello"], by=owner)
    make.snapshot(child, {"outputs/file.txt": b"hello"})
    client = of_script(run, owner)
    is_of_a_run = "<str:run_id>" in next(route for route, found in routes() if found == name)
    if is_of_a_run:
        for own in (run, child):
            status = ask(client, method, name, own)
            assert status < 500 and status != 404 and (status == 403) == ((name, method) in NOT_OF_A_SCRIPT)
        assert [ask(client, method, name, other) for other in (above, sibling)] == [404, 404]
    else:
        status = ask(client, method, name, run)
        assert status < 500 and (status == 403) == ((name, method) not in ELSEWHERE_OF_A_SCRIPT), status


def of_script(run: Run, by) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_run_token(run, by=by)[1]}"})


def test_the_token_of_a_script_makes_children_of_its_run_alone(run, owner, workspace):
    client, other = of_script(run, owner), make.run(workspace)
    child = make.run(workspace, parent=run)
    path = f"/api/v1/workspaces/{workspace.name}/runs/"

    def made(**fields: str) -> int:
        return client.post(
            path, {"experiment": "digits", **fields}, content_type="application/json"
        ).status_code

    assert made() == made(experiment="another") == 201
    assert run.children.count() == 3
    assert made(parent=other.public_id) == 404
    assert made(parent=run.public_id, experiment="another") == 403
    assert made(parent=run.public_id) == made(parent=child.public_id) == 201
    assert not workspace.experiments.filter(name="another").exists()


def test_the_token_of_a_script_gives_out_its_own_snapshot_alone(run, owner, workspace):
    foreign = make.snapshot(make.run(workspace), {"secret.py": b"other"})
    client = of_script(run, owner)
    path = f"/api/v1/workspaces/{workspace.name}/snapshots/{{}}/zip/"
    assert client.get(path.format(run.snapshot.sha256)).status_code == 200
    assert client.get(path.format(foreign.sha256)).status_code == 404


def test_a_script_deep_down_is_reached_and_what_is_beside_it_is_not(run, owner, workspace):
    line = [run]
    for _ in range(4):
        line.append(make.run(workspace, parent=line[-1]))
    client = of_script(line[2], owner)
    statuses = [client.get(f"/api/v1/runs/{each.public_id}/").status_code for each in line]
    assert statuses == [404, 404, 200, 200, 200]


def test_a_browser_session_needs_the_csrf_token_to_write(run, owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert client.get(path_of("api-run", run)).status_code == 200
    assert client.post(path_of("api-run-complete", run)).status_code == 403
