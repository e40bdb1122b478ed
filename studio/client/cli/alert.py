"""`studio alert …`: be told when runs end, fail or go silent: listed, made, changed, paused, tried, deleted."""

import argparse
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Command, Commands, Noun, UsageException
from studio.client.cli.place import workspace_of
from studio.client.http import segment
from studio.client.workspace import Workspace

COLUMNS = ("id", "name", "owner", "about", "statuses", "channel", "timing", "paused_at", "trouble")
DELIVERY_COLUMNS = ("id", "subject", "state", "answer", "attempts", "created_at")
ON = (
    *("started", "completed", "failed", "canceled", "ended"),
    *("not-responding", "queued-too-long", "all-ended"),
)
CHANNELS = ("app", "email", "list", "webhook", "slack", "teams", "mattermost")
TIMINGS = ("now", "hourly", "daily")
ABOVE, BELOW = ">", "<"


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "alert", "be told when runs end, fail or go silent")
    noun.add("list", list_alerts, "list my alerts, or as an owner everybody's", "-o table")
    _numbered(noun, "show", show_alert, "show one alert", "3 --query channel")
    _numbered(noun, "deliveries", list_deliveries, "list its messages and their answers", "3 -o table")
    made = noun.add("create", create_alert, "watch runs from now on", "-e digits --on failed --channel email")
    _add_subject(made)
    changed = _numbered(noun, "update", update_alert, "change an alert", "3 --on failed --quiet 22:00-07:00")
    for parser in (made, changed):
        _add_fields(parser)
    _numbered(noun, "pause", pause_alert, "notice nothing until it is resumed", "3")
    _numbered(noun, "resume", resume_alert, "watch again from now on", "3")
    _numbered(noun, "test", test_alert, "send one message now; `deliveries` has its answer", "3")
    _numbered(noun, "delete", delete_alert, "delete an alert, and its messages with it", "3")


def _numbered(noun: Noun, verb: str, command: Command, text: str, example: str) -> argparse.ArgumentParser:
    parser = noun.add(verb, command, text, example)
    parser.add_argument("alert", type=int, help="its number, as `studio alert list` prints it")
    return parser


def _add_subject(parser: argparse.ArgumentParser) -> None:
    subject = parser.add_mutually_exclusive_group()
    subject.add_argument("-r", "--run-id", metavar="RUN", help="about this run")
    subject.add_argument("-e", "--experiment-name", metavar="NAME", help="about the runs of this experiment")
    subject.add_argument(
        "--view", type=int, metavar="N", help="about the runs that the view of this number finds"
    )


