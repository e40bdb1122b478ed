"""Saved views: list, make, read, change, delete, restore, copy, star, open first; and the runs that one finds."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import check_own_hand, get_experiment, get_workspace
from runs.access_views import check_may_share, get_view
from runs.actions import views as actions
from runs.actions.stars import set_star
from runs.api import serializers as s
from runs.api import view_shapes as v
from runs.api.base import Endpoint, flag
from runs.api.parameters import check_fields
from runs.api.runs import PAGING, limit_of, next_url
from runs.api.shapes import run_shapes
from runs.errors import Invalid
from runs.models import Experiment, SavedView, User, Workspace
from runs.query.view_runs import own_experiment, runs_of_view
from runs.query.views import list_views, views_after

SCOPES = ("mine", "shared", "starred")
A_PAGE = 100


class ViewEndpointBase(Endpoint):
    """What the endpoints of one view share."""

    def shown(self, view: SavedView, *, status: int = 200) -> Response:
        """The view as it is now for the caller."""
        fresh = get_view(self.caller, view.workspace, view.pk, deleted=True)
        return Response(v.one_view(fresh, self.caller.user), status=status)


class ViewsEndpoint(ViewEndpointBase):
    """The saved views of a workspace that the caller may open."""

    @extend_schema(
        responses=v.ViewsPage,
        operation_id="views_list",
        parameters=[
            OpenApiParameter("q", str, description="Words that name, description or owner must hold."),
            OpenApiParameter("scope", str, enum=SCOPES, description="Only mine, those of others, starred."),
            OpenApiParameter("experiment", str, description="Only those saved on this experiment's page."),
            OpenApiParameter("deleted", bool, description="Those deleted in the last 30 days instead."),
            OpenApiParameter("cursor", str, description="Of the page before; better follow `next`."),
        ],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """By name, 100 a page."""
        found = get_workspace(self.caller, workspace)
        asked = request.query_params
        if (scope := asked.get("scope", "")) not in ("", *SCOPES):
            raise Invalid(f"scope is one of {', '.join(SCOPES)}, not {scope[:40]!r}.", field="scope")
        inside = asked.get("experiment")
        views = list_views(
            found,
            self.caller.user,
            search=asked.get("q", ""),
            scope=scope,
            experiment=get_experiment(self.caller, found, inside) if inside else None,
            deleted=flag(asked.get("deleted")),
        )
        page, onward = views_after(views, _cursor(asked.get("cursor", "")), A_PAGE)
        shapes = [v.view_shape(view, self.caller.user) for view in page]
        return Response({"results": shapes, "next": next_url(request, str(onward) if onward else None)})

    @extend_schema(request=v.NewView, responses={201: v.OneView})
    def post(self, request: Request, workspace: str) -> Response:
        """Keep a list under a name. Readers may keep private ones."""
        found = get_workspace(self.caller, workspace)
        check_own_hand(self.caller)
        sent: dict[str, Any] = self.read(v.NewView)
        check_fields(dict(request.data), list(v.NewView().fields), v.OneView().fields)
        check_may_share(self.caller, found, sent["sharing"])
        made = actions.create_view(
            found,
            by=self.caller.user,
            name=sent["name"],
            description=sent["description"],
            sharing=sent["sharing"],
            address=v.state_sent(sent["state"]),
            experiment=get_experiment(self.caller, found, sent["experiment"]) if sent["experiment"] else None,
        )
        return self.shown(made, status=201)


class ViewEndpoint(ViewEndpointBase):
    """One saved view."""

    @extend_schema(responses=v.OneView)
    def get(self, request: Request, workspace: str, view_id: str) -> Response:
        """Read it; `missing` names what it speaks of that is not there any more."""
        return self.shown(get_view(self.caller, workspace, view_id))

    @extend_schema(request=v.ViewChange, responses={200: v.OneView, 409: s.ErrorAnswer})
    def patch(self, request: Request, workspace: str, view_id: str) -> Response:
        """Rename, describe, keep another state, say who may use it: all that is sent, or nothing."""
        found = get_view(self.caller, workspace, view_id, "write")
        sent: dict[str, Any] = self.read(v.ViewChange)
        if "sharing" in sent:
            found = get_view(self.caller, found.workspace, view_id, "own")
            check_may_share(self.caller, found.workspace, sent["sharing"])
        if "version" not in sent and any(name in sent for name in ("name", "description", "state")):
            raise Invalid("Send the version that you read, so that nothing is overwritten.", field="version")
        actions.change_view(
            found,
            by=self.caller.user,
            expected_version=sent.get("version", found.version),
            name=sent.get("name"),
            description=sent.get("description"),
            address=v.state_sent(sent["state"]) if "state" in sent else None,
            sharing=sent.get("sharing"),
        )
        return self.shown(found)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, workspace: str, view_id: str) -> Response:
        """Delete it; for 30 days it can be restored. Twice is not an error."""
        found = get_view(self.caller, workspace, view_id, "own", deleted=True)
        actions.delete_view(found, by=self.caller.user)
        return Response(status=204)


class ViewRestoreEndpoint(ViewEndpointBase):
    """A deleted view."""

    @extend_schema(request=None, responses=v.OneView)
    def post(self, request: Request, workspace: str, view_id: str) -> Response:
        """Bring it back, with its stars and where it opens first."""
        found = get_view(self.caller, workspace, view_id, "own", deleted=True)
        return self.shown(actions.restore_view(found, by=self.caller.user))


class ViewCopyEndpoint(ViewEndpointBase):
    """A copy of a view."""

    @extend_schema(request=v.ViewCopy, responses={201: v.OneView})
    def post(self, request: Request, workspace: str, view_id: str) -> Response:
        """Make a private one of the caller's own."""
        found = get_view(self.caller, workspace, view_id)
        check_own_hand(self.caller)
        made = actions.duplicate_view(found, by=self.caller.user, name=self.read(v.ViewCopy)["name"])
        return self.shown(made, status=201)


