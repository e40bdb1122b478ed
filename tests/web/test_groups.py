"""The list in groups, on the page and over REST."""

import html
import re
from urllib.parse import urlencode

import pytest

from runs.models import Run
from tests import make


@pytest.fixture
def runs(workspace):
    made = [make.run(workspace, display_name=f"run {n}", metrics={"loss": float(n)}) for n in range(4)]
    make.tag(made[0], team="vision")
    make.tag(made[1], team="vision")
    make.tag(made[2], team="a=b & 'c' <i>")
    return made


def see(client, **asked) -> str:
    answer = client.get(f"/w/vision/runs/?{urlencode(asked, doseq=True)}")
    assert answer.status_code == 200
    return answer.content.decode()


def links(page: str, text: str) -> list[str]:
    return [html.unescape(url) for url in re.findall(rf'href="([^"]*)"[^>]*>\s*{text}', page)]


def test_groups_say_count_mean_and_spread(runs, client_of, reader):
    page = see(client_of(reader), group="tags.team", columns="name,metrics.loss")
    assert "2 runs" in page and "vision" in page and "without team" in page
    assert 'title="mean 0.5 of 2 runs, standard deviation 0.7071' in page
    assert "4 runs in 3 groups" in page
    assert "&lt;i&gt;" in page and "<i>&" not in page


def test_a_group_of_the_newest_runs_alone_says_so(runs, client_of, reader, monkeypatch):
    monkeypatch.setattr("runs.query.groups.MOST_RUNS", 3)
    page = see(client_of(reader), group="tags.team", columns="name")
    assert "1 of the newest 3" in page and "1 run<" not in page


def test_a_group_leads_to_its_runs_alone(runs, client_of, reader):
    client = client_of(reader)
    page = see(client, group="tags.team", columns="name")
    for label, names in (
        ("<bdi[^>]*>vision", {"run 0", "run 1"}),
        ("<bdi[^>]*>a=b", {"run 2"}),
        ('<span class="dim">without', {"run 3"}),
    ):
        (url,) = links(page, label)
        found = client.get(url).content.decode()
        assert {name for name in ("run 0", "run 1", "run 2", "run 3") if f">{name}<" in found} == names
        assert "grouped by" not in found


def test_a_group_opens_in_place(runs, client_of, reader):
    page = see(client_of(reader), group="tags.team", columns="name", **{"in": "=vision"})
    assert ">run 0<" in page and ">run 1<" in page and ">run 3<" not in page
    assert page.count('aria-expanded="true" aria-label="Runs of this group"') == 1


def test_the_choice_of_groups_leads_back_with_everything_else(runs, client_of, reader):
    page = (
        client_of(reader).get("/w/vision/group/?at=/w/vision/runs/&q=run&sort=name&cursor=x").content.decode()
    )
    assert "/w/vision/runs/?q=run&amp;sort=name&amp;group=tags.team" in page
    links = re.findall(r'href="(/w/vision/runs/[^"]*)"', page)
    assert links and not any("cursor" in link for link in links)
    assert "group=experiment" in page


@pytest.mark.parametrize("at", ["https://evil.example/", "/w/elsewhere/runs/", "//evil.example", "/login/"])
def test_the_choice_leads_to_no_other_place(runs, client_of, reader, at):
    assert client_of(reader).get(f"/w/vision/group/?at={at}").status_code == 404


def test_a_mistake_is_told_in_the_list(runs, client_of, reader):
    answer = client_of(reader).get("/w/vision/runs/?group=metrics.loss")
    assert answer.status_code == 400 and "Runs are grouped by" in answer.content.decode()


def test_rest_says_the_same(runs, api_of, reader, stranger):
    path = "workspaces/vision/runs/groups/?group=tags.team&columns=metrics.loss"
    answer = api_of(reader)("GET", path).json()
    assert (answer["runs"], answer["group_count"], answer["has_more_runs"]) == (4, 3, False)
    first = answer["groups"][0]
    assert first["value"] == "vision" and first["runs"] == 2 and first["filter"] == "tags.team = 'vision'"
    assert first["columns"]["metrics.loss"]["mean"] == 0.5
    assert api_of(reader)("GET", "workspaces/vision/runs/groups/").status_code == 400
    assert api_of(stranger)("GET", path).status_code == 404


def test_runs_in_groups_are_ticked_starred_and_opened(workspace, runs, client_of, reader):
    child = make.run(workspace, display_name="its child", parent=runs[0])
    make.run(workspace, display_name="grandchild", parent=child)
    chosen = {"in": "=vision", "selected": runs[0].public_id}
    page = see(client_of(reader), group="tags.team", columns="name", open=runs[0].public_id, **chosen)
    assert f'value="{runs[0].public_id}" aria-label="Select run 0" checked' in page
    assert 'aria-label="Star run 1"' in page and ">its child<" in page and ">grandchild<" not in page
    toggle = html.unescape(re.search(r'href="([^"]*)"[^>]*aria-label="Children of run 0"', page)[1])
    assert "group=tags.team" in toggle and "in==vision" in toggle


def test_what_is_ticked_in_a_group_is_changed(workspace, runs, client_of, contributor, reader):
    at = f"/w/vision/runs/?{urlencode({'group': 'tags.team', 'in': '=vision'})}"
    sent = {"at": at, "selected": [runs[0].public_id, runs[1].public_id], "action": "tag", "key": "kept"}
    assert client_of(reader).post("/w/vision/bulk/", sent).status_code == 403
    page = client_of(contributor).post("/w/vision/bulk/", sent, follow=True).content.decode()
    assert "Tagged 2 runs." in page and "grouped by" in page
    kept = Run.objects.filter(tag__name__text="kept")
    assert {run.public_id for run in kept} == set(sent["selected"])
