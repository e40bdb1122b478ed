"""Who may open and change what in the browser: one table of every page. A page missing from it fails the test."""

from io import BytesIO

import pytest
from django.test import Client

from runs.actions.compute import attach_target
from runs.actions.experiment import edit_experiment
from runs.actions.files import append_log, put_file
from runs.actions.images import keep_image
from runs.actions.invitations import create_invitation
from runs.actions.logged_models import create_logged_model
from runs.actions.organise import edit_run
from runs.actions.tracking import Points, log_points
from runs.models import Run
from tests import make
from tests.test_permissions import ROLES, path_of, routes

# GET and POST of each page: a role in the workspace of the address, "everybody", "signed in", or "" for no such method.
TABLE: dict[str, tuple[str, str]] = {
    "home": ("signed in", ""),
    "login": ("everybody", "everybody"),
    "login_link": ("everybody", "everybody"),
    "forgotten": ("everybody", "everybody"),
    "password_reset": ("everybody", "everybody"),
    "email_check": ("everybody", "everybody"),
    "alert_mute": ("everybody", "everybody"),
    "alerts": ("reader", ""),
    "alert_new": ("reader", "reader"),
    "alert_messages": ("reader", "reader"),
    "alert_message": ("owner", ""),
    "alert": ("owner", "owner"),
    "alert_delete": ("owner", "owner"),
    "invite": ("everybody", "everybody"),
    "logout": ("", "everybody"),
    "new_workspace": ("owner of the installation", "owner of the installation"),
    "settings": ("reader", "owner"),
    "settings_leave": ("reader", "reader"),
    "settings_members": ("reader", "owner"),
    "settings_member_remove": ("owner", "owner"),
    "settings_invite": ("", "owner"),
    "settings_invitation": ("", "owner"),
    "settings_activity": ("owner", ""),
    "settings_mail": ("owner of the installation", "owner of the installation"),
    "settings_profile": ("reader", "reader"),
    "settings_email": ("", "reader"),
    "settings_password": ("reader", "reader"),
    "settings_tokens": ("reader", "reader"),
    "settings_sessions": ("reader", "reader"),
    "preferences": ("", "signed in"),
    "workspace_home": ("reader", ""),
    "compute": ("reader", ""),
    "compute_attach": ("owner", "owner"),
    "compute_target": ("reader", "owner"),
    "compute_detach": ("owner", "owner"),
    "find": ("reader", ""),
    "keys": ("signed in", ""),
    "robots": ("everybody", ""),
    "favicon": ("everybody", ""),
    "first_token": ("", "contributor"),
    "new_experiment": ("contributor", "contributor"),
    "experiment_description": ("contributor", "contributor"),
    "experiment_description_preview": ("", "contributor"),
    "experiment_description_versions": ("reader", ""),
    "experiment_description_restore": ("", "contributor"),
    "experiment_tags": ("contributor", "contributor"),
    "experiment_archive": ("", "contributor"),
    "experiment_name": ("contributor", "contributor"),
    "experiment_trash": ("contributor", "contributor"),
    "experiment_models": ("reader", ""),
    "experiments": ("reader", ""),
    "experiment": ("reader", ""),
    "mlflow_experiment": ("reader", ""),
    "mlflow_run": ("reader", ""),
    "mlflow_model": ("reader", ""),
    "columns": ("reader", ""),
    "group_by": ("reader", ""),
    "filter_add": ("reader", ""),
    "filter_complete": ("reader", ""),
    "chart": ("reader", ""),
    "chart_data": ("reader", ""),
    "compare": ("reader", ""),
    "chart_table": ("reader", ""),
    "bulk": ("", "contributor"),
    "bulk_change": ("reader", ""),
    "bulk_stop": ("", "contributor"),
    "trash": ("contributor", ""),
    "star": ("", "reader"),
    "views": ("reader", ""),
    "view_new": ("reader", "reader"),
    "view_link": ("reader", ""),
    "view": ("reader", ""),
    "view_save": ("", "contributor"),
    "view_edit": ("contributor", "contributor"),
    "view_share": ("reader", "owner"),
    "view_duplicate": ("", "reader"),
    "view_delete": ("", "owner"),
    "view_restore": ("", "owner"),
    "view_first": ("", "reader"),
    "view_take": ("", "owner"),
    "runs": ("reader", ""),
    "export": ("reader", ""),
    "run": ("reader", ""),
    "run_name": ("contributor", "contributor"),
    "run_description": ("contributor", "contributor"),
    "run_description_preview": ("", "contributor"),
    "run_description_versions": ("reader", ""),
    "run_description_restore": ("", "contributor"),
    "image_upload": ("", "contributor"),
    "description_image": ("reader", ""),
    "run_tags": ("contributor", "contributor"),
    "run_cancel": ("contributor", "contributor"),
    "run_mark": ("contributor", "contributor"),
    "run_archive": ("", "contributor"),
    "run_trash": ("", "contributor"),
    "run_metrics": ("reader", ""),
    "run_metric_data": ("reader", ""),
    "run_images": ("reader", ""),
    "run_image_steps": ("reader", ""),
    "run_monitoring": ("reader", ""),
    "run_children": ("reader", ""),
    "run_logs": ("reader", ""),
    "run_log_lines": ("reader", ""),
    "run_log_part": ("reader", ""),
    "run_image": ("reader", ""),
    "run_snapshot": ("reader", ""),
    "run_snapshot_image": ("reader", ""),
    "run_again": ("reader", "contributor"),
    "run_activity": ("reader", ""),
    "model": ("reader", ""),
    "model_trash": ("contributor", "contributor"),
    "model_files": ("reader", ""),
    "model_file": ("reader", ""),
    "model_image": ("reader", ""),
    "model_zip": ("reader", ""),
}
CELLS = [
    (name, method)
    for name, needs in TABLE.items()
    for method, need in zip(("GET", "POST"), needs, strict=True)
    if need
]
SCOPED = [(name, method) for name, method in CELLS if TABLE[name][method == "POST"] in ROLES]
# What a page needs in its address or form to be about something.
QUERIES = {
    "chart": "?at=/w/vision/runs/",
    "chart_data": "?chart=status",
    "chart_table": "?chart=status&at=/w/vision/runs/",
    "columns": "?at=/w/vision/runs/",
    "group_by": "?at=/w/vision/runs/",
    "filter_add": "?at=/w/vision/runs/",
    "run_log_lines": "?file=log.txt",
    "run_log_part": "?file=log.txt&start=0&end=4",
    "run_image": "?file=photo.png",
    "run_logs": "?file=log.txt",
    "run_snapshot_image": "?file=photo.png",
    "run_metric_data": "?m=loss",
    "model_files": "?file=photo.png",
    "model_file": "?file=photo.png",
    "model_image": "?file=photo.png",
    "run_image_steps": "?name=photo",
    "settings_member_remove": "?member=mia",
}
FORMS = {
    "alert": {"do": "pause"},
    "alert_new": {"statuses": "failed", "channel": "email"},
    "view_new": {"name": "mine"},
    "view_save": {"state": "q=a", "version": "1"},
    "view_edit": {"name": "renamed", "edited_version": "1"},
    "view_share": {"sharing": "view"},
    "bulk": {"action": "archive", "at": "/w/vision/runs/", "all": "true"},
    "compute_attach": {"kind": "slurm", "name": "another"},
    "compute_target": {"do": "test"},
    "preferences": {"theme": "dark"},
    "new_experiment": {"name": "brand-new"},
    "experiment_description": {"description": "new"},
    "experiment_tags": {"new_key": "a"},
    "experiment_name": {"name": "renamed"},
    "experiment_trash": {"deleted": "false"},
    "model_trash": {"deleted": "false"},
    "star": {"kind": "experiment", "id": "digits", "on": "true"},
    "settings": {"description": "new"},
    "settings_members": {"member": "mia", "role": "reader"},
    "settings_member_remove": {"member": "mia"},
    "settings_invite": {"role": "reader"},
    "settings_invitation": {"invitation": "1", "do": "revoke"},
    "settings_email": {"do": "withdraw"},
    "settings_password": {
        "old": make.PASSWORD,
        "new": "a wholly different one",
        "again": "a wholly different one",
    },
    "settings_tokens": {"name": "laptop"},
    "run_name": {"display_name": "renamed"},
    "run_description": {"description": "new"},
    "run_tags": {"key": "a", "value": "b"},
    "run_again": {"target": "cluster"},
    "run_mark": {"status": "Failed", "reason": "lost"},
    "run_description_preview": {"description": "*new*"},
    "experiment_description_preview": {"description": "*new*"},
    "run_description_restore": {"version": "1"},
    "experiment_description_restore": {"version": "1"},
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


@pytest.fixture
def run(workspace, owner):
    made = make.run(workspace, heartbeat=True, metrics={"loss": [1.0, 0.5]})
    append_log(made, "log.txt", 0, b"one\ntwo\n")
    put_file(made, "photo.png", [PNG], by=owner)
    log_points(made, [Points("photo", ["photo.png"], kind="image")])
    make.snapshot(made, {"train.py": b"print(1)\n", "photo.png": PNG})
    put_file(create_logged_model(made.experiment, "net", by=owner), "photo.png", [PNG], by=owner)
    make.member(workspace, "contributor", "mia")
    edit_run(made, by=owner, description="words")
    edit_experiment(made.experiment, by=owner, description="words")
    keep_image(workspace, PNG, by=owner)
    attach_target(workspace, "cluster", "slurm", {}, by=owner, enabled=False)
    FORMS["settings_invitation"]["invitation"] = create_invitation(
        workspace, "reader", by=owner
    ).invitation.pk
    return made


def ask(client: Client, method: str, name: str, run: Run):
    path = path_of(name, run)
    if method == "GET":
        return client.get(path + QUERIES.get(name, ""))
    files = {"picture": BytesIO(PNG)} if name == "image_upload" else {}
    return client.post(path, FORMS.get(name, {}) | files)


def browser(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_every_page_is_in_the_table():
    found = {name for route, name in routes() if not route.startswith(("api/", "healthz", "static/"))}
    found = {name for name in found if not name.startswith("mlflow-")}  # tests/test_mlflow_permissions.py
    assert found == set(TABLE)


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_nobody_gets_in_without_signing_in(name, method, run):
    answer = ask(Client(), method, name, run)
    assert answer.status_code == 302 and answer["Location"].startswith("/login/")


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_each_role_reaches_what_the_table_says(name, method, run, workspace):
    needed = ROLES[TABLE[name][method == "POST"]]
    for role, level in ROLES.items():
        status = ask(browser(make.member(workspace, role)), method, name, run).status_code
        assert (status == 403) == (level < needed), f"{role}: {status}"
        assert status in (200, 201, 302, 303, 204, 403, 409), f"{role}: {status}"


@pytest.mark.parametrize(("name", "method"), SCOPED)
def test_a_stranger_learns_nothing_of_it(name, method, run, stranger):
    events = run.events.count()
    answer = ask(browser(stranger), method, name, run)
    assert answer.status_code == 404 and run.experiment.name.encode() not in answer.content
    assert run.events.count() == events


@pytest.mark.parametrize("name", [name for name, (get, _) in TABLE.items() if get])
def test_reading_changes_nothing(name, run, owner):
    before = list(Run.objects.values()), run.events.count()
    assert ask(browser(owner), "GET", name, run).status_code < 500
    assert (list(Run.objects.values()), run.events.count()) == before


@pytest.mark.parametrize("name", [name for name, (_, post) in TABLE.items() if not post])
def test_a_page_that_takes_no_form_refuses_one(name, run, owner):
    assert ask(browser(owner), "POST", name, run).status_code == 405


@pytest.mark.parametrize("name", [name for name, (_, post) in TABLE.items() if post])
def test_a_form_from_another_site_is_refused(name, run, owner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    assert ask(client, "POST", name, run).status_code == 403


@pytest.mark.parametrize("name", TABLE)
def test_every_page_carries_the_safe_headers(name, run, owner):
    answer = ask(browser(owner), "GET", name, run)
    policy = answer["Content-Security-Policy"]
    assert "sandbox" in policy or ("script-src 'self';" in policy and "frame-ancestors 'none'" in policy)
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"] or "no-cache" in answer["Cache-Control"]
