"""Files of runs and models, as MLflow's clients send and fetch them: through the studio, by addresses of its own.

A path reads `<experiment>/<run>/artifacts/<path in the run>`, or `<experiment>/models/<model>/artifacts/<path in it>`.
Nothing else can be written or read, whatever a client takes for the place of its files.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.http import HttpResponseBase

from runs.access import Need
from runs.actions.canceled_scripts import check_not_canceled
from runs.actions.files import delete_files, put_file
from runs.errors import Invalid, TooLarge
from runs.file_transfer import download, pieces
from runs.limits import MIB, clean_path
from runs.mlflow_api.base import Call
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.logged_images import note_logged_image
from runs.mlflow_api.model_shapes import root_of
from runs.mlflow_api.shapes import root_of_run
from runs.models import LoggedModel, Run
from runs.models.artifact import files_below, files_of
from runs.query.file_tree import whole_level

UPLOAD_BYTES = 10 * MIB
DECODED = 10
_PARTS = re.compile(r"\\|(^|/)\.\.(/|$)")
MODELS = "models"
_WHERE = "A path of files reads EXPERIMENT/RUN/artifacts/PATH, with the numbers and ids of this studio."


@dataclass(frozen=True)
class Place:
    """A file or folder of a run, or of a model: in the folder `root` of the run that made it, or by itself.

    The empty path is the folder that holds them all.
    """

    owner: Run | LoggedModel
    path: str
    root: str = ""

    @property
    def whole(self) -> str:
        """Where it is among the files of its owner."""
        return "/".join(part for part in (self.root, self.path) if part)


def put(call: Call) -> dict[str, Any]:
    """Keep the body as this file, in place of an earlier one."""
    if call.parts["path"].endswith("/"):  # a folder is made by what lies in it
        raise Wrong("Invalid path")
    place = _place(call, call.parts["path"], "write")
    if isinstance(place.owner, Run):
        check_not_canceled(place.owner)
    put_file(place.owner, _named(place), pieces(call.request), by=call.caller.user)
    if isinstance(place.owner, Run):
        note_logged_image(place.owner, place.whole)
    return {}


def get(call: Call) -> HttpResponseBase:
    """The file, or a range of it."""
    return _download(call, _place(call, call.parts["path"]))


def list_folder(call: Call) -> dict[str, Any]:
    """What lies in the folder of the field `path`, by its own name; nothing in one that there is not."""
    path = call.fields.text("path", "")
    if not path:
        return {}
    place = _place(call, path)
    return {"files": _shapes(place, place.whole)}


def delete(call: Call) -> dict[str, Any]:
    """Delete the file, or the folder with all in it; what is not there is no mistake."""
    place = _place(call, call.parts["path"], "write")
    delete_files(place.owner, _named(place), by=call.caller.user)
    return {}


def list_of_model(call: Call) -> dict[str, Any]:
    """What lies in a folder of the model, by its path in the model."""
    model = call.model(call.parts["model_id"])
    place = place_in_model(model, call.query.text("artifact_directory_path", ""))
    return {"root_uri": root_of(model), "files": _shapes(place, place.root)}


def get_of_model(call: Call) -> HttpResponseBase:
    """A file of the model, by its path in the model."""
    model = call.model(call.parts["model_id"])
    path = call.query.text("artifact_file_path", "")
    if not path:
        raise Wrong('Request must include the "artifact_file_path" query parameter.')
    return _download(call, place_in_model(model, path))


def list_of_run(call: Call) -> dict[str, Any]:
    """What lies in a folder of the run, by its path in the run."""
    run = call.run(deleted=True)
    shapes = _shapes(Place(run, _inside(call.fields.text("path", ""))), "")
    return {"root_uri": root_of_run(run.experiment.number, run.public_id), "files": shapes}


def get_of_run(call: Call) -> HttpResponseBase:
    """The file `path` of the run, as a link on a page asks for it."""
    return _download(call, Place(call.run(deleted=True), _inside(call.fields.text("path"))))


def upload(call: Call) -> dict[str, Any]:
    """A file of up to 10 MB, as pages send it."""
    run_id = call.query.text("run_id", "") or call.query.text("run_uuid", "")
    if not run_id:
        raise Wrong("Request must specify run_uuid.")
    path = call.query.text("path", "")
    if not path:
        raise Wrong("Request must specify path.")
    inside = _inside(path)
    if not int(call.request.META.get("CONTENT_LENGTH") or 0):
        raise Wrong("Request must specify data.")
    run = call.run_of(run_id, "write")
    check_not_canceled(run)
    try:
        put_file(run, inside, pieces(call.request), by=call.caller.user, limit=UPLOAD_BYTES)
    except TooLarge:
        raise Wrong("Artifact size is too large. Max size is 10MB.") from None
    return {}


def no_parts(call: Call) -> dict[str, Any]:
    """Clients that would send a file in parts send it whole after this."""
    raise Wrong("Multipart upload is not supported for the current artifact repository", "NOT_IMPLEMENTED")


def no_presigned(call: Call) -> dict[str, Any]:
    """Clients that would fetch or send a file past the studio go through it after this."""
    raise Wrong(
        "Presigned addresses are not supported for the current artifact repository", "NOT_IMPLEMENTED"
    )


def _place(call: Call, path: str, need: Need = "read") -> Place:
    experiment, _, rest = path.strip("/").partition("/")
    run_id, _, rest = rest.partition("/")
    root, _, inner = rest.partition("/")
    if run_id == MODELS and root != "artifacts":  # a run may be called so, no model is called "artifacts"
        return _place_of_model(call, experiment, rest, need)
    if not run_id or root != "artifacts":
        raise Wrong(_WHERE)
    run = call.run_of(run_id, need, deleted=need == "read")
    if experiment != str(run.experiment.number):
        raise Wrong(f"Run with id={run_id} not found in experiment {experiment}", "RESOURCE_DOES_NOT_EXIST")
    return Place(run, _inside(inner))


def _place_of_model(call: Call, experiment: str, rest: str, need: Need) -> Place:
    model_id, _, rest = rest.partition("/")
    root, _, inner = rest.partition("/")
    if not model_id or root != "artifacts":
        raise Wrong(_WHERE)
    model = call.model(model_id, need)
    if experiment != str(model.experiment.number):
        message = f"Logged model with ID '{model_id}' not found in experiment {experiment}"
        raise Wrong(message, "RESOURCE_DOES_NOT_EXIST")
    return place_in_model(model, inner)


def place_in_model(model: LoggedModel, path: str) -> Place:
    """The file or folder of that path in the model. Raises Wrong where it leads elsewhere."""
    return Place(model.run or model, _inside(path), model.folder)


def _inside(path: str) -> str:
    """A path in a run that leads nowhere else, also once somebody decodes it again. `.` is where one is already."""
    path = "/".join(part for part in path.rstrip("/").split("/") if part != ".")
    decoded = path
    for _ in range(DECODED):
        if "#" in decoded or decoded.startswith(("/", "file:")) or _PARTS.search(decoded):
            raise Wrong("Invalid path")
        decoded = unquote(decoded)
    try:
        return clean_path(path) if path else ""
    except Invalid:
        raise Wrong("Invalid path") from None


def _named(place: Place) -> str:
    if not place.path:
        raise Wrong(_WHERE)
    return place.whole


def _download(call: Call, place: Place) -> HttpResponseBase:
    row = files_of(place.owner).filter(path=place.whole).first()
    if row is None and place.path and files_below(place.owner, place.whole).exists():
        raise Wrong(f"{place.path!r} is a folder; ask for one of its files.")
    if row is None:
        raise Wrong(f"No such artifact: {place.path!r}", "RESOURCE_DOES_NOT_EXIST")
    head = call.request.method == "HEAD"
    return download(row, call.request.headers.get("Range"), head=head, content_type=row.content_type)


def _shapes(place: Place, under: str) -> list[dict[str, Any]]:
    """What lies in the folder, by its path below another one that holds it."""
    level, start = whole_level(place.owner, place.whole), len(f"{under}/") if under else 0
    shapes: list[dict[str, Any]] = [{"path": each.path[start:], "is_dir": True} for each in level.folders]
    shapes += [{"path": each.path[start:], "is_dir": False, "file_size": each.size} for each in level.files]
    return sorted(shapes, key=lambda shape: shape["path"])
