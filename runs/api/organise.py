"""Tags, properties and parameters of a run, and its history."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.actions import organise
from runs.api import serializers as s
from runs.api import tracked_shapes as t
from runs.api.base import Endpoint
from runs.api.shapes import event_shape
from runs.models import RunEvent
from runs.query.values import values_of

EVENTS_A_PAGE = 100


class TagsEndpoint(Endpoint):
    """The tags of a run: key and value, or null for a tag without a value."""

    @extend_schema(responses=t.TextsByName)
    def get(self, request: Request, run_id: str) -> Response:
        """All tags."""
        run = self.run(run_id)
        return Response(values_of([run])[run.pk].tags)

    @extend_schema(request=s.TagsBody, responses=t.TextsByName)
    def post(self, request: Request, run_id: str) -> Response:
        """Set and remove some; answers with all."""
        run = self.run(run_id, "write")
        sent = self.read(s.TagsBody)
        tags = organise.change_tags(
            run, set_pairs=sent.get("set", {}), remove=sent.get("remove", []), by=self.caller.user
        )
        return Response(tags)


class PropertiesEndpoint(Endpoint):
    """The properties of a run: written once."""

    @extend_schema(responses=t.TextsByName)
    def get(self, request: Request, run_id: str) -> Response:
        """All properties."""
        run = self.run(run_id)
        return Response(values_of([run])[run.pk].properties)

    @extend_schema(request=s.PairsBody, responses={200: t.TextsByName, 409: s.ErrorAnswer})
    def post(self, request: Request, run_id: str) -> Response:
        """Add some; 409 when one is there with another value."""
        run = self.run(run_id, "write")
        return Response(organise.add_properties(run, self.read(s.PairsBody)["set"], by=self.caller.user))


class ParamsEndpoint(Endpoint):
    """The parameters of a run: its inputs, written once."""

    @extend_schema(responses=t.TextsByName)
    def get(self, request: Request, run_id: str) -> Response:
        """All parameters."""
        run = self.run(run_id)
        return Response(values_of([run])[run.pk].params)

    @extend_schema(request=s.PairsBody, responses={200: t.TextsByName, 409: s.ErrorAnswer})
    def post(self, request: Request, run_id: str) -> Response:
        """Add some; 409 when one is there with another value."""
        run = self.run(run_id, "write")
        return Response(organise.add_params(run, self.read(s.PairsBody)["set"], by=self.caller.user))


class EventsEndpoint(Endpoint):
    """The history of a run."""

    @extend_schema(
        responses=t.EventsPage,
        parameters=[OpenApiParameter("before", int, description="Those older than this id.")],
    )
    def get(self, request: Request, run_id: str) -> Response:
        """Newest first, 100 a page."""
        rows = RunEvent.objects.filter(run=self.run(run_id)).select_related("by").order_by("-id")
        before = request.query_params.get("before", "")
        if before.isdecimal() and len(before) < 19:
            rows = rows.filter(pk__lt=int(before))
        page = list(rows[: EVENTS_A_PAGE + 1])
        shown = page[:EVENTS_A_PAGE]
        next_url = f"{request.path}?before={shown[-1].pk}" if len(page) > EVENTS_A_PAGE else None
        return Response({"results": [event_shape(e) for e in shown], "next": next_url})
