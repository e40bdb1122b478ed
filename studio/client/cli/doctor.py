"""`studio doctor`: what is configured here, what can be reached, which versions, and what to do."""

import argparse
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from studio import VERSION
from studio.client.address import Address, attached_experiment, find_address, find_project_file, state_folder
from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, add_command
from studio.client.connection import proxy_for
from studio.client.errors import StudioException, UnreachableException
from studio.client.http import Client, Request
from studio.client.spool_place import journals, journals_of_other_machines

GOOD, NOTE, BAD = "ok", "note", "problem"
COLUMNS = ("check", "state", "found", "advice")
LARGEST_CLOCK_ERROR_S = 60.0
SLOW_S = 1.0
PACKAGES = {
    "jmespath": "--query needs it: pip install jmespath",
    "yaml": "-o yaml and run configurations need it: pip install PyYAML",
    "psutil": "with it runs show processor, memory and disk: pip install psutil",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` says what to do about it."""

    check: str
    state: str
    found: str
    advice: str = ""


def add(nouns: Commands) -> None:
    """Add the command."""
    add_command(
        nouns, "doctor", examine, "look at what is configured and reachable, and say what to do", "-o table"
    )


def examine(arguments: argparse.Namespace) -> int:
    """Print what was found. 1 when something must be done, 3 when the studio does not answer."""
    findings: list[Finding] = []
    code = 0
    for look in (_client, _packages, _folder, _unsent):
        findings += look(arguments)
    try:
        address = find_address(workspace=arguments.workspace_name, folder=Path(arguments.path))
        findings += _address(address)
        findings += _studio(address, arguments)
    except UnreachableException as failure:
        findings.append(
            Finding("studio", BAD, str(failure), "start it, or check the address and the network")
        )
        code = 3
    except StudioException as refusal:
        findings.append(Finding("studio", BAD, str(refusal)))
    found = [vars(finding) for finding in findings]
    show(found, arguments, COLUMNS, said="\n".join(_lines(findings)))
    return code or int(any(finding.state == BAD for finding in findings))


def _lines(findings: list[Finding]) -> Iterator[str]:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        yield f"{finding.state:<8}{finding.check:<{width}}  {finding.found}"
        if finding.advice:
            yield f"{'':<{width + 10}}{finding.advice}"
    problems = sum(finding.state == BAD for finding in findings)
    yield f"\n{problems} to put right." if problems else "\nEverything is in order."


def _client(_arguments: argparse.Namespace) -> Iterator[Finding]:
    yield Finding("client", GOOD, f"run-studio {VERSION} in {Path(__file__).parents[2]}")
    yield Finding("python", GOOD, f"{platform.python_version()} at {sys.executable}")


def _packages(_arguments: argparse.Namespace) -> Iterator[Finding]:
    for name, advice in PACKAGES.items():
        if find_spec(name):
            yield Finding(name, GOOD, _version({"yaml": "PyYAML"}.get(name, name)))
        else:
            yield Finding(name, NOTE, "not installed", advice)

    if shutil.which("git"):
        yield Finding("git", GOOD, "installed")
    else:
        yield Finding("git", NOTE, "not installed", "with it runs note the commit of their sources")


def _version(distribution: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow, and of no use to other commands

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "installed"


def _folder(arguments: argparse.Namespace) -> Iterator[Finding]:
    try:
        project = find_project_file(Path(arguments.path))
    except OSError as problem:
        yield Finding("folder", BAD, str(problem))
        return
    if project is not None:
        yield Finding("folder", GOOD, f"attached by {project}")


def _unsent(_arguments: argparse.Namespace) -> Iterator[Finding]:
    folder = state_folder()
    place = next(one for one in (folder, *folder.parents) if one.exists())
    if not os.access(place, os.W_OK):
        yield Finding(
            "journal", BAD, f"{folder} cannot be written", "set XDG_STATE_HOME to a folder of yours"
        )
        return
    waiting, others = len(list(journals())), journals_of_other_machines()
    advice = "studio sync sends what programs have left; running programs send their own" if waiting else ""
    yield Finding(
        "journal",
        NOTE if waiting else GOOD,
        f"{waiting} journal{'s' if waiting != 1 else ''} in {folder}",
        advice,
    )
    if others:
        yield Finding("journal", NOTE, f"{others} journals of other machines", "run studio sync there")


def _address(address: Address) -> Iterator[Finding]:
    if address.offline:
        yield Finding(
            "address", NOTE, "STUDIO_MODE=offline", "nothing is sent until `studio sync`; unset it to send"
        )
        return
    yield Finding("address", GOOD, f"{address.url}, found in {address.source}")
    from urllib.parse import urlsplit

    target = urlsplit(address.url)
    if proxy := proxy_for(target):
        yield Finding(
            "proxy", NOTE, f"{proxy.scheme}://{proxy.hostname}:{proxy.port}", "NO_PROXY goes around it"
        )
    if target.scheme == "http" and target.hostname not in ("localhost", "127.0.0.1", "::1"):
        yield Finding("https", NOTE, "the token travels unencrypted", "put HTTPS in front of the studio")


def _studio(address: Address, arguments: argparse.Namespace) -> Iterator[Finding]:
    if address.offline:
        return
    began = time.monotonic()
    client = Client(address.url, address.token, timeout_s=10.0, attempts=1)
    response = client.open(Request("GET", "me/"))
    took_s = time.monotonic() - began
    date = response.headers.get("Date")
    response.read()
    slow = took_s > SLOW_S
    yield Finding("studio", NOTE if slow else GOOD, f"answers in {took_s * 1000:.0f} ms")
    yield from _clock(date, time.time)
    yield from _who(client, address, arguments)


def _clock(date: str | None, now: Callable[[], float]) -> Iterator[Finding]:
    if not date:
        return
    from email.utils import parsedate_to_datetime

    error_s = now() - parsedate_to_datetime(date).timestamp()
    if abs(error_s) > LARGEST_CLOCK_ERROR_S:
        words = f"{abs(error_s):.0f} s {'ahead of' if error_s > 0 else 'behind'} the studio's"
        yield Finding("clock", NOTE, words, "let the machine set its clock by NTP")
    else:
        yield Finding("clock", GOOD, "agrees with the studio's")


def _who(client: Client, address: Address, arguments: argparse.Namespace) -> Iterator[Finding]:
    me = client.get("me/")
    yield _versions(me["version"])
    yield Finding("user", GOOD, me["user"])
    roles = {one["name"]: one["role"] for one in me["workspaces"]}
    if address.workspace in roles:
        yield Finding("workspace", GOOD, f"{address.workspace}, as {roles[address.workspace]}")
    else:
        listed = ", ".join(roles) or "none"
        yield Finding(
            "workspace", BAD, f"{me['user']} is not in {address.workspace}", f"choose one with -w: {listed}"
        )
    experiment = attached_experiment(Path(arguments.path), address.url, address.workspace)
    if experiment:
        yield Finding("experiment", GOOD, f"{experiment}, by the attached folder")


def _versions(server: str) -> Finding:
    if server.split(".")[:2] == VERSION.split(".")[:2]:
        return Finding("versions", GOOD, f"studio {server}, client {VERSION}")
    older = "the studio" if _parts(server) < _parts(VERSION) else "this client"
    return Finding(
        "versions", NOTE, f"studio {server}, client {VERSION}", f"update {older}: pip install -U run-studio"
    )


def _parts(text: str) -> list[int]:
    return [int(part) if part.isdecimal() else 0 for part in text.split(".")]
