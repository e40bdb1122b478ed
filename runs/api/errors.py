"""One JSON shape for everything that is refused: {"error": {"code", "message", "field"}}."""

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from runs.errors import Conflict, Invalid, Refused, Unavailable

STATUS = {
    "refused": 400,
    "invalid": 400,
    "not_allowed": 403,
    "not_found": 404,
    "gone": 410,
    "conflict": 409,
    "too_large": 413,
    "unavailable": 503,
}
_CODES = {
    exceptions.NotAuthenticated: "unauthenticated",
    exceptions.AuthenticationFailed: "unauthenticated",
    exceptions.PermissionDenied: "not_allowed",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.ParseError: "invalid",
    exceptions.ValidationError: "invalid",
}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception of a view; None lets it become a 500, which is logged."""
    if isinstance(error, Refused):
        return refused(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing at this address.")
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied("You may not do that here.")
    if isinstance(error, RequestDataTooBig):
        return shape("too_large", "The body is larger than 16 MiB, the most this address takes at once.", 413)
    if isinstance(error, OperationalError | InterfaceError):
        set_rollback()
        return refused(Unavailable("The database does not answer at the moment. Try again."))
    if isinstance(error, exceptions.APIException):
        set_rollback()
        return _from_framework(error)
    return None


def refused(error: Refused) -> Response:
    """The answer to a refusal; a Conflict carries the facts a client can act on beside the error."""
    response = shape(error.code, error.message, STATUS[error.code], field=error.field)
    if isinstance(error, Conflict):
        response.data |= error.details
    if isinstance(error, Invalid) and error.position is not None:
        response.data["error"]["position"] = error.position
    if isinstance(error, Unavailable):
        response["Retry-After"] = "2"
    set_rollback()
    return response


def shape(code: str, message: str, status: int, *, field: str | None = None) -> Response:
    """The one shape."""
    return Response({"error": {"code": code, "message": message, "field": field}}, status=status)


def _from_framework(error: exceptions.APIException) -> Response:
    code = _CODES.get(type(error), "invalid")
    field, message = _first(error.detail)
    if isinstance(error, exceptions.ValidationError) and field:
        message = f"{field}: {message}"
    response = shape(code, message, error.status_code, field=field)
    if (asked := getattr(error, "auth_header", None)) is not None:
        response["WWW-Authenticate"] = asked
    return response


def _first(detail: Any, field: str | None = None) -> tuple[str | None, str]:
    """The first mistake in DRF's tree of them: the path of its field and its sentence."""
    while True:
        if isinstance(detail, dict) and detail:
            key, detail = next(iter(detail.items()))
            if key != "non_field_errors":
                field = str(key) if field is None else f"{field}.{key}"
        elif isinstance(detail, list) and detail:
            place = next((i for i, part in enumerate(detail) if part), 0)
            if isinstance(detail[place], dict):
                field = f"{field or ''}[{place}]"
            detail = detail[place]
        else:
            return field, str(detail) or "This is not right."
