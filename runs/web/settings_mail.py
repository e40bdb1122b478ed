"""Settings → Mail: the SMTP server of the whole studio, for the owner of the installation, and a test of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from runs.access import get_workspace
from runs.access_mail import get_mail_server
from runs.actions import mail_server as actions
from runs.errors import Invalid, Refused
from runs.mail_server import in_use
from runs.models import MailServer, User, Workspace
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.settings import said, settings_page

ENCRYPTIONS = (
    (MailServer.STARTTLS, "STARTTLS"),
    (MailServer.SSL, "TLS from the start"),
    (MailServer.NONE, "none: all in clear"),
)
LIVE_S = 2


@sensitive_post_parameters("password", "own_password")
@require_http_methods(["GET", "HEAD", "POST"])
def mail_page(request: HttpRequest, workspace: str) -> HttpResponse:
    """Show, save, forget and try the server; its password is shown to nobody."""
    caller = caller_of(request)
    found, row = get_workspace(caller, workspace), get_mail_server(caller)
    if request.method != "POST":
        return _page(request, found, row)
    try:
        said(request, _act(row, request.POST, caller.user))
    except Refused as refusal:
        return _page(request, found, get_mail_server(caller), refusal)
    return redirect("settings_mail", workspace)


def _act(row: MailServer, sent: QueryDict, user: User) -> str:
    """Do what the button says; return what is then so."""
    do, own_password = sent.get("do", ""), sent.get("own_password", "")
    if do == "save":
        actions.change_mail_server(row, _fields(sent), by=user, own_password=own_password)
        return "The mail server is saved. Send a test to see whether it takes mail."
    if do == "forget":
        actions.forget_mail_server(row, by=user, own_password=own_password)
        return "The mail server is forgotten."
    if do == "test":
        return f"A test is on its way to {actions.ask_test(row, sent.get('to', '')).test_to}."
    raise Invalid("The mail server can be saved, tested and forgotten.")


def _fields(sent: QueryDict) -> dict[str, Any]:
    """The fields of the form, as the action takes them; an empty password keeps the one there is."""
    names = ("host", "port", "encryption", "username", "sender", "password")
    fields: dict[str, Any] = {name: sent[name] for name in names if name in sent}
    if not fields.get("password"):
        fields.pop("password", None)
    return fields | {"allows_private": "allows_private" in sent}


def _page(
    request: HttpRequest, workspace: Workspace, row: MailServer, refusal: Refused | None = None
) -> HttpResponse:
    user, is_typed = caller_of(request).user, refusal is not None and request.POST.get("do") == "save"
    shown = {name: getattr(row, name) for name in ("host", "port", "encryption", "username", "sender")}
    typed = {name: value for name, value in request.POST.items() if name in shown} if is_typed else {}
    is_private = "allows_private" in request.POST if is_typed else row.allows_private
    is_on_its_way = actions.is_on_its_way(row)
    facts = {
        "row": row,
        "in_use": in_use(),
        "sent": shown | typed | {"allows_private": is_private},
        "encryptions": ENCRYPTIONS,
        "has_own_password": user.has_usable_password(),
        "to": request.POST.get("to", "") or user.email,
        "is_on_its_way": is_on_its_way,
        "is_unanswered": row.test_asked_at and not row.test_answered_at and not is_on_its_way,
        "live_s": LIVE_S if is_on_its_way else None,
    }
    status = 200
    if refusal is not None:
        facts |= {"refusal": refusal.message, "field": refusal.field}
        status = status_of(refusal)
    return settings_page(request, workspace, "settings_mail", facts, status=status)
