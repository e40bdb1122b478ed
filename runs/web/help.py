"""Help: the keys."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.web.frame import EVERYWHERE

LISTS = (
    ("j", "next run"),
    ("k", "previous run"),
    ("x", "select it"),
    ("Enter", "open it"),
    ("e", "edit its description"),
    ("t", "edit its tags"),
    ("c", "compare the selected runs"),
)
GROUPS = (("Everywhere", EVERYWHERE), ("Lists of runs", LISTS))


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """All keys on one page."""
    groups = [(label, [(key.split(), words) for key, words in pairs]) for label, pairs in GROUPS]
    return render(request, "help/keys.html", {"groups": groups})
