"""Who may do what: every row is fetched here, and the right to it is checked in the same call.

What the caller may not see does not exist for them (NotFound); what they see but may not change is NotAllowed.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import QuerySet
from django.utils import timezone

from runs.access_run_tokens import check_reaches_run, check_whole_account, within_reach
from runs.errors import Gone, NotAllowed, NotFound
from runs.limits import INTEGER_MAX
from runs.models import ApiToken, Experiment, Member, Role, Run, User, Workspace
from runs.models.tree import places_in_turned_trees
from runs.prepared import Prepared

# "inspect" is to read what owners alone may see.
Need = Literal["read", "write", "inspect", "own"]
_READS: tuple[Need, ...] = ("read", "inspect")
_OWNERS: tuple[Need, ...] = ("inspect", "own")
_ROLES: dict[Need, set[str]] = {
    "read": {Role.READER, Role.CONTRIBUTOR, Role.OWNER},
    "write": {Role.CONTRIBUTOR, Role.OWNER},
    "inspect": {Role.OWNER},
    "own": {Role.OWNER},
}
# By what experiments are told apart: lists of runs need no more of them.
_TOLD_APART = ("number", "name", "workspace")
# How many values a statement names.
_ASKED_TOGETHER = 1000
# What nearly every request asks.
_RUN = Prepared(
    lambda name: Run.objects.select_related("workspace", "experiment").filter(public_id=name), str
)
_MEMBER = Prepared(lambda user, space: Member.objects.filter(user=user, workspace=space), int, int)
_MEMBER_BY_NAME = Prepared(
    lambda user, name: Member.objects.select_related("workspace").filter(user=user, workspace__name=name),
    int,
    str,
)
_VERBS: dict[Need, str] = {"read": "see", "write": "change", "inspect": "see", "own": "manage"}


@dataclass(frozen=True)
class Caller:
    """A person, and the token that speaks for them unless they sit at a browser."""

    user: User
    token: ApiToken | None = None
    # All memberships of the user where they have just been read, to show something.
    memberships: tuple[Member, ...] | None = field(default=None, compare=False)

    def workspaces(self) -> QuerySet[Workspace]:
        """The workspaces the caller may see."""
        mine = Workspace.objects.filter(members__user=self.user)
        if self.token is not None and self.token.workspace_id is not None:
            mine = mine.filter(pk=self.token.workspace_id)
        return mine.order_by("name")


def get_workspace(caller: Caller, name: str, need: Need = "read") -> Workspace:
    """The workspace of that name. Raises NotFound or NotAllowed."""
    return get_member(caller, name, need).workspace


def get_workspace_of_run(caller: Caller, name: str, need: Need = "read") -> Workspace:
    """The same, and also for the token of a run in it: for what is then checked against that run."""
    return _member(caller, name, need).workspace


def get_member(caller: Caller, workspace: str, need: Need = "read") -> Member:
    """The caller as a member of the workspace of that name, which is read along. Raises NotFound or NotAllowed."""
    member = _member(caller, workspace, need)
    check_whole_account(caller.token)
    return member


def _member(caller: Caller, workspace: str, need: Need) -> Member:
    missing = NotFound(f"There is no workspace {workspace!r} here, or it is not shared with you.")
    if "\x00" in workspace:
        raise missing
    if caller.memberships is not None:
        member = next((each for each in caller.memberships if each.workspace.name == workspace), None)
    else:
        member = _MEMBER_BY_NAME.first(caller.user.pk, workspace)
    if member is None or not _token_reaches(caller, member.workspace_id):
        raise missing
    _check_role(caller, member, need)
    member.user = caller.user
    member.workspace.known_role = (caller.user.pk, member.role)
    return member


def get_experiment(
    caller: Caller, workspace: Workspace | str, name: str, need: Need = "read", *, trashed: bool = False
) -> Experiment:
    """The experiment of that name in the workspace; one in the trash where `trashed`. Raises NotFound or NotAllowed."""
    if isinstance(workspace, str):
        workspace = get_workspace(caller, workspace, need)
    missing = NotFound(f"There is no experiment {name!r} in the workspace {workspace.name}.")
    if "\x00" in name:
        raise missing
    rows = Experiment.objects.select_related("created_by")
    found = rows.filter(workspace=workspace, name=name).first()
    if found is None:
        raise missing
    _check_in_use(found, trashed)
    found.workspace = workspace
    return found


def get_numbered_experiment(
    caller: Caller, workspace: str, number: int, need: Need = "read", *, trashed: bool = False
) -> Experiment:
    """The experiment of that number, one in the trash where `trashed`. Raises NotFound or NotAllowed."""
    inside = get_workspace(caller, workspace, need)
    found: Experiment | None = None
    if number <= INTEGER_MAX:
        found = Experiment.objects.filter(workspace=inside, number=number).first()
    if found is None:
        raise NotFound(f"There is no experiment of the number {number} in the workspace {workspace}.")
    _check_in_use(found, trashed)
    found.workspace = inside
    return found


def _check_in_use(experiment: Experiment, trashed: bool) -> None:
    if experiment.deleted_at is not None and not trashed:
        raise NotFound(
            f"The experiment {experiment.name!r} lies in the trash; for 30 days it can be restored."
        )


def get_numbered_experiments(
    caller: Caller, workspace: Workspace, numbers: Collection[int]
) -> list[Experiment]:
    """Those of these numbers that there are in the workspace, which the caller has got, the trash included."""
    found: list[Experiment] = []
    known = [number for number in numbers if number <= INTEGER_MAX]
    for start in range(0, len(known), _ASKED_TOGETHER):
        some = known[start : start + _ASKED_TOGETHER]
        found += Experiment.objects.filter(workspace=workspace, number__in=some).only(*_TOLD_APART)
    return sorted(found, key=lambda experiment: experiment.number)


def get_run(caller: Caller, public_id: str, need: Need = "read", *, trashed: bool = False) -> Run:
    """The run of that id, with its workspace and experiment. Raises NotFound or NotAllowed.

    Runs in the trash are found only when `trashed` is true; members are told with Gone that they lie there.
    """
    missing = NotFound(f"There is no run {public_id!r} here, or it is not shared with you.")
    if "\x00" in public_id:
        raise missing
    run = _RUN.first(public_id)
    if run is None:
        raise missing
    member = _MEMBER.first(caller.user.pk, run.workspace_id)
    if member is None or not _token_reaches(caller, run.workspace_id):
        raise missing
    member.workspace = run.workspace
    if run.deleted_at is not None and not trashed:
        check_reaches_run(caller.token, run)
        raise gone(run)
    check_reaches_run(caller.token, run)
    _check_role(caller, member, need)
    return run


def gone(run: Run) -> Gone:
    """What is said of a run that lies in the trash, or was there and is deleted."""
    return Gone(
        f"{run.display_name} was deleted and takes nothing more; for 30 days it can be restored from the trash."
    )


def run_numbers(
    caller: Caller,
    workspace: Workspace,
    *,
    ids: Collection[str] = (),
    numbers: Collection[int] = (),
    need: Need,
) -> dict[str, int]:
    """The numbers by id of those of the runs that lie in the workspace and within the caller's reach.

    In the trash or not; trees together, and parents before their children. Raises NotAllowed when the caller may not
    do this to the workspace's runs at all.
    """
    member = Member.objects.filter(user=caller.user, workspace=workspace).first()
    if member is None or not _token_reaches(caller, workspace.pk):
        raise NotFound(f"There is no workspace {workspace.name!r} here, or it is not shared with you.")
    member.workspace = workspace
    _check_role(caller, member, need)
    rows = within_reach(caller.token, Run.objects.filter(workspace=workspace).order_by())
    found: list[tuple[int, int, str]] = []
    for name, values in (("public_id__in", list(ids)), ("pk__in", list(numbers))):
        for start in range(0, len(values), _ASKED_TOGETHER):
            some = rows.filter(**{name: values[start : start + _ASKED_TOGETHER]})
            found += [
                (root or number, number, public_id)
                for number, root, public_id in some.values_list("pk", "root_id", "public_id")
            ]
    places = places_in_turned_trees([root for root, _, _ in found])
    found.sort(key=lambda each: (each[0], places.get(each[1], each[1])))
    return {public_id: number for _, number, public_id in found}


def role_in(caller: Caller, workspace: Workspace) -> str | None:
    """The caller's role in the workspace, or None. One that `get_workspace` has just read is not read again."""
    if workspace.known_role is not None and workspace.known_role[0] == caller.user.pk:
        return workspace.known_role[1]
    return Member.objects.filter(user=caller.user, workspace=workspace).values_list("role", flat=True).first()


