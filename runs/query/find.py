"""What the palette finds in a workspace: experiments, runs, views and people by a few letters of their names."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from runs.errors import Invalid
from runs.models import Experiment, Member, Run, SavedView, User
from runs.query.conditions import Conditions
from runs.query.runs import list_runs
from runs.query.search import words_of

MOST = 6
# So many of the newest runs that bear the words are put in the order of how well their names do.
RANKED_AMONG = 50
# Among the experiments with the newest runs, letters in their order are enough: "dgts" finds "digits".
FUZZY_AMONG = 500
FUZZY_LENGTH = 3


@dataclass(frozen=True)
class Found:
    """What bears the words. `is_cut`: the runs took too long to look through."""

    experiments: list[Experiment] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    views: list[SavedView] = field(default_factory=list)
    people: list[User] = field(default_factory=list)
    is_cut: bool = False


def find(member: Member, text: str) -> Found:
    """Up to six of each, child runs and archived experiments included. Raises Invalid for a text that is too long."""
    words = words_of(text)
    if not words:
        return Found()
    runs, is_cut = _runs(member, text, words)
    return Found(_experiments(member, words), runs, _views(member, words), _people(member, words), is_cut)


def is_like(words: Iterable[str], text: str) -> bool:
    """Whether the text holds every word, or the letters of a longer word at least in their order."""
    lower = text.lower()
    return all(word in lower or (len(word) >= FUZZY_LENGTH and _in_order(word, lower)) for word in words)


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)


def _experiments(member: Member, words: list[str]) -> list[Experiment]:
    here = Experiment.objects.filter(workspace=member.workspace, deleted_at=None)
    here = here.defer("description", "description_html").order_by("-last_run_at", "-id")
    rows = here
    for word in words:
        rows = rows.filter(name__icontains=word)
    found = list(rows[:MOST])
    if found:  # names that begin with the word first
        return sorted(found, key=lambda experiment: not experiment.name.lower().startswith(words[0]))
    newest = here.filter(last_run_at__isnull=False)[:FUZZY_AMONG]
    return [experiment for experiment in newest if is_like(words, experiment.name)][:MOST]


def _runs(member: Member, text: str, words: list[str]) -> tuple[list[Run], bool]:
    number = words[0].removeprefix("#") if len(words) == 1 else ""
    is_number = number.isdecimal() and len(number) < 10
    name = " ".join(words)
    found: dict[int, Run] = {}
    # Together first, as a name has them; apart where those are too few.
    for search in (f'"run {number}"',) if is_number else dict.fromkeys((f'"{name}"', text)):
        conditions = Conditions(search=search, include_children=True)
        try:
            page = list_runs(member.workspace, conditions, viewer=member.user, columns=(), limit=RANKED_AMONG)
        except Invalid:
            return [], True
        found |= {run.pk: run for run in page.runs if run.pk not in found}
        if len(found) >= MOST:
            break
    runs = [*found.values()]
    if is_number:
        return sorted(runs, key=lambda run: run.number != int(number))[:MOST], False
    return sorted(runs, key=lambda run: _distance(run.display_name.lower(), name))[:MOST], False


def _distance(name: str, asked: str) -> int:
    """How far a name is from what was asked for: it is that, begins so, holds it, or something else of the run does."""
    return 0 if name == asked else 1 if name.startswith(asked) else 2 if asked in name else 3


def _views(member: Member, words: list[str]) -> list[SavedView]:
    rows = SavedView.objects.filter(workspace=member.workspace, deleted_at=None)
    rows = rows.filter(Q(owner=member.user) | ~Q(sharing=SavedView.PRIVATE))
    for word in words:
        rows = rows.filter(name__icontains=word)
    return list(rows.order_by("name", "id")[:MOST])


def _people(member: Member, words: list[str]) -> list[User]:
    rows = User.objects.filter(memberships__workspace=member.workspace)
    for word in words:
        rows = rows.filter(username__icontains=word)
    return list(rows.order_by("username")[:MOST])
