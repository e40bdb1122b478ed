"""What a target of the server's own machine has room for: runs at once, and what they ask for together."""

from collections.abc import Sequence

from django.db.models import QuerySet

from runs.definition import Resources, read_definition
from runs.models import ComputeTarget, Dispatch
from runs.target_settings import COUNTED, LOCAL


def room_of(target: ComputeTarget) -> int | None:
    """How many more runs it takes at once; None where the engine has a queue of its own."""
    if target.kind != LOCAL:
        return None
    return max(0, int(target.settings["slots"]) - _on(target).count())


def that_fit(target: ComputeTarget, waiting: Sequence[Dispatch]) -> tuple[list[Dispatch], str]:
    """Those that begin, in their order, up to the first whose CPUs, GPUs or memory are taken; and what that waits for.

    No later one overtakes it, or a run that asks for much would wait for ever. One that asks for more than there is
    waits for nothing: `too_much` says so when it is to be started.
    """
    limits = _limits(target)
    if not limits or not waiting:
        return list(waiting), ""
    free = dict(limits)
    for dispatch in _on(target).select_related("run"):
        _take(free, _asked(dispatch))
    begun: list[Dispatch] = []
    for dispatch in waiting:
        asked = _asked(dispatch)
        missing = next((key for key in limits if (getattr(asked, key) or 0) > free[key]), None)
        if missing is not None and not too_much(target, asked):
            return (
                begun,
                f"waits for {getattr(asked, missing):,} {COUNTED[missing]}, {max(0, free[missing]):,} free",
            )
        if missing is None:
            _take(free, asked)
        begun.append(dispatch)
    return begun, ""


def too_much(target: ComputeTarget, asked: Resources) -> str:
    """The sentence that refuses what the target can never give; empty for what it can."""
    for key, limit in _limits(target).items():
        wanted = getattr(asked, key) or 0
        if wanted > limit:
            return f"It asks for {wanted:,} {COUNTED[key]}; {target.name} has {limit:,} for its runs."
    return ""


def taken_of(target: ComputeTarget) -> dict[str, str]:
    """How much of what is counted its runs have asked for, in words for people."""
    limits = _limits(target)
    free = dict(limits)
    for dispatch in _on(target).select_related("run") if limits else ():
        _take(free, _asked(dispatch))
    words = {"cpus": "CPUs for runs", "gpus": "GPUs for runs", "memory_mb": "Memory for runs"}
    unit = {"memory_mb": " MB"}
    return {
        words[key]: f"{limit - free[key]:,} of {limit:,}{unit.get(key, '')} taken"
        for key, limit in limits.items()
    }


def _limits(target: ComputeTarget) -> dict[str, int]:
    if target.kind != LOCAL:
        return {}
    # A target that was attached before there were these settings has none of them.
    return {key: int(target.settings[key]) for key in COUNTED if target.settings.get(key)}


def _on(target: ComputeTarget) -> QuerySet[Dispatch]:
    return Dispatch.objects.filter(target=target, state__in=(Dispatch.SUBMITTING, Dispatch.SUBMITTED))


def _asked(dispatch: Dispatch) -> Resources:
    return read_definition(dispatch.run.definition).resources


def _take(free: dict[str, int], asked: Resources) -> None:
    for key in free:
        free[key] -= getattr(asked, key) or 0
