"""Submitted runs, as those see them who execute them: what is to be executed, a token for it, its stages."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import allows
from runs.access_compute import get_target
from runs.access_run_tokens import check_whole_account
from runs.actions.resubmit import LOCAL, Changes, resubmit_run
from runs.actions.run import move_run
from runs.actions.run_tokens import create_run_token
from runs.api.base import Endpoint, idempotency_key
from runs.api.run import RunStep
from runs.api.serializers import ErrorAnswer, RunShape, text
from runs.api.shapes import moment, run_shape
from runs.definition import read_definition
from runs.errors import NotFound
from runs.lifecycle import Status
from runs.models import Run

STAGES = (Status.QUEUED, Status.PROVISIONING, Status.PREPARING, Status.STARTING, Status.FINALIZING)


class ResourcesShape(serializers.Serializer):
    """What the run asks an engine for; null is what the target gives by itself."""

    cpus = serializers.IntegerField(allow_null=True)
    gpus = serializers.IntegerField(allow_null=True)
    memory_mb = serializers.IntegerField(allow_null=True)
    time_s = serializers.IntegerField(allow_null=True)
    queue = serializers.CharField(allow_null=True)


class DefinitionShape(serializers.Serializer):
    """All that it takes to execute the run."""

    run = serializers.CharField()
    experiment = serializers.CharField()
    workspace = serializers.CharField()
    target = serializers.CharField()
    snapshot = serializers.CharField(allow_null=True, help_text="The id of its sources.")
    script = serializers.CharField()
    arguments = serializers.ListField(child=serializers.CharField())
    command = serializers.JSONField(
        allow_null=True, help_text="A line for the shell, a list of words, or null: the script."
    )
    interpreter = serializers.CharField()
    environment = serializers.DictField(
        child=serializers.CharField(allow_null=True), help_text="Values are null for those who may only read."
    )
    max_run_duration_seconds = serializers.IntegerField(allow_null=True)
    cancel_grace_seconds = serializers.FloatField(allow_null=True)
    resources = ResourcesShape()


class RunTokenShape(serializers.Serializer):
    """A token for one run and those below it."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class StageBody(serializers.Serializer):
    """A step on the way to running, or to the end."""

    status = serializers.ChoiceField(choices=[stage.value for stage in STAGES])
    reason = text(default="")
    heartbeat = serializers.BooleanField(default=False, help_text="The caller promises heartbeats.")


class ResubmitBody(serializers.Serializer):
    """What is to be otherwise in the new run."""

    arguments = serializers.ListField(
        child=text(required=True), required=False, help_text="Instead of those of the script; else the same."
    )
    display_name = text(default="")
    run_id = text(required=False)
    target = text(default="local", help_text="`local`: the caller executes it, with a token of the new run.")


class ResubmitEndpoint(Endpoint):
    """The same run once more."""

    @extend_schema(
        request=ResubmitBody,
        responses={200: RunShape, 201: RunShape, 404: ErrorAnswer, 409: ErrorAnswer},
        parameters=[
            OpenApiParameter("Idempotency-Key", str, "header", description="The same key gives the same run.")
        ],
    )
    def post(self, request: Request, run_id: str) -> Response:
        """Make a new run of the same sources and definition, linked to this one by `resubmitted_from`."""
        origin = self.run(run_id, "write")
        check_whole_account(self.caller.token)
        sent = self.read(ResubmitBody)
        name = sent.pop("target")
        target = None if name == LOCAL else get_target(self.caller, origin.workspace.name, name)
        key = idempotency_key(request)
        run, is_new = resubmit_run(
            origin, by=self.caller.user, changes=Changes(**sent), target=target, key=key
        )
        return Response(run_shape(run), status=201 if is_new else 200)


class DefinitionEndpoint(Endpoint):
    """What is executed for a submitted run."""

    @extend_schema(responses={200: DefinitionShape, 404: ErrorAnswer})
    def get(self, request: Request, run_id: str) -> Response:
        """Everything that `studio run exec` needs. 404 for a run that its own program began."""
        run = self.run(run_id)
        if not run.definition:
            raise NotFound(f"{run.display_name} was not submitted: its own program began it.")
        return Response(definition_shape(run, with_values=allows(self.caller, run.workspace, "write")))


def definition_shape(run: Run, *, with_values: bool) -> Mapping[str, Any]:
    """The definition on the wire; the values of environment variables may be secrets of those who write."""
    found = asdict(read_definition(run.definition))
    if not with_values:
        found["environment"] = dict.fromkeys(found["environment"])
    return {
        "run": run.public_id,
        "experiment": run.experiment.name,
        "workspace": run.workspace.name,
        "target": run.target,
        "snapshot": run.snapshot.sha256 if run.snapshot else None,
        "script": run.script,
        "arguments": run.arguments,
        **found,
    }


class RunTokenEndpoint(Endpoint):
    """Tokens for one run."""

    @extend_schema(request=None, responses={201: RunTokenShape, 409: ErrorAnswer})
    def post(self, request: Request, run_id: str) -> Response:
        """Make one, for whoever executes the run. Its text is in this answer and never again.

        It reads and changes this run and the runs below it, and nothing else; it ends with the run.
        """
        token, written = create_run_token(self.run(run_id, "write"), by=self.caller.user)
        return Response({"token": written, "expires_at": moment(token.expires_at)}, status=201)


@extend_schema(request=StageBody, responses={200: RunShape, 409: ErrorAnswer})
class StageEndpoint(RunStep):
    """Whoever executes the run says how far it is. Queued hands a run with a compute target over to the worker."""

    def step(self, run: Run) -> Run:
        """Note the stage."""
        sent = self.read(StageBody)
        return move_run(run, Status(sent.pop("status")), by=self.caller.user, **sent)
