"""What migrations do with rows that were there before."""

from importlib import import_module

from django.apps import apps
from django.db import connection

from runs.models import Experiment, Run
from tests import make

redraw = import_module("runs.migrations.0029_references_in_old_descriptions").redraw
OLD = "<p>as run:abc and view:mine were drawn</p>"


def test_references_of_old_descriptions_become_links_part_by_part(workspace, monkeypatch):
    monkeypatch.setattr("runs.migrations.0029_references_in_old_descriptions.TOGETHER", 2)
    old = [make.run(workspace, description=f"{n} run:abc, <b>log:</b> log:a.txt#L3") for n in range(5)]
    plain = make.run(workspace, description="nothing of the kind")
    Run.objects.update(description_html=OLD)
    Experiment.objects.update(description="See view:mine", description_html=OLD)
    redraw(apps, connection.schema_editor())
    for number, run in enumerate(old):
        run.refresh_from_db()
        assert f"<p>{number} <a " in run.description_html
        assert 'href="run:abc"' in run.description_html and 'href="log:a.txt#L3"' in run.description_html
        assert "&lt;b&gt;" in run.description_html
    plain.refresh_from_db()
    assert plain.description_html == OLD
    assert 'href="view:mine"' in Experiment.objects.get().description_html


def test_a_description_that_cannot_be_drawn_stays_readable(workspace):
    run = make.run(workspace, description="x")
    text = "run:abc " + "[" * 30_000
    Run.objects.update(description=text, description_html=OLD)
    redraw(apps, connection.schema_editor())
    run.refresh_from_db()
    assert "shown as it was written" in run.description_html and "run:abc" in run.description_html
