"""Alerts: the list, one of them with its last messages, the form of a new one, and the link that mutes one."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from runs import mail
from runs.access import allows, get_workspace
from runs.access_alerts import check_fields, get_alert, subjects_of, visible_alerts
from runs.access_mail import may_set_up_mail
from runs.actions import alerts as actions
from runs.errors import Invalid, NotAllowed, Refused
from runs.models import Alert, Workspace
from runs.query.alert_matches import check_filter
from runs.query.alerts import (
    CHANNEL_WORDS,
    TIMING_WORDS,
    deliveries_of,
    state_of_delivery,
    subject_of,
    watched_of,
    with_last,
)
from runs.query.clock import clock
from runs.web.alert_form import (
    choices,
    fields_sent,
    shown_again,
    shown_new,
    shown_of,
)
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.settings import ask, said
from runs.web.visitor import NO_TRACE

A_PAGE = 50


@require_safe
def alerts(request: HttpRequest, workspace: str) -> HttpResponse:
    """The person's own, or, for owners of the workspace, everybody's."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    rows = with_last(visible_alerts(caller, found))
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page", "1"))
    facts = {
        "workspace": found,
        "page": page,
        "rows": [row_of(alert) for alert in page],
        "may_own": allows(caller, found, "own"),
        "sends_mail": mail.can_send(),
        "may_set_up_mail": may_set_up_mail(caller),
    }
    return render(request, "alerts/alerts.html", facts)


