"""Each parameter of a list of runs: page, REST and export find the same runs, and refuse the same texts in words."""

import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from runs.actions.organise import archive_run
from runs.actions.run import complete_run, fail_run
from runs.models import Run
from runs.query.filters import RunFilters
from tests import make

NOW = timezone.now()


@pytest.fixture
def runs(workspace, owner, reader):
    """Runs that differ in all that a parameter speaks of; the reader made none of them but one."""
    one = make.run(
        workspace,
        display_name="one",
        run_id="one",
        tags={"team": "vision", "debug": None},
        properties={"commit": "a1"},
        params={"lr": "0.01", "opt": "adam"},
        metrics={"loss": [0.9, 0.2]},
        target="gpu",
        run_type="sweep",
        description="the bert baseline",
    )
    complete_run(one, by=owner)
    two = make.run(workspace, "other", display_name="two", run_id="two", by=reader, params={"lr": "0.1"})
    fail_run(two, by=owner)
    make.run(workspace, display_name="three", run_id="three", tags={"team": "text"}, metrics={"loss": 3})
    make.run(workspace, display_name="below", run_id="below", parent=one)
    archive_run(make.run(workspace, display_name="old", run_id="old"), by=owner)
    week = NOW - timedelta(days=7)
    Run.objects.filter(pk=one.pk).update(
        created_at=week, started_at=week, ended_at=week + timedelta(hours=2), duration_s=7200.0
    )


TABLE = {
    "": "one three two",
    "filter=metrics.loss < 1": "one",
    "q=bert": "one",
    "q=bert zebra": "",
    "status=Failed": "two",
    "status=Failed&status=Running": "three two",
    "status=FINISHED": "one",
    "experiment=other": "two",
    "experiment=other&experiment=digits": "one three two",
    "tag=team": "one three",
    "tag=team=vision": "one",
    "tag=team&tag=debug": "one",
    "property=commit=a1": "one",
    "property=commit": "one",
    "param=lr": "one two",
    "param=lr<0.05": "one",
    "param=opt=adam": "one",
    "metric=loss": "one three",
    "metric=loss>1": "three",
    "target=gpu": "one",
    "submitted_by=rita": "two",
    "submitted_by=rita&submitted_by=olga": "one three two",
    "created_after=-2d": "three two",
    "created_before=-2d": "one",
    "created_after=2001-01-01&created_before=2001-01-02": "",
    "duration_min=1h30m": "one",
    "duration_max=15m&status=Failed": "two",
    "type=sweep": "one",
    "parent=one": "below",
    "below=one": "below",
    "include_children=true": "below one three two",
    "mine=true": "two",
    "mine=false": "one three two",
    "archived=true": "old",
    "archived=false": "one three two",
    # together, and with the filter
    "tag=team&metric=loss<1&filter=status = 'Completed' or status = 'Failed'": "one",
    "filter=tags.team = 'text' or params.lr < 1&status=Failed": "two",
    "status=": "one three two",
}
WRONG = {
    "filter=metrics.loss < x": "'x' at character 16",
    "q=" + "a" * 501: "501 characters",
    "status=Flying": "There is no status 'Flying'",
    "tag==x": "write a name",
    "property==x": "write a name",
    "param=lr<high": "'high'",
    "metric=loss<": "write a name, or a bound",
    "created_after=soon": "'soon'",
    "created_before=2026-13-01": "'2026-13-01'",
    "duration_min=long": "'long'",
    "duration_max=-1h": "'-1h'",
    "parent=%00": "Null characters",
    "include_children=perhaps": "Write true or false",
    "mine=perhaps": "Write true or false",
    "archived=perhaps": "Write true or false",
    "&".join(f"tag=t{n}" for n in range(51)): "At most 50 values",
}


def address(place, asked):
    """The parameters as an address writes them."""
    return f"{place}?{quote(asked, safe='=&%')}"


def on_page(answer):
    return " ".join(sorted(re.findall(r'<tr data-id="([^"]+)"', answer.content.decode())))


def test_page_rest_and_export_find_the_same_runs(runs, client_of, api_of, reader):
    browser, api = client_of(reader), api_of(reader)
    browser.get("/w/vision/")
    for asked, names in TABLE.items():
        page = browser.get(address("/w/vision/runs/", asked))
        rest = api("GET", address("workspaces/vision/runs/", asked))
        file = browser.get(address("/w/vision/export/", f"{asked}&format=jsonl&columns=id"))
        assert on_page(page) == names, asked
        assert " ".join(sorted(run["id"] for run in rest.json()["results"])) == names, asked
        lines = b"".join(file.streaming_content).decode().splitlines()
        assert " ".join(sorted(next(iter(json.loads(line).values())) for line in lines)) == names, asked


def test_page_and_rest_refuse_the_same_with_a_sentence(runs, client_of, api_of, reader):
    browser, api = client_of(reader), api_of(reader)
    for asked, words in WRONG.items():
        page = browser.get(address("/w/vision/runs/", asked))
        rest = api("GET", address("workspaces/vision/runs/", asked))
        assert page.status_code == rest.status_code == 400, asked
        assert words in rest.json()["error"]["message"], asked
        assert rest.json()["error"]["field"] == asked.partition("=")[0], asked
        assert words.replace("'", "&#x27;") in page.content.decode(), asked


def test_every_parameter_is_tried_here():
    tried = {part.partition("=")[0] for asked in TABLE for part in asked.split("&") if part}
    assert set(RunFilters.base_filters) == tried


def test_every_parameter_stands_in_the_schema_of_each_list(api_of, reader):
    paths = json.loads(api_of(reader)("GET", "schema/", Accept="application/vnd.oai.openapi+json").content)[
        "paths"
    ]
    for path in ("runs/", "runs/groups/", "runs/export/"):
        listed = paths[f"/api/v1/workspaces/{{workspace}}/{path}"]["get"]["parameters"]
        assert set(RunFilters.base_filters) <= {each["name"] for each in listed}, path
        assert all(each.get("description") for each in listed if each["in"] == "query")
