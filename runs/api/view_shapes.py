"""How saved views look on the wire, and the bodies that make and change them."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from runs.access_views import rights_in_view
from runs.api.serializers import text
from runs.api.shapes import moment
from runs.errors import Invalid
from runs.models import SavedView, User
from runs.query.columns import parse_columns
from runs.query.missing import missing_in
from runs.query.nodes import to_text
from runs.query.page_state import State, check_known, read_state, state_in, state_of, state_query, state_text
from runs.query.view_runs import conditions_of_state

SHARING = [value for value, _ in SavedView.SHARING]
STATE_HELP = (
    "What the view keeps of the address of a list: its parameters, each with a text or a list of texts, such as"
    ' {"filter": "metrics.loss < 0.3", "columns": "name,metrics.loss"}; or that part of the address as one text.'
)


class May(serializers.Serializer):
    """What the caller may do with it, beyond opening it."""

    edit = serializers.BooleanField(help_text="Change name, description and state.")
    manage = serializers.BooleanField(help_text="Say who may use it, delete and restore it.")


class ViewShape(serializers.Serializer):
    """A saved view."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    workspace = serializers.CharField()
    owner = serializers.CharField(allow_null=True, help_text="Null when the account is gone.")
    sharing = serializers.ChoiceField(
        SHARING, help_text="private: its owner's alone; view: the workspace may open it; edit: and change it."
    )
    experiment = serializers.CharField(allow_null=True, help_text="The one on whose page it was saved.")
    state = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    query = serializers.CharField(help_text="The same as part of an address.")
    filter = serializers.CharField(
        allow_null=True, help_text="All its conditions as one filter; null if unreadable."
    )
    search = serializers.CharField()
    sort = serializers.CharField(help_text="Empty: newest first.")
    columns = serializers.ListField(
        child=serializers.CharField(), help_text="Empty: those of the list it opens on."
    )
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    updated_by = serializers.CharField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)
    starred = serializers.BooleanField()
    opens_first = serializers.BooleanField(help_text="For the caller, on All runs.")
    opens_first_for_everybody = serializers.BooleanField()
    may = May()
    url = serializers.CharField(help_text="The path of the link to share.")


class OneView(ViewShape):
    """A saved view, and what it names that is not in the workspace, or not any more."""

    missing = serializers.ListField(child=serializers.CharField())


class ViewsPage(serializers.Serializer):
    """A page of views and the address of the next, or null."""

    results = ViewShape(many=True)
    next = serializers.CharField(allow_null=True)


class ViewCopy(serializers.Serializer):
    """The name of a copy."""

    name = text(default=None, allow_null=True, help_text='The old name with "copy" unless said.')


class NewView(serializers.Serializer):
    """A view to make."""

    name = text(required=True)
    description = text(default="")
    sharing = text(default=SavedView.PRIVATE, help_text=", ".join(SHARING))
    state = serializers.JSONField(default=dict, help_text=STATE_HELP)
    experiment = text(
        default=None, allow_null=True, help_text="Opens on the page of this one; else on All runs."
    )


class ViewChange(serializers.Serializer):
    """What may be changed; what is left out stays."""

    version = serializers.IntegerField(
        required=False, help_text="The version that was read: 409 when somebody has changed the view since."
    )
    name = text()
    description = text()
    sharing = text(help_text=", ".join(SHARING))
    state = serializers.JSONField(required=False, help_text=STATE_HELP)


def state_sent(sent: Any) -> State:
    """The state of a body, checked as a list checks it. Raises Invalid, naming what is wrong."""
    if isinstance(sent, str):
        asked = state_in(sent)
        check_known(asked)
        return read_state(asked)
    if not isinstance(sent, dict):
        raise Invalid("The state is an object of parameters, or a part of an address.", field="state")
    for name, value in sent.items():
        if name not in SavedView.PARAMETERS:
            raise Invalid(
                f"{name[:80]!r} is not a part of a view. There are: {', '.join(SavedView.PARAMETERS)}.",
                field="state",
            )
        if not all(isinstance(each, str) for each in (value if isinstance(value, list) else [value])):
            raise Invalid(f"{name} is a text, or a list of texts.", field=f"state.{name}")
    return read_state(sent)


def view_shape(view: Any, user: User) -> dict[str, Any]:
    """A view of `visible_views`, as this person sees it."""
    rights = rights_in_view(view, user)
    return {
        "id": view.pk,
        "name": view.name,
        "description": view.description,
        "workspace": view.workspace.name,
        "owner": view.owner.username if view.owner else None,
        "sharing": view.sharing,
        "experiment": view.experiment.name if view.experiment else None,
        **_state_shape(state_of(view.address)),
        "version": view.version,
        "created_at": moment(view.created_at),
        "updated_at": moment(view.updated_at),
        "updated_by": view.updated_by.username if view.updated_by else None,
        "deleted_at": moment(view.deleted_at),
        "starred": view.is_starred,
        "opens_first": view.is_my_first,
        "opens_first_for_everybody": view.is_everybodys_first,
        "may": {"edit": rights.may_save, "manage": rights.may_manage},
        "url": reverse("view", args=[view.workspace.name, view.pk]),
    }


def one_view(view: Any, user: User) -> dict[str, Any]:
    """The same, and what has gone."""
    return view_shape(view, user) | {"missing": missing_in(view.workspace, state_of(view.address))}


def _state_shape(state: State) -> dict[str, Any]:
    query = state_query(state)
    try:
        filter: str | None = to_text(conditions_of_state(state).tree)
        columns = [column.key for column in parse_columns(query.get("columns", ""))]
    except Invalid:  # saved when that could still be read
        filter, columns = None, []
    return {
        "state": state,
        "query": state_text(state),
        "filter": filter,
        "search": query.get("q", ""),
        "sort": query.get("sort", ""),
        "columns": columns if "columns" in state else [],
    }
