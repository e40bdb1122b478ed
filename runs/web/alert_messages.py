"""Messages of alerts in the studio: the list of a person's own with what is new, and each to be read."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from runs.access import get_workspace
from runs.access_alerts import get_message, messages_for
from runs.actions.deliveries import mark_read
from runs.alert_message import words_of
from runs.query.alerts import state_of_delivery
from runs.web.frame import caller_of
from runs.web.settings import said

A_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: HttpRequest, workspace: str) -> HttpResponse:
    """Newest first; a button marks all as read."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    if request.method == "POST":
        mark_read(caller.user, found)
        said(request, "All messages are marked as read.")
        return redirect("alert_messages", workspace)
    rows = messages_for(caller.user, found)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page", "1"))
    facts = {
        "workspace": found,
        "page": page,
        "rows": [(each, state_of_delivery(each)) for each in page],
        "has_new": any(each.read_at is None for each in page),
    }
    return render(request, "alerts/messages.html", facts)


@require_safe
def message(request: HttpRequest, workspace: str, message_id: str) -> HttpResponse:
    """One message as it was sent; from then on it is read."""
    caller = caller_of(request)
    space = get_workspace(caller, workspace)
    found = get_message(caller, space, message_id)
    if found.read_at is None and found.user_id == caller.user.pk and request.method == "GET":
        mark_read(caller.user, space, numbers=[found.pk])
    facts = {
        "workspace": space,
        "message": found,
        "state": state_of_delivery(found),
        "words": words_of(found),
        "is_mine": found.user_id == caller.user.pk,
    }
    return render(request, "alerts/message.html", facts)