def row_of(alert: Alert) -> dict[str, Any]:
    """The alert, and what is said of it."""
    return {
        "alert": alert,
        "subject": subject_of(alert),
        "watched": watched_of(alert),
        "channel": CHANNEL_WORDS[alert.channel],
        "timing": TIMING_WORDS[alert.timing],
        "quiet": f"{clock(alert.quiet_from)}–{clock(alert.quiet_until)}"
        if alert.quiet_from is not None
        else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, workspace: str) -> HttpResponse:
    """The form about the run, experiment, view or filter of the address; then the alert."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    sent = request.POST if request.method == "POST" else request.GET
    subjects = subjects_of(caller, found, sent)
    facts: dict[str, Any] = {"subjects": subjects, "sent": shown_new(subjects, sent)}
    status = 200
    if request.method == "POST":
        try:
            fields = fields_sent(request.POST)
            check_fields(caller, found, fields)
            check_filter(fields)
            made = actions.create_alert(found, by=caller.user, fields=fields, **subjects)
        except Refused as refusal:
            facts |= {"refusal": refusal.message, "sent": shown_again(request.POST)}
            status = status_of(refusal)
        else:
            said(request, f"The alert “{made.name}” watches from now on.")
            return _go(request, reverse("alert", args=[workspace, made.pk]))
    template = "alerts/_form.html" if request.htmx else "alerts/new.html"  # type: ignore[attr-defined]
    facts |= choices(request, caller, found) | {"subject": _subject(found, subjects)}
    return render(request, template, facts, status=status)


def _subject(workspace: Workspace, subjects: dict[str, Any]) -> Any:
    return subject_of(Alert(workspace=workspace, **subjects))


def _go(request: HttpRequest, place: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(place)
    return HttpResponse(status=204, headers={"HX-Redirect": place})


@require_http_methods(["GET", "HEAD", "POST"])
def alert(request: HttpRequest, workspace: str, alert_id: str) -> HttpResponse:
    """One alert: what it watches, its last messages with their answers; buttons try, pause, change it."""
    caller = caller_of(request)
    found = get_alert(caller, workspace, alert_id)
    if request.method != "POST":
        return _page(request, found)
    do = request.POST.get("do", "")
    act = _ACTS.get(do)
    if act is None:
        raise Invalid("An alert can be tested, paused, resumed and changed.")
    if do == "secret":
        found = get_alert(caller, workspace, alert_id, own=True)
    try:
        said(request, act(request, found))
    except NotAllowed as refusal:
        return _page(request, found, refusal)
    except Refused as refusal:
        return _page(request, found, refusal)
    return redirect("alert", workspace, found.pk)


def _test(request: HttpRequest, found: Alert) -> str:
    actions.send_test(found)
    return "A test is on its way. Its answer appears below in a moment."


def _pause(request: HttpRequest, found: Alert) -> str:
    return f"“{actions.pause_alert(found).name}” is paused: it notices nothing until it is resumed."


def _resume(request: HttpRequest, found: Alert) -> str:
    return f"“{actions.resume_alert(found).name}” watches again from now on."


def _secret(request: HttpRequest, found: Alert) -> str:
    actions.renew_secret(found)
    return "Messages are signed with the new key from now on."


def _change(request: HttpRequest, found: Alert) -> str:
    fields = fields_sent(request.POST)
    if found.run_id or found.view_id:
        fields.pop("filter")
    check_fields(caller_of(request), found.workspace, fields, found)
    check_filter(fields)
    return f"“{actions.change_alert(found, fields=fields).name}” is saved."


_ACTS: dict[str, Callable[[HttpRequest, Alert], str]] = {
    "test": _test,
    "pause": _pause,
    "resume": _resume,
    "secret": _secret,
    "change": _change,
}


def _page(request: HttpRequest, found: Alert, refusal: Refused | None = None) -> HttpResponse:
    caller = caller_of(request)
    is_typed = refusal is not None and request.POST.get("do") == "change"
    deliveries = [(each, state_of_delivery(each)) for each in deliveries_of(found)]
    is_on_its_way = any(state in ("on its way", "waiting") for _, state in deliveries)
    facts = {
        **choices(request, caller, found.workspace, found.owner),
        "is_dialog": False,
        "row": row_of(found),
        "alert": found,
        "subject": subject_of(found),
        "sent": shown_again(request.POST) if is_typed else shown_of(found),
        "deliveries": deliveries,
        "live_s": 2 if is_on_its_way else 15,
        "is_mine": found.owner_id == caller.user.pk,
        "refusal": refusal.message if refusal else "",
    }
    return render(request, "alerts/alert.html", facts, status=status_of(refusal) if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, workspace: str, alert_id: str) -> HttpResponse:
    """Ask once; then the alert and its messages are gone."""
    found = get_alert(caller_of(request), workspace, alert_id)
    if request.method != "POST":
        question = {
            "title": f"Delete the alert “{found.name[:80]}”?",
            "text": "It watches nothing any more, and its messages are forgotten with it. To keep them, pause it.",
            "yes": "Delete",
            "action": reverse("alert_delete", args=[workspace, found.pk]),
            "back": reverse("alert", args=[workspace, found.pk]),
        }
        return ask(request, found.workspace, question)
    actions.delete_alert(found)
    said(request, f"The alert “{found.name}” is deleted.")
    return redirect("alerts", workspace)


@csrf_exempt
@login_not_required
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def mute(request: HttpRequest, token: str) -> HttpResponse:
    """Mute by a button, or by the one click of a mail program: programs that look at links in mails mute nothing.

    A mail program has no cookie (RFC 8058), and needs none: who does not know the address makes nobody post to it.
    """
    if request.POST.get("List-Unsubscribe") == "One-Click":
        return _mute(request, token)
    return csrf_protect(_mute)(request, token)


@sensitive_variables("token")
def _mute(request: HttpRequest, token: str) -> HttpResponse:
    facts: dict[str, Any] = {"is_done": request.method == "POST"}
    status = 200
    try:
        found, address = (actions.mute if facts["is_done"] else actions.opened_by)(token)
        facts |= {"alert": found, "address": address}
    except Refused as refusal:
        facts["gone"], status = refusal.message, status_of(refusal)
    response = render(request, "alerts/mute.html", facts, status=status)
    for name, value in NO_TRACE.items():
        response.headers[name] = value
    return response
