"""Describing a run or an experiment: the form with its preview and pictures, earlier versions, conflicts."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from runs import safe_html
from runs.access import Need, allows, get_numbered_experiment
from runs.actions.describe import drawn
from runs.actions.experiment import edit_experiment
from runs.actions.organise import edit_run
from runs.errors import Conflict, Invalid, Refused
from runs.line_diff import differences
from runs.models import Experiment, Run
from runs.query.descriptions import changes_of, list_versions, read_version
from runs.web.described import Subject, about, shown, subject_of
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.pictures import picture_in
from runs.web.run import facts_of, overview_facts, run_of
from runs.web.said import say

PART = "describe/_description.html"


def _subject(
    request: HttpRequest, workspace: str, run_id: str | None, number: int | None, need: Need
) -> Subject:
    if run_id is not None:
        return subject_of(run_of(request, workspace, run_id, need))
    return subject_of(get_numbered_experiment(caller_of(request), workspace, number or 0, need))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(
    request: HttpRequest, workspace: str, run_id: str | None = None, number: int | None = None
) -> HttpResponse:
    """The description, as a form or drawn. A form without a script may bring a picture, or ask for both texts."""
    subject = _subject(request, workspace, run_id, number, "write")
    if request.method != "POST":
        return _answer(request, subject, is_open=request.GET.get("leave") != "true")
    sent, do = _text_sent(request), request.POST.get("do", "save")
    try:
        if do == "picture":
            return _answer(request, subject, text=_with_picture(request, subject, sent))
        if do == "both":
            both = "\n\n".join(text for text in (subject.thing.description, sent) if text.strip())
            return _answer(request, subject, text=both)
        _save(request, subject, "" if do == "delete" else sent)
    except Conflict as refusal:
        return _conflict(request, subject, sent, refusal)
    except Refused as refusal:
        return _answer(request, subject, text=sent, refusal=refusal)
    if do == "delete":
        _say_deleted(request, subject)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(subject.home)
    if _is_in_list(request):
        return HttpResponse(status=204, headers={"HX-Trigger": "studio:changed, studio:close"})
    return _answer(request, subject, is_open=False)


def _text_sent(request: HttpRequest) -> str:
    """Browsers send line ends as CR LF."""
    return request.POST.get("description", "").replace("\r\n", "\n")


def version_sent(request: HttpRequest) -> int | None:
    """The version of the description that the editor started from."""
    version = request.POST.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 10 else None


def _save(request: HttpRequest, subject: Subject, text: str, *, version: int | None = None) -> None:
    by = caller_of(request).user
    version = version_sent(request) if version is None else version
    if isinstance(subject.thing, Run):
        edit_run(subject.thing, by=by, description=text, version=version)
    else:
        edit_experiment(subject.thing, by=by, description=text, version=version)


def _with_picture(request: HttpRequest, subject: Subject, text: str) -> str:
    return f"{text.rstrip()}\n\n{picture_in(request, subject.workspace).markdown}\n".lstrip()


def _say_deleted(request: HttpRequest, subject: Subject) -> None:
    undo = {"version": str(subject.thing.description_version - 1)}
    say(request, "The description is deleted.", undo_url=subject.url("_restore"), undo=undo)


def _conflict(request: HttpRequest, subject: Subject, mine: str, refusal: Conflict) -> HttpResponse:
    """Two people wrote at once: both texts, side by side, and nothing lost."""
    subject.thing.refresh_from_db(fields=["description", "description_html", "description_version"])
    theirs = subject.thing.description
    facts = {"lines": differences(theirs, mine), "is_same": theirs == mine}
    return _answer(request, subject, text=mine, refusal=refusal, conflict=facts)


def _is_in_list(request: HttpRequest) -> bool:
    """Whether a script asks for the form as a dialog over a list."""
    asked = request.GET.get("in") or request.POST.get("in")
    return bool(request.htmx) and asked == "list"  # type: ignore[attr-defined]


def _answer(
    request: HttpRequest,
    subject: Subject,
    *,
    is_open: bool = True,
    text: str | None = None,
    refusal: Refused | None = None,
    conflict: dict[str, Any] | None = None,
) -> HttpResponse:
    facts: dict[str, Any] = {
        "edit": "description" if is_open else "",
        "text": subject.thing.description if text is None else text,
        "refusal": refusal.message if refusal else "",
        "conflict": conflict,
    }
    return _page(request, subject, PART, facts, status=status_of(refusal) if refusal else 200)


def _page(
    request: HttpRequest, subject: Subject, part: str, facts: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The part alone for htmx, else inside the page of what is described."""
    thing, caller = subject.thing, caller_of(request)
    facts = {"part": part, "workspace": subject.workspace, "about": about(request, thing)} | facts
    if isinstance(thing, Run):
        facts = facts_of(request, thing, "overview") | facts
    else:
        facts |= {"experiment": thing, "may_write": allows(caller, subject.workspace, "write")}
    if request.htmx:  # type: ignore[attr-defined]
        in_list = isinstance(thing, Run) and _is_in_list(request)
        return render(request, "runs/_edit_description.html" if in_list else part, facts, status=status)
    if isinstance(thing, Experiment):
        return render(request, "experiments/edit.html", facts, status=status)
    if part == PART:
        return render(request, "run/overview.html", overview_facts(request, thing) | facts, status=status)
    return render(request, "run/part.html", facts, status=status)


@require_POST
def preview(
    request: HttpRequest, workspace: str, run_id: str | None = None, number: int | None = None
) -> HttpResponse:
    """The text as it would be shown once it is saved. Changes nothing."""
    subject = _subject(request, workspace, run_id, number, "write")
    try:
        html = drawn(_text_sent(request))[1]
    except Refused as refusal:
        html = safe_html.plain("", refusal.message)
    facts = {"html": shown(html, caller_of(request), subject.workspace, run=subject.run)}
    return render(request, "describe/_preview.html", facts)


@require_safe
def versions(
    request: HttpRequest, workspace: str, run_id: str | None = None, number: int | None = None
) -> HttpResponse:
    """Earlier texts: who wrote them and when, what each changed, and one of them to read."""
    subject = _subject(request, workspace, run_id, number, "read")
    page = list_versions(subject.thing, before=_number(request, "before"))
    asked = _number(request, "v")
    opened = None
    if asked is not None or page.versions:
        opened = read_version(subject.thing, page.versions[0].version if asked is None else asked)
    facts: dict[str, Any] = {"versions": page.versions, "next_before": page.next_before, "opened": opened}
    if opened is not None:
        html = safe_html.render(opened.text)
        facts |= {
            "lines": changes_of(subject.thing, opened),
            "opened_html": shown(html, caller_of(request), subject.workspace, run=subject.run),
            "is_present": opened.version == subject.thing.description_version,
            "restore_url": subject.url("_restore"),
        }
    return _page(request, subject, "describe/_versions.html", facts)


@require_POST
def restore(
    request: HttpRequest, workspace: str, run_id: str | None = None, number: int | None = None
) -> HttpResponse:
    """Make an earlier text the present one; the one that was there stays as a version."""
    subject = _subject(request, workspace, run_id, number, "write")
    asked = version_sent(request)
    if asked is None:
        raise Invalid("Say which version of the description.", field="version")
    before = subject.thing.description_version
    _save(request, subject, read_version(subject.thing, asked).text, version=before)
    if subject.thing.description_version == before:
        say(request, "The description was so already.")
    else:
        say(
            request,
            f"Version {asked} of the description is back.",
            undo_url=subject.url("_restore"),
            undo={"version": str(before)},
        )
    return redirect(subject.home)


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
