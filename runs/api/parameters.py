"""The parameters and fields that an address takes are those that the OpenAPI document names; another is a mistake."""

from collections.abc import Callable, Container, Mapping
from difflib import get_close_matches
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from runs.errors import Invalid

SHOWN = 40  # characters of a name that somebody made up


def check_parameters(view: APIView, request: Request) -> None:
    """Raise Invalid for a parameter that this endpoint would pass over, with the nearest that it knows.

    Who writes `stauts=Failed` and is given every run takes them for the failed ones.
    """
    handler = getattr(view, (request.method or "get").lower(), None)
    if handler is None or not request.query_params:
        return  # without a handler, the method is refused for itself
    known = _known(view, handler)
    for name in request.query_params:
        if name not in known:
            raise Invalid(_sentence(name, known), field=name[:SHOWN])


def check_fields(sent: Mapping[str, Any], known: list[str], told: Container[str]) -> None:
    """Raise Invalid for a field of a body that would be passed over, likewise; not for what answers tell.

    A program may send back what it read.
    """
    for name in sent:
        if name not in known and name not in told:
            raise Invalid(_sentence(str(name), known, "field"), field=str(name)[:SHOWN])


def _known(view: APIView, handler: Callable[..., Any]) -> list[str]:
    """The names of the query parameters that the handler declares with `extend_schema`."""
    declared = getattr(handler, "kwargs", {}).get("schema")
    if declared is None:
        return []
    parameters = declared().__get__(view, type(view)).get_override_parameters()
    return [
        each.name
        for each in parameters
        if isinstance(each, OpenApiParameter) and each.location == OpenApiParameter.QUERY
    ]


def _sentence(name: str, known: list[str], kind: str = "parameter") -> str:
    begun = f"There is no {kind} {name[:SHOWN]!r} here"
    if not known:
        return f"{begun}; this address takes none."
    near = get_close_matches(name.lower(), known, n=1)
    if near:
        return f"{begun}; did you mean {near[0]!r}?"
    return f"{begun}; this address takes {', '.join(known)}."