class ViewTakeEndpoint(ViewEndpointBase):
    """A view whose owner has left."""

    @extend_schema(request=None, responses=v.OneView)
    def post(self, request: Request, workspace: str, view_id: str) -> Response:
        """Become its owner; owners of the workspace may."""
        found = get_view(self.caller, workspace, view_id, "own")
        return self.shown(actions.take_over(found, by=self.caller.user))


class ViewStarEndpoint(Endpoint):
    """The caller's star of a view."""

    @extend_schema(request=None, responses=s.StarShape, operation_id="view_star")
    def put(self, request: Request, workspace: str, view_id: str) -> Response:
        """Star it. Readers may: a star is the caller's own."""
        return self._set(workspace, view_id, on=True)

    @extend_schema(request=None, responses=s.StarShape, operation_id="view_unstar")
    def delete(self, request: Request, workspace: str, view_id: str) -> Response:
        """Take the star away."""
        return self._set(workspace, view_id, on=False)

    def _set(self, workspace: str, view_id: str, *, on: bool) -> Response:
        view = get_view(self.caller, workspace, view_id)
        check_own_hand(self.caller)
        return Response({"starred": set_star(self.caller.user, view=view, on=on)})


class ViewFirstEndpoint(ViewEndpointBase):
    """Whether All runs opens with this view."""

    parameters = [
        OpenApiParameter(
            "for",
            str,
            enum=["me", "workspace"],
            description="The caller, unless said; owners may for everybody.",
        )
    ]

    @extend_schema(request=None, responses=v.OneView, operation_id="view_open_first", parameters=parameters)
    def put(self, request: Request, workspace: str, view_id: str) -> Response:
        """Open it first from now on."""
        found, user = self._asked(workspace, view_id)
        actions.set_first_view(found, user=user)
        return self.shown(found)

    @extend_schema(
        request=None, responses=v.OneView, operation_id="view_open_first_no_longer", parameters=parameters
    )
    def delete(self, request: Request, workspace: str, view_id: str) -> Response:
        """No longer open it first. Twice is not an error."""
        found, user = self._asked(workspace, view_id)
        actions.clear_first_view(found, user=user)
        return self.shown(found)

    def _asked(self, workspace: str, view_id: str) -> tuple[SavedView, User | None]:
        """The view, and for whom: None is everybody."""
        found = get_view(self.caller, workspace, view_id)
        check_own_hand(self.caller)
        whom = self.request.query_params.get("for", "me")
        if whom not in ("me", "workspace"):
            raise Invalid(f"for is me or workspace, not {whom[:40]!r}.", field="for")
        if whom == "me":
            return found, self.caller.user
        get_workspace(self.caller, workspace, "own")
        return found, None


class ViewRunsEndpoint(Endpoint):
    """The runs that a view finds."""

    @extend_schema(
        responses=s.RunsPage,
        operation_id="view_runs",
        parameters=[
            OpenApiParameter(
                "experiment",
                str,
                description="Open it on this experiment, or, empty, on All runs; else where it was saved.",
            ),
            *PAGING,
        ],
    )
    def get(self, request: Request, workspace: str, view_id: str) -> Response:
        """In its order, with all their values."""
        found = get_view(self.caller, workspace, view_id)
        asked = request.query_params
        page = runs_of_view(
            found,
            viewer=self.caller.user,
            experiment=self._place(found.workspace, found),
            cursor=asked.get("cursor", ""),
            limit=limit_of(asked.get("limit", "50")),
        )
        return Response({"results": run_shapes(page.runs), "next": next_url(request, page.next_cursor)})

    def _place(self, workspace: Workspace, view: SavedView) -> Experiment | None:
        name = self.request.query_params.get("experiment")
        if name is None:
            return own_experiment(view)
        return get_experiment(self.caller, workspace, name) if name else None


def _cursor(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid("This is not the mark of a page. Begin at the first page.", field="cursor")
    return int(text)
