"""Friendly pages, and for scripts the one JSON shape, when something is refused or fails."""

import functools
import sys
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render

from runs.errors import Conflict, Gone, Invalid, NotAllowed, NotFound, Refused, TooLarge, Unavailable

SENTENCES = {
    400: ("bad_request", "This address or form could not be read."),
    403: ("not_allowed", "You may not do that here."),
    404: ("not_found", "There is nothing at this address, or it is not shared with you."),
    409: ("conflict", "That contradicts what is already so."),
    410: ("gone", "This was deleted."),
    413: ("too_large", "That is larger than the studio takes at once."),
    500: ("error", "Something went wrong on our side. It has been written to the server's log."),
    503: ("unavailable", "The studio's database does not answer right now. Try again in a moment."),
}
TITLES = {
    400: "This could not be read",
    403: "Not allowed",
    404: "Nothing here",
    409: "Not possible any more",
    410: "Deleted",
    413: "Too large",
    500: "Something went wrong",
    503: "Not available right now",
}
STATUS: dict[type[Refused], int] = {
    NotFound: 404,
    Gone: 410,
    NotAllowed: 403,
    Conflict: 409,
    Invalid: 400,
    TooLarge: 413,
    Unavailable: 503,
}


def status_of(refusal: Refused) -> int:
    """The HTTP status that says the same."""
    return STATUS.get(type(refusal), 400)


def told(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The view, with a refusal that it does not handle turned into a page; for htmx into a line of words."""

    @functools.wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Refused as refusal:
            return refused(request, refusal)

    return answering


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """The refusal as a page, or as a line of words where htmx asked for a piece of one."""
    status = status_of(refusal)
    if not getattr(request, "htmx", False):
        return answer(request, status, refusal.message)
    response = render(request, "errors/_said.html", {"message": refusal.message}, status=status)
    response.headers["HX-Retarget"] = "#said"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def answer(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """The error as JSON for the API, as a page for a browser."""
    code, sentence = SENTENCES[status]
    message = message or sentence
    if request.path.startswith("/api/"):
        return JsonResponse({"error": {"code": code, "message": message, "field": None}}, status=status)
    facts = {"status": status, "title": TITLES[status], "message": message}
    if status >= 500:
        request.without_frame = True  # type: ignore[attr-defined]  # its rail would ask the database again
    return render(request, "errors/error.html", facts, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """400, or 413 where the body was too large to be read."""
    request.without_frame = True  # type: ignore[attr-defined]  # it may have come under another host's name
    return answer(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def not_allowed(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """403"""
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """404"""
    return answer(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """500, or 503 where it was the database."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    return answer(request, 503 if is_away else 500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose origin could not be shown to be this studio."""
    return answer(
        request, 403, "This form is too old or came from another site. Load the page again and retry."
    )
