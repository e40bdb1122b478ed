"""Alerts over REST: list, make, read, change, pause, resume, try, delete; and their messages."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import get_workspace
from runs.access_alerts import (
    check_fields,
    check_may_change,
    get_alert,
    messages_for,
    subjects_of,
    visible_alerts,
)
from runs.actions import alerts as actions
from runs.actions.deliveries import mark_read
from runs.api import alert_shapes as a
from runs.api.base import Endpoint, flag
from runs.api.runs import next_url
from runs.errors import Invalid
from runs.models import Alert, Delivery
from runs.query.alert_matches import check_filter

A_PAGE = 100
CURSOR = OpenApiParameter("cursor", str, description="Of the page before; better follow `next`.")


class AlertEndpointBase(Endpoint):
    """What the endpoints of alerts share."""

    def shown(self, alert: Alert, *, status: int = 200) -> Response:
        """The alert as the caller sees it."""
        return Response(a.alert_shape(alert, self.caller.user), status=status)

    def changed(self, workspace: str, alert_id: str) -> Alert:
        """The alert of the address, when the caller may change it."""
        found = get_alert(self.caller, workspace, alert_id)
        check_may_change(self.caller)
        return found


class AlertsEndpoint(AlertEndpointBase):
    """The alerts of a workspace that the caller sees: their own, and for its owners everybody's."""

    @extend_schema(responses=a.AlertsPage, operation_id="alerts_list", parameters=[CURSOR])
    def get(self, request: Request, workspace: str) -> Response:
        """Newest first, 100 a page."""
        found = get_workspace(self.caller, workspace)
        page, onward = _page(visible_alerts(self.caller, found).order_by("-pk"), request)
        shapes = [a.alert_shape(alert, self.caller.user) for alert in page]
        return Response({"results": shapes, "next": next_url(request, onward)})

    @extend_schema(request=a.NewAlert, responses={201: a.AlertShape})
    def post(self, request: Request, workspace: str) -> Response:
        """Watch from now on. Readers' alerts come to themselves."""
        found = get_workspace(self.caller, workspace)
        check_may_change(self.caller)
        sent: dict[str, Any] = self.read(a.NewAlert)
        named = {name: sent.pop(name) for name in ("run", "experiment", "view")}
        subjects = subjects_of(self.caller, found, named)
        check_fields(self.caller, found, sent)
        check_filter(sent)
        return self.shown(
            actions.create_alert(found, by=self.caller.user, fields=sent, **subjects), status=201
        )


class AlertEndpoint(AlertEndpointBase):
    """One alert."""

    @extend_schema(responses=a.AlertShape)
    def get(self, request: Request, workspace: str, alert_id: str) -> Response:
        """Read it."""
        return self.shown(get_alert(self.caller, workspace, alert_id))

    @extend_schema(request=a.AlertChange, responses=a.AlertShape)
    def patch(self, request: Request, workspace: str, alert_id: str) -> Response:
        """Change what is sent, all of it or nothing."""
        found = self.changed(workspace, alert_id)
        sent: dict[str, Any] = self.read(a.AlertChange)
        check_fields(self.caller, found.workspace, sent, found)
        check_filter(sent)
        return self.shown(actions.change_alert(found, fields=sent))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, alert_id: str) -> Response:
        """Forget it, and its messages with it."""
        actions.delete_alert(self.changed(workspace, alert_id))
        return Response(status=204)


class AlertPauseEndpoint(AlertEndpointBase):
    """A pause of an alert."""

    @extend_schema(request=None, responses=a.AlertShape)
    def post(self, request: Request, workspace: str, alert_id: str) -> Response:
        """Notice nothing until it is resumed. Twice is not an error."""
        return self.shown(actions.pause_alert(self.changed(workspace, alert_id)))


class AlertResumeEndpoint(AlertEndpointBase):
    """The end of a pause."""

    @extend_schema(request=None, responses=a.AlertShape)
    def post(self, request: Request, workspace: str, alert_id: str) -> Response:
        """Watch again from now on, and write again to whoever had muted it."""
        return self.shown(actions.resume_alert(self.changed(workspace, alert_id)))


class AlertTestEndpoint(AlertEndpointBase):
    """A message to see whether messages arrive."""

    @extend_schema(request=None, responses={202: a.DeliveryShape})
    def post(self, request: Request, workspace: str, alert_id: str) -> Response:
        """Send one now; its answer is among the deliveries a moment later."""
        made = actions.send_test(self.changed(workspace, alert_id))
        return Response(a.delivery_shape(made), status=202)


class DeliveriesEndpoint(AlertEndpointBase):
    """The messages of one alert."""

    @extend_schema(responses=a.DeliveriesPage, operation_id="alert_deliveries", parameters=[CURSOR])
    def get(self, request: Request, workspace: str, alert_id: str) -> Response:
        """Newest first, with their answers."""
        found = get_alert(self.caller, workspace, alert_id)
        page, onward = _page(Delivery.objects.filter(alert=found).order_by("-pk"), request)
        shapes = [a.delivery_shape(each) for each in page]
        return Response({"results": shapes, "next": next_url(request, onward)})


class MessagesEndpoint(AlertEndpointBase):
    """The caller's own messages in a workspace."""

    @extend_schema(
        responses=a.DeliveriesPage,
        operation_id="alert_messages",
        parameters=[OpenApiParameter("unread", bool, description="Only those not read yet."), CURSOR],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """Newest first. Reading them here leaves them unread."""
        rows = messages_for(self.caller.user, get_workspace(self.caller, workspace))
        if flag(request.query_params.get("unread")):
            rows = rows.filter(read_at=None)
        page, onward = _page(rows, request)
        shapes = [a.delivery_shape(each) for each in page]
        return Response({"results": shapes, "next": next_url(request, onward)})

    @extend_schema(request=None, responses=a.Marked, operation_id="alert_messages_read")
    def post(self, request: Request, workspace: str) -> Response:
        """Mark all as read."""
        found = get_workspace(self.caller, workspace)
        check_may_change(self.caller)
        return Response({"marked": mark_read(self.caller.user, found)})


def _page(rows: QuerySet[Any], request: Request) -> tuple[list[Any], str | None]:
    """A page of rows that are newest first, and the mark of the next."""
    cursor = request.query_params.get("cursor", "")
    if cursor:
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
            raise Invalid("This is not the mark of a page. Begin at the first page.", field="cursor")
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows[: A_PAGE + 1])
    return found[:A_PAGE], str(found[A_PAGE - 1].pk) if len(found) > A_PAGE else None
