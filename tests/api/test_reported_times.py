"""Runs that are told of later than they happened show when they really ran."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.dateparse import parse_datetime

from runs.actions.reported import real_moment

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("reported", "sent_at", "real"),
    [
        (None, None, None),
        (NOW - HOUR, None, NOW - HOUR),
        (NOW - HOUR, NOW, NOW - HOUR),
        (NOW - timedelta(seconds=2), NOW, None),  # told at once: the server's clock is as good
        (NOW - 3 * HOUR, NOW - 2 * HOUR, NOW - HOUR),  # a clock that is two hours slow
        (NOW + HOUR, NOW + 2 * HOUR, NOW - HOUR),  # one that is two hours fast
        (NOW + HOUR, None, None),  # nothing happens in the future
        (datetime(1970, 1, 1, tzinfo=UTC), NOW, None),  # a machine without a clock
    ],
)
def test_the_real_moment_is_found(
    reported: datetime | None, sent_at: datetime | None, real: datetime | None
) -> None:
    assert real_moment(reported, sent_at=sent_at, now=NOW) == real


def milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def text(at: datetime) -> str:
    return at.isoformat()


@pytest.mark.parametrize("end", ["complete", "fail", "canceled"])
def test_a_run_that_was_journaled_shows_when_it_ran(workspace, contributor, api_of, end) -> None:
    api, now = api_of(contributor), datetime.now(UTC)
    began, ended = now - 5 * HOUR, now - 3 * HOUR
    body = {"experiment": "digits", "run_id": "late", "start": True, "started_at": text(began)}
    api("POST", "workspaces/vision/runs/", body, Studio_Sent_At=milliseconds(now))
    api("POST", f"runs/late/{end}/", {"ended_at": text(ended)}, Studio_Sent_At=milliseconds(now))
    found = api("GET", "runs/late/").json()
    assert abs(parse_datetime(found["started_at"]) - began) < timedelta(seconds=5)
    assert abs(parse_datetime(found["created_at"]) - began) < timedelta(seconds=5)
    assert abs(parse_datetime(found["ended_at"]) - ended) < timedelta(seconds=5)
    assert abs(found["duration_s"] - 7200) < 5
    for heard in ("start_received_at", "end_received_at"):
        assert abs(parse_datetime(found[heard]) - now) < timedelta(seconds=30)
    told = [event["at"] for event in api("GET", "runs/late/events/").json()["results"]]
    assert all(abs(parse_datetime(at) - now) < timedelta(seconds=30) for at in told)


def test_a_run_that_is_told_at_once_has_the_servers_times(workspace, contributor, api_of) -> None:
    api, now = api_of(contributor), datetime.now(UTC)
    body = {"experiment": "digits", "run_id": "prompt", "start": True, "started_at": text(now)}
    api("POST", "workspaces/vision/runs/", body, Studio_Sent_At=milliseconds(now))
    api("POST", "runs/prompt/complete/", {"ended_at": text(now)}, Studio_Sent_At=milliseconds(now))
    found = api("GET", "runs/prompt/").json()
    assert (found["start_received_at"], found["end_received_at"]) == (None, None)


def test_an_end_before_the_start_is_the_start(workspace, contributor, api_of) -> None:
    api, now = api_of(contributor), datetime.now(UTC)
    api("POST", "workspaces/vision/runs/", {"experiment": "digits", "run_id": "odd", "start": True})
    api("POST", "runs/odd/complete/", {"ended_at": text(now - HOUR)}, Studio_Sent_At="x" * 99)
    assert api("GET", "runs/odd/").json()["duration_s"] == 0


def test_a_time_that_is_none_is_refused(workspace, contributor, api_of) -> None:
    body = {"experiment": "digits", "started_at": "yesterday"}
    answer = api_of(contributor)("POST", "workspaces/vision/runs/", body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "started_at")
