"""Images that a run logged: their names, the steps of one of them, and where the picture of a step lies."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from runs.content_type import IMAGES
from runs.models import Artifact, Metric, Run, Segment
from runs.models.metric import unpack_texts

MOST_NAMES = 200
MOST_RUNS = 20


@dataclass(frozen=True)
class Picture:
    """One logged image: its step, its time in milliseconds since 1970, the path of its file."""

    step: int
    time: int
    path: str


@dataclass(frozen=True)
class Frame:
    """A picture among all of its name. `problem` says why there is none to look at."""

    metric: Metric
    pictures: list[Picture]
    place: int
    problem: str = ""

    @property
    def picture(self) -> Picture:
        """The one that is looked at."""
        return self.pictures[self.place]


def image_metrics(run: Run) -> QuerySet[Metric]:
    """The names under which the run logged images, in their order."""
    rows = Metric.objects.filter(run=run, kind=Metric.IMAGE, count__gt=0)
    return rows.select_related("name").order_by("name__text")


def find_images(run: Run, find: str = "") -> list[Metric]:
    """Up to 200 of them, and one more where there are more, whose names hold the text."""
    rows = image_metrics(run)
    wanted = rows.filter(name__text__icontains=find) if find and "\x00" not in find else rows
    return list(wanted[: MOST_NAMES + 1])


def image_metric(run: Run, name: str) -> Metric | None:
    """The images of this name."""
    return image_metrics(run).filter(name__text=name).first() if "\x00" not in name else None


def pictures_of(metric: Metric) -> list[Picture]:
    """All images of the name by step, those of equal steps as they came. One query."""
    found: list[Picture] = []
    for segment in Segment.objects.filter(metric=metric).order_by("id"):
        found += [Picture(*each) for each in zip(*unpack_texts(segment.data), strict=True)]
    return sorted(found, key=lambda picture: (picture.step, picture.time))


def frame_at(metric: Metric, step: int | None) -> Frame:
    """The picture at the step, or the last one before it; without a step the last. Two queries."""
    pictures = pictures_of(metric)
    place = len(pictures) - 1
    if step is not None:
        place = max(0, bisect_right(pictures, step, key=lambda picture: picture.step) - 1)
    return Frame(metric, pictures, place, _problem(metric, pictures[place].path))


def _problem(metric: Metric, path: str) -> str:
    file = Artifact.objects.filter(run_id=metric.run_id, path=path).only("content_type").first()
    if file is None:
        return f"The file {path!r} is not here (yet)."
    return "" if file.content_type in IMAGES else f"The file {path!r} is no picture that can be shown."


def runs_with(metric: Metric) -> Sequence[Run]:
    """The newest other runs of the experiment with images of this name, to look at beside it."""
    rows = Metric.objects.filter(name=metric.name_id, experiment=metric.experiment_id, kind=Metric.IMAGE)
    rows = rows.filter(run__deleted_at=None, count__gt=0).exclude(run=metric.run_id).select_related("run")
    return [row.run for row in rows.order_by("-run_id")[:MOST_RUNS]]