def allows(caller: Caller, workspace: Workspace, need: Need) -> bool:
    """Whether the caller may do this in the workspace: what decides which controls a page shows."""
    token = caller.token
    if token is not None and need not in _READS and token.scope == "read":
        return False
    if token is not None and need in _OWNERS and token.run_id is not None:
        return False
    return has_right(role_in(caller, workspace), need) and _token_reaches(caller, workspace.pk)


def check_own_hand(caller: Caller) -> None:
    """Raise NotAllowed for a token that may only read, or that belongs to one run: a person's own stars and views
    are changed by the person, in whatever role, or by a token that speaks for all they may do."""
    if caller.token is not None and caller.token.scope == "read":
        raise NotAllowed("This token may only read; use one with the scope 'write'.")
    check_whole_account(caller.token)


def has_right(role: str | None, need: Need) -> bool:
    """Whether the role is enough."""
    return role in _ROLES[need]


def run_of_script(caller: Caller) -> Run | None:
    """The run that the caller's token belongs to; None for a token of a person, and for a browser."""
    return caller.token.run if caller.token is not None else None


def check_can_create_runs(caller: Caller, parent: Run | None, experiment: str) -> None:
    """The token of a submitted script may only create children of its own run, in the same experiment."""
    if caller.token is None or caller.token.run_id is None:
        return
    if parent is None or parent.experiment.name != experiment:
        raise NotAllowed(
            "This token belongs to one run; it can only create child runs of that run, in its experiment."
        )
    check_reaches_run(caller.token, parent)


def _token_reaches(caller: Caller, workspace_id: int) -> bool:
    token = caller.token
    return token is None or token.workspace_id in (None, workspace_id)


def _check_role(caller: Caller, member: Member, need: Need) -> None:
    if need not in _READS and caller.token is not None and caller.token.scope == "read":
        raise NotAllowed("This token may only read; use one with the scope 'write'.")
    if need in _OWNERS:
        check_whole_account(caller.token)
    if member.role not in _ROLES[need]:
        needed = "an owner" if need in _OWNERS else "a contributor"
        raise NotAllowed(
            f"You are a {member.role} of {member.workspace.name}; to {_VERBS[need]} this takes {needed}."
        )


def live_token(token: ApiToken) -> bool:
    """Whether the token still opens anything: neither revoked nor expired, of a person who is not disabled."""
    expired = token.expires_at is not None and token.expires_at <= timezone.now()
    return token.revoked_at is None and not expired and token.user.is_active
