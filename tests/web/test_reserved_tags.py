"""Tags that MLflow's clients keep for themselves: hidden until somebody asks."""

from django.test import Client

from runs.query.fields import Source
from runs.query.suggest import suggest_keys
from tests import make

TAGS = {"team": "vision", "mlflow.source.name": "train.py", "mlflow.user": "ada"}


def page(client_of, owner, path: str) -> str:
    client: Client = client_of(owner)
    answer = client.get(f"/w/vision/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_run_folds_them_away(client_of, owner, workspace):
    run = make.run(workspace, tags=TAGS)
    shown, _, folded = page(client_of, owner, f"runs/{run.public_id}/").partition(
        '<details class="reserved">'
    )
    assert "2 tags of MLflow's own" in folded and "train.py" in folded
    assert "vision" in shown and "train.py" not in shown
    assert "tags/?tag=mlflow" not in folded


def test_a_run_without_them_says_nothing_of_them(client_of, owner, workspace):
    run = make.run(workspace, tags={"team": "vision"})
    assert 'class="reserved"' not in page(client_of, owner, f"runs/{run.public_id}/")


def test_lists_leave_them_out_unless_a_column_or_a_filter_names_them(client_of, owner, workspace):
    make.run(workspace, tags=TAGS)
    listed = page(client_of, owner, "runs/")
    assert "vision" in listed and "train.py" not in listed
    assert "train.py" in page(client_of, owner, "runs/?columns=name,tags.`mlflow.source.name`")
    assert "Run 1" in page(client_of, owner, "runs/?filter=tags.`mlflow.user`+=+'ada'")


def test_they_are_offered_to_who_begins_to_write_them(workspace):
    make.run(workspace, tags=TAGS)
    assert suggest_keys(workspace, Source.TAG) == ["team"]
    assert suggest_keys(workspace, Source.TAG, "mlflow.s") == ["mlflow.source.name"]
