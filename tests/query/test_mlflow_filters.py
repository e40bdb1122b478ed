"""Everything that MLflow's `filter_string` takes is taken and finds what MLflow would find, on the database."""

from datetime import UTC, datetime

import pytest

from runs.actions.run import cancel_run, complete_run, fail_run
from runs.errors import Invalid
from runs.query.conditions import Conditions
from runs.query.fields import Field, Source
from runs.query.grammar import parse, to_text
from runs.query.nodes import Compare, Op
from runs.query.runs import page_of, plan_runs
from tests import corpora, make

AT = 1_664_067_852_747


@pytest.fixture
def runs(workspace, owner):
    """Five runs, as scripts would have made them."""
    ada = make.member(workspace, "contributor", "ada")
    parent = make.run(
        workspace,
        display_name="one",
        run_id="one-id",
        description="A note",
        tags={"team": "vision", "my tag": "a", "mlflow.source.name": "train.py"},
        params={"lr": "0.1", "model": "GPT-2", "my param": "x"},
        metrics={"accuracy": [0.1, 0.95], "m-1": 3, "f1 score": 0.5},
    )
    complete_run(parent, by=owner)
    make.run(
        workspace,
        display_name="two",
        run_id="two-id",
        by=ada,
        tags={"team": "Vision"},
        params={"lr": "0.10", "model": "gpt-3"},
        metrics={"accuracy": 0.2},
    )
    fail_run(make.run(workspace, display_name="three", run_id="three-id", tags={"team": "text"}), by=owner)
    cancel_run(make.run(workspace, display_name="four", run_id="four-id"), by=owner)
    make.run(workspace, display_name="five", run_id="five-id", start=False, parent=parent)
    moment = datetime.fromtimestamp(AT / 1000, UTC)
    type(parent).objects.filter(display_name="one").update(started_at=moment, ended_at=moment)


def found(workspace, text, *, mlflow):
    conditions = Conditions(tree=parse(text, mlflow=mlflow), include_children=True)
    rows = page_of(plan_runs(workspace, conditions, viewer=None)).rows
    return " ".join(sorted(row.run.display_name for row in rows))


EVERYONE = "five four one three two"
FINDS = {
    "": EVERYONE,
    # metrics, by their last value
    "metrics.accuracy > 0.92": "one",
    "metric.accuracy <= .2": "two",
    "metrics.accuracy = 0.95": "one",
    "metrics.accuracy != 0.95": "two",
    "metrics.accuracy >= 2e-1 AND metrics.accuracy < 1": "one two",
    "metrics.`m-1` = 3": "one",
    'metrics."f1 score" > 0.4': "one",
    "metrics.missing != 1": "",
    # parameters and tags are text
    "params.lr = '0.1'": "one",
    'params.lr = "0.1"': "one",
    "param.lr != '0.1'": "two",
    "parameter.model LIKE 'GPT%'": "one",
    "parameters.model ILIKE 'gpt%'": "one two",
    "params.`my param` = 'x'": "one",
    "params.model IS NULL": "five four three",
    "params.model is not null": "one two",
    "tags.team = 'vision'": "one",
    "tag.team ILIKE 'VISION'": "one two",
    "tags.team LIKE '_ision'": "one two",
    "tags.team != 'vision'": "three two",
    'tags."my tag" = "a"': "one",
    "tags.team IS NULL": "five four",
    "tags.mlflow.source.name = 'train.py'": "one",
    # what MLflow keeps as tags of its own
    "tags.mlflow.runName = 'one'": "one",
    "tags.mlflow.runName LIKE 't%'": "three two",
    "tags.mlflow.parentRunId = 'one-id'": "five",
    "tags.mlflow.user = 'ada'": "two",
    "tags.mlflow.note.content ILIKE '%NOTE%'": "one",
    # attributes, with each prefix and without
    "attributes.status = 'FINISHED'": "one",
    "attribute.status = 'RUNNING'": "two",
    "attr.status = 'FAILED'": "three",
    "run.status = 'KILLED'": "four",
    "status = 'SCHEDULED'": "five",
    "status != 'FINISHED'": "five four three two",
    "status LIKE 'FIN%'": "one",
    "run_name = 'two'": "two",
    "attributes.run_name LIKE 't%'": "three two",
    "run_name ILIKE 'T%'": "three two",
    "`run name` = 'two'": "two",
    "\"Run Name\" != 'two'": "five four one three",
    "run_id = 'one-id'": "one",
    "run_id IN ('one-id', 'two-id')": "one two",
    "attributes.run_id NOT IN ('one-id',)": "five four three two",
    "run_id LIKE 't%'": "three two",
    "user_id = 'ada'": "two",
    f"start_time = {AT}": "one",
    f"attributes.start_time <= {AT}": "one",
    f"end_time > {AT}": "four three",
    "artifact_uri LIKE '%one-id%'": "one",
    # no run has a dataset
    "dataset.name = 'mnist'": "",
    "datasets.digest != 'a'": "",
    "dataset.context IN ('train', 'test')": "",
    # written in any case, over several lines
    "metrics.accuracy > 0 And tags.team Like 'v%'\n  aNd params.lr = '0.1'": "one",
}


@pytest.mark.parametrize("mlflow", [False, True])
def test_each_finds_what_mlflow_would_find(runs, workspace, mlflow):
    answers = {text: found(workspace, text, mlflow=mlflow) for text in FINDS}
    assert answers == FINDS


# MLflow's own mistakes are mistakes here, too, with the place.
REFUSED = {
    "metrics.accuracy > '0.9'": 19,
    "metrics.accuracy LIKE '1'": 17,
    "params.lr > 'a'": 12,
    "tags.team > 'a'": 10,
    "status > 'FAILED'": 7,
    "foo.bar = 'a'": 0,
    "attributes.foo = 'a'": 0,
    "dataset.size = 'a'": 0,
    "run_id IN 'a'": 10,
    "start_time = 'soon'": 13,
    "tags.team = 'vision": 12,
    "tags.team = 'a' metrics.m > 1": 16,
    "tags.team BETWEEN 'a' AND 'b'": 10,
}


@pytest.mark.parametrize(("text", "place"), REFUSED.items())
def test_what_mlflow_refuses_is_refused_with_its_place(text, place):
    for mlflow in (False, True):
        with pytest.raises(Invalid) as refusal:
            parse(text, mlflow=mlflow)
        assert refusal.value.position == place and refusal.value.message.endswith((".", "?", "metrics."))


def sampled(texts, most):
    return texts[:: max(1, len(texts) // most)]


def test_hostile_text_is_a_key_and_a_value(workspace):
    """As key and value of a tag: the filter made of it finds just the runs that have it, and goes back to text."""
    kept = []
    for text in sampled(corpora.naughty(), 40) + sampled(corpora.xss(), 10):
        try:
            run = make.run(workspace, tags={text[:200]: text[:2000]})
        except Invalid:
            continue
        row = run.tag_set.select_related("name").get()
        kept.append((run.pk, Compare(Field(Source.TAG, row.name.text), Op.EQ, row.text)))
    assert len(kept) > 10
    for _, tree in kept:
        assert parse(to_text(tree)) == tree
        rows = page_of(plan_runs(workspace, Conditions(tree=tree), viewer=None), limit=100).rows
        assert {row.run.pk for row in rows} == {number for number, other in kept if other == tree}
