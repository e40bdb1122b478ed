"""`studio sync`: send what programs have logged while the studio was away."""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from studio.client.address import NOT_FOUND, find_address
from studio.client.cli.output import show
from studio.client.cli.parsing import Commands, add_command
from studio.client.errors import ServiceException, StudioException, UserErrorException
from studio.client.http import Client, segment
from studio.client.inherit import Sent, adopt, send_journal, visit
from studio.client.sender import Sender
from studio.client.spool import Spool
from studio.client.spool_place import journals, journals_of_other_machines

WATCH_S = 2.0


def add(nouns: Commands) -> None:
    """Add the command."""
    sync = add_command(
        nouns, "sync", send_all, "send what was logged while the studio was away, each thing once", "--watch"
    )
    sync.add_argument(
        "--watch", action="store_true", help="go on until Ctrl-C, also with what offline programs still log"
    )
    sync.add_argument("--refused", action="store_true", help="try what the studio has refused once more")


def send_all(arguments: argparse.Namespace) -> int:
    """Send every journal whose program is no more, and those of programs that are offline.

    A program that runs and is not offline sends its own.
    """
    if arguments.watch:
        return watch(again=arguments.refused)
    swept = sweep(again=arguments.refused)
    found = {
        "sent": swept.total.sent,
        "refused": swept.total.refused,
        "set_aside": swept.aside,
        "of_running_programs": swept.busy,
        "of_other_machines": journals_of_other_machines(),
    }
    show(found, arguments, said="\n".join(_lines(swept, found["of_other_machines"])))
    if swept.failure:
        raise swept.failure
    return 1 if swept.total.refused else 0


def watch(*, again: bool) -> int:
    """Send what there is and what comes, until Ctrl-C."""
    print("Sending what is logged offline on this machine, until Ctrl-C.", flush=True)
    told = ""
    try:
        while True:
            swept = sweep(again=again)
            again = False
            problem = str(swept.failure or "")
            if swept.total.sent:
                print(f"{time.strftime('%H:%M:%S')} Sent {swept.total.sent} batches.", flush=True)
            if problem and problem != told:
                print(f"studio: {problem}", file=sys.stderr, flush=True)
            told = problem
            time.sleep(WATCH_S)
    except KeyboardInterrupt:
        return 0


@dataclass
class Swept:
    """What one pass over all journals did."""

    total: Sent = field(default_factory=Sent)
    busy: int = 0
    aside: int = 0
    failure: StudioException | None = None


def sweep(*, again: bool) -> Swept:
    """Send every journal that may be sent, those that begin runs first: others may hold what belongs to them."""
    swept = Swept()
    opened = [adopt(path) or visit(path) for path in list(journals())]
    found = [spool for spool in opened if spool is not None]
    swept.busy = len(opened) - len(found)
    for spool in sorted(found, key=lambda spool: not spool.begins_runs()):
        try:
            sent = send_one(spool, again=again)
            swept.total.sent += sent.sent
            swept.total.refused += sent.refused
        except StudioException as refusal:  # another journal may be for another studio
            swept.failure = swept.failure or refusal
        finally:
            swept.aside += spool.count(refused=True)
            spool.close()
    return swept


def send_one(spool: Spool, *, again: bool) -> Sent:
    """Send one journal to the studio that it was written for, or to the one that is configured now."""
    if again:
        spool.retry_refused()
    if not spool.count() and not spool.open_runs():
        return Sent()
    url = spool.about("url")
    try:
        address = find_address(url=url or None)
        if not address.url:
            raise UserErrorException(NOT_FOUND)
    except StudioException as refusal:
        raise type(refusal)(f"{spool.count()} batches wait for {url or 'a studio'}. {refusal}") from None
    client, sent = Client(address.url, address.token), Sent()
    for sent in send_journal(Sender(client), spool):
        _show_progress(sent, spool.path)
    if spool.is_guest:
        beat_for(client, spool)
    return sent


def beat_for(client: Client, spool: Spool) -> None:
    """Beat for the runs of a program that goes on offline, so that the studio does not take it for silent."""
    for run in spool.open_runs():
        try:
            client.post(f"runs/{segment(run)}/heartbeat/")
        except ServiceException:  # it has not been created yet, or it is gone
            continue


def _show_progress(sent: Sent, path: Path | None) -> None:
    if sys.stderr.isatty():
        print(f"\r{path.name if path else ''}: {sent.sent} sent", end="", file=sys.stderr, flush=True)


def _lines(swept: Swept, others: int) -> Iterator[str]:
    if swept.total.sent or not swept.failure:
        yield f"Sent {swept.total.sent} batches." if swept.total.sent else "Nothing waits to be sent."
    if swept.busy:
        yield f"{swept.busy} journals belong to running programs, which send their own."
    if swept.aside:
        yield f"{swept.aside} batches were refused and are kept; `studio sync --refused` tries them again."
    if others:
        yield f"{others} journals were written on other machines; run `studio sync` there."
