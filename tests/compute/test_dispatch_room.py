"""The server's own machine gives its runs what they ask for, and lets them wait for it in their order."""

import pytest

from runs.actions import compute, dispatch
from runs.actions import run as runs
from runs.actions.create import NewRun, create_run
from runs.actions.dispatch_room import taken_of
from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import Dispatch
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(workspace, owner):
    settings = {"slots": 9, "cpus": "4", "memory_mb": 1000}
    return compute.attach_target(workspace, "server", "local", settings, by=owner, enabled=True)


def submitted(target, **asked):
    by = make.owner_of(target.workspace)
    new = NewRun("digits", script="t.py", compute_target=target.name, definition={"resources": asked})
    return runs.move_run(create_run(target.workspace, new, by=by)[0], Status.QUEUED, by=by)


def begun() -> list[str]:
    return [each.run.display_name for each in dispatch.claim_dispatches()]


def states() -> list[str]:
    return list(Dispatch.objects.order_by("pk").values_list("state", flat=True))


def test_runs_begin_while_what_they_ask_for_is_free_and_none_overtakes(target):
    two, three, one, nothing = (
        submitted(target, **asked) for asked in ({"cpus": 2}, {"cpus": 3}, {"cpus": 1}, {})
    )
    begun()
    assert states() == ["submitting", "waiting", "waiting", "waiting"]
    three.refresh_from_db()
    assert three.status_reason == "waits for 3 CPUs, 2 free"
    assert taken_of(target) == {"CPUs for runs": "2 of 4 taken", "Memory for runs": "0 of 1,000 MB taken"}
    Dispatch.objects.filter(run=two).update(state=Dispatch.ENDED)
    begun()
    assert states() == ["ended", "submitting", "submitting", "submitting"]
    assert taken_of(target)["CPUs for runs"] == "4 of 4 taken"
    assert (one.status, nothing.status) == ("Queued", "Queued")


def test_memory_is_counted_beside_the_processors(target):
    submitted(target, cpus=1, memory_mb=800)
    waiting = submitted(target, cpus=1, memory_mb=201)
    begun()
    waiting.refresh_from_db()
    assert (states(), waiting.status_reason) == (
        ["submitting", "waiting"],
        "waits for 201 MB of memory, 200 free",
    )


def test_what_can_never_be_given_is_refused_and_stops_nobody(target):
    huge, small = submitted(target, cpus=64), submitted(target, cpus=4)
    claimed = dispatch.claim_dispatches()
    assert [each.run_id for each in claimed] == [huge.pk, small.pk]
    assert dispatch.prepare_start(claimed[0]) is None
    assert dispatch.prepare_start(claimed[1]) is not None
    huge.refresh_from_db()
    assert (huge.status, huge.status_reason) == (
        "Failed",
        "It asks for 64 CPUs; server has 4 for its runs.",
    )


def test_what_the_owner_does_not_count_is_not_waited_for(workspace, owner):
    plain = compute.attach_target(workspace, "plain", "local", {"slots": 3}, by=owner, enabled=True)
    for _ in range(3):
        submitted(plain, cpus=1000, gpus=8)
    begun()
    assert (states(), taken_of(plain)) == (["submitting"] * 3, {})


@pytest.mark.parametrize("given", ["-1", "many", True, "123456789"])
def test_a_count_that_is_none_is_refused(workspace, owner, given):
    with pytest.raises(Invalid, match=r"settings\.cpus is a whole number below 100,000,000"):
        compute.attach_target(workspace, "x", "local", {"cpus": given}, by=owner, enabled=False)
