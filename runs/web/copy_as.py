"""The query of a list as lines of Python and as a command, ready to paste."""

import shlex
from dataclasses import dataclass

from django.conf import settings
from django.http import QueryDict

from runs.query.columns import NEWEST_FIRST, Sort, sort_text
from runs.query.nodes import to_text
from runs.web.scope import Scope, conditions_of

DEFAULT_WORKSPACE = "default"


@dataclass(frozen=True)
class Query:
    """What is asked, in the words that the SDK and the command line share; a value that is not given is empty."""

    workspace: str
    experiment: str
    filter: str
    search: str
    order_by: str
    include_children: bool
    archived: bool
    mine: bool


def query_of(scope: Scope, asked: QueryDict, sort: tuple[Sort, ...]) -> Query:
    """The query of a list: chips and filter together as one filter. Raises Invalid as the list does."""
    conditions = conditions_of(scope, asked)
    return Query(
        workspace=scope.workspace.name,
        experiment=scope.experiment.name if scope.experiment else "",
        filter=to_text(conditions.tree),
        search=conditions.search,
        order_by="" if sort == NEWEST_FIRST else sort_text(sort),
        include_children=bool(conditions.include_children),
        archived=bool(conditions.archived),
        mine=conditions.mine,
    )


def python_of(query: Query) -> str:
    """Python that goes through these runs."""
    words = {
        "experiment": query.experiment,
        "filter": query.filter,
        "search": query.search,
        "order_by": query.order_by,
        "include_children": query.include_children,
        "archived": query.archived,
        "mine": query.mine,
    }
    given = "".join(f"    {name}={value!r},\n" for name, value in words.items() if value)
    named = "" if query.workspace == DEFAULT_WORKSPACE else f", workspace={query.workspace!r}"
    return (
        "from studio import Workspace\n\n"
        f"workspace = Workspace.from_config(url={settings.PUBLIC_URL!r}{named})\n"
        f"runs = workspace.get_runs({chr(10) + given if given else ''})\n"
        "for run in runs:\n"
        "    print(run.id, run.get_status(), run.get_metrics())\n"
    )


def command_of(query: Query) -> str:
    """The command that lists these runs."""
    words = ["studio", "run", "list"]
    if query.workspace != DEFAULT_WORKSPACE:
        words.append(f"--workspace-name={query.workspace}")
    options = {
        "--experiment-name": query.experiment,
        "--filter": query.filter,
        "--search": query.search,
        "--order-by": query.order_by,
    }
    # One word each: a value that begins with a hyphen, such as an order, is then no option.
    words += [f"{name}={value}" for name, value in options.items() if value]
    switches = {
        "--include-children": query.include_children,
        "--archived": query.archived,
        "--mine": query.mine,
    }
    return shlex.join([*words, "--last=all", *(name for name, is_on in switches.items() if is_on)])
