"""The choice of what a list is grouped by."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs.access import get_workspace
from runs.models import Workspace
from runs.models.name import Kind
from runs.query.columns import BUILT_IN
from runs.query.suggest import suggest_keys
from runs.web.address import Address
from runs.web.columns import KINDS, MOST_NAMES, column_of, list_of
from runs.web.frame import caller_of

GROUPED = ("experiment", "status", "created_by", "target", "type")


@require_safe
def group_by(request: HttpRequest, workspace: str) -> HttpResponse:
    """What the list may be grouped by, as links that lead back to it; as a dialog for htmx."""
    found = get_workspace(caller_of(request), workspace)
    at = list_of(request.GET.get("at", ""), workspace)
    query = request.GET.copy()
    for name in ("at", "in", "cursor", "find"):
        query.pop(name, None)
    address = Address(at, query)
    facts = {
        "workspace": found,
        "at": at,
        "groups": list(_keys(found, address, request.GET.get("find", ""))),
        "none_url": address.having(group=None),
        "hidden": list(address.pairs("group")),
        "most": MOST_NAMES,
    }
    name = "runs/_group_by.html" if request.htmx else "runs/group_by.html"  # type: ignore[attr-defined]
    return render(request, name, facts)


def _keys(
    workspace: Workspace, address: Address, text: str
) -> Iterator[tuple[str, list[tuple[str, str, bool]]]]:
    """By kind, what runs have and whose name holds the text: its word, the list grouped by it, whether it is so now."""
    now = address.get("group")
    chosen = [("Run", [BUILT_IN[key] for key in GROUPED])]
    for kind, (source, label) in KINDS.items():
        if kind != Kind.METRIC:
            names = suggest_keys(workspace, source, text, most=MOST_NAMES)
            chosen.append((label, [column_of(source, name) for name in names]))
    for label, columns in chosen:
        yield label, [(each.label, address.having(group=each.key), each.key == now) for each in columns]
