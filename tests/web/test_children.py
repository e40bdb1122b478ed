"""The tab Child runs: the direct children, or all below, with their columns, charts and files."""

import pytest

from runs.models import Run
from tests import make


@pytest.fixture
def page(client_of, reader, place, run, workspace):
    """The page with these parameters; the run's child has a child of its own."""
    child = Run.objects.get(parent=run)
    make.run(workspace, parent=child, display_name="its grandchild")

    def opened(query: str = "", status: int = 200) -> str:
        answer = client_of(reader).get(place(f"children/{query}"))
        assert answer.status_code == status
        return answer.content.decode()

    return opened


def test_the_direct_children_or_all_below(page):
    html = page()
    assert "its child" in html and "its grandchild" not in html and "depth=all" in html
    html = page("?depth=all")
    assert "its child" in html and "its grandchild" in html


def test_charts_and_files_are_of_the_same_runs(page, run):
    html = page("?depth=all&chart=line:metrics.loss")
    assert html.count(f"below={run.public_id}") >= 4 and f"parent={run.public_id}" not in html
    assert f"parent={run.public_id}" in page("?chart=line:metrics.loss")


def test_a_filter_narrows_within_them(page):
    html = page("?depth=all&q=grandchild")
    assert "its grandchild" in html and "its child<" not in html


def test_the_address_cannot_lead_out_of_the_run(page, workspace):
    other = make.run(workspace, display_name="a stranger to it")
    make.run(workspace, parent=other, display_name="not of it")
    assert "not of it" not in page(f"?parent={other.public_id}&below={other.public_id}&depth=all")


def test_a_change_of_all_reaches_what_is_listed(page, run, client_of, contributor, place):
    sent = {"action": "archive", "at": place("children/?depth=all"), "all": "true"}
    assert client_of(contributor).post("/w/vision/bulk/", sent).status_code in (200, 302, 303)
    assert Run.objects.filter(archived_at__isnull=False).count() == 2
