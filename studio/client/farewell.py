"""The last words of a run whose supervisor was killed: what it had journaled is sent, and the run is failed."""

import time

from studio.client.address import own_run
from studio.client.errors import ServiceException, StudioException, UnreachableException
from studio.client.http import Client, backoff_s
from studio.client.inherit import send_left_behind
from studio.client.notices import warn
from studio.client.operation import change, now_text
from studio.client.sender import Sender
from studio.client.workspace import Workspace

CODE = "SupervisorKilled"
NOT_OURS = 401
# A studio that is away for longer finds out by the missing heartbeats.
PATIENCE_S = 600.0


def say_farewell(message: str) -> None:
    """Send what is left of this process's run, then fail it; a run that has ended meanwhile stays as it ended."""
    run, ended_at = own_run(), now_text()
    body: dict[str, object] = {"message": message, "code": CODE, "details": {}, "ended_at": ended_at}
    client = Workspace.from_config().client
    until, attempt = time.monotonic() + PATIENCE_S, 0
    while True:
        try:
            return _say(client, run, body)
        except UnreachableException as failure:
            attempt += 1
            if time.monotonic() > until or failure.status_code == NOT_OURS:
                return warn(f"The end of run {run} could not be told: {failure}")
            time.sleep(backoff_s(attempt, failure.retry_after_s))


def _say(client: Client, run: str, body: dict[str, object]) -> None:
    sender = Sender(client)
    send_left_behind(sender, client.url, run)
    refused = sender.deliver(change(run, "end", "fail/", body)).refused
    for _, refusal in refused:
        if not _has_ended(refusal):
            warn(f"Run {run} could not be failed: {refusal}")


def _has_ended(refusal: StudioException) -> bool:
    return isinstance(refusal, ServiceException) and refusal.status_code in (409, 410)
