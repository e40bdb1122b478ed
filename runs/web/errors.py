"""Friendly pages, and for scripts the one JSON shape, when something is refused or fails."""

import functools
import logging
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from runs.errors import Conflict, Gone, Invalid, NotAllowed, NotFound, Refused, TooLarge, Unavailable
from runs.limits import MIB

log = logging.getLogger(__name__)

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
    return answer(request, status_of(refusal), refusal.message)


def answer(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """The error as JSON for the API, as a line of words for htmx, as a page for a browser."""
    code, sentence = SENTENCES[status]
    message = message or sentence
    if request.path.startswith("/api/"):
        return JsonResponse({"error": {"code": code, "message": message, "field": None}}, status=status)
    # The header itself: what is refused early has not passed the middleware that reads it.
    if request.headers.get("HX-Request") == "true":
        return _line(status, message)
    facts = {"status": status, "title": TITLES[status], "message": message, "back": _back(request)}
    return render(request, "errors/error.html", facts, status=status)


def _line(status: int, message: str) -> HttpResponse:
    """Words that htmx shows at the bottom of the page, whatever piece of it was asked for: nothing is replaced."""
    response = HttpResponse(render_to_string("errors/_said.html", {"message": message}), status=status)
    response.headers["HX-Retarget"] = "#said"
    response.headers["HX-Reswap"] = "innerHTML"
    response.headers["HX-Push-Url"] = "false"
    return response


def _back(request: HttpRequest) -> str:
    """The page of this studio that led here, if there is one and it is another."""
    came_from = request.headers.get("Referer", "")
    try:
        ours, here = request.build_absolute_uri("/"), request.build_absolute_uri()
    except DisallowedHost:
        return ""
    path = came_from.removeprefix(ours.rstrip("/"))
    return path if came_from.startswith(ours) and came_from != here and not path.startswith("/login/") else ""


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """400, or 413 where the body was too large to be read."""
    try:
        request.get_host()
    except DisallowedHost:
        request.without_frame = True  # type: ignore[attr-defined]  # it came under another host's name
    if not isinstance(exception, RequestDataTooBig):
        return answer(request, 400)
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // MIB
    return answer(
        request, 413, f"This form is larger than {most} MiB, the most that is taken at once. Shorten it."
    )


def not_allowed(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """403"""
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """404"""
    return answer(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """500, or 503 where it was the database. Whatever else is broken, the person gets words."""
    is_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = 503 if is_away else 500
    if not is_away:
        try:
            return answer(request, status)
        except Exception:  # the frame may be what is broken; the handler has logged the first failure
            log.exception("The page of a failure could not be drawn in its frame.")
    request.without_frame = True  # type: ignore[attr-defined]  # its rail would ask the database again
    try:
        return answer(request, status)
    except Exception:
        log.exception("The page of a failure could not be drawn.")
        return HttpResponse(PLAIN.format(title=TITLES[status], message=SENTENCES[status][1]), status=status)


# Needs neither templates nor styles nor the database.
PLAIN = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Run Studio</title>
<main><h1>{title}</h1><p>{message}</p><p><a href="/">Home</a></p></main></html>
"""


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose origin could not be shown to be this studio."""
    return answer(
        request, 403, "This form is too old or came from another site. Load the page again and retry."
    )
