"""Experiments: list, find or make, read, rename, describe, tag; archive, trash, and back."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import get_experiment, get_workspace
from runs.actions.experiment import (
    archive_experiment,
    edit_experiment,
    get_or_create_experiment,
    rename_experiment,
    restore_experiment,
)
from runs.actions.experiment_trash import trash_experiment, untrash_experiment
from runs.api import serializers as s
from runs.api.base import Endpoint, flag
from runs.api.experiment_shapes import ExperimentChange, ExperimentShape, ExperimentsPage, NewExperiment
from runs.api.shapes import experiment_shape
from runs.query.experiments import MOST_A_PAGE, SORTS, experiment_row, list_experiments


class ExperimentsEndpoint(Endpoint):
    """The experiments of a workspace."""

    @extend_schema(
        responses=ExperimentsPage,
        operation_id="experiments_list",
        parameters=[
            OpenApiParameter("q", str, description="Words that name, description or tags must hold."),
            OpenApiParameter("archived", bool, description="Those in the archive instead."),
            OpenApiParameter("deleted", bool, description="Those in the trash instead, archived or not."),
            OpenApiParameter(
                "sort",
                str,
                description=f"One of {', '.join(SORTS)}, `-` before it for descending; -created unless said.",
            ),
            OpenApiParameter("cursor", str, description="Of the page before; better follow `next`."),
        ],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """Newest first, 500 a page."""
        found = get_workspace(self.caller, workspace)
        asked = request.query_params
        page = list_experiments(
            found,
            search=asked.get("q", ""),
            archived=flag(asked.get("archived")),
            deleted=flag(asked.get("deleted")),
            sort=asked.get("sort", "") or "-created",
            cursor=asked.get("cursor", ""),
            limit=MOST_A_PAGE,
        )
        next_url = None
        if page.next_cursor is not None:
            onward = asked.copy()
            onward["cursor"] = page.next_cursor
            next_url = f"{request.path}?{onward.urlencode()}"
        return Response({"results": [experiment_shape(row) for row in page.rows], "next": next_url})

    @extend_schema(request=NewExperiment, responses={200: ExperimentShape, 201: ExperimentShape})
    def post(self, request: Request, workspace: str) -> Response:
        """Find the experiment of that name, or make it (201)."""
        found = get_workspace(self.caller, workspace, "write")
        sent = self.read(NewExperiment)
        experiment, is_new = get_or_create_experiment(
            found,
            sent["name"],
            by=self.caller.user,
            description=sent["description"],
            tags=sent.get("tags", {}),
        )
        return Response(experiment_shape(experiment_row(experiment)), status=201 if is_new else 200)


class ExperimentEndpoint(Endpoint):
    """One experiment."""

    @extend_schema(responses=ExperimentShape)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        """Read it."""
        return Response(experiment_shape(experiment_row(get_experiment(self.caller, workspace, name))))

    @extend_schema(responses={204: None, 409: s.ErrorAnswer})
    def delete(self, request: Request, workspace: str, name: str) -> Response:
        """Move it to the trash with its runs, where it stays for 30 days. 409 while one of them goes on."""
        found = get_experiment(self.caller, workspace, name, "write", trashed=True)
        trash_experiment(found, by=self.caller.user)
        return Response(status=204)

    @extend_schema(request=ExperimentChange, responses={200: ExperimentShape, 409: s.ErrorAnswer})
    def patch(self, request: Request, workspace: str, name: str) -> Response:
        """Rename, describe, tag, archive or restore it; with `deleted` false it comes back from the trash first."""
        sent: dict[str, Any] = self.read(ExperimentChange)
        comes_back, by = sent.get("deleted") is False, self.caller.user
        experiment = get_experiment(self.caller, workspace, name, "write", trashed=comes_back)
        if comes_back:
            untrash_experiment(experiment, by=by)
        if "name" in sent:
            rename_experiment(experiment, sent["name"], by=by)
        edit_experiment(
            experiment,
            by=by,
            description=sent.get("description"),
            version=sent.get("description_version"),
            tags=sent.get("tags"),
            remove_tags=sent.get("remove_tags", ()),
        )
        if "archived" in sent:
            (archive_experiment if sent["archived"] else restore_experiment)(experiment, by=by)
        if sent.get("deleted"):
            trash_experiment(experiment, by=by)
        return Response(experiment_shape(experiment_row(experiment)))
