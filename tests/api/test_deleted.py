"""What a script hears that still writes to a run somebody deleted: one clear answer, and nothing comes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs import storage
from runs.actions.files import append_log, put_file
from runs.actions.run import complete_run, heartbeat
from runs.actions.tracking import log_points
from runs.actions.trash import empty_trash, trash_run
from runs.errors import Gone
from runs.models import Artifact, Metric, Run
from tests import make

WRITES = [
    ("POST", "metrics/", {"series": [{"name": "loss", "value": [1.0]}]}),
    ("POST", "logs/user_logs/std_log.txt?offset=0", b"late line\n"),
    ("PUT", "files/outputs/late.bin", b"late"),
    ("POST", "heartbeat/", {}),
    ("POST", "tags/", {"set": {"a": "b"}}),
    ("POST", "complete/", {}),
]


@pytest.fixture
def run(workspace, owner):
    return complete_run(make.run(workspace, display_name="old one", heartbeat=True), by=owner)


@pytest.fixture
def deleted(run, owner):
    return trash_run(run, by=owner)


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_late_write_is_told_that_the_run_was_deleted(deleted, api_of, contributor, method, path, body):
    answer = api_of(contributor)(method, f"runs/{deleted.public_id}/{path}", body)
    assert answer.status_code == 410
    error = answer.json()["error"]
    assert error["code"] == "gone" and error["message"].startswith(
        "old one was deleted and takes nothing more"
    )
    assert not Metric.objects.exists() and not Artifact.objects.exists()


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_stranger_does_not_even_hear_that(deleted, api_of, stranger, method, path, body):
    assert api_of(stranger)(method, f"runs/{deleted.public_id}/{path}", body).status_code == 404


@pytest.mark.parametrize("is_purged", [False, True])
def test_a_line_that_overlaps_with_the_deletion_adds_nothing(run, owner, is_purged):
    append_log(run, "log.txt", 0, b"early\n")
    key = Artifact.objects.get(run=run).key
    trash_run(run, by=owner)  # `run` is what the request had found before
    if is_purged:
        Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now() - timedelta(days=31))
        empty_trash()
        storage.delete(key)
    for late in (
        lambda: make.log(run, "loss", 1.0),
        lambda: append_log(run, "log.txt", 6, b"late\n"),
        lambda: append_log(run, "other.txt", 0, b"late\n"),
        lambda: put_file(run, "a.bin", [b"late"], by=owner),
    ):
        with pytest.raises(Gone, match="old one was deleted"):
            late()
    assert not Metric.objects.exists()
    assert [a.size for a in Artifact.objects.all()] == ([] if is_purged else [6])
    assert storage.path_of(key).exists() != is_purged


def test_a_beat_that_overlaps_with_the_deletion_is_told(workspace, owner):
    run = make.run(workspace)
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
    with pytest.raises(Gone):
        heartbeat(run, by=owner)


def test_a_batch_without_points_says_so_too(deleted):
    with pytest.raises(Gone):
        log_points(deleted, [])
