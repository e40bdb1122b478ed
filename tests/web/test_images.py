"""The tab Images: the gallery, one name by steps, two side by side."""

import numpy as np
import pytest

from runs.actions.files import put_file
from runs.actions.tracking import Points, log_points
from tests import make
from tests.web.conftest import PNG


@pytest.fixture
def browser(client_of, reader):
    return client_of(reader)


@pytest.fixture
def page(browser, place):
    """The page with these parameters, as HTML."""

    def opened(query: str = "", status: int = 200) -> str:
        answer = browser.get(place(f"images/{query}"))
        assert answer.status_code == status
        return answer.content.decode()

    return opened


def picture(run, owner, name, step, content=PNG):
    path = f"{name}_{step}.png"
    put_file(run, path, [content], by=owner)
    log_points(run, [Points(name, [path], np.array([step]), kind="image")])


def test_a_run_without_images_says_how_to_log_them(page):
    assert "run.log_image" in page()


def test_the_gallery_shows_the_last_picture_of_each_name(page, run, owner):
    for step in (0, 5):
        picture(run, owner, "samples", step)
    html = page()
    assert "samples_5.png" in html and "samples_0.png" not in html and "2 images, the last at step 5" in html
    assert 'loading="lazy"' in html


def test_a_step_shows_its_picture_or_the_last_one_before_it(page, run, owner):
    for step in (0, 5, 10):
        picture(run, owner, "samples", step)
    assert 'alt="samples at step 10"' in page("?name=samples")
    html = page("?name=samples&step=7")
    assert 'alt="samples at step 5"' in html and "step=0" in html and "step=10" in html
    assert 'alt="samples at step 0"' in page("?name=samples&step=-3")


def test_two_steps_stand_side_by_side_also_of_another_run(page, run, owner, workspace):
    other = make.run(workspace, display_name="second try")
    for each in (run, other):
        for step in (0, 1):
            picture(each, owner, "samples", step)
    html = page("?name=samples&step=0&name2=samples&step2=1")
    assert 'alt="samples at step 0"' in html and 'alt="samples at step 1"' in html
    html = page(f"?name=samples&name2=samples&run2={other.public_id}")
    assert f"{other.public_id}/logs/image/?file=samples_1.png" in html and "second try" in html


def test_a_run_of_another_workspace_is_not_found_beside(page, run, owner, stranger):
    from runs.models import Workspace

    theirs = make.run(Workspace.objects.get(name="elsewhere"), display_name="secret run")
    picture(theirs, stranger, "samples", 0)
    picture(run, owner, "samples", 0)
    html = page(f"?name=samples&name2=samples&run2={theirs.public_id}")
    assert "There is no run" in html and "secret run" not in html


def test_what_is_no_picture_or_not_here_is_told(page, run, owner):
    picture(run, owner, "page", 0, b"<svg onload=alert(1)>")
    log_points(run, [Points("late", ["late.png"], kind="image")])
    assert "is no picture that can be shown" in page("?name=page")
    assert "is not here (yet)" in page("?name=late")


@pytest.mark.parametrize(
    ("query", "status"), [("?name=x", 404), ("?name=%00", 404), ("?name=samples&step=x", 400)]
)
def test_nonsense_is_refused_with_a_sentence(page, run, owner, query, status):
    picture(run, owner, "samples", 0)
    page(query, status)


def test_a_thousand_steps_stay_a_small_page(page, browser, place, run, owner, reads):
    put_file(run, "same.png", [PNG], by=owner)
    paths = ["same.png"] * 1000
    log_points(run, [Points("samples", paths, np.arange(1000), kind="image")])
    with reads(at_most=18):
        html = page("?name=samples&step=500")
    assert len(html) < 60_000 and html.count("<img") == 16 and "501" in html
    steps = browser.get(place("images/steps/?name=samples")).json()
    assert len(steps["step"]) == 1000 and steps["file"][7] == "same.png"


def test_a_picture_is_asked_for_again_only_when_it_changed(browser, place, run, owner):
    picture(run, owner, "samples", 0)
    first = browser.get(place("logs/image/?file=samples_0.png"))
    again = browser.get(place("logs/image/?file=samples_0.png"), headers={"If-None-Match": first["ETag"]})
    assert first["Content-Type"] == "image/png" and again.status_code == 304


def test_the_overview_has_a_word_in_place_of_the_path(browser, place, run, owner):
    picture(run, owner, "samples", 5)
    html = browser.get(place("")).content.decode()
    assert "samples_5.png" not in html and '<td class="num">image</td>' in html
