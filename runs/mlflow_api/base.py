"""What every address of the protocol shares: who calls, what was sent, where it belongs, and what is answered."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from runs.access import Caller, Need, get_numbered_experiment, get_run, get_workspace_of_run
from runs.access_models import get_logged_model
from runs.actions.canceled_scripts import check_not_canceled
from runs.actions.sign_in import sign_in
from runs.actions.token_use import looks_like_token, use_token
from runs.client_address import client_address
from runs.errors import Gone, Invalid, NotAllowed, NotFound, Refused, Unavailable
from runs.mlflow_api.errors import Wrong, answer
from runs.mlflow_api.fields import Fields
from runs.models import Experiment, LoggedModel, Member, Run, Workspace

Handler = Callable[["Call"], dict[str, Any] | HttpResponseBase]


class Call:
    """One request: the caller, the workspace, the fields, and what stands in the address (`parts`)."""

    def __init__(
        self, caller: Caller, request: HttpRequest, workspace: str, parts: Mapping[str, str] | None = None
    ) -> None:
        self.caller, self.request, self.parts = caller, request, parts or {}
        self._workspace = workspace

    @cached_property
    def fields(self) -> Fields:
        """What was sent; the body is read when this is asked for, so that a file may be one."""
        return read(self.request)

    @cached_property
    def query(self) -> Fields:
        """What stands behind the address."""
        return read_query(self.request)

    @cached_property
    def workspace_name(self) -> str:
        """The workspace of the address, or the one that is meant without."""
        return self._workspace or workspace_of(
            self.caller, self.request.headers.get("X-MLFLOW-WORKSPACE", "")
        )

    def workspace(self, need: Need = "read") -> Workspace:
        """The workspace that is spoken of."""
        return get_workspace_of_run(self.caller, self.workspace_name, need)

    def experiment(self, need: Need = "read", *, deleted: bool = False) -> Experiment:
        """The experiment of the field `experiment_id`. One in the trash takes no runs and no tags."""
        text = self.fields.text("experiment_id")
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise Wrong(f"Invalid experiment ID {text[:100]!r}. Experiment ID must be a valid integer.")
        self.workspace(need)
        try:
            found = get_numbered_experiment(self.caller, self.workspace_name, int(text), need, trashed=True)
        except NotFound:
            raise no_experiment(int(text)) from None
        return found if deleted else active(found)

    def run(self, need: Need = "read", *, deleted: bool = False) -> Run:
        """The run of the field `run_id` or `run_uuid`."""
        return self.run_of(self.run_id(), need, deleted=deleted)

    def run_id(self) -> str:
        """What the field `run_id` or `run_uuid` says; MLflow looks at it before all others."""
        run_id = self.fields.text("run_id", "") or self.fields.text("run_uuid", "")
        return run_id or str(self.fields.missing("run_id"))

    def run_of_script(self) -> Run:
        """The run that a script writes to, unless it is to hear that it was cancelled."""
        run = self.run("write")
        check_not_canceled(run)
        return run

    def parent(self, run_id: str) -> Run | None:
        """The run of that id, to be a parent. One that is not there is no mistake: the tag that names it stays."""
        try:
            return self.run_of(run_id, "write") if run_id else None
        except Wrong:
            return None

    def run_of(self, run_id: str, need: Need = "read", *, deleted: bool = False) -> Run:
        """The run of that id, in this workspace. One in the trash takes no writes."""
        missing = Wrong(f"Run with id={run_id} not found", "RESOURCE_DOES_NOT_EXIST")
        try:
            run = get_run(self.caller, run_id, need, trashed=deleted)
        except NotFound:
            self.workspace(need)
            raise missing from None
        except Gone:
            raise Wrong(
                f"The run {run_id} must be in the 'active' state. Current state is deleted."
            ) from None
        if run.workspace.name != self.workspace_name:
            raise missing
        return run

    def model(self, model_id: str, need: Need = "read", *, deleted: bool = False) -> LoggedModel:
        """The model of that id, in this workspace."""
        workspace = self.workspace(need)
        try:
            return get_logged_model(self.caller, workspace, model_id, need, deleted=deleted)
        except NotFound:
            missing = f"Logged model with ID '{model_id}' not found."
            raise Wrong(missing, "RESOURCE_DOES_NOT_EXIST") from None


def no_experiment(number: int) -> Wrong:
    """There is none of that number."""
    return Wrong(f"No Experiment with id={number} exists", "RESOURCE_DOES_NOT_EXIST")


def active(experiment: Experiment) -> Experiment:
    """The experiment, unless it lies in the trash."""
    if experiment.deleted_at is not None:
        number = experiment.number
        raise Wrong(f"The experiment {number} must be in the 'active' state. Current state is deleted.")
    return experiment


def endpoint(**handlers: Handler) -> Callable[..., HttpResponseBase]:
    """A view of these methods. Neither a session nor its cookie counts here: only what the client sends itself."""

    def view(request: HttpRequest, workspace: str = "", **parts: str) -> HttpResponseBase:
        try:
            caller = caller_of(request)
            handler = handlers.get("GET" if request.method == "HEAD" else request.method or "")
            if handler is None:
                return HttpResponse(status=405)
            found = handler(Call(caller, request, workspace, parts))
            return found if isinstance(found, HttpResponseBase) else shown(found)
        except (Wrong, Refused) as error:
            return answer(error)
        except (OperationalError, InterfaceError):
            return answer(Unavailable("The database does not answer at the moment. Try again."))

    return csrf_exempt(login_not_required(view))


def shown(body: dict[str, Any]) -> HttpResponse:
    """The answer as JSON; empty lists and objects are left out, as MLflow does."""
    kept = {name: value for name, value in body.items() if value not in ([], None)}
    return HttpResponse(orjson.dumps(kept), content_type="application/json")


def caller_of(request: HttpRequest) -> Caller:
    """Who calls: a bearer token, or a name with a password or with a token in its place."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    name, secret = "", text.strip()
    if scheme.lower() == "basic":
        name, secret = _basic(secret)
    if looks_like_token(secret):
        token = use_token(secret)
        if token is not None and name.lower() in ("", token.user.username.lower()):
            return Caller(token.user, token)
    elif scheme.lower() == "basic" and secret:
        try:
            address = client_address(request.META, behind_proxy=settings.BEHIND_PROXY)
            return Caller(sign_in(name, secret, address=address))
        except NotAllowed as refusal:
            raise Wrong(refusal.message, "UNAUTHENTICATED") from None
    raise Wrong(
        "Set MLFLOW_TRACKING_TOKEN to a token of this studio, or MLFLOW_TRACKING_USERNAME and"
        " MLFLOW_TRACKING_PASSWORD. What was sent is missing, wrong, expired or revoked.",
        "UNAUTHENTICATED",
    )