def _add_fields(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--on", action="append", choices=ON, metavar="WHAT", help=f"{', '.join(ON)}; repeatable")
    add("--metric", metavar="BOUND", help="a metric that crosses a bound, such as: 'loss>0.5'")
    add("--filter", metavar="TEXT", help="only runs that match, such as: tags.team = 'vision'")
    add("--queued-minutes", type=int, metavar="N", help="after how long a run is queued too long (60)")
    add("--timing", choices=TIMINGS, help="at once, or as a digest")
    add("--quiet", metavar="FROM-UNTIL", help="send nothing then, such as 22:00-07:00; none: no quiet hours")
    add("--channel", choices=CHANNELS, help="where it tells")
    add("--to", action="append", metavar="ADDRESS", help="an address of a list; repeatable")
    add("--url", metavar="URL", help="where messages are posted to")
    add("--name", metavar="NAME", help="what it is called")
    children = parser.add_mutually_exclusive_group()
    children.add_argument("--children", action="store_true", default=None, help="child runs too")
    children.add_argument("--no-children", dest="children", action="store_false", help="no child runs")


def list_alerts(arguments: argparse.Namespace) -> int:
    """Print them, newest first."""
    workspace = workspace_of(arguments)
    return show(list(workspace.client.pages(_path(workspace))), arguments, COLUMNS)


def show_alert(arguments: argparse.Namespace) -> int:
    """Print everything that is known of one."""
    workspace = workspace_of(arguments)
    return show(workspace.client.get(_path(workspace, arguments.alert)), arguments, COLUMNS)


def list_deliveries(arguments: argparse.Namespace) -> int:
    """Print its messages, newest first."""
    workspace = workspace_of(arguments)
    pages = workspace.client.pages(_path(workspace, arguments.alert) + "deliveries/")
    return show(list(pages), arguments, DELIVERY_COLUMNS)


def create_alert(arguments: argparse.Namespace) -> int:
    """Make it, and print it."""
    body = _given(arguments)
    if not (body.get("statuses") or body.get("metric")):
        raise UsageException("Name what to be told of: --on failed, or --metric 'loss>0.5'.")
    subject = {"run": arguments.run_id, "experiment": arguments.experiment_name, "view": arguments.view}
    body |= {name: value for name, value in subject.items() if value is not None}
    workspace = workspace_of(arguments)
    return show(workspace.client.post(_path(workspace), body), arguments, COLUMNS)


def update_alert(arguments: argparse.Namespace) -> int:
    """Change what was named, and print the alert as it is then."""
    body = _given(arguments)
    if not body:
        raise UsageException("Name what to change: --on, --metric, --channel, --timing or another.")
    workspace = workspace_of(arguments)
    return show(workspace.client.patch(_path(workspace, arguments.alert), body), arguments, COLUMNS)


def pause_alert(arguments: argparse.Namespace) -> int:
    """Pause it."""
    return _act(arguments, "pause/", COLUMNS)


def resume_alert(arguments: argparse.Namespace) -> int:
    """Resume it."""
    return _act(arguments, "resume/", COLUMNS)


def test_alert(arguments: argparse.Namespace) -> int:
    """Ask for a message; whether it arrives is told a moment later."""
    return _act(arguments, "test/", DELIVERY_COLUMNS)


def delete_alert(arguments: argparse.Namespace) -> int:
    """Delete it."""
    workspace = workspace_of(arguments)
    workspace.client.delete(_path(workspace, arguments.alert))
    return show({"id": arguments.alert}, arguments, said=f"Deleted alert {arguments.alert}.")


def _act(arguments: argparse.Namespace, verb: str, columns: tuple[str, ...]) -> int:
    workspace = workspace_of(arguments)
    return show(workspace.client.post(_path(workspace, arguments.alert) + verb), arguments, columns)


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields that were named, as the studio takes them."""
    minutes = arguments.queued_minutes
    fields: dict[str, Any] = {
        "statuses": [word.replace("-", " ") for word in arguments.on] if arguments.on else None,
        "filter": arguments.filter,
        "queued_s": None if minutes is None else minutes * 60,
        "timing": arguments.timing,
        "channel": arguments.channel,
        "addresses": arguments.to,
        "url": arguments.url,
        "name": arguments.name,
        "include_children": arguments.children,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return given | _quiet(arguments.quiet) | _bound(arguments.metric)


def _quiet(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    if text == "none":
        return {"quiet_from": None, "quiet_until": None}
    begin, dash, end = text.partition("-")
    if not (begin and dash and end):
        raise UsageException(f"Quiet hours are written 22:00-07:00, not {text!r}.")
    return {"quiet_from": begin.strip(), "quiet_until": end.strip()}


def _bound(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    sign = ABOVE if ABOVE in text else BELOW
    name, found, bound = text.rpartition(sign)
    try:
        number = float(bound)
    except ValueError:
        number = float("nan")
    if not (name.strip() and found) or number != number:
        raise UsageException(f"A bound is written 'loss>0.5' or 'acc<0.9', not {text!r}.")
    return {"metric": name.strip(), "bound": number, "is_above": sign == ABOVE}


def _path(workspace: Workspace, number: int | None = None) -> str:
    path = f"workspaces/{segment(workspace.name)}/alerts/"
    return path if number is None else f"{path}{number}/"
