"""Searches: MLflow's filters and orders, by the studio's one grammar and planner."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from runs.access import get_numbered_experiments, get_workspace
from runs.access_models import logged_models_for
from runs.errors import Invalid
from runs.mlflow_api.base import Call
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.fields import Fields
from runs.mlflow_api.filter_words import filter_refusal, order_refusal
from runs.mlflow_api.model_shapes import models_shape
from runs.mlflow_api.shapes import experiment_shape, run_shape
from runs.query.conditions import Conditions
from runs.query.cursors import OtherOrder
from runs.query.experiment_search import parse_experiment_order, search_experiments
from runs.query.fields import OF_EXPERIMENTS, OF_MODELS, OF_RUNS, Words
from runs.query.grammar import parse
from runs.query.model_search import OnData, OtherModels, parse_model_sort, search_models
from runs.query.nodes import Node
from runs.query.whole_runs import parse_order, search_whole_runs

Order = TypeVar("Order")

MOST = 50_000
RUNS_A_PAGE = 1000
MODELS_A_PAGE = 50
VIEWS = ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")
_NO_MATCH = {
    "experiments": "Experiment IDs in the page token do not match the requested experiment IDs",
    "filter": "Filter string in the page token does not match the requested filter string",
    "order": "Order by in the page token does not match the requested order by",
}
_DELETED = {"ACTIVE_ONLY": False, "DELETED_ONLY": True, "ALL": None}


def runs(call: Call) -> dict[str, Any]:
    """The runs of these experiments that fulfil the filter; of an experiment that there is not, none."""
    fields = call.fields
    workspace = get_workspace(call.caller, call.workspace_name)
    limit, view = fields.most(RUNS_A_PAGE, MOST), fields.word("run_view_type", VIEWS, "ACTIVE_ONLY")
    tree, order = _filter(fields), _order(fields, parse_order)
    experiments = get_numbered_experiments(call.caller, workspace, numbers_of(fields.texts("experiment_ids")))
    try:
        page = search_whole_runs(
            workspace,
            experiments,
            Conditions(tree=tree, deleted=_DELETED[view]),
            viewer=call.caller.user,
            sort=order,
            cursor=fields.text("page_token", ""),
            limit=limit,
        )
    except Invalid as refusal:
        raise page_refusal(refusal) from None
    return {"runs": [run_shape(run) for run in page.runs], "next_page_token": page.next_cursor}


def experiments(call: Call) -> dict[str, Any]:
    """The experiments that fulfil the filter, newest first unless another order is asked for."""
    fields = call.fields
    workspace = get_workspace(call.caller, call.workspace_name)
    limit, view = fields.most(None, MOST), fields.word("view_type", VIEWS, "ACTIVE_ONLY")
    try:
        page = search_experiments(
            workspace,
            _filter(fields, OF_EXPERIMENTS),
            deleted=_DELETED[view],
            order=_order(fields, parse_experiment_order, OF_EXPERIMENTS),
            cursor=fields.text("page_token", ""),
            limit=limit,
        )
    except Invalid as refusal:
        raise page_refusal(refusal) from None
    return {
        "experiments": [experiment_shape(found) for found in page.rows],
        "next_page_token": page.next_cursor,
    }


def models(call: Call) -> dict[str, Any]:
    """The logged models of these experiments that fulfil the filter, newest first unless another order is asked for.

    None where no experiment is named.
    """
    fields, workspace = call.fields, call.workspace()
    experiments = get_numbered_experiments(call.caller, workspace, numbers_of(fields.texts("experiment_ids")))
    try:
        page = search_models(
            workspace,
            logged_models_for(call.caller, workspace, experiments),
            _filter(fields, OF_MODELS),
            datasets=[_on_data(item, required=True) for item in fields.items("datasets")],
            order=[
                parse_model_sort(
                    item.text("field_name"), descending=not item.flag("ascending", True), on=_on_data(item)
                )
                for item in fields.items("order_by")
            ],
            cursor=fields.text("page_token", ""),
            limit=fields.most(MODELS_A_PAGE, MOST),
            among=[experiment.pk for experiment in experiments],
        )
    except Invalid as refusal:
        raise page_refusal(refusal) from None
    return {"models": models_shape(page.rows), "next_page_token": page.next_cursor}


def _filter(fields: Fields, words: Words = OF_RUNS) -> Node | None:
    try:
        return parse(fields.text("filter", ""), mlflow=True, words=words)
    except Invalid as refusal:
        raise filter_refusal(refusal, words) from None


def _order(fields: Fields, parse: Callable[[Iterable[str]], Order], words: Words = OF_RUNS) -> Order:
    try:
        return parse(fields.texts("order_by"))
    except Invalid as refusal:
        raise order_refusal(refusal, words) from None


def _on_data(fields: Fields, *, required: bool = False) -> OnData:
    name = fields.text("dataset_name", "")
    if required and not name:
        raise Wrong("`dataset_name` in the `datasets` clause must be specified.")
    return OnData(name, fields.text("dataset_digest", ""))


def numbers_of(texts: Sequence[str]) -> set[int]:
    """The numbers of experiments; one that is larger than any is left out."""
    for text in texts:
        if not (text.isascii() and text.isdecimal()):
            raise Wrong(f"Invalid experiment ID {text[:100]!r}. Experiment ID must be a valid integer.")
    return {int(text) for text in texts if len(text) < 19}


def page_refusal(refusal: Invalid) -> Wrong:
    """A token that is none, or one of another search, in MLflow's words; other refusals as they are."""
    if isinstance(refusal, OtherOrder):
        return Wrong("Invalid page token: it is of a search with another order_by.")
    if isinstance(refusal, OtherModels):
        return Wrong(f"{_NO_MATCH[refusal.part]}. {refusal.message}")
    if refusal.field == "cursor":
        return Wrong(f"Invalid page token, could not base64-decode. {refusal.message}")
    return Wrong(refusal.message)
