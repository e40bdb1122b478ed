"""One change of many runs: those that are named, or all that match."""

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import Caller, Need, get_runs, get_workspace
from runs.actions import bulk
from runs.api.base import Endpoint
from runs.errors import Invalid
from runs.models import Run, Workspace
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
    """What was done."""

    action = serializers.CharField()
    done = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="They were so already.")
    refused = RefusalShape(many=True)
    more = serializers.BooleanField(help_text="More than 10,000 match: ask again for the rest.")
    undo = serializers.IntegerField(allow_null=True, help_text="Undoes it within a day.")


class BulkEndpoint(Endpoint):
    """Many runs at once."""

    @extend_schema(request=BulkBody, responses=BulkReport)
    def post(self, request: Request, workspace: str) -> Response:
        """Change the runs in `ids`, or all that the parameters in `where` leave, up to 10,000 a call.

        Each run is changed wholly or not at all; what was refused, and why, stands in the report. `undo` gives each
        run what it had before, unless it was changed again since.
        """
        found = get_workspace(self.caller, workspace)
        asked = request.data if isinstance(request.data, dict) else {}
        if asked.get("action") not in (*bulk.OWN, "undo"):
            get_runs(self.caller, found, need="write")  # before anything else is said
        sent = self.read(BulkBody)
        report = self._undo(found, sent) if sent["action"] == "undo" else self._change(found, sent)
        return Response(report_shape(report))

    def _undo(self, workspace: Workspace, sent: dict[str, Any]) -> bulk.Report:
        if "undo" not in sent:
            raise Invalid("Say in undo which change: the number that its report gave.", field="undo")
        return undo_change(self.caller, workspace, sent["undo"])

    def _change(self, workspace: Workspace, sent: dict[str, Any]) -> bulk.Report:
        need: Need = "read" if sent["action"] in bulk.OWN else "write"
        runs, missing, is_cut = self._chosen(workspace, sent, need)
        report = bulk.change_runs(
            sent["action"],
            runs,
            by=self.caller.user,
            key=sent.get("key", ""),
            value=sent.get("value"),
            reason=sent.get("reason", ""),
        )
        for name in missing:
            report.refuse("There is no such run in this workspace.", name)
        report.is_cut = is_cut
        return report

    def _chosen(
        self, workspace: Workspace, sent: dict[str, Any], need: Need
    ) -> tuple[list[Run], list[str], bool]:
        """The runs, the ids that are none, and whether there are more than one change takes."""
        if ("ids" in sent) == ("where" in sent):
            raise Invalid("Name the runs in ids, or say in where which are meant; one of both.", field="ids")
        if "ids" in sent:
            ids = list(dict.fromkeys(sent["ids"]))
            runs = get_runs(self.caller, workspace, ids=ids, need=need)
            known = {run.public_id for run in runs}
            return runs, [name for name in ids if name not in known], False
        numbers, is_cut = matching_numbers(
            workspace,
            RunFilters(_parameters(sent["where"])).conditions(),
            viewer=self.caller.user,
            most=bulk.MOST_RUNS,
        )
        return get_runs(self.caller, workspace, numbers=numbers, need=need), [], is_cut


def undo_change(caller: Caller, workspace: Workspace, number: int) -> bulk.Report:
    """Take a change back, as far as the caller may still change those runs."""
    kept = bulk.kept_change(workspace, number, by=caller.user)
    need: Need = "read" if kept.action in bulk.OWN else "write"
    runs = get_runs(caller, workspace, numbers=[pk for pk, _ in kept.changes], need=need)
    return bulk.undo(kept, runs, by=caller.user)


def _parameters(where: dict[str, Any]) -> QueryDict:
    """The parameters as an address has them; a mistake in a name must not widen what is changed."""
    query = QueryDict(mutable=True)
    for name, value in where.items():
        if name not in RunFilters.base_filters:
            raise Invalid(f"There is no parameter {name[:40]!r} of a list of runs.", field="where")
        values = value if isinstance(value, list) else [value]
        query.setlist(name, [str(each).lower() if isinstance(each, bool) else str(each) for each in values])
    return query


def report_shape(report: bulk.Report) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "action": report.action,
        "done": report.done,
        "unchanged": report.unchanged,
        "refused": [{"reason": r.reason, "count": r.count, "runs": r.names} for r in report.refused],
        "more": report.is_cut,
        "undo": report.undo,
    }
