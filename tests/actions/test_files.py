"""Files of a run: a file and a folder never have one name."""

import pytest

from runs.actions.files import append_log, put_file
from runs.errors import Conflict
from runs.models import Artifact
from tests import make


def put(run, path):
    put_file(run, path, [b"x"], by=run.created_by)


def log(run, path):
    append_log(run, path, 0, b"x")


@pytest.mark.parametrize("add", [put, log])
def test_a_file_and_a_folder_of_one_name_are_refused(add, workspace, settings, tmp_path):
    settings.FILES_FOLDER = tmp_path
    run, other = make.run(workspace), make.run(workspace)
    put(run, "outputs/a")
    log(run, "logs/b/c.txt")
    stored = sum(1 for path in tmp_path.rglob("*") if path.is_file())
    for path, words in (
        ("outputs/a/b", "outputs/a is a file of this run, so it cannot be the folder of outputs/a/b"),
        ("outputs/a/b/c", "outputs/a is a file"),
        ("outputs", "outputs is a folder of this run, which holds outputs/a"),
        ("logs/b", "logs/b is a folder of this run, which holds logs/b/c.txt"),
    ):
        with pytest.raises(Conflict, match=words) as refused:
            add(run, path)
        assert refused.value.field == "path"
    assert Artifact.objects.filter(run=run).count() == 2
    assert sum(1 for path in tmp_path.rglob("*") if path.is_file()) == stored
    for path in ("outputs/a.txt", "outputs/ab", "outputs/A", "output", "outputs%", "logs/b_c"):
        add(run, path)
    add(other, "outputs/a/b")


def test_those_that_are_there_already_still_grow_and_are_replaced(workspace, settings, tmp_path):
    settings.FILES_FOLDER = tmp_path
    run = make.run(workspace)
    put(run, "a")
    log(run, "b.txt")
    Artifact.objects.filter(path="b.txt").update(path="a/b.txt")
    put(run, "a")
    assert append_log(run, "a/b.txt", 1, b"more").size == 5


def test_the_api_says_so(workspace, api_of, contributor):
    run = make.run(workspace)
    put(run, "a")
    answer = api_of(contributor)("POST", f"runs/{run.public_id}/logs/a/b?offset=0", b"x")
    assert answer.status_code == 409 and "a is a file of this run" in answer.json()["error"]["message"]
