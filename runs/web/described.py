"""A description as one reader sees it: its references are links to what they may see, its images are shown."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from runs import deep_links
from runs.access import Caller
from runs.deep_links import Reference
from runs.log_address import log_address
from runs.models import Experiment, Run, Workspace
from runs.query.descriptions import latest_version
from runs.query.links import Targets, find_targets
from runs.web import show
from runs.web.frame import caller_of

_HINTS = {
    "run": "There is no run of this id, or it is not shared with you.",
    "experiment": "There is no experiment of this name in this workspace.",
    "view": "There is no view of this name, or it is not shared with you.",
    "log": "This run has no file of this name.",
}


@dataclass(frozen=True)
class Subject:
    """What is described, and where."""

    thing: Run | Experiment
    noun: str
    home: str

    @property
    def workspace(self) -> Workspace:
        """Where it lies."""
        return self.thing.workspace

    @property
    def run(self) -> Run | None:
        """The run whose logs its references may name."""
        return self.thing if isinstance(self.thing, Run) else None

    def url(self, part: str = "") -> str:
        """The address of the form, or of a part of it."""
        key = self.thing.public_id if isinstance(self.thing, Run) else self.thing.number
        return reverse(f"{self.noun}_description{part}", args=[self.workspace.name, key])


def subject_of(thing: Run | Experiment) -> Subject:
    """The subject that a run or an experiment is."""
    if isinstance(thing, Run):
        return Subject(thing, "run", reverse("run", args=[thing.workspace.name, thing.public_id]))
    return Subject(thing, "experiment", reverse("experiment", args=[thing.workspace.name, thing.name]))


def about(request: HttpRequest, thing: Run | Experiment) -> dict[str, Any]:
    """What the card of a description shows."""
    subject = subject_of(thing)
    return {
        "noun": subject.noun,
        "home": subject.home,
        "url": subject.url(),
        "preview_url": subject.url("_preview"),
        "versions_url": subject.url("_versions"),
        "text": thing.description,
        "version": thing.description_version,
        "html": shown(thing.description_html, caller_of(request), subject.workspace, run=subject.run),
        "latest": latest_version(thing) if thing.description_version else None,
    }


def shown(html: str, caller: Caller, workspace: Workspace, *, run: Run | None = None) -> SafeString:
    """The safe HTML of a description (`runs/safe_html.py`) with references and images filled in for this reader."""
    found, images = deep_links.references(html), deep_links.images(html)
    targets = find_targets(caller, workspace, found, images, run=run) if found or images else Targets()

    def link(reference: Reference, words: str, is_bare: bool) -> str:
        return _link(reference, words, is_bare, targets, workspace, run)

    def image(sha256: str, alt: str) -> str:
        return _image(sha256, alt, targets, workspace)

    # Cleaned when it was saved; the two functions escape what they add.
    return mark_safe(deep_links.fill(html, link, image))  # noqa: S308


def _link(
    reference: Reference, words: str, is_bare: bool, targets: Targets, workspace: Workspace, run: Run | None
) -> str:
    url, name, status = _target(reference, targets, workspace, run)
    said = mark_safe(words)  # noqa: S308, a piece of the safe HTML
    if not url:
        return format_html('<span class="unknown" title="{}">{}</span>', _HINTS[reference.kind], said)
    title = name if not is_bare else f"{reference.kind} {name}"
    drawn = show.status(status) if status else mark_safe("")
    return format_html(
        '<a class="deep" href="{}" title="{}">{}</a>{}', url, title, escape(name) if is_bare else said, drawn
    )


def _target(
    reference: Reference, targets: Targets, workspace: Workspace, run: Run | None
) -> tuple[str, str, str]:
    """Address, name and status of what it names; an empty address where the reader sees nothing of that name."""
    kind, name = reference.kind, reference.name
    if kind == "run" and name in targets.runs:
        other = targets.runs[name]
        words = f"{show.clipped(other.display_name, 80)} · run {other.number}"
        return reverse("run", args=[other.workspace.name, other.public_id]), words, other.status
    if kind == "experiment" and name in targets.experiments:
        return reverse("experiment", args=[workspace.name, name]), show.clipped(name, 80), ""
    if kind == "view" and name in targets.views:
        return reverse("view", args=[workspace.name, targets.views[name].pk]), show.clipped(name, 80), ""
    if kind == "log" and run is not None and name in targets.files:
        line = f", line {reference.line}" if reference.line else ""
        return log_address(workspace.name, run.public_id, name, reference.line), f"{name}{line}", ""
    return "", name, ""


def _image(sha256: str, alt: str, targets: Targets, workspace: Workspace) -> str:
    """`alt` is a piece of the safe HTML, escaped already."""
    said = mark_safe(alt)  # noqa: S308
    image = targets.images.get(sha256)
    if image is None:
        words = said or "image"
        return format_html(
            '<span class="unknown" title="There is no such image in this workspace.">{}</span>', words
        )
    url = reverse("description_image", args=[workspace.name, sha256])
    return format_html(
        '<a href="{0}"><img src="{0}" alt="{1}" width="{2}" height="{3}" loading="lazy"></a>',
        url,
        said,
        image.width,
        image.height,
    )
