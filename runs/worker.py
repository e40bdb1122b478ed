"""The worker: does the jobs that changes left behind, and what falls due by the clock. `python -m runs.worker`."""

import logging
import os
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import django
from django.apps import apps

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
if not apps.ready:  # started as a program of its own
    django.setup()

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from runs import alerting, dispatcher, mail
from runs.actions import (
    alert_outbox,
    bulk,
    compute,
    experiment_trash,
    images,
    invitations,
    jobs,
    logged_models,
    mail_server,
    passwords,
    search,
    silence,
    snapshots,
    stopping,
    trash,
    upkeep,
)
from runs.actions import email as addresses
from runs.models import Job
from runs.storage import delete as delete_file
from studio.stop_signal import StopSignal

logger = logging.getLogger("runs.worker")

# How soon a new job is seen, and the longest pause after the database went away.
IDLE_S = 1.0
LONGEST_PAUSE_S = 30.0
# A lease lasts 60 seconds; it is renewed well before.
RENEW_EVERY_S = 20.0
JOBS_KEPT = timedelta(days=7)
# A recorder tries a studio that is away at least so often, with its timeouts.
RETURN_S = 45.0
# Whoever tries an SMTP server in Settings waits for its answer.
TEST_LIMIT_S = 10.0


@dataclass
class Chore:
    """Something done every so often; `do` returns how many things it changed."""

    name: str
    every_s: float
    do: Callable[[], int]
    due_at: float = 0.0  # by the monotonic clock; the first time at once


def merge_segments(payload: Mapping[str, Any]) -> str:
    """Merge a metric's small batches into large ones."""
    return f"{upkeep.merge_segments(int(payload['metric']))} segments left"


def merge_run(payload: Mapping[str, Any]) -> str:
    """Put the points of an ended run in order."""
    return f"{upkeep.merge_run(int(payload['run']))} metrics merged"


def mail_invitation(payload: Mapping[str, Any]) -> str:
    """Send an invitation, with a token made for this mail alone."""
    made = invitations.letter_of(int(payload["invitation"]))
    if made is None:
        return "no longer wanted"
    row = made.invitation
    facts = {
        "by": row.invited_by.username if row.invited_by else "Somebody",
        "workspace": row.workspace.name,
        "role": row.role,
        "expires": f"{row.expires_at:%-d %B, %H:%M}",
        "url": f"{settings.PUBLIC_URL}/invite/{made.token}/",
    }
    subject = f"{facts['by']} invites you to {row.workspace.name}"
    mail.send(mail.Letter(row.email, subject, "invitation", facts))
    invitations.note_sent(row)
    return "sent"


def mail_password_reset(payload: Mapping[str, Any]) -> str:
    """Send a link to everybody who gave this address, at the address as they gave it."""
    sent = 0
    for user, token in passwords.resets_for(str(payload["email"])):
        facts = {"username": user.username, "url": f"{settings.PUBLIC_URL}/login/reset/{token}/"}
        mail.send(mail.Letter(user.email, f"A new password for {user.username}", "password_reset", facts))
        sent += 1
    return f"{sent} sent"


def mail_address_check(payload: Mapping[str, Any]) -> str:
    """Send the link that confirms an address to that address."""
    found = addresses.letter_of(int(payload["user"]))
    if found is None:
        return "no longer wanted"
    user, token = found
    facts = {"username": user.username, "url": f"{settings.PUBLIC_URL}/login/email/{token}/"}
    mail.send(mail.Letter(user.waiting_email, "Is this your address?", "address_check", facts))
    return "sent"


def mail_test(payload: Mapping[str, Any]) -> str:
    """Send the test that the owner of the installation asked for, and keep the server's answer."""
    to = mail_server.tested_now()
    if not to:
        return "no longer wanted"
    try:
        mail.send(mail.Letter(to, "A test of the studio's mail", "mail_test"), limit_s=TEST_LIMIT_S)
    except mail.NotMailed as refusal:
        mail_server.note_test(to, str(refusal), arrived=False)
        return "not sent"
    mail_server.note_test(to, f"The server took the mail to {to}: look whether it arrived.", arrived=True)
    return "sent"


def check_target(payload: Mapping[str, Any]) -> str:
    """Ask the engine of a compute target how it is."""
    return dispatcher.check_target(int(payload["target"]))


def forget_old_rows() -> int:
    """Delete keys, links, failures and done jobs that are of no use any more."""
    return upkeep.purge() + jobs.purge_jobs(timezone.now() - JOBS_KEPT)


def delete_files(payload: Mapping[str, Any]) -> str:
    """Remove the bytes of files whose rows are gone."""
    for key in payload["keys"]:
        delete_file(str(key))
    return f"{len(payload['keys'])} files deleted"


def change_runs(payload: Mapping[str, Any]) -> str:
    """Go on with a change of many runs."""
    return bulk.go_on_with(int(payload["change"]))


