"""`studio sync`: send what programs have logged while the studio was away."""

import argparse
import sys
from pathlib import Path

from studio.client.address import find_address
from studio.client.errors import StudioException
from studio.client.http import Client
from studio.client.inherit import Sent, adopt, send_journal
from studio.client.sender import Sender
from studio.client.spool import Spool, journals, journals_of_other_machines


def add(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    sync = nouns.add_parser(
        "sync",
        help="send what was logged while the studio was away",
        description="Send what programs of this user have logged while the studio was away, each thing once.",
        epilog="Example: studio sync",
    )
    sync.add_argument("--refused", action="store_true", help="try what the studio has refused once more")
    sync.set_defaults(command=send_all)


def send_all(arguments: argparse.Namespace) -> int:
    """Send every journal whose program is no more. A running program sends its own."""
    total, busy, aside = Sent(), 0, 0
    failure: StudioException | None = None
    for path in list(journals()):
        spool = adopt(path)
        if spool is None:
            busy += 1
            continue
        try:
            sent = send_one(spool, again=arguments.refused)
            total.sent, total.refused = total.sent + sent.sent, total.refused + sent.refused
        except StudioException as refusal:  # another journal may be for another studio
            failure = failure or refusal
        finally:
            aside += spool.count(refused=True)
            spool.close()
    if total.sent or not failure:
        print(f"Sent {total.sent} batches." if total.sent else "Nothing waits to be sent.")
    _say_what_is_left(busy, aside)
    if failure:
        raise failure
    return 1 if total.refused else 0


def send_one(spool: Spool, *, again: bool) -> Sent:
    """Send one journal to the studio that it was written for."""
    if again:
        spool.retry_refused()
    if not spool.count() and not spool.open_runs():
        return Sent()
    url = spool.about("url")
    try:
        address = find_address(url=url)
    except StudioException as refusal:
        raise type(refusal)(f"{spool.count()} batches wait for {url}. {refusal}") from None
    sent = Sent()
    for sent in send_journal(Sender(Client(address.url, address.token)), spool):
        _show_progress(sent, spool.path)
    return sent


def _show_progress(sent: Sent, path: Path | None) -> None:
    if sys.stderr.isatty():
        print(f"\r{path.name if path else ''}: {sent.sent} sent", end="", file=sys.stderr, flush=True)


def _say_what_is_left(busy: int, aside: int) -> None:
    if busy:
        print(f"{busy} journals belong to running programs, which send their own.")
    if aside:
        print(f"{aside} batches were refused and are kept; `studio sync --refused` tries them again.")
    if others := journals_of_other_machines():
        print(f"{others} journals were written on other machines; run `studio sync` there.")
