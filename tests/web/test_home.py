"""Home: what needs the person, and how the first run of a workspace is made."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.actions import stars
from runs.actions.experiment import archive_experiment
from runs.actions.run import complete_run, fail_run
from runs.models import ApiToken, Experiment, Member, Run, SavedView
from runs.query.home import since_of
from tests import make

NOW = timezone.now()


@pytest.fixture
def page(client_of, workspace):
    def get(person, status=200):
        answer = client_of(person).get("/w/vision/")
        assert answer.status_code == status
        return answer.content.decode()

    return get


def part(html: str, name: str) -> str:
    """The card with this id of its heading."""
    return html[html.index(f'aria-labelledby="{name}-head"') :].split("</section>")[0]


def test_my_running_runs_come_with_their_progress(page, workspace, contributor, owner):
    mine = make.run(workspace, by=contributor, display_name="mine", heartbeat=True)
    make.log(mine, "loss", 0.5, 0.25)
    make.run(workspace, by=contributor, parent=mine, display_name="its child")
    make.run(workspace, by=contributor, display_name="not begun", start=False)
    make.run(workspace, by=owner, display_name="of somebody else")
    complete_run(make.run(workspace, by=contributor, display_name="over"), by=contributor)
    running = part(page(contributor), "running")
    assert "mine" in running and "1 child run" in running and "0.25" in running and "step 1" in running
    assert "heard" in running and "data-since" in running
    for other in ("its child", "not begun", "of somebody else", "over"):
        assert other not in running
    assert "Nothing of yours runs" in part(page(make.member(workspace, "reader")), "running")


def test_failures_since_yesterday_mine_first(page, workspace, contributor, owner):
    for name, by, ended in (("mine", contributor, 20), ("theirs", owner, 1), ("long ago", contributor, 60)):
        run = make.run(workspace, by=by, display_name=name)
        fail_run(run, by=by, message=f"{name} broke")
        Run.objects.filter(pk=run.pk).update(ended_at=timezone.now() - timedelta(hours=ended))
    failed = part(page(contributor), "failed")
    assert failed.index("mine broke") < failed.index("theirs broke") and "olga" in failed
    assert "long ago" not in failed


def test_stars_are_one_s_own_and_only_what_may_be_seen(page, workspace, contributor, owner):
    run, experiment = make.run(workspace, display_name="bright"), make.experiment(workspace, "liked")
    shared, hidden = (
        SavedView.objects.create(
            workspace=workspace, owner=owner, name=name, sharing=sharing, created_at=NOW, updated_at=NOW
        )
        for name, sharing in (("shared view", "view"), ("hidden view", "private"))
    )
    for thing in ({"run": run}, {"experiment": experiment}, {"view": shared}, {"view": hidden}):
        stars.set_star(contributor, **thing, on=True)
    found = part(page(contributor), "stars")
    assert "bright" in found and "liked" in found and "shared view" in found and "hidden view" not in found
    assert "bright" not in part(page(owner), "stars")
    Run.objects.filter(pk=run.pk).update(deleted_at=NOW)
    assert "bright" not in part(page(contributor), "stars")


def test_experiments_with_runs_since_the_last_visit(page, workspace, contributor):
    old = make.run(workspace, "old")
    Run.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=3))
    Experiment.objects.filter(name="old").update(last_run_at=NOW - timedelta(days=3))
    before = make.run(workspace, "busy")
    Run.objects.filter(pk=before.pk).update(created_at=NOW - timedelta(hours=5))
    for _ in range(2):
        make.run(workspace, "busy")
    archive_experiment(make.run(workspace, "archived").experiment, by=contributor)
    news = part(page(contributor), "news")
    assert "busy" in news and "<b>3</b>" in news and "old" not in news and "archived" not in news
    Member.objects.filter(user=contributor).update(seen_at=NOW - timedelta(hours=2))
    assert "<b>2</b>" in part(page(contributor), "news")
    assert "<b>2</b>" in part(page(contributor), "news"), "a second look belongs to the same visit"


def test_a_visit_begins_after_half_an_hour(page, workspace, contributor):
    make.run(workspace)
    page(contributor)
    member = Member.objects.get(user=contributor)
    assert member.seen_at is not None and member.seen_before_at is None
    assert since_of(member, NOW) == NOW - timedelta(days=1)
    hour_ago = timezone.now() - timedelta(hours=1)
    Member.objects.filter(pk=member.pk).update(seen_at=hour_ago)
    page(contributor)
    member.refresh_from_db()
    assert member.seen_before_at == hour_ago and member.seen_at > hour_ago
    member.seen_before_at = NOW - timedelta(days=400)
    assert since_of(member, NOW) == NOW - timedelta(days=30)


def test_home_takes_ten_queries_whatever_the_data(client_of, workspace, contributor, reads):
    for number in range(5):
        run = make.run(workspace, f"experiment {number}", by=contributor, metrics={"loss": [1.0]})
        stars.set_star(contributor, run=run, on=True)
        stars.set_star(contributor, experiment=run.experiment, on=True)
        fail_run(make.run(workspace, by=contributor), by=contributor)
        complete_run(make.run(workspace, by=contributor), by=contributor)
    client = client_of(contributor)
    with reads(at_most=10):
        assert client.get("/w/vision/").status_code == 200


def test_an_empty_workspace_shows_the_first_lines(page, contributor, reader, workspace):
    html = page(contributor)
    assert "Log your first run" in html and "workspace=&quot;vision&quot;" not in html
    assert 'url="http://127.0.0.1:8080", workspace="vision"' in html and "Make a token" in html
    html = page(reader)
    assert "As a reader you will see it" in html and "Make a token" not in html
    make.run(workspace)
    assert "Log your first run" not in page(contributor)


def test_a_token_is_shown_once_and_works(client_of, api_of, workspace, contributor):
    from django.test import Client

    client = client_of(contributor)
    html = client.post("/w/vision/first-token/").content.decode()
    text = html.split("STUDIO_TOKEN=")[1].split()[0].split("<")[0]
    token = ApiToken.objects.get(user=contributor)
    assert (token.workspace, token.scope) == (workspace, "write")
    script = Client(headers={"Authorization": f"Bearer {text}"})
    made = script.post(
        "/api/v1/workspaces/vision/runs/", {"experiment": "first"}, content_type="application/json"
    )
    assert made.status_code == 201
    piece = client.post("/w/vision/first-token/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="token"' in piece and "<!doctype" not in piece
    assert text not in client.get("/w/vision/").content.decode()
