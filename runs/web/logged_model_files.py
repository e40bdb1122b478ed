"""The files of a model that no run made: listed, shown safely, downloaded. Those of other models lie in their run."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from runs.errors import NotFound
from runs.file_transfer import download, zip_download
from runs.models import Artifact, LoggedModel
from runs.models.artifact import files_of
from runs.query.run_zip import zip_of
from runs.web.address import Address
from runs.web.described import shown
from runs.web.file_tree import tab_facts, tree_facts
from runs.web.file_view import view_facts
from runs.web.frame import caller_of
from runs.web.logged_model import DESCRIBES, facts_of, files_url, model_of
from runs.web.run_files import picture


@require_safe
def files(request: HttpRequest, workspace: str, model_id: str) -> HttpResponse:
    """The files, and one of them opened: the one of the address, or what describes the model."""
    model, address = model_of(request, workspace, model_id), Address.of(request)
    if model.maker is not None:
        return redirect(files_url(model))
    path = address.query.get("file", "")
    opened = _file(model, path) if path else files_of(model).filter(path=DESCRIBES).first()
    facts = facts_of(request, model) | tree_facts(model, address, opened) | {"opened": opened}
    facts["zip_url"] = _url("model_zip", model)
    if opened is not None:
        facts |= {"open_tabs": tab_facts(address, opened)} | _view(request, model, opened, address)
    return render(request, "models/files.html", facts)


def _view(request: HttpRequest, model: LoggedModel, opened: Artifact, address: Address) -> dict[str, Any]:
    download_url = f"{_url('model_file', model)}?{urlencode({'file': opened.path})}"
    image_url = _url("model_image", model)
    facts = view_facts(opened, address, download_url=download_url, image_url=image_url)
    if "html" in facts:  # references and images become links, as in a description
        facts["html"] = shown(facts["html"], caller_of(request), model.workspace)
    return facts


@require_safe
def file(request: HttpRequest, workspace: str, model_id: str) -> HttpResponseBase:
    """A file, or a range of it, as a download that no browser runs."""
    row = _asked(request, workspace, model_id)
    return download(row, request.headers.get("Range"), head=request.method == "HEAD")


@require_safe
def image(request: HttpRequest, workspace: str, model_id: str) -> HttpResponseBase:
    """A raster picture for an `img`, under the same rules as those of a run's files."""
    return picture(request, _asked(request, workspace, model_id))


@require_safe
def all_files(request: HttpRequest, workspace: str, model_id: str) -> HttpResponseBase:
    """All files as a zip, made while it is sent."""
    model = _with_files(model_of(request, workspace, model_id))
    return zip_download(zip_of(model), model.public_id, head=request.method == "HEAD")


def _asked(request: HttpRequest, workspace: str, model_id: str) -> Artifact:
    return _file(_with_files(model_of(request, workspace, model_id)), request.GET.get("file", ""))


def _with_files(model: LoggedModel) -> LoggedModel:
    if model.run_id:
        raise NotFound(
            f"The files of {model.name} are those of the run that made it, below its Outputs + logs."
        )
    return model


def _file(model: LoggedModel, path: str) -> Artifact:
    found = files_of(model).filter(path=path).first() if "\x00" not in path else None
    if found is None:
        raise NotFound(f"The model {model.name} has no file {path!r}.")
    return found


def _url(name: str, model: LoggedModel) -> str:
    return reverse(name, args=[model.workspace.name, model.public_id])
