"""`studio computetarget …`: where scripts can be submitted to: listed, attached, switched, asked, detached."""

import argparse
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Command, Commands, Noun, UsageException
from studio.client.cli.place import workspace_of
from studio.client.cli.profile import secret
from studio.client.compute import LOCAL
from studio.client.http import segment
from studio.client.workspace import Workspace

COLUMNS = ("name", "kind", "enabled", "state", "state_reason", "queued", "running")
PROMPT = "Token of Ray: "
# What `submit-script` does where no other target is named; the studio does not know of it.
SUBMITTER = {"name": LOCAL, "kind": "this machine", "settings": {}, "enabled": True, "state": "ready"}
SLURM = {
    "partition": "for runs that name no queue",
    "account": "which jobs are charged to",
    "folder": "a folder that server and nodes share",
    "python": "the Python that starts each run, with run-studio installed",
    "url": "how the machines reach the studio",
}
RAY = {
    "address": "where the dashboard of Ray answers",
    "private": "the address may lie in the private network of the studio's server",
    "python": SLURM["python"],
    "url": SLURM["url"],
}
SERVER = {
    "slots": "how many runs at once",
    "cpus": "how many CPUs there are for runs together",
    "gpus": "how many GPUs",
    "memory_mb": "how much memory, in MB",
    "python": SLURM["python"],
    "url": SLURM["url"],
}


def add(nouns: Commands) -> None:
    """Add the commands."""
    noun = Noun(nouns, "computetarget", "list, attach, change and detach compute targets")
    noun.add("list", list_targets, "list the compute targets of the workspace", "-o table")
    _named(noun, "show", show_target, "show one compute target", "-n cluster --query state")
    attach = noun.noun("attach", "attach a Slurm cluster, or the machine of the studio")
    _add_attach(attach, "slurm", "slurm", SLURM, "attach a Slurm cluster", "-n cluster --partition gpu")
    text = "attach a Ray cluster; its token is asked for, or read from a pipe"
    _add_attach(attach, "ray", "ray", RAY, text, "-n ray --address https://ray.example.org:8265")
    text = "attach the machine of the studio; it takes runs once it is enabled"
    _add_attach(attach, "server", "local", SERVER, text, "-n here --slots 2 --enable")
    update = _named(
        noun,
        "update",
        update_target,
        "change settings of a compute target, or whether it takes runs",
        "-n cluster --set partition=cpu --disable",
    )
    update.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="this setting; repeatable"
    )
    update.add_argument(
        "--token", action="store_true", help="ask for a new token of Ray; from a pipe, read a line"
    )
    _add_switch(update)
    _named(noun, "test", test_target, "have the studio ask the engine; `show` has its answer", "-n cluster")
    for verb in ("detach", "delete"):
        _named(noun, verb, detach_target, "detach a compute target that holds no runs", "-n cluster")


def _named(noun: Noun, verb: str, command: Command, text: str, example: str) -> argparse.ArgumentParser:
    parser = noun.add(verb, command, text, example)
    parser.add_argument("-n", "--name", required=True, metavar="TARGET", help="the name of the target")
    return parser


def _add_attach(noun: Noun, verb: str, kind: str, settings: dict[str, str], text: str, example: str) -> None:
    parser = noun.add(verb, attach_target, text, example)
    parser.add_argument("-n", "--name", required=True, metavar="NAME", help="the name it is to have")
    for key, meaning in settings.items():
        flag = f"--{key.replace('_', '-')}"
        name: dict[str, Any] = {"dest": f"set_{key}", "help": meaning}
        if key == "private":
            parser.add_argument(flag, action="store_true", default=None, **name)
        else:
            parser.add_argument(flag, metavar=key.upper(), required=key == "address", **name)
    _add_switch(parser)
    parser.set_defaults(kind=kind)


def _add_switch(parser: argparse.ArgumentParser) -> None:
    switch = parser.add_mutually_exclusive_group()
    switch.add_argument("--enable", dest="enabled", action="store_true", default=None, help="it takes runs")
    switch.add_argument("--disable", dest="enabled", action="store_false", help="it takes none for now")


def list_targets(arguments: argparse.Namespace) -> int:
    """Print them, this machine first."""
    workspace = workspace_of(arguments)
    return show([SUBMITTER, *workspace.client.pages(_path(workspace))], arguments, COLUMNS)


def show_target(arguments: argparse.Namespace) -> int:
    """Print one with its settings and its queue."""
    workspace = workspace_of(arguments)
    found = SUBMITTER if arguments.name == LOCAL else workspace.client.get(_path(workspace, arguments.name))
    return show(found, arguments, COLUMNS)


def attach_target(arguments: argparse.Namespace) -> int:
    """Attach it; what the studio makes of it is known some seconds later."""
    given = {name[4:]: value for name, value in vars(arguments).items() if name.startswith("set_")}
    settings = {key: value for key, value in given.items() if value is not None}
    body: dict[str, Any] = {"name": arguments.name, "kind": arguments.kind, "settings": settings}
    if arguments.enabled is not None:
        body["enabled"] = arguments.enabled
    if arguments.kind == "ray":
        body["token"] = secret(PROMPT)
    workspace = workspace_of(arguments)
    return show(workspace.client.post(_path(workspace), body), arguments, COLUMNS)


def update_target(arguments: argparse.Namespace) -> int:
    """Change what was named; the other settings stay."""
    parts = [text.partition("=") for text in arguments.set]
    if wrong := next((part[0] for part in parts if not (part[0] and part[1])), None):
        raise UsageException(f"A setting is KEY=VALUE, not {wrong!r}.")
    if not parts and arguments.enabled is None and not arguments.token:
        raise UsageException("Name what to change: --set KEY=VALUE, --token, --enable or --disable.")
    workspace = workspace_of(arguments)
    path = _path(workspace, arguments.name)
    change: dict[str, Any] = {} if arguments.enabled is None else {"enabled": arguments.enabled}
    if parts:
        known = workspace.client.get(path)["settings"]
        change["settings"] = {**known, **{key: value for key, _, value in parts}}
    if arguments.token:
        change["token"] = secret(PROMPT)
    return show(workspace.client.patch(path, change), arguments, COLUMNS)


def test_target(arguments: argparse.Namespace) -> int:
    """Ask for it; the answer comes later."""
    workspace = workspace_of(arguments)
    return show(workspace.client.post(_path(workspace, arguments.name) + "test/"), arguments, COLUMNS)


def detach_target(arguments: argparse.Namespace) -> int:
    """Detach it. Refused while runs wait for it or are on it."""
    workspace = workspace_of(arguments)
    workspace.client.delete(_path(workspace, arguments.name))
    return show({"name": arguments.name}, arguments, said=f"Detached {arguments.name}.")


def _path(workspace: Workspace, name: str | None = None) -> str:
    path = f"workspaces/{segment(workspace.name)}/computetargets/"
    return path if name is None else f"{path}{segment(name)}/"
