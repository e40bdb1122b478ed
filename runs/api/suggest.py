"""What exists to filter by, for scripts and their completion."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import get_workspace
from runs.api.base import Endpoint
from runs.errors import Invalid
from runs.query.fields import SOURCE_ALIASES
from runs.query.grammar import parse_field
from runs.query.suggest import suggest_keys, suggest_values


class SuggestEndpoint(Endpoint):
    """The keys of a workspace's runs, or the values of one."""

    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        operation_id="suggest",
        parameters=[
            OpenApiParameter(
                "kind", str, description="tags, params, metrics or properties: lists their keys."
            ),
            OpenApiParameter(
                "field", str, description="tags.team, status, …: lists its values with their counts."
            ),
            OpenApiParameter("text", str, description="Only what begins with this; keys that hold it, too."),
        ],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """Up to 200 keys, or up to 50 values with how many runs have each (counted up to 1,000)."""
        found = get_workspace(self.caller, workspace)
        asked = request.query_params
        text = asked.get("text", "")
        if asked.get("field"):
            values = suggest_values(found, parse_field(asked["field"]), text, viewer=self.caller.user)
            return Response(
                {
                    "values": [
                        {
                            "value": each.text,
                            "runs": each.count.number if each.count else None,
                            "has_more": bool(each.count and each.count.is_more),
                        }
                        for each in values
                    ]
                }
            )
        source = SOURCE_ALIASES.get(asked.get("kind", "").lower())
        if source is None:
            raise Invalid(
                "Give kind (tags, params, metrics or properties) or field, such as tags.team.", field="kind"
            )
        return Response({"keys": suggest_keys(found, source, text)})