def _basic(text: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def workspace_of(caller: Caller, header: str) -> str:
    """The workspace of an address that names none: the header's, the token's, or the only one that there is."""
    if header:
        return header
    if caller.token is not None and caller.token.workspace is not None:
        return caller.token.workspace.name
    if caller.token is not None and caller.token.run is not None:
        return caller.token.run.workspace.name
    names = list(Member.objects.filter(user=caller.user).values_list("workspace__name", flat=True)[:2])
    if len(names) == 1:
        return names[0]
    raise Wrong("Say which workspace: MLFLOW_TRACKING_URI ends in /w/NAME, or take a token of one workspace.")


def read_query(request: HttpRequest) -> Fields:
    """What stands behind the address; a name that comes again is a list."""
    found = {name: values if len(values) > 1 else values[0] for name, values in request.GET.lists() if values}
    return Fields(found)


def read(request: HttpRequest) -> Fields:
    """What was sent: the query of a GET, else a JSON object."""
    if request.method in ("GET", "HEAD"):
        return read_query(request)
    body = body_of(request)
    try:
        sent = _decoded(body)
        sent = _decoded(sent.encode()) if isinstance(sent, str) else sent
    except (ValueError, RecursionError):
        raise Wrong("The body is not JSON.") from None
    if not isinstance(sent, dict):
        raise Wrong("Send a JSON object.")
    return Fields(sent)


def body_of(request: HttpRequest) -> bytes:
    """What was sent as JSON."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # also what keeps forms of other sites out
        raise Wrong("Bad Request. Content-Type must be one of ['application/json'].")
    try:
        return request.body
    except UnreadablePostError:
        raise Wrong("The body is not JSON.") from None
    except RequestDataTooBig:
        raise Invalid("The body is larger than 16 MiB, the most this address takes at once.") from None


def _decoded(body: bytes) -> Any:
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:  # bare NaN and Infinity, which JSON has not but clients send
        return json.loads(body)


@csrf_exempt
@login_not_required
def unknown(request: HttpRequest, rest: str, workspace: str = "") -> HttpResponse:
    """What is not there, as clients bear it: traces, registry, prompts, gateway."""
    return answer(Wrong(f"There is nothing at {request.path}.", "ENDPOINT_NOT_FOUND"))
