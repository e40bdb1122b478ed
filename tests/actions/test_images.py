"""Images of descriptions: kept once, as long as a text shows them."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from PIL import Image

from runs import storage
from runs.actions.experiment import edit_experiment
from runs.actions.images import delete_unused_images, keep_image
from runs.actions.organise import edit_run
from runs.models import DescriptionImage, Run
from runs.worker import do_next_job
from tests import make


def png(colour="red"):
    out = BytesIO()
    Image.new("RGB", (6, 4), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def image(workspace, owner):
    return keep_image(workspace, png(), by=owner)


def much_later():
    gone = delete_unused_images(timezone.now() + timedelta(days=2))
    while do_next_job("tests"):
        pass
    return gone


def test_the_same_image_is_kept_once_a_workspace(workspace, owner, image):
    assert keep_image(workspace, png(), by=owner) == image
    elsewhere = make.workspace("elsewhere", owner=owner)
    other = keep_image(elsewhere, png(), by=owner)
    assert other.sha256 == image.sha256 and other.key != image.key and DescriptionImage.objects.count() == 2


def test_one_that_no_text_shows_goes_after_a_day_with_its_bytes(image):
    assert delete_unused_images() == 0 and storage.path_of(image.key).exists()
    assert much_later() == 1
    assert not DescriptionImage.objects.exists() and not storage.path_of(image.key).exists()


@pytest.mark.parametrize("kind", ["run", "experiment", "made with it"])
def test_one_that_a_text_shows_or_showed_stays(workspace, owner, image, kind):
    text = f"look: ![plot](image:{image.sha256})"
    if kind == "run":
        run = edit_run(make.run(workspace), by=owner, description=text)
        edit_run(run, by=owner, description="no more")
    elif kind == "experiment":
        edit_experiment(make.experiment(workspace), by=owner, description=text)
    else:
        make.run(workspace, description=text)
    assert much_later() == 0 and storage.path_of(image.key).exists()


def test_it_goes_with_the_last_run_that_showed_it(workspace, owner, image):
    runs = [make.run(workspace, description=f"![](image:{image.sha256})") for _ in range(2)]
    runs[0].delete()
    assert much_later() == 0
    Run.objects.filter(pk=runs[1].pk).delete()
    assert much_later() == 1


def test_an_image_of_another_workspace_is_not_taken_along(workspace, owner, image):
    make.run(make.workspace("elsewhere", owner=owner), description=f"![](image:{image.sha256})")
    assert not image.uses.exists()


def test_what_is_pasted_again_may_be_unused_for_another_day(workspace, owner, image):
    DescriptionImage.objects.update(created_at=timezone.now() - timedelta(days=3))
    keep_image(workspace, png(), by=owner)
    assert delete_unused_images() == 0
