"""The tab Monitoring: samples as charts over time, silences, and how to get samples where there are none."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from runs.actions.silence import reap_silent_runs
from runs.actions.tracking import Points, log_points
from runs.models import Run


@pytest.fixture
def page(client_of, reader, place):
    """The page with these parameters, as HTML."""

    def opened(query: str = "", status: int = 200) -> str:
        answer = client_of(reader).get(place(f"monitoring/{query}"))
        assert answer.status_code == status
        return answer.content.decode()

    return opened


@pytest.fixture
def sampled(run):
    names = ("cpu_percent", "process_cpu_percent", "memory_percent", "gpu0_percent")
    log_points(run, [Points(f"system/{name}", np.array([10.0, 20.0])) for name in names])
    return run


def test_without_samples_it_says_how_to_get_some(page):
    html = page()
    assert "run-studio[monitor]" in html and "STUDIO_MONITOR=0" in html and "Last heard" in html


def test_samples_are_drawn_in_groups_over_time(page, sampled):
    html = page()
    assert html.count("data-content") == 3
    assert "m=system%2Fcpu_percent&amp;m=system%2Fprocess_cpu_percent&amp;x=time" in html
    assert "x=relative" in page("?x=relative").split('id="charts"')[1]


def test_they_do_not_crowd_the_other_tabs(page, sampled, client_of, reader, place):
    for tab in ("", "metrics/"):
        assert "cpu_percent" not in client_of(reader).get(place(tab)).content.decode()


def test_a_silence_is_told_and_shaded(page, sampled, client_of, reader, place):
    Run.objects.filter(pk=sampled.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    reap_silent_runs()
    assert "1 time of silence" in page()
    answer = client_of(reader).get(place("metrics/data/?m=system/cpu_percent&x=time")).json()
    assert len(answer["silences"]) == 1 and answer["lines"][0]["label"] == "CPU %"
    assert client_of(reader).get(place("metrics/data/?m=loss&x=time")).json()["silences"] == []


def test_the_page_takes_a_bounded_number_of_queries(page, sampled, reads):
    with reads(at_most=16):
        page()


def test_an_axis_that_cannot_be_is_refused(page):
    assert "x may be" in page("?x=nonsense", 400)
