"""How far the token of one run reaches: to that run and all below it. Not to its parent, its siblings, or the rest."""

from django.db.models import Q, QuerySet

from runs.errors import NotAllowed, NotFound
from runs.models import ApiToken, Run
from runs.models.tree import numbers_below

REACH = "This token belongs to one run: it reads and changes that run and its children, and nothing else."


def check_whole_account(token: ApiToken | None) -> None:
    """Raise NotAllowed for the token of one run, where something else than its run is asked for."""
    if token is not None and token.run_id is not None:
        raise NotAllowed(REACH)


def check_reaches_run(token: ApiToken | None, run: Run) -> None:
    """Raise NotFound for the token of one run where `run` is neither that run nor below it."""
    if token is None or token.run_id is None:
        return
    above: int | None = run.pk
    parent = run.parent_id
    # Upwards, as a tree may be wide but is hardly ever deep: mostly this takes no query at all.
    while above is not None and above != token.run_id:
        above = parent
        rows = Run.objects.filter(pk=above) if above not in (None, token.run_id) else Run.objects.none()
        parent = rows.values_list("parent_id", flat=True).first()
    if above is None:
        raise NotFound(f"There is no run {run.public_id!r} here, or it is not shared with you.")


def within_reach(token: ApiToken | None, rows: QuerySet[Run]) -> QuerySet[Run]:
    """Those of the runs that the token reaches: all of them, unless it belongs to one run."""
    if token is None or token.run_id is None:
        return rows
    own = Run.objects.filter(pk=token.run_id)
    return rows.filter(Q(pk=token.run_id) | Q(pk__in=numbers_below(own)))
