"""The page of a link that was mailed to an address, to show that it reaches the person."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from runs.actions import email
from runs.errors import Refused
from runs.web.errors import status_of
from runs.web.visitor import NO_TRACE, address_of


@login_not_required
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm by a button: programs that look at links in mails confirm nothing."""
    facts: dict[str, Any] = {}
    status = 200
    try:
        is_done = request.method == "POST"
        act = email.confirm_email if is_done else email.open_check
        facts["person"], facts["is_done"] = act(token, address=address_of(request)), is_done
    except Refused as refusal:
        facts["gone"], status = refusal.message, status_of(refusal)
    response = render(request, "sign_in/email.html", facts, status=status)
    for name, value in NO_TRACE.items():
        response.headers[name] = value
    return response
