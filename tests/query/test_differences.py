"""What two snapshots differ in: files, then lines; bounded, and right beside difflib and diff."""

import difflib
import random
import time

import pytest

from runs.models import Run
from runs.query import differences
from runs.query.differences import changed_files, compare_lines, line_difference, pairs_of
from runs.query.sources import compare_sources, git_facts, runs_to_compare
from tests import make

OLD = {"train.py": b"a\nb\nc\n", "gone.py": b"x\n", "same.py": b"s", "logo.bin": b"\x00\x01"}
NEW = {"train.py": b"a\nB\nc\n", "new.py": b"y\nz\n", "same.py": b"s", "logo.bin": b"\x00\x02"}


def rebuilt(found, sign: str) -> list[str]:
    return [line.text for hunk in found.hunks for line in hunk.lines if line.sign in (" ", sign)]


def test_files_that_came_went_and_changed(workspace, reads):
    before = make.snapshot(make.run(workspace), OLD)
    after = make.snapshot(make.run(workspace), NEW)
    with reads(at_most=2):
        found = {change.path: change for change in changed_files(before, after)}
    assert {path: change.kind for path, change in found.items()} == {
        "gone.py": "removed",
        "logo.bin": "changed",
        "new.py": "added",
        "train.py": "changed",
    }
    lines = line_difference(found["train.py"])
    assert [(line.sign, line.text, line.before, line.after) for line in lines.hunks[0].lines] == [
        (" ", "a", 1, 1),
        ("-", "b", 2, None),
        ("+", "B", None, 2),
        (" ", "c", 3, 3),
    ]
    assert (lines.added, lines.removed) == (1, 1)
    assert (line_difference(found["new.py"]).added, line_difference(found["gone.py"]).removed) == (2, 1)
    assert "no text file" in line_difference(found["logo.bin"]).reason
    assert changed_files(before, before) == []


def test_ends_of_lines_alone_are_told(workspace):
    before = make.snapshot(make.run(workspace), {"a.txt": b"one\r\ntwo"})
    after = make.snapshot(make.run(workspace), {"a.txt": b"one\ntwo\n"})
    assert line_difference(changed_files(before, after)[0]).reason.startswith("Only the ends")


def test_lines_alike_are_hidden_and_counted():
    old = [str(n) for n in range(100)]
    new = [*old[:20], "x", *old[21:60], *old[62:]]
    found = compare_lines(old, new)
    assert [hunk.hidden for hunk in found.hunks] == [17, 33]
    assert found.hidden_after == 35
    assert found.hunks[1].lines[-1].before == 65 and found.hunks[1].lines[-1].after == 63
    whole = compare_lines(old, new, context=10**6)
    assert (rebuilt(whole, "-"), rebuilt(whole, "+")) == (old, new)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_changed_both_sides_can_be_read_off(seed):
    some = random.Random(seed)
    old = [some.choice("abcdef") for _ in range(some.randrange(60))]
    new = [line for line in old if some.random() > 0.2]
    for _ in range(some.randrange(6)):
        new.insert(some.randrange(len(new) + 1), some.choice("abcxyz"))
    found = compare_lines(old, new, context=10**6)
    if old != new:
        assert (rebuilt(found, "-"), rebuilt(found, "+")) == (old, new)
    theirs = [line for line in difflib.ndiff(old, new) if line[0] in "+-"]
    assert found.added + found.removed <= len(theirs) + 4
    for hunk in compare_lines(old, new).hunks:
        for left, right in pairs_of(hunk):
            assert (left or right) and (left is None or left.sign != "+")
            assert right is None or right.sign != "-"
            if left and right and left.sign == " ":
                assert left is right


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["x"] * 3000, ["y", "x"] * 1500),
        ([str(n) for n in range(3000)], [str(n) for n in range(3000, 0, -1)]),
        (["a", "b"] * 1500, ["b", "a", "c"] * 1000),
        ([str(n % 50) for n in range(3000)], [str(n * 7 % 50) for n in range(3000)]),
    ],
)
def test_hostile_files_take_no_time_worth_speaking_of(old, new):
    began = time.process_time()
    compare_lines(old, new)
    assert time.process_time() - began < 8  # a machine of two cores that others use, too


def test_what_is_too_much_is_said(workspace, monkeypatch):
    many = [str(n) for n in range(4000)]
    assert "too many to compare" in compare_lines(many, many[::-1]).reason
    assert compare_lines(many, ["first", *many]).added == 1
    assert compare_lines([], many).added == 4000
    monkeypatch.setattr(differences, "MOST_BYTES", 3)
    before, after = (make.snapshot(make.run(workspace), {"a": text}) for text in (b"1234", b"12345"))
    assert "Only files of up to" in line_difference(changed_files(before, after)[0]).reason


def test_the_run_before_is_offered_first(workspace):
    runs = [make.run(workspace) for _ in range(5)]
    for run in (runs[0], runs[1], runs[4]):
        make.snapshot(run, OLD)
    make.snapshot(make.run(workspace, "other"), OLD)
    assert runs_to_compare(runs[3]) == [runs[1], runs[0], runs[4]]
    Run.objects.filter(pk=runs[1].pk).update(deleted_at=runs[1].created_at)
    assert runs_to_compare(runs[3]) == [runs[0], runs[4]]


def test_sources_of_several_runs_beside_one_of_them(workspace):
    runs = [make.run(workspace) for _ in range(4)]
    make.snapshot(runs[1], OLD)
    make.snapshot(runs[2], NEW)
    make.snapshot(runs[3], OLD)
    chosen, found = compare_sources([Run.objects.get(pk=run.pk) for run in runs], None)
    assert chosen == runs[1]
    same = {"added": 0, "removed": 0, "changed": 0}
    assert [each.counts for each in found] == [None, same, {"added": 1, "removed": 1, "changed": 2}, same]
    assert compare_sources([Run.objects.get(pk=run.pk) for run in runs], 2)[0] == runs[2]
    assert compare_sources([runs[0]], None) == (None, [])


def test_git_s_facts_have_the_names_of_the_cloud_and_of_mlflow(workspace):
    cloud = {"azureml.git.commit": "4f1c", "azureml.git.branch": "main", "azureml.git.dirty": "True"}
    assert git_facts(make.run(workspace, properties=cloud)) == {
        "commit": "4f1c",
        "branch": "main",
        "dirty": "True",
    }
    mlflow = {"mlflow.source.git.commit": "77", "mlflow.source.git.repoURL": "https://example.org/a"}
    assert git_facts(make.run(workspace, properties=mlflow)) == {
        "commit": "77",
        "repository": "https://example.org/a",
    }
