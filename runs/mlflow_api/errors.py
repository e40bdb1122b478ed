"""What MLflow's clients are told when something is refused: a code, a sentence, the status that belongs to the code."""

import json

from django.http import HttpResponse

from runs.errors import Refused

STATUS = {
    "INVALID_PARAMETER_VALUE": 400,
    # 500 to MLflow, which its clients try again seven times.
    "INVALID_STATE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}
# Never a status that the client tries again, but where trying again helps.
_CODES = {
    "not_found": "RESOURCE_DOES_NOT_EXIST",
    "not_allowed": "PERMISSION_DENIED",
    "conflict": "RESOURCE_CONFLICT",
    "unavailable": "TEMPORARILY_UNAVAILABLE",
}


class Wrong(Exception):
    """A refusal of the door itself, in MLflow's words."""

    def __init__(self, message: str, code: str = "INVALID_PARAMETER_VALUE") -> None:
        super().__init__(message)
        self.message, self.code = message, code


def answer(error: Wrong | Refused) -> HttpResponse:
    """The refusal on the wire."""
    code = error.code if isinstance(error, Wrong) else _CODES.get(error.code, "INVALID_PARAMETER_VALUE")
    body = json.dumps({"error_code": code, "message": error.message})
    response = HttpResponse(body, status=STATUS[code], content_type="application/json")
    if code == "UNAUTHENTICATED":
        response["WWW-Authenticate"] = 'Basic realm="Run Studio"'
    if code == "TEMPORARILY_UNAVAILABLE":
        response["Retry-After"] = "2"
    if code == "NOT_IMPLEMENTED":  # what clients expect, for each large file: no error for Django to log
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response
