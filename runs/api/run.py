"""One run: read it, change what people may change, and lead it through its life."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response

from runs.actions import organise
from runs.actions import run as actions
from runs.actions.reopen import reopen_run
from runs.actions.repair import mark_run
from runs.api import serializers as s
from runs.api.base import Endpoint, real_time
from runs.api.shapes import run_shape
from runs.models import Run


class RunEndpoint(Endpoint):
    """One run."""

    @extend_schema(responses=s.RunShape, operation_id="run_read")
    def get(self, request: Request, run_id: str) -> Response:
        """Read it with all its values."""
        return Response(run_shape(self.run(run_id)))

    @extend_schema(request=s.RunChange, responses=s.RunShape)
    def patch(self, request: Request, run_id: str) -> Response:
        """Rename, describe, archive or restore it. Nothing else can be changed here."""
        run = self.run(run_id, "write")
        sent: dict[str, Any] = self.read(s.RunChange)
        by = self.caller.user
        run = organise.edit_run(
            run,
            by=by,
            display_name=sent.get("display_name"),
            description=sent.get("description"),
            version=sent.get("description_version"),
        )
        if "archived" in sent:
            (organise.archive_run if sent["archived"] else organise.unarchive_run)(run, by=by)
        return Response(run_shape(run))


class RunStep(Endpoint):
    """A POST that moves the run along its life and answers with the run."""

    def post(self, request: Request, run_id: str) -> Response:
        """Take the step."""
        return Response(run_shape(self.step(self.run(run_id, "write"))))

    def read_end(self, shape: type[s.EndBody]) -> dict[str, Any]:
        """The body of an end, `ended_at` by the clock of the server."""
        sent = self.read(shape)
        return {**sent, "ended_at": real_time(self.request, sent.get("ended_at"))}

    def step(self, run: Run) -> Run:
        """What a subclass does to the run."""
        raise MethodNotAllowed(self.request.method or "POST")


@extend_schema(request=s.StartBody, responses=s.RunShape)
class StartEndpoint(RunStep):
    """Running from now on."""

    def step(self, run: Run) -> Run:
        """Start it."""
        return actions.start_run(run, by=self.caller.user, **self.read(s.StartBody))


@extend_schema(request=s.StartBody, responses={200: s.RunShape, 409: s.ErrorAnswer})
class ReopenEndpoint(RunStep):
    """A run that has ended goes on."""

    def step(self, run: Run) -> Run:
        """Reopen it."""
        return reopen_run(run, by=self.caller.user, **self.read(s.StartBody))


@extend_schema(request=s.EndBody, responses=s.RunShape)
class CompleteEndpoint(RunStep):
    """The run has ended well."""

    def step(self, run: Run) -> Run:
        """Complete it."""
        return actions.complete_run(run, by=self.caller.user, **self.read_end(s.EndBody))


@extend_schema(request=s.FailBody, responses=s.RunShape)
class FailEndpoint(RunStep):
    """The run has failed."""

    def step(self, run: Run) -> Run:
        """Fail it."""
        return actions.fail_run(run, by=self.caller.user, **self.read_end(s.FailBody))


@extend_schema(request=s.CancelBody, responses=s.RunShape)
class CancelEndpoint(RunStep):
    """Ask the run to stop."""

    def step(self, run: Run) -> Run:
        """Cancel it."""
        return actions.cancel_run(run, by=self.caller.user, **self.read(s.CancelBody))


@extend_schema(request=s.ReasonBody, responses=s.RunShape)
class CanceledEndpoint(RunStep):
    """Whoever runs it says that it has stopped."""

    def step(self, run: Run) -> Run:
        """Note that it was canceled."""
        return actions.confirm_canceled(run, by=self.caller.user, **self.read_end(s.ReasonBody))


@extend_schema(request=s.MarkBody, responses={200: s.RunShape, 409: s.ErrorAnswer})
class MarkEndpoint(RunStep):
    """Somebody says by hand what a stuck run became."""

    def step(self, run: Run) -> Run:
        """Mark it."""
        return mark_run(run, by=self.caller.user, **self.read(s.MarkBody))


class HeartbeatEndpoint(Endpoint):
    """Somebody is behind the run."""

    @extend_schema(request=None, responses=s.BeatShape)
    def post(self, request: Request, run_id: str) -> Response:
        """Note it, and hear whether to stop."""
        beat = actions.heartbeat(self.run(run_id, "write"), by=self.caller.user)
        return Response(
            {
                "status": beat.status,
                "cancel_requested": beat.cancel_requested,
                "cancel_requested_by": beat.cancel_requested_by,
                "next_s": beat.next_s,
            }
        )
