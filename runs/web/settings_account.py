"""Settings of the person: profile, password, sessions, API tokens."""

from typing import Any

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from runs import mail
from runs.access import get_workspace
from runs.access_people import get_own_token
from runs.actions import email as addresses
from runs.actions import passwords, profile, tokens
from runs.actions.workspace import revoke_token, set_preferences
from runs.errors import Refused
from runs.models import ApiToken
from runs.query.people import tokens_of
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.settings import said, settings_page

THEMES = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))
DENSITIES = (("comfortable", "Comfortable"), ("compact", "Compact"))
EXPIRIES = (("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("", "never"))


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def profile_page(request: HttpRequest, workspace: str) -> HttpResponse:
    """Names, address, time zone and look."""
    caller = caller_of(request)
    found, user = get_workspace(caller, workspace), caller.user
    names = ("username", "full_name", "email", "time_zone", "theme", "density")
    address = user.waiting_email or user.email
    now = (user.username, user.first_name, address, user.time_zone, user.theme, user.density)
    sent = dict(zip(names, now, strict=True))
    facts: dict[str, Any] = {
        "sent": sent,
        "zones": profile.time_zones(),
        "themes": THEMES,
        "densities": DENSITIES,
        "has_password": user.has_usable_password(),
        "sends_mail": mail.can_send(),
        "waiting": user.waiting_email,
        "in_use": user.email,
    }
    if request.method != "POST":
        return settings_page(request, found, "settings_profile", facts)
    sent |= {name: request.POST.get(name, sent[name]) for name in names}
    try:
        password = request.POST.get("password", "")
        about = {name: sent[name] for name in names[:4]}
        waited_for = user.waiting_email
        profile.edit_profile(user, **about, password=password)
        set_preferences(user, theme=sent["theme"], density=sent["density"])
    except Refused as refusal:
        facts |= {"refusal": refusal.message, "field": refusal.field}
        return settings_page(request, found, "settings_profile", facts, status=status_of(refusal))
    is_mailed = user.waiting_email not in ("", waited_for) and mail.can_send()
    link = f" Open the link that was mailed to {user.waiting_email} to use that address."
    said(request, f"Your profile is saved.{link if is_mailed else ''}")
    return redirect("settings_profile", workspace)


@require_POST
def email(request: HttpRequest, workspace: str) -> HttpResponse:
    """Mail the link of a waiting address again, or stay with the address before."""
    caller = caller_of(request)
    get_workspace(caller, workspace)
    if request.POST.get("do") == "withdraw":
        addresses.withdraw_email(caller.user)
        said(request, "The new address is forgotten.")
    else:
        addresses.ask_check(caller.user)
        said(request, f"The link is on its way to {caller.user.waiting_email}.")
    return redirect("settings_profile", workspace)


@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def password_page(request: HttpRequest, workspace: str) -> HttpResponse:
    """Change the password, or choose the first one; every other session ends."""
    caller = caller_of(request)
    found, user = get_workspace(caller, workspace), caller.user
    facts: dict[str, Any] = {"has_password": user.has_usable_password()}
    if request.method != "POST":
        return settings_page(request, found, "settings_password", facts)
    try:
        if request.POST.get("new") != request.POST.get("again"):
            return settings_page(
                request, found, "settings_password", facts | {"refusal": NOT_THE_SAME}, status=400
            )
        passwords.change_password(user, request.POST.get("new", ""), old=request.POST.get("old", ""))
    except Refused as refusal:
        facts |= {"refusal": refusal.message}
        return settings_page(request, found, "settings_password", facts, status=status_of(refusal))
    update_session_auth_hash(request, user)
    said(request, "Your password is set. You are signed out everywhere else.")
    return redirect("settings_password", workspace)


NOT_THE_SAME = "The two are not the same. Nothing was changed."


@require_http_methods(["GET", "HEAD", "POST"])
def sessions_page(request: HttpRequest, workspace: str) -> HttpResponse:
    """Sign out everywhere else."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    if request.method != "POST":
        return settings_page(request, found, "settings_sessions", {"user": caller.user})
    passwords.sign_out_everywhere(caller.user)
    update_session_auth_hash(request, caller.user)
    said(request, "You are signed out everywhere else.")
    return redirect("settings_sessions", workspace)


@require_http_methods(["GET", "HEAD", "POST"])
def tokens_page(request: HttpRequest, workspace: str) -> HttpResponse:
    """The person's tokens: make one, which is shown this once, or revoke one."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    sent = {"name": "", "scope": "write", "workspace": "", "days": "90"}
    if request.method != "POST":
        return _tokens(request, workspace, {"sent": sent})
    try:
        if request.POST.get("do") == "revoke":
            revoke_token(get_own_token(caller, request.POST.get("token", "")), by=caller.user)
            said(request, "The token is revoked; it opens nothing any more.")
            return redirect("settings_tokens", workspace)
        sent |= {name: request.POST.get(name, value) for name, value in sent.items()}
        token, text = tokens.create_own_token(
            caller,
            name=sent["name"],
            scope=sent["scope"],
            workspace=sent["workspace"] or None,
            days=_number(sent["days"]),
        )
    except Refused as refusal:
        return _tokens(
            request, workspace, {"sent": sent, "refusal": refusal.message}, status=status_of(refusal)
        )
    login = f"studio login {settings.PUBLIC_URL} -w {token.workspace or found}"
    return _tokens(
        request, workspace, {"sent": sent, "fresh": {"token": token, "text": text, "login": login}}
    )


def _number(days: str) -> int | None:
    if not days:
        return None
    return int(days) if days.isdecimal() and len(days) < 6 else 0  # which the action refuses in words


def _tokens(
    request: HttpRequest, workspace: str, facts: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    caller = caller_of(request)
    shown = {
        "tokens": [(token, _state(token)) for token in tokens_of(caller)[:500]],
        "workspaces": caller.workspaces(),
        "expiries": EXPIRIES,
    }
    return settings_page(
        request, get_workspace(caller, workspace), "settings_tokens", shown | facts, status=status
    )


def _state(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= timezone.now() else ""
