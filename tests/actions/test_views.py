"""Saved views: who may do what with them, and what happens when two do it at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.access import Caller
from runs.access_views import get_view
from runs.actions import views
from runs.errors import Conflict, Invalid, NotAllowed, NotFound, TooLarge
from runs.models import Member, SavedView
from runs.query.views import first_view, list_views, menu_of
from tests import make

FAILED = {"status": ["Failed"], "sort": ["-metrics.loss"]}


@pytest.fixture
def view_of(workspace):
    def made(person, sharing="private", name="Bad runs", address=FAILED):
        return views.create_view(workspace, by=person, name=name, address=address, sharing=sharing)

    return made


def may(person, view, need):
    try:
        get_view(Caller(person), view.workspace, view.pk, need)
    except NotFound:
        return None
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("sharing", "need", "expected"),
    [
        # the view's owner (a contributor), another contributor, a reader, the workspace's owner, a stranger
        ("private", "read", [True, None, None, None, None]),
        ("view", "read", [True, True, True, True, None]),
        ("view", "write", [True, False, False, False, None]),
        ("edit", "write", [True, True, False, True, None]),
        ("edit", "own", [True, False, False, False, None]),
    ],
)
def test_what_each_person_may(
    sharing, need, expected, workspace, owner, contributor, reader, stranger, view_of
):
    view = view_of(contributor, sharing)
    other = make.member(workspace, "contributor")
    assert [may(person, view, need) for person in (contributor, other, reader, owner, stranger)] == expected


def test_a_reader_keeps_private_views_and_a_shared_one_no_longer(reader, view_of):
    assert may(reader, view_of(reader), "write") is True
    shared = view_of(reader, "edit")  # from better days
    assert (may(reader, shared, "write"), may(reader, shared, "own")) == (False, True)


def test_owners_of_the_workspace_inherit_what_was_shared_when_a_person_leaves(
    workspace, owner, contributor, reader, view_of
):
    shared, private = view_of(contributor, "view"), view_of(contributor)
    Member.objects.filter(user=contributor).delete()
    assert may(owner, shared, "own") is True and may(owner, private, "read") is None
    assert may(reader, shared, "own") is False
    views.take_over(get_view(Caller(owner), workspace, shared.pk, "own"), by=owner)
    assert may(owner, shared, "write") is True


def test_what_a_person_left_behind_does_not_vanish_by_becoming_private(
    workspace, owner, contributor, reader, view_of
):
    left = view_of(contributor, "view")
    Member.objects.filter(user=contributor).delete()
    with pytest.raises(Invalid, match="take it over first"):
        views.change_view(left, by=owner, expected_version=left.version, name="Mine", sharing="private")
    kept = SavedView.objects.get(pk=left.pk)
    assert (kept.name, kept.sharing) == ("Bad runs", "view") and may(reader, kept, "read") is True
    views.take_over(kept, by=owner)
    assert views.set_sharing(kept, by=owner, sharing="private").sharing == "private"


def test_a_save_over_another_s_save_is_refused_and_changes_nothing(owner, contributor, view_of):
    view, stale = view_of(owner, "edit"), None
    stale = SavedView.objects.get(pk=view.pk)
    views.save_view(view, by=contributor, address={"q": ["theirs"]}, expected_version=1)
    with pytest.raises(Conflict, match="carl has changed the view 'Bad runs' since you opened it") as refused:
        views.save_view(stale, by=owner, address={"q": ["mine"]}, expected_version=1)
    assert refused.value.details == {"version": 2, "updated_by": "carl"}
    assert SavedView.objects.get().address == {"q": ["theirs"]}
    views.save_view(stale, by=owner, address={"q": ["mine"]}, expected_version=2)
    assert SavedView.objects.get().address == {"q": ["mine"]} and SavedView.objects.get().version == 3


def test_saving_what_is_kept_already_is_no_change(owner, view_of):
    view = view_of(owner)
    assert views.save_view(view, by=owner, address=FAILED, expected_version=99).version == 1


def test_a_rename_and_a_save_know_of_each_other(owner, contributor, view_of):
    view = view_of(owner, "edit")
    views.describe_view(view, by=owner, name="Worse runs", expected_version=1)
    with pytest.raises(Conflict):
        views.save_view(view, by=contributor, address={}, expected_version=1)
    assert views.describe_view(view, by=owner, name="Worse runs", expected_version=1).version == 2


def test_a_deleted_view_comes_back_with_its_star_and_its_place(workspace, owner, view_of):
    from runs.actions.stars import set_star

    view = view_of(owner)
    set_star(owner, view=view, on=True)
    views.set_first_view(view, user=owner)
    views.delete_view(view, by=owner)
    assert first_view(workspace, owner) is None and not list_views(workspace, owner).exists()
    with pytest.raises(Conflict, match="has been deleted"):
        views.save_view(view, by=owner, address={}, expected_version=1)
    views.restore_view(get_view(Caller(owner), workspace, view.pk, "own", deleted=True), by=owner)
    assert first_view(workspace, owner) == view and list_views(workspace, owner).get().is_starred


def test_deleted_views_are_forgotten_after_thirty_days(owner, view_of):
    views.delete_view(view_of(owner), by=owner)
    assert views.purge_views(timezone.now() + timedelta(days=29)) == 0
    assert views.purge_views(timezone.now() + timedelta(days=31)) == 1


def test_the_person_s_choice_opens_before_the_workspace_s(workspace, owner, reader, view_of):
    mine, everybodys = view_of(reader), view_of(owner, "view", name="Start here")
    with pytest.raises(Invalid, match="Share it first"):
        views.set_first_view(mine, user=None)
    views.set_first_view(everybodys, user=None)
    views.set_first_view(mine, user=reader)
    views.set_first_view(mine, user=reader)
    assert first_view(workspace, reader) == mine and first_view(workspace, owner) == everybodys
    views.clear_first_view(mine, user=reader)
    assert first_view(workspace, reader) == everybodys
    views.set_sharing(everybodys, by=owner, sharing="private")
    assert first_view(workspace, reader) is None


def test_a_copy_is_private_and_the_copier_s_own(owner, reader, view_of):
    copy = views.duplicate_view(view_of(owner, "edit", name="x" * 256), by=reader)
    assert (copy.owner, copy.sharing, copy.address) == (reader, "private", FAILED)
    assert copy.name.endswith("x copy") and len(copy.name) == 256


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": " "}, Invalid),
        ({"name": "x" * 257}, Invalid),
        ({"name": "a\nb"}, Invalid),
        ({"name": "a\x00"}, Invalid),
        ({"description": "x" * 5001}, Invalid),
        ({"sharing": "everybody"}, Invalid),
        ({"address": {"next": ["https://evil.example"]}}, Invalid),
        ({"address": {"cursor": ["x"]}}, Invalid),
        ({"address": {"q": ["\ud800"]}}, Invalid),
        ({"address": {"q": [7]}}, Invalid),
        ({"address": {"selected": ["é" * 1000] * 33}}, TooLarge),
    ],
)
def test_what_cannot_be_kept_is_refused(changes, error, workspace, owner):
    with pytest.raises(error):
        views.create_view(workspace, by=owner, **{"name": "n", "address": {}, **changes})
    assert not SavedView.objects.exists()


def test_a_workspace_holds_so_many_views(workspace, owner, view_of, monkeypatch):
    monkeypatch.setattr(views, "VIEWS_PER_WORKSPACE", 1)
    first = view_of(owner)
    with pytest.raises(Invalid, match="holds 1 views, the most there can be"):
        view_of(owner)
    views.delete_view(first, by=owner)
    view_of(owner)
    with pytest.raises(Invalid):
        views.restore_view(first, by=owner)


def test_the_menu_groups_and_searches(workspace, owner, reader, view_of):
    from runs.actions.stars import set_star

    view_of(reader, name="beta mine")
    shared = view_of(owner, "view", name="Alpha 100%")
    view_of(owner, name="hidden")
    set_star(reader, view=shared, on=True)
    menu = menu_of(list(list_views(workspace, reader)), reader)
    assert [v.name for v in (*menu.starred, *menu.mine, *menu.shared)] == ["Alpha 100%", "beta mine"]
    for search, names in (
        ("olga", ["Alpha 100%"]),
        ("0%", ["Alpha 100%"]),
        ("BETA", ["beta mine"]),
        ("\x00", []),
    ):
        assert [view.name for view in list_views(workspace, reader, search=search)] == names
    assert not list_views(workspace, reader, scope="mine", search="alpha")
