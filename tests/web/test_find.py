"""The palette's search, and the page of keys."""

import pytest
from django.utils import timezone

from runs.actions import stars
from runs.actions.experiment import archive_experiment
from runs.models import SavedView
from runs.query.find import is_like
from tests import make


@pytest.fixture
def page(client_of, workspace, contributor):
    def get(query="", person=contributor, status=200, **headers):
        answer = client_of(person).get(f"/w/vision/find/{query}", headers=headers)
        assert answer.status_code == status
        return answer.content.decode()

    return get


def found(html: str) -> str:
    """The page without its frame."""
    return html[html.index('<div class="head">') :] if '<div class="head">' in html else html


def test_a_run_is_found_by_name_id_and_number(page, workspace):
    other = make.run(workspace, display_name="other one")
    run = make.run(workspace, display_name="bright try", run_id="digits_1700_ab12cd34")
    child = make.run(workspace, parent=run, display_name="its child")
    for words in ("bright", "ab12cd", "digits_1700", "%232", "2", "Running"):
        assert f"/w/vision/runs/{run.public_id}/" in found(page(f"?q={words}")), words
    assert f"/runs/{child.public_id}/" in found(page("?q=its+child"))
    assert f"/runs/{other.public_id}/" not in found(page("?q=bright"))


def test_the_run_of_just_that_number_comes_first(page, workspace):
    runs = [make.run(workspace, display_name=f"r{n}") for n in range(12)]
    html = found(page("?q=1"))
    assert html.index(f"/runs/{runs[0].public_id}/") < html.index(f"/runs/{runs[11].public_id}/")


def test_the_run_of_just_that_name_comes_first_however_old_it_is(page, workspace):
    asked = make.run(workspace, display_name="Nested depth 2")
    for number in range(20, 29):
        make.run(workspace, display_name=f"nested depth {number}")
    make.run(workspace, display_name="newest", description="of nested depth 2, in words")
    html = found(page("?q=nested+depth+2"))
    places = [html.index(f"/runs/{asked.public_id}/"), html.index(">nested depth 28<")]
    assert places == sorted(places) and ">newest<" not in html
    assert ">newest<" in found(page("?q=depth+words"))


def test_an_experiment_is_found_by_part_of_its_name_or_its_letters_in_order(page, workspace, owner):
    make.run(workspace, "diabetes-ridge")
    archive_experiment(make.run(workspace, "digits network").experiment, by=owner)
    assert "diabetes-ridge" in found(page("?q=RIDGE"))
    assert "archived experiment" in found(page("?q=digits"))
    assert "diabetes-ridge" in found(page("?q=dbtrdg"))
    assert "diabetes-ridge" not in found(page("?q=gdr"))


def test_views_are_found_unless_they_are_somebody_else_s_own(page, workspace, owner):
    now = timezone.now()
    for name, sharing in (("best shared", "view"), ("best hidden", "private")):
        SavedView.objects.create(
            workspace=workspace, owner=owner, name=name, sharing=sharing, created_at=now, updated_at=now
        )
    assert "best shared" in found(page("?q=best")) and "best hidden" not in found(page("?q=best"))
    assert "best hidden" in found(page("?q=best", person=owner))


def test_people_pages_and_actions_are_found(page, workspace, reader, stranger):
    assert "Runs of rita" in found(page("?q=rit")) and "submitted_by=rita" in found(page("?q=rit"))
    assert "sven" not in found(page("?q=sve")).replace("for “sve”", "")
    assert 'href="/w/vision/experiments/"' in found(page("?q=experim"))
    assert "New experiment" in found(page("?q=new")) and "New experiment" not in found(
        page("?q=new", person=reader)
    )
    assert 'name="theme" value="dark"' in found(page("?q=dark"))
    assert "Search all runs for “zzz&lt;b&gt;”" in found(page("?q=zzz%3Cb%3E"))


def test_without_words_it_offers_stars_pages_and_actions(page, workspace, contributor):
    stars.set_star(contributor, run=make.run(workspace, display_name="liked"), on=True)
    html = found(page())
    assert html.index("liked") < html.index("All runs") < html.index("Theme: dark")


def test_htmx_gets_the_options_alone(page, workspace):
    html = page("?q=run", **{"HX-Request": "true"})
    assert "<!doctype" not in html and 'role="option"' in html and 'data-prefer="' not in html
    assert 'data-prefer="theme=dark"' in page("?q=dark", **{"HX-Request": "true"})


@pytest.mark.parametrize("query", ["?q=%00", "?q=" + "x" * 501])
def test_nonsense_is_told(page, query):
    assert 'role="alert"' in page(query, status=400)


def test_nothing_of_another_workspace_is_found(page, workspace, stranger):
    make.run(make.workspace("far", owner=stranger), "secret experiment", display_name="secret run")
    html = found(page("?q=secret"))
    assert "secret run" not in html and "secret experiment" not in html


def test_the_number_of_queries_is_bounded(client_of, contributor, workspace, reads):
    for number in range(12):
        make.run(workspace, f"experiment {number}", by=contributor, display_name=f"experimental {number}")
    client = client_of(contributor)
    with reads(at_most=12):
        client.get("/w/vision/find/?q=experiment", headers={"HX-Request": "true"})


@pytest.mark.parametrize(
    ("words", "text", "answer"),
    [
        (["dgt"], "Digits", True),
        (["dg"], "digits", False),
        (["tgd"], "digits", False),
        (["all", "runs"], "All runs", True),
        ([], "anything", True),
    ],
)
def test_letters_in_their_order_are_enough(words, text, answer):
    assert is_like(words, text) is answer


def test_the_keys_have_a_page(client_of, owner, workspace):
    html = client_of(owner).get("/help/keys/").content.decode()
    assert "<kbd>g</kbd><kbd>h</kbd>" in html and "next run" in html
    assert '<template data-keys="Everywhere">' in html
