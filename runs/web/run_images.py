"""The tab Images of a run: a gallery by name, one name by steps, two side by side; all of it in the address."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.errors import Invalid, NotFound
from runs.models import Metric, Run
from runs.query.images import (
    MOST_NAMES,
    Frame,
    Picture,
    find_images,
    frame_at,
    image_metric,
    pictures_of,
    runs_with,
)
from runs.web import show
from runs.web.address import Address
from runs.web.run import facts_of, run_of

# Pictures of the strip under the one that is looked at.
IN_STRIP = 15


@dataclass(frozen=True)
class Pane:
    """One picture and what leads to its neighbours. `end` is what its parameters end with: nothing, or 2."""

    run: Run
    frame: Frame
    address: Address
    end: str = ""

    @property
    def metric(self) -> Metric:
        """What is looked at."""
        return self.frame.metric

    @property
    def url(self) -> str:
        """The picture."""
        return self.file_url(self.frame.picture)

    def file_url(self, picture: Picture) -> str:
        """The file of a picture."""
        return f"{self.base_url}{quote(picture.path, safe='')}"

    @property
    def base_url(self) -> str:
        """What the addresses of all its pictures begin with."""
        return f"{reverse('run_image', args=[self.run.workspace.name, self.run.public_id])}?file="

    @property
    def steps_url(self) -> str:
        """Where all its steps are read."""
        place = reverse("run_image_steps", args=[self.run.workspace.name, self.run.public_id])
        return f"{place}?name={quote(self.metric.name.text, safe='')}"

    @property
    def number(self) -> int:
        """Which of them it is, from 1 on."""
        return self.frame.place + 1

    @property
    def last(self) -> int:
        """The place of the last one."""
        return len(self.frame.pictures) - 1

    @property
    def time(self) -> Any:
        """When it was logged."""
        return show.from_ms(self.frame.picture.time)

    @property
    def before_url(self) -> str | None:
        """The one before."""
        return self._at(self.frame.place - 1)

    @property
    def after_url(self) -> str | None:
        """The one after."""
        return self._at(self.frame.place + 1)

    def strip(self) -> list[dict[str, Any]]:
        """Some pictures around the one that is looked at."""
        pictures, place = self.frame.pictures, self.frame.place
        start = max(0, min(place - IN_STRIP // 2, len(pictures) - IN_STRIP))
        return [
            {
                "picture": each,
                "url": self.file_url(each),
                "go": self._at(at),
                "is_present": at == place,
            }
            for at, each in enumerate(pictures[start : start + IN_STRIP], start)
        ]

    def _at(self, place: int) -> str | None:
        if not 0 <= place <= self.last:
            return None
        return self.address.having(**{f"step{self.end}": str(self.frame.pictures[place].step)})

    def hidden(self) -> list[tuple[str, str]]:
        """What a form of this pane keeps of the address."""
        return list(self.address.pairs(f"name{self.end}", f"step{self.end}", f"run{self.end}", "go"))


@require_safe
def images(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """The gallery, or one name by steps, or two side by side."""
    run = run_of(request, workspace, run_id)
    address = Address.of(request)
    find = request.GET.get("find", "").strip()
    found = find_images(run, find)
    facts = facts_of(request, run, "images") | {
        "address": address,
        "find": find,
        "names": found[:MOST_NAMES],
        "is_cut": len(found) > MOST_NAMES,
        "most": MOST_NAMES,
        "gallery_url": address.dropping_all("name", "step", "name2", "step2", "run2"),
    }
    name = request.GET.get("name", "")
    if not name:
        base = reverse("run_image", args=[workspace, run_id])
        facts["cards"] = [_card(metric, address, base) for metric in facts["names"]]
        return render(request, "run/images.html", facts)
    first = Pane(run, frame_at(_metric(run, name), _step(request, "step")), address)
    panes = [first]
    if "name2" in request.GET:
        second = _second(request, workspace, first)
        panes += [second] if isinstance(second, Pane) else []
        facts |= {"second_problem": "" if isinstance(second, Pane) else second}
        facts["single_url"] = address.dropping_all("name2", "step2", "run2")
    else:
        before = first.frame.pictures[max(0, first.frame.place - 1)].step
        facts["beside_url"] = address.having(name2=name, step2=str(before))
    facts |= {"name": name, "panes": panes, "others": runs_with(first.metric)}
    return render(request, "run/images.html", facts)


def _second(request: HttpRequest, workspace: str, first: Pane) -> Pane | str:
    """The pane beside: of this run or of another one of the workspace; or the sentence why not."""
    other = request.GET.get("run2", "").strip()
    try:
        run = run_of(request, workspace, other) if other else first.run
        metric = _metric(run, request.GET.get("name2", "") or first.metric.name.text)
    except NotFound as refusal:
        return refusal.message
    return Pane(run, frame_at(metric, _step(request, "step2")), first.address, "2")


def _metric(run: Run, name: str) -> Metric:
    metric = image_metric(run, name)
    if metric is None:
        raise NotFound(f"{run.display_name} has no images named {show.clipped(name, 80)!r}.")
    return metric


def _step(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    if not text:
        return None
    try:
        number = int(text) if len(text) < 20 else None
    except ValueError:
        number = None
    if number is None:
        raise Invalid(f"{name} must be a whole number, not {text[:40]!r}.", field=name)
    return number


def _card(metric: Metric, address: Address, base: str) -> dict[str, Any]:
    """The name in the gallery, with its last picture."""
    return {
        "name": metric.name.text,
        "count": metric.count,
        "step": metric.last_step,
        "url": address.having(name=metric.name.text, find=None),
        "image_url": f"{base}?file={quote(metric.last_text or '', safe='')}",
    }


@require_safe
def steps(request: HttpRequest, workspace: str, run_id: str) -> JsonResponse:
    """All steps of a name and their files, for the slider."""
    run = run_of(request, workspace, run_id)
    pictures = pictures_of(_metric(run, request.GET.get("name", "")))
    return JsonResponse({"step": [each.step for each in pictures], "file": [each.path for each in pictures]})
