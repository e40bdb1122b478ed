"""A forgotten password: asking for a link by mail, and the page of the link that sets a new one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from runs import mail
from runs.actions import passwords
from runs.errors import NotFound, Refused
from runs.web.errors import status_of
from runs.web.visitor import NO_TRACE, address_of, remember_device


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whether anybody has that address."""
    facts: dict[str, Any] = {"sends_mail": mail.can_send()}
    if request.method != "POST":
        return render(request, "sign_in/forgotten.html", facts)
    email = request.POST.get("email", "")
    try:
        passwords.ask_reset(email, address=address_of(request))
    except Refused as refusal:
        facts |= {"refusal": refusal.message, "email": email}
        return render(request, "sign_in/forgotten.html", facts, status=status_of(refusal))
    return render(request, "sign_in/forgotten.html", facts | {"is_asked": True})


@login_not_required
@sensitive_post_parameters("new", "again")
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a new password; looking at it uses nothing up."""
    try:
        user = passwords.open_reset(token, address=address_of(request))
    except Refused as refusal:
        return _page(request, {"gone": refusal.message}, status=status_of(refusal))
    facts: dict[str, Any] = {"for": user.username}
    if request.method != "POST":
        return _page(request, facts)
    if request.POST.get("new") != request.POST.get("again"):
        return _page(request, facts | {"refusal": "The two are not the same."}, status=400)
    try:
        user = passwords.use_reset(token, request.POST.get("new", ""), address=address_of(request))
    except NotFound as refusal:  # somebody was quicker
        return _page(request, {"gone": refusal.message}, status=status_of(refusal))
    except Refused as refusal:
        return _page(request, facts | {"refusal": refusal.message}, status=status_of(refusal))
    login(request, user)
    messages.info(request, "Your password is set. You are signed out everywhere else.")
    response = redirect("home")
    remember_device(response, user)
    return response


def _page(request: HttpRequest, facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, "sign_in/reset.html", facts, status=status)
    for name, value in NO_TRACE.items():
        response.headers[name] = value
    return response