def renew_search(payload: Mapping[str, Any]) -> str:
    """Let the search find the runs of an experiment by its new name."""
    return f"{search.refresh_experiment(int(payload['experiment']))} runs"


def give_up_change(payload: Mapping[str, Any]) -> None:
    """End a change of many runs that failed too often."""
    bulk.give_up(int(payload["change"]))


# What is to be done when a job was tried for the last time and somebody waits for its end.
GIVEN_UP: dict[str, Callable[[Mapping[str, Any]], None]] = {bulk.JOB: give_up_change}

# What each job by name does; the text it returns goes to the log.
HANDLERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "merge segments": merge_segments,
    "merge run": merge_run,
    "delete files": delete_files,
    "mail invitation": mail_invitation,
    "mail password reset": mail_password_reset,
    "mail address check": mail_address_check,
    bulk.JOB: change_runs,
    search.JOB: renew_search,
    compute.CHECK_JOB: check_target,
    mail_server.JOB: mail_test,
}


def chores() -> list[Chore]:
    """What falls due by the clock."""
    return [
        # Whoever logs to a studio that was away is given the time to come back.
        Chore("runs that fell silent", 5.0, silence.reap_silent_runs, time.monotonic() + RETURN_S),
        Chore("cancels that nobody confirmed", 5.0, stopping.close_unconfirmed_cancels),
        Chore("compute targets to be asked", 15.0, compute.ask_stale_targets),
        Chore("old rows forgotten", 3600.0, forget_old_rows),
        Chore("unused images deleted", 3600.0, images.delete_unused_images),
        Chore("old messages forgotten", 3600.0, alert_outbox.forget_old_messages),
        Chore("trash emptied", 3600.0, trash.empty_trash),
        Chore("experiments of the trash deleted", 3600.0, experiment_trash.delete_old_experiments),
        Chore("deleted models gone for good", 3600.0, logged_models.delete_old_models),
        Chore("snapshots of no run forgotten", 3600.0, snapshots.forget_snapshots),
    ]


def main() -> None:
    """Work until told to stop, also through times without a database."""
    stop = StopSignal()
    with dispatcher.Dispatching(), alerting.Alerting():
        _work(stop)


def _work(stop: StopSignal) -> None:
    worker = f"{socket.gethostname()[:50]}:{os.getpid()}"
    due = chores()
    pause_s = IDLE_S
    while not stop.is_set:
        try:
            close_old_connections()
            do_chores(due)
            if do_next_job(worker):
                continue
            pause_s = IDLE_S
        except DatabaseError as error:
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            logger.warning("the database failed, again in %.0f s: %s", pause_s, str(error).strip())
        stop.wait(pause_s)


def do_chores(due: list[Chore]) -> None:
    """Do what has fallen due. One that fails is logged and waits for its next time."""
    for chore in due:
        if chore.due_at > time.monotonic():
            continue
        try:
            changed = chore.do()
        except DatabaseError:
            raise
        except Exception:
            logger.exception("%s: failed", chore.name)
            changed = 0
        chore.due_at = time.monotonic() + chore.every_s
        if changed:
            logger.info("%s: %d", chore.name, changed)


def do_next_job(worker: str) -> bool:
    """Take one job and do it; whether there was one. What fails is tried again by the job's own back-off."""
    job = jobs.lease_job(worker)
    if job is None:
        return False
    started = time.monotonic()
    try:
        handler = HANDLERS.get(job.name)
        if handler is None:
            raise LookupError(f"This version knows no job named {job.name!r}.")
        if job.attempts > jobs.MOST_ATTEMPTS:  # whoever does it dies of it: its memory, say
            raise RuntimeError(f"The worker ended {jobs.MOST_ATTEMPTS} times while it did this job.")
        with keep_lease(job):
            said = handler(job.payload)
    except Exception as error:
        logger.warning("job %d (%s), attempt %d: %s", job.pk, job.name, job.attempts, error)
        # Without a database this raises as well; then the lease runs out by itself.
        if jobs.fail_job(job, traceback.format_exc()) and job.attempts >= jobs.MOST_ATTEMPTS:
            GIVEN_UP.get(job.name, lambda _payload: None)(job.payload)
        return True
    jobs.finish_job(job)
    logger.info("job %d (%s): %s, %.2f s", job.pk, job.name, said, time.monotonic() - started)
    return True


@contextmanager
def keep_lease(job: Job) -> Iterator[None]:
    """Renew the lease while a long job goes on, so that no other worker takes it meanwhile."""
    done = Event()

    def renew() -> None:
        try:
            while not done.wait(RENEW_EVERY_S):
                jobs.renew_lease(job)
        except DatabaseError:
            pass  # the job itself meets the same and says so
        finally:
            connection.close()

    keeper = Thread(target=renew, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


if __name__ == "__main__":
    main()
