"""Compute targets over REST."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import get_workspace
from runs.access_compute import check_may_switch_on, check_settings, get_target
from runs.actions import compute as actions
from runs.api.base import Endpoint
from runs.api.serializers import ErrorAnswer, text
from runs.api.shapes import moment
from runs.models import ComputeTarget
from runs.query.compute import TargetRow, rows_of, targets_of
from runs.target_settings import KINDS, LOCAL


class TargetShape(serializers.Serializer):
    """A compute target."""

    name = serializers.CharField()
    kind = serializers.ChoiceField([*KINDS])
    settings = serializers.DictField(help_text="By the kind; see docs/compute.md.")
    has_token = serializers.BooleanField(
        help_text="Whether a token for the engine is kept; it is never told."
    )
    enabled = serializers.BooleanField(help_text="Whether it takes runs.")
    state = serializers.ChoiceField(
        ["", "checking", "ready", "failing"], help_text="What the worker last saw of the engine."
    )
    state_reason = serializers.CharField()
    checked_at = serializers.DateTimeField(allow_null=True)
    capacity = serializers.DictField(
        child=serializers.CharField(), help_text="What the engine tells of itself."
    )
    queued = serializers.IntegerField(help_text="Runs that wait.")
    running = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField(allow_null=True)


class NewTarget(serializers.Serializer):
    """A target to attach."""

    name = text(required=True)
    kind = serializers.ChoiceField([*KINDS])
    settings = serializers.DictField(required=False)
    token = text(default="", write_only=True, help_text="What Ray asks for.")
    enabled = serializers.BooleanField(
        required=False,
        help_text="False for `local` unless it is said; switching `local` and `slurm` on takes the installation's "
        "owner.",
    )


class TargetChange(serializers.Serializer):
    """What may be changed; what is left out stays."""

    settings = serializers.DictField(required=False)
    token = text(required=False, write_only=True, help_text="A new one; needed with a new address.")
    enabled = serializers.BooleanField(required=False)


class TargetsEndpoint(Endpoint):
    """The compute targets of a workspace."""

    @extend_schema(responses=TargetShape(many=True), operation_id="compute_targets_list")
    def get(self, request: Request, workspace: str) -> Response:
        """By name."""
        found = get_workspace(self.caller, workspace)
        return Response({"results": [target_shape(row) for row in targets_of(found)]})

    @extend_schema(request=NewTarget, responses={201: TargetShape, 409: ErrorAnswer})
    def post(self, request: Request, workspace: str) -> Response:
        """Attach one. Its state is known some seconds later."""
        found = get_workspace(self.caller, workspace, "own")
        sent = self.read(NewTarget)
        enabled = sent.get("enabled", sent["kind"] != LOCAL)
        if enabled:
            check_may_switch_on(self.caller, sent["kind"])
        settings = sent.get("settings", {})
        check_settings(self.caller, sent["kind"], settings)
        made = actions.attach_target(
            found,
            sent["name"],
            sent["kind"],
            settings,
            by=self.caller.user,
            enabled=enabled,
            token=sent["token"],
        )
        return Response(shape_of(made), status=201)


class TargetEndpoint(Endpoint):
    """One compute target."""

    @extend_schema(responses=TargetShape)
    def get(self, request: Request, workspace: str, target: str) -> Response:
        """With its queue."""
        return Response(shape_of(get_target(self.caller, workspace, target)))

    @extend_schema(request=TargetChange, responses=TargetShape)
    def patch(self, request: Request, workspace: str, target: str) -> Response:
        """Change settings, switch on or off."""
        found = get_target(self.caller, workspace, target, "own")
        sent = self.read(TargetChange)
        enabled, by = sent.get("enabled"), self.caller.user
        if enabled and not found.enabled:
            check_may_switch_on(self.caller, found.kind)
        if "settings" in sent or "token" in sent:
            settings = sent.get("settings", {})
            check_settings(self.caller, found.kind, settings, found)
            found = actions.change_target(found, settings, by=by, token=sent.get("token"))
        if enabled is not None:
            found = (actions.enable_target if enabled else actions.disable_target)(found, by=by)
        return Response(shape_of(found))

    @extend_schema(responses={204: None, 409: ErrorAnswer})
    def delete(self, request: Request, workspace: str, target: str) -> Response:
        """Detach it. 409 while runs wait for it or are on it."""
        actions.detach_target(get_target(self.caller, workspace, target, "own"), by=self.caller.user)
        return Response(status=204)


class TargetTestEndpoint(Endpoint):
    """Whether the engine answers."""

    @extend_schema(request=None, responses={202: TargetShape})
    def post(self, request: Request, workspace: str, target: str) -> Response:
        """Have the worker ask it; `state` is `checking` until it is known."""
        found = actions.ask_to_check(get_target(self.caller, workspace, target, "own"))
        return Response(shape_of(found), status=202)


def shape_of(target: ComputeTarget) -> dict[str, Any]:
    """One target on the wire."""
    return target_shape(rows_of([target])[0])


def target_shape(row: TargetRow) -> dict[str, Any]:
    """A target with its counts on the wire; of its secret nothing."""
    target = row.target
    return {
        "name": target.name,
        "kind": target.kind,
        "settings": target.settings,
        "has_token": bool(target.secret),
        "enabled": target.enabled,
        "state": target.state,
        "state_reason": target.state_reason,
        "checked_at": moment(target.checked_at),
        "capacity": target.capacity,
        "queued": row.queued,
        "running": row.running,
        "created_at": moment(target.created_at),
        "created_by": target.created_by.username if target.created_by else None,
    }
