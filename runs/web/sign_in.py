"""Signing in by password or by a one-time link, and signing out."""

from typing import Any, cast

from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from runs.actions.sign_in import sign_in as let_in
from runs.actions.workspace import use_login_link
from runs.errors import Refused
from runs.models import User
from runs.web.errors import status_of
from runs.web.visitor import NO_TRACE, address_of, known_device, remember_device


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password; then the page that was asked for."""
    if request.user.is_authenticated:
        return _go_on(request)
    facts: dict[str, Any] = {"next": request.POST.get("next", request.GET.get("next", "")), "username": ""}
    if request.method != "POST":
        return render(request, "sign_in/sign_in.html", facts | {"no_passwords": _nobody_has_a_password()})
    name = request.POST.get("username", "").replace("\x00", "").strip()  # which PostgreSQL cannot look up
    try:
        password = request.POST.get("password", "")
        user = let_in(name, password, address=address_of(request), device=known_device(request))
    except Refused as refusal:
        facts |= {"username": name, "refusal": refusal.message, "no_passwords": _nobody_has_a_password()}
        return render(request, "sign_in/sign_in.html", facts, status=status_of(refusal))
    login(request, user)
    response = _go_on(request)
    remember_device(response, user)
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The one-time link: looking at it changes nothing, so a mail scanner does not use it up."""
    if request.method != "POST":
        return _link_page(request, {})
    try:
        user = use_login_link(token)
    except Refused as refusal:
        if request.user.is_authenticated:  # the same link a second time, in the browser that used it
            return _go_on(request)
        return _link_page(request, {"refusal": refusal.message}, status=status_of(refusal))
    login(request, user)
    response = redirect("home")
    remember_device(response, user)
    return response


def _link_page(request: HttpRequest, facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, "sign_in/link.html", facts, status=status)
    for name, value in NO_TRACE.items():
        response.headers[name] = value
    return response


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, here and on the server."""
    logout(request)
    return redirect("login")


def _go_on(request: HttpRequest) -> HttpResponseRedirect:
    wanted = cast(str, request.POST.get("next", request.GET.get("next", "")))
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(wanted if is_ours else reverse("home"))


def _nobody_has_a_password() -> bool:
    return not User.objects.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()
