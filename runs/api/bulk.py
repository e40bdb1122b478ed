"""One change of many runs: those that are named, or all that match; begun, looked at and stopped."""

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import check_own_hand, get_workspace, run_numbers
from runs.actions import bulk
from runs.actions.bulk_parts import OWN, need_of
from runs.api.base import Endpoint
from runs.errors import Invalid
from runs.models import BulkChange, Workspace
from runs.query.bulk import bulk_change
from runs.query.filters import RunFilters
from runs.query.selection import matching_numbers


class WhereField(serializers.DictField):
    """The parameters of a list, as in its address."""

    child = serializers.JSONField()


class BulkBody(serializers.Serializer):
    """What to do with which runs."""

    action = serializers.ChoiceField([*bulk.ACTIONS, "undo"])
    ids = serializers.ListField(
        child=serializers.CharField(), required=False, allow_empty=False, max_length=bulk.MOST_RUNS
    )
    where = WhereField(
        required=False, help_text='All runs that these parameters of the list leave: {"tag": "team=vision"}'
    )
    key = serializers.CharField(required=False, help_text="The tag to add or remove.")
    value = serializers.CharField(required=False, allow_null=True, allow_blank=True, trim_whitespace=False)
    reason = serializers.CharField(required=False, allow_blank=True, help_text="Why they are canceled.")
    undo = serializers.IntegerField(required=False, help_text="The number that the report gave.")


class RefusalShape(serializers.Serializer):
    """Why some runs were left alone."""

    reason = serializers.CharField()
    count = serializers.IntegerField()
    runs = serializers.ListField(child=serializers.CharField(), help_text="The names of the first of them.")


class BulkReport(serializers.Serializer):
    """What was done, and what is still to be done."""

    id = serializers.IntegerField(help_text="Ask runs/bulk/<id>/ how far it is. Forgotten after a day.")
    action = serializers.CharField()
    state = serializers.ChoiceField(
        [BulkChange.RUNNING, BulkChange.DONE, BulkChange.STOPPED, BulkChange.FAILED],
        help_text="`failed` where an error of the studio ended it: its log says more.",
    )
    total = serializers.IntegerField(help_text="How many runs it is about.")
    taken = serializers.IntegerField(help_text="How many of them it went through.")
    done = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="They were so already.")
    refused = RefusalShape(many=True)
    more = serializers.BooleanField(help_text="More than 10,000 match: ask again for the rest.")
    undo = serializers.IntegerField(
        allow_null=True, help_text="Undoes it within a day; null while it goes on, or where nothing can."
    )


class BulkEndpoint(Endpoint):
    """Many runs at once."""

    @extend_schema(request=BulkBody, responses={200: BulkReport, 202: BulkReport})
    def post(self, request: Request, workspace: str) -> Response:
        """Change the runs in `ids`, or all that the parameters in `where` leave, up to 10,000 a call.

        Each run is changed wholly or not at all; what was refused, and why, stands in the report. What takes longer
        than about a second answers 202 with the report so far, and goes on: ask `runs/bulk/<id>/` until `state` is no
        longer `running`. `undo` gives each run what it had before, unless it was changed again since.
        """
        found = get_workspace(self.caller, workspace)
        asked = request.data if isinstance(request.data, dict) else {}
        if asked.get("action") not in (*OWN, "undo"):
            run_numbers(self.caller, found, need="write")  # before anything else is said
        sent = self.read(BulkBody)
        change = self._undo(found, sent) if sent["action"] == "undo" else self._change(found, sent)
        return Response(report_shape(change), status=202 if change.state == BulkChange.RUNNING else 200)

    def _undo(self, workspace: Workspace, sent: dict[str, Any]) -> BulkChange:
        if "undo" not in sent:
            raise Invalid("Say in undo which change: the number that its report gave.", field="undo")
        return bulk.undo_change(self.caller, workspace, sent["undo"])

    def _change(self, workspace: Workspace, sent: dict[str, Any]) -> BulkChange:
        numbers, missing, is_cut = self._chosen(workspace, sent)
        return bulk.change_runs(
            workspace,
            numbers,
            action=sent["action"],
            by=self.caller.user,
            key=sent.get("key", ""),
            value=sent.get("value"),
            reason=sent.get("reason", ""),
            missing=missing,
            is_cut=is_cut,
        )

    def _chosen(self, workspace: Workspace, sent: dict[str, Any]) -> tuple[list[int], list[str], bool]:
        """The runs, the ids that are none, and whether there are more than one change takes."""
        need = need_of(sent["action"])
        if ("ids" in sent) == ("where" in sent):
            raise Invalid("Name the runs in ids, or say in where which are meant; one of both.", field="ids")
        if "ids" in sent:
            ids = list(dict.fromkeys(sent["ids"]))
            known = run_numbers(self.caller, workspace, ids=ids, need=need)
            return list(known.values()), [name for name in ids if name not in known], False
        numbers, is_cut = matching_numbers(
            workspace,
            RunFilters(_parameters(sent["where"])).conditions(),
            viewer=self.caller.user,
            most=bulk.MOST_RUNS,
        )
        within = run_numbers(self.caller, workspace, numbers=numbers, need=need)
        return list(within.values()), [], is_cut


class BulkChangeEndpoint(Endpoint):
    """A change of many runs that was begun."""

    @extend_schema(responses=BulkReport)
    def get(self, request: Request, workspace: str, change: str) -> Response:
        """How far it is, and what was refused."""
        return Response(report_shape(bulk_change(get_workspace(self.caller, workspace), change)))


class BulkStopEndpoint(Endpoint):
    """The end of a change before its time."""

    @extend_schema(request=None, responses=BulkReport)
    def post(self, request: Request, workspace: str, change: str) -> Response:
        """Leave the runs that are not done yet as they are. Stopping what is over is no error."""
        found = bulk_change(get_workspace(self.caller, workspace, "write"), change)
        check_own_hand(self.caller)
        return Response(report_shape(bulk.stop_change(found)))


def _parameters(where: dict[str, Any]) -> QueryDict:
    """The parameters as an address has them; a mistake in a name must not widen what is changed."""
    query = QueryDict(mutable=True)
    for name, value in where.items():
        if name not in RunFilters.base_filters:
            raise Invalid(f"There is no parameter {name[:40]!r} of a list of runs.", field="where")
        values = value if isinstance(value, list) else [value]
        query.setlist(name, [str(each).lower() if isinstance(each, bool) else str(each) for each in values])
    return query


def report_shape(change: BulkChange) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "id": change.pk,
        "action": change.action,
        "state": change.state,
        "total": change.total,
        "taken": change.taken,
        "done": change.done,
        "unchanged": change.unchanged,
        "refused": [{"reason": r["reason"], "count": r["count"], "runs": r["names"]} for r in change.refused],
        "more": change.is_cut,
        "undo": change.pk if change.can_be_undone else None,
    }
