"""What the references of a description lead to, for one reader: found in one query a kind, however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from runs.access import Caller
from runs.access_views import visible_views
from runs.deep_links import Reference, names_of
from runs.models import Artifact, DescriptionImage, Experiment, Run, SavedView, Workspace


@dataclass(frozen=True)
class Targets:
    """What the reader may see of it. Whatever is missing here does not exist for them."""

    runs: dict[str, Run] = field(default_factory=dict)
    experiments: dict[str, Experiment] = field(default_factory=dict)
    views: dict[str, SavedView] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    images: dict[str, DescriptionImage] = field(default_factory=dict)


def find_targets(
    caller: Caller,
    workspace: Workspace,
    found: Sequence[Reference],
    images: Sequence[str] = (),
    *,
    run: Run | None = None,
) -> Targets:
    """The runs of any workspace of the reader; experiments, views and images of this one; logs of this run."""
    return Targets(
        _runs(caller, names_of(found, "run")),
        _experiments(workspace, names_of(found, "experiment")),
        _views(caller, workspace, names_of(found, "view")),
        _files(run, names_of(found, "log")),
        _images(workspace, images),
    )


def _runs(caller: Caller, ids: list[str]) -> dict[str, Run]:
    if not ids:
        return {}
    rows = Run.objects.filter(public_id__in=ids, workspace__in=caller.workspaces(), deleted_at=None)
    rows = rows.select_related("workspace").only(
        "public_id", "number", "display_name", "status", "workspace__name"
    )
    return {run.public_id: run for run in rows}


def _experiments(workspace: Workspace, names: list[str]) -> dict[str, Experiment]:
    if not names:
        return {}
    rows = Experiment.objects.filter(workspace=workspace, name__in=names, deleted_at=None)
    return {experiment.name: experiment for experiment in rows.only("name", "archived_at")}


def _views(caller: Caller, workspace: Workspace, names: list[str]) -> dict[str, SavedView]:
    """Of several views of one name the reader's own, else the newest."""
    if not names:
        return {}
    rows = visible_views(caller.user, workspace).filter(name__in=names, deleted_at=None)
    ranked = sorted(rows.order_by("pk"), key=lambda view: (view.owner_id == caller.user.pk, view.pk))
    return {view.name: view for view in ranked}


def _files(run: Run | None, paths: list[str]) -> set[str]:
    if run is None or not paths:
        return set()
    return set(Artifact.objects.filter(run=run, path__in=paths).values_list("path", flat=True))


def _images(workspace: Workspace, hashes: Sequence[str]) -> dict[str, DescriptionImage]:
    if not hashes:
        return {}
    rows = DescriptionImage.objects.filter(workspace=workspace, sha256__in=list(hashes)[:200])
    return {image.sha256: image for image in rows}
