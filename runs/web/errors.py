"""Friendly pages, and for scripts the one JSON shape, when something is refused outside of a view."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

SENTENCES = {
    400: ("bad_request", "This address or form could not be read."),
    403: ("not_allowed", "You may not do that here."),
    404: ("not_found", "There is nothing at this address, or it is not shared with you."),
    413: ("too_large", "That is larger than the studio takes at once."),
    500: ("error", "Something went wrong on our side. It has been written to the server's log."),
}


def answer(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """The error as JSON for the API, as a page for a browser."""
    code, sentence = SENTENCES[status]
    message = message or sentence
    if request.path.startswith("/api/"):
        return JsonResponse({"error": {"code": code, "message": message, "field": None}}, status=status)
    return render(request, "errors/error.html", {"status": status, "message": message}, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """400"""
    return answer(request, 400)


def not_allowed(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """403"""
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """404"""
    return answer(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """500"""
    return answer(request, 500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose origin could not be shown to be this studio."""
    return answer(request, 403, "This form is too old or came from another site. Load the page again and retry.")
