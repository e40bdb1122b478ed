"""Compute targets: attached, changed, switched on and off, tested and detached by owners."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from runs.actions import jobs
from runs.actions.dispatch_room import taken_of
from runs.actions.workspace_events import record
from runs.errors import Conflict, Gone, Invalid
from runs.lifecycle import ACTIVE
from runs.models import ComputeTarget, User, Workspace
from runs.target_settings import (
    clean_kind,
    clean_settings,
    clean_target_name,
    clean_token,
    is_in_private_network,
)
from runs.transaction import write

MOST_TARGETS = 100
CHECK_JOB = "check target"
ASK_EVERY = timedelta(minutes=1)


def attach_target(
    workspace: Workspace,
    name: str,
    kind: str,
    settings: Mapping[str, Any],
    *,
    by: User,
    enabled: bool,
    token: str = "",
) -> ComputeTarget:
    """A new target, which the worker looks at within seconds. Raises Conflict when the name is taken.

    `token` is what the studio shows to the engine; no one is ever told it again.
    """
    name, kind = clean_target_name(name), clean_kind(kind)
    cleaned = clean_settings(kind, settings)
    secret = clean_token(kind, token, cleaned)
    with write():
        if workspace.compute_targets.count() >= MOST_TARGETS:
            raise Conflict(f"A workspace has at most {MOST_TARGETS} compute targets.")
        row = ComputeTarget(
            workspace=workspace,
            name=name,
            kind=kind,
            settings=cleaned,
            secret=secret,
            enabled=enabled,
            created_at=timezone.now(),
            created_by=by,
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            raise Conflict(
                f"There is a compute target {name!r} already; detach it first, or take another name.",
                field="name",
            ) from None
        record(workspace, "target attached", by=by, target=name, engine=kind, enabled=enabled)
        _ask_to_check(row)
    return row


def change_target(
    target: ComputeTarget, settings: Mapping[str, Any], *, by: User, token: str | None = None
) -> ComputeTarget:
    """Give it these settings; those left out stay, and so does the token where none is given.

    Runs that are on it already go on as they were begun. Raises Invalid when a token would go to an address that it was
    not given for: who may change a target is not to learn its token.
    """
    with write():
        row = _lock(target)
        # What the caller may change was decided by what they saw.
        if is_in_private_network(row.kind, row.settings) > is_in_private_network(row.kind, target.settings):
            raise Conflict(f"{row.name} was changed meanwhile; look at it again.")
        cleaned = clean_settings(row.kind, {**row.settings, **settings})
        changed = sorted(key for key, value in cleaned.items() if row.settings.get(key) != value)
        if "address" in changed and row.secret and token is None:
            raise Invalid("The token was given for the old address: give it again.", field="token")
        secret = clean_token(row.kind, row.secret if token is None else token, cleaned)
        if secret != row.secret:
            changed.append("token")
        if changed:
            row.settings, row.secret = cleaned, secret
            row.save(update_fields=["settings", "secret"])
            record(target.workspace, "target changed", by=by, target=row.name, settings=changed)
            _ask_to_check(row)
    return row


def enable_target(target: ComputeTarget, *, by: User) -> ComputeTarget:
    """Switch it on: it takes runs, and those that wait in its queue begin. Twice is no error."""
    return _switch(target, True, "target enabled", by=by)


def disable_target(target: ComputeTarget, *, by: User) -> ComputeTarget:
    """Switch it off: it takes no more runs, those in its queue wait, those that were started go on."""
    return _switch(target, False, "target disabled", by=by)


def detach_target(target: ComputeTarget, *, by: User) -> None:
    """Forget it. Its ended runs keep its name. Raises Conflict while runs wait for it or are on it."""
    with write():
        row = _lock(target)
        live = row.runs.filter(status__in=ACTIVE, deleted_at=None).count()
        if live:
            runs = "1 run waits for it or is" if live == 1 else f"{live:,} runs wait for it or are"
            raise Conflict(
                f"{row.name} cannot be detached: {runs} on it. Cancel them first, or wait.", runs=live
            )
        row.delete()
        record(target.workspace, "target detached", by=by, target=row.name, engine=row.kind)


def ask_to_check(target: ComputeTarget) -> ComputeTarget:
    """Have the worker ask the engine how it is; the answer stands in `state` soon afterwards."""
    with write():
        row = _lock(target)
        _ask_to_check(row)
    return row


def ask_stale_targets(now: datetime | None = None) -> int:
    """Have the worker ask the engines that are on and were not asked for a minute. Returns how many."""
    old = (now or timezone.now()) - ASK_EVERY
    stale = ComputeTarget.objects.filter(Q(checked_at__lt=old) | Q(checked_at=None), enabled=True)
    with write():
        rows = [*stale.exclude(state=ComputeTarget.CHECKING)]
        for row in rows:
            _enqueue_check(row)
    return len(rows)


def note_check(target: ComputeTarget, *, reason: str, capacity: Mapping[str, str] | None) -> None:
    """What the engine answered: its capacity, beside it what runs have taken; or None, and why nothing came of it."""
    rows = ComputeTarget.objects.filter(pk=target.pk)
    with write():
        rows.update(
            state=ComputeTarget.FAILING if capacity is None else ComputeTarget.READY,
            state_reason=reason[:3000],
            checked_at=timezone.now(),
            **({} if capacity is None else {"capacity": {**capacity, **taken_of(target)}}),
        )


def _switch(target: ComputeTarget, enabled: bool, kind: str, *, by: User) -> ComputeTarget:
    with write():
        row = _lock(target)
        if row.enabled != enabled:
            row.enabled = enabled
            row.save(update_fields=["enabled"])
            record(target.workspace, kind, by=by, target=row.name)
            if enabled:
                _ask_to_check(row)
    return row


def _ask_to_check(row: ComputeTarget) -> None:
    row.state = ComputeTarget.CHECKING
    row.save(update_fields=["state"])
    _enqueue_check(row)


def _enqueue_check(row: ComputeTarget) -> None:
    jobs.enqueue(CHECK_JOB, {"target": row.pk}, dedupe=f"{CHECK_JOB} {row.pk}", priority=5)


def _lock(target: ComputeTarget) -> ComputeTarget:
    row = ComputeTarget.objects.select_for_update().filter(pk=target.pk).first()
    if row is None:
        raise Gone(f"The compute target {target.name} was detached.")
    row.workspace = target.workspace
    return row
