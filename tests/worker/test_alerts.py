"""From an event to a message: what is noticed, when it is told, and that it is told once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from runs import alerting, notifier
from runs.actions import organise, trash
from runs.actions.alert_outbox import BETWEEN, SETTLED
from runs.actions.alerts import change_alert, create_alert, pause_alert, resume_alert
from runs.actions.members import remove_member
from runs.actions.run import cancel_run, complete_run, fail_run, heartbeat, move_run, start_run
from runs.actions.silence import reap_silent_runs
from runs.actions.views import create_view, delete_view
from runs.errors import Invalid
from runs.lifecycle import Status
from runs.models import Alert, AlertMoment, Delivery, Run, RunEvent, User
from tests import make

LATER = SETTLED + timedelta(seconds=1)


def watch(of, *statuses, by=None, **about):
    subject = {name: about.pop(name) for name in ("run", "experiment", "view") if name in about}
    fields = {"channel": "app", "statuses": list(statuses), **about}
    return create_alert(of, by=by or make.owner_of(of), fields=fields, **subject)


def tell(after=LATER):
    """Let the worker look, and send what is due so much later; the subjects of all messages, oldest first."""
    alerting.look(timezone.now() + after)
    while notifier.deliver_next("test", timezone.now() + after):
        pass
    return list(Delivery.objects.order_by("pk").values_list("subject", flat=True))


def test_a_run_that_is_watched_tells_of_its_end(workspace, owner):
    run = make.run(workspace)
    watch(workspace, "ended", run=run)
    fail_run(run, by=owner, message="exit code 1\nand more")
    assert tell() == ["[vision] digits / run 1 failed"]
    told = Delivery.objects.get()
    assert told.sent_at is not None and told.facts["runs"][0]["reason"] == "exit code 1"
    assert tell() == ["[vision] digits / run 1 failed"]  # and not again


@pytest.mark.parametrize(
    ("word", "change", "said"),
    [
        ("started", start_run, "started"),
        ("completed", complete_run, "completed"),
        ("failed", fail_run, "failed"),
        ("canceled", cancel_run, "canceled"),
    ],
)
def test_each_status_is_told_to_who_watches_it_alone(workspace, owner, word, change, said):
    run = make.run(workspace, start=word != "started")
    watch(workspace, word, run=run)
    watch(workspace, "not responding", run=run)
    change(run, by=owner)
    assert tell() == [f"[vision] digits / run 1 {said}"]


def test_a_run_that_starts_as_it_is_made_has_started(workspace):
    watch(workspace, "started")
    make.run(workspace)
    assert tell() == ["[vision] digits / run 1 started"]


def test_a_silent_run_is_told_once_and_its_return_is_no_start(workspace, owner):
    run = make.run(workspace, start=False)
    start_run(run, by=owner, heartbeat=True)
    watch(workspace, "not responding", "started", run=run)
    reap_silent_runs(timezone.now() + timedelta(minutes=5))
    assert tell(timedelta(minutes=6)) == ["[vision] digits / run 1 is not responding"]
    heartbeat(Run.objects.select_related("workspace", "experiment").get(), by=owner)
    assert len(tell(timedelta(minutes=9))) == 1


def test_an_experiment_tells_of_its_runs_without_children_and_of_no_other_s(workspace, owner):
    watch(workspace, "failed", experiment=make.experiment(workspace))
    mine, other = make.run(workspace), make.run(workspace, "letters")
    child = make.run(workspace, parent=mine)
    for run in (mine, other, child):
        fail_run(run, by=owner)
    assert tell() == ["[vision] digits / run 1 failed"]


def test_children_are_told_of_where_they_are_wanted(workspace, owner):
    watch(workspace, "failed", experiment=make.experiment(workspace), include_children=True)
    child = make.run(workspace, parent=make.run(workspace))
    fail_run(child, by=owner)
    assert tell() == ["[vision] digits / run 2 failed"]


def test_a_run_with_its_children_tells_of_all_below_it_and_of_no_sibling(workspace, owner):
    top, later = make.run(workspace), make.run(workspace)
    run = make.run(workspace, parent=top)
    step, sibling = make.run(workspace, parent=run), make.run(workspace, parent=top)
    watch(workspace, "failed", run=run, include_children=True)
    for ended in (step, sibling, later, run):
        fail_run(ended, by=owner, message="out of memory")
    tell()
    assert {moment.run_id for moment in AlertMoment.objects.all()} == {step.pk, run.pk}


def test_a_view_and_a_filter_tell_of_the_runs_they_find(workspace, owner):
    view = create_view(workspace, by=owner, name="mine", address={"filter": ["tags.team = 'a'"]})
    watch(workspace, "completed", view=view)
    watch(workspace, "completed", filter="tags.team = 'b'")
    for team in "abc":
        run = make.run(workspace)
        make.tag(run, team=team)
        complete_run(run, by=owner)
    assert sorted(tell()) == ["[vision] digits / run 1 completed", "[vision] digits / run 2 completed"]


def test_all_runs_that_match_have_ended_is_told_when_the_last_one_has(workspace, owner):
    watch(workspace, "all ended", experiment=make.experiment(workspace))
    first, second = make.run(workspace), make.run(workspace)
    complete_run(first, by=owner)
    assert tell() == []
    complete_run(second, by=owner)
    assert tell() == ["[vision] digits: all ended: all runs have ended"]


def test_a_run_that_is_queued_too_long_is_told_once(workspace, owner):
    run = make.run(workspace, start=False)
    watch(workspace, "queued too long", queued_s=600)
    move_run(run, Status.QUEUED, by=owner)
    late = timezone.now() + timedelta(minutes=11)
    Run.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    alerting.note_by_clock(timezone.now())
    assert not AlertMoment.objects.exists()
    for _ in range(2):
        alerting.note_by_clock(late)
    assert AlertMoment.objects.count() == 1
    assert tell(timedelta(minutes=12)) == ["[vision] digits / run 1 is queued too long"]


@pytest.mark.parametrize(("is_above", "values"), [(True, [0.1, 0.9, 0.2]), (False, [0.9, 0.1, 0.9])])
def test_a_metric_past_its_bound_is_told_once_whatever_came_after(workspace, is_above, values):
    run = make.run(workspace)
    watch(workspace, metric="loss", bound=0.5, is_above=is_above)
    make.log(run, "loss", 0.5)
    alerting.note_by_clock()
    assert not AlertMoment.objects.exists()
    make.log(run, "loss", *values, steps=[1, 2, 3])
    for _ in range(2):
        alerting.note_by_clock()
    assert tell() == [f"[vision] digits / run 1 has loss = {0.9 if is_above else 0.1}"]


def test_what_was_before_an_alert_and_while_it_was_paused_is_not_told(workspace, owner):
    before, meanwhile, after = (make.run(workspace) for _ in range(3))
    fail_run(before, by=owner)
    alert = watch(workspace, "failed")
    pause_alert(alert)
    fail_run(meanwhile, by=owner)
    resume_alert(alert)
    fail_run(after, by=owner)
    assert tell() == ["[vision] digits / run 3 failed"]


def test_a_storm_is_one_message(workspace, owner, reads):
    watch(workspace, "failed")
    for _ in range(60):
        fail_run(make.run(workspace), by=owner)
    with reads(at_most=70):
        assert tell() == ["[vision] digits: 60 failed"]
    told = Delivery.objects.get()
    assert len(told.facts["runs"]) == 25 and told.facts["total"] == 60


def test_alerts_that_events_mean_nothing_to_cost_no_statement(workspace, owner, reads):
    run = make.run(workspace)
    watch(workspace, "failed", run=run)
    for number in range(20):
        other = make.run(workspace, f"other {number}")
        watch(workspace, "failed", run=other)
        watch(workspace, "failed", experiment=other.experiment)
    fail_run(run, by=owner)
    with reads(at_most=4):  # the events, their runs, the alerts, and which runs the one is about
        assert alerting.note_events() == 22
    assert [moment.run for moment in AlertMoment.objects.all()] == [run]


def test_what_goes_on_happening_waits_for_the_next_message(workspace, owner):
    watch(workspace, "failed")
    fail_run(make.run(workspace), by=owner)
    assert tell(timedelta()) == []  # more may come
    assert len(tell()) == 1
    fail_run(make.run(workspace), by=owner)
    assert len(tell(2 * LATER)) == 1
    assert len(tell(BETWEEN + 2 * LATER)) == 2


@pytest.mark.parametrize(
    ("timing", "at", "is_due"),
    [
        ("hourly", datetime(2026, 3, 2, 14, 59, tzinfo=UTC), False),
        ("hourly", datetime(2026, 3, 2, 15, 0, tzinfo=UTC), True),
        ("daily", datetime(2026, 3, 3, 6, 59, tzinfo=UTC), False),
        ("daily", datetime(2026, 3, 3, 7, 0, tzinfo=UTC), True),  # eight o'clock in Berlin
    ],
)
def test_a_digest_comes_at_its_hour_by_the_owner_s_clock(workspace, owner, timing, at, is_due):
    User.objects.filter(pk=owner.pk).update(time_zone="Europe/Berlin")
    alert = Alert.objects.select_related("owner").get(pk=watch(workspace, "failed", timing=timing).pk)
    alert.oldest = alert.newest = datetime(2026, 3, 2, 14, 10, tzinfo=UTC)
    alert.last_made = None
    assert alerting.is_due(alert, at) is is_due


@pytest.mark.parametrize(
    ("hour", "is_quiet"), [(21, False), (22, True), (23, True), (3, True), (7, False), (12, False)]
)
def test_quiet_hours_may_pass_midnight(workspace, hour, is_quiet):
    alert = watch(workspace, "failed", quiet_from="22:00", quiet_until="07:00")
    assert alerting.is_quiet(alert, datetime(2026, 3, 2, hour, tzinfo=UTC)) is is_quiet


def test_who_left_gets_nothing(workspace, contributor, owner):
    watch(workspace, "failed", by=contributor)
    run = make.run(workspace)
    remove_member(workspace, contributor, by=owner)
    fail_run(run, by=owner)
    assert tell() == []


def test_who_leaves_while_a_message_is_on_its_way_does_not_get_it(workspace, contributor, owner):
    watch(workspace, "failed", by=contributor)
    fail_run(make.run(workspace), by=owner)
    alerting.look(timezone.now() + LATER)
    remove_member(workspace, contributor, by=owner)
    notifier.deliver_next("test", timezone.now() + LATER)
    told = Delivery.objects.get()
    assert told.given_up_at is not None and told.facts == {} and "no longer a member" in told.answer


def test_a_deleted_view_is_said_on_the_alert_and_holds_up_no_other(workspace, owner):
    view = create_view(workspace, by=owner, name="v", address={})
    broken = watch(workspace, "failed", view=view)
    watch(workspace, "failed")
    delete_view(view, by=owner)
    fail_run(make.run(workspace), by=owner)
    assert tell() == ["[vision] digits / run 1 failed"]
    broken.refresh_from_db()
    assert "deleted" in broken.trouble
    change_alert(broken, fields={"name": "still broken"})
    assert broken.trouble == ""


def test_events_that_change_no_status_are_nobody_s_news(workspace, owner):
    run = make.run(workspace, start=False)
    make.tag(run, team="a")
    organise.edit_run(run, by=owner, display_name="b")
    assert not RunEvent.objects.filter(processed_at=None).exists()


def test_events_that_are_seen_twice_are_told_once(workspace, owner):
    watch(workspace, "failed")
    fail_run(make.run(workspace), by=owner)
    alerting.note_events()
    RunEvent.objects.update(processed_at=None)  # the worker died before it could note that it had looked
    assert len(tell()) == 1 and AlertMoment.objects.count() == 1


def test_a_run_in_the_trash_is_left_out(workspace, owner):
    watch(workspace, "failed")
    runs = [make.run(workspace) for _ in range(2)]
    for run in runs:
        fail_run(run, by=owner)
    alerting.look(timezone.now() + LATER)
    trash.trash_run(Run.objects.get(pk=runs[0].pk), by=owner)
    assert tell() == ["[vision] digits / run 2 failed"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"statuses": []}, "statuses"),
        ({"statuses": ["exploded"]}, "statuses"),
        ({"metric": "loss"}, "bound"),
        ({"bound": "much"}, "bound"),
        ({"timing": "weekly"}, "timing"),
        ({"channel": "pigeon"}, "channel"),
        ({"channel": "list"}, "addresses"),
        ({"channel": "list", "addresses": ["not one"]}, "addresses"),
        ({"channel": "list", "addresses": ["a@example.org\nBcc: b@example.org"]}, "addresses"),
        ({"channel": "webhook"}, "url"),
        ({"channel": "webhook", "url": "ftp://example.org"}, "url"),
        ({"channel": "webhook", "url": "https://a:b@example.org"}, "url"),
        ({"channel": "webhook", "url": "https://example.org:99999/"}, "url"),
        ({"quiet_from": "25:00"}, "quiet_from"),
        ({"quiet_from": "22:00"}, "quiet_from"),
        ({"queued_s": 1}, "queued_s"),
        ({"name": "a\x00"}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(workspace, fields, field):
    with pytest.raises(Invalid) as refusal:
        watch(workspace, *fields.pop("statuses", ["failed"]), **fields)
    assert refusal.value.field == field
    assert not Alert.objects.exists()
