"""Changes of many runs in words: while they go on, and when they are over."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from runs.errors import NotFound
from runs.models import BulkChange, User, Workspace
from runs.query.bulk import bulk_change
from runs.web.frame import caller_of

DONE = {
    "cancel": "Asked {} to stop.",
    "tag": "Tagged {}.",
    "untag": "Took the tag from {}.",
    "star": "Starred {}.",
    "unstar": "Took the star from {}.",
    "archive": "Archived {}.",
    "unarchive": "Brought {} back from the archive.",
    "trash": "Moved {} to the trash, where they stay for 30 days.",
    "restore": "Restored {}.",
    "undo": "Undone for {}.",
}
# As in "3,200 of 10,000 tagged".
SO_FAR = {
    "cancel": "asked to stop",
    "tag": "tagged",
    "untag": "freed of the tag",
    "star": "starred",
    "unstar": "unstarred",
    "archive": "archived",
    "unarchive": "brought back from the archive",
    "trash": "moved to the trash",
    "restore": "restored",
    "undo": "undone",
}
# Where the session keeps what the next list tells: a refusal, or the number of a change until it is over.
REPORT = "bulk report"


def report_of(change: BulkChange, at: str, *, viewer: User, is_alone: bool = False) -> dict[str, Any]:
    """What the template tells of the change; `at` is the list it came from. It is alone on a page of its own."""
    is_own = change.user_id == viewer.pk
    url = reverse("bulk_change", args=[change.workspace.name, change.pk])
    return {
        "words": _words(change),
        "is_running": change.state == BulkChange.RUNNING,
        "is_bad": change.state == BulkChange.FAILED,
        "taken": change.taken,
        "total": change.total,
        "url": f"{url}?{urlencode({'at': at} | ({'alone': 'true'} if is_alone else {}))}",
        "page_url": f"{url}?{urlencode({'at': at})}",
        "is_alone": is_alone,
        "stop_url": reverse("bulk_stop", args=[change.workspace.name, change.pk]),
        "refused": [each | {"others": each["count"] - len(each["names"])} for each in change.refused],
        "undo": change.pk if is_own and change.can_be_undone else None,
        "more": change.is_cut,
        "at": at,
    }


def _words(change: BulkChange) -> str:
    if change.state == BulkChange.RUNNING:
        return f"{change.taken:,} of {change.total:,} {SO_FAR[change.action]}"
    if change.unchanged and not change.done and not change.refused:
        words = "Nothing to do: they were so already."
    else:
        runs = f"{change.done:,} run{'' if change.done == 1 else 's'}"
        words = DONE[change.action].format(runs) if change.done else "Nothing was changed."
        words += f" {change.unchanged:,} were so already." if change.unchanged else ""
    left = f"{change.total - change.taken:,} were left as they are."
    if change.state == BulkChange.STOPPED:
        words += f" Stopped: {left}"
    if change.state == BulkChange.FAILED:
        words += f" An error of the studio ended it: {left} Its log says more; do it again for the rest."
    return words


def refusal_of(words: str) -> dict[str, Any]:
    """The same for what was refused as a whole."""
    return {"words": words, "is_bad": True}


def keep_report(request: HttpRequest, change: BulkChange, at: str) -> None:
    """Let the next list tell of the change, and the lists after it until it is over."""
    request.session[REPORT] = {"change": change.pk, "workspace": change.workspace_id, "at": at}


def keep_refusal(request: HttpRequest, words: str) -> None:
    """Let the next list tell why it was refused."""
    request.session[REPORT] = {"words": words}


def kept_report(request: HttpRequest, workspace: Workspace) -> dict[str, Any] | None:
    """What is to be told, if anything."""
    if REPORT not in request.session:
        return None
    kept = request.session[REPORT]
    if "change" not in kept:
        return refusal_of(request.session.pop(REPORT)["words"])
    if kept["workspace"] != workspace.pk:
        return None
    try:
        change = bulk_change(workspace, kept["change"])
    except NotFound:
        del request.session[REPORT]
        return None
    if change.state != BulkChange.RUNNING:
        del request.session[REPORT]
    return report_of(change, kept["at"], viewer=caller_of(request).user)
