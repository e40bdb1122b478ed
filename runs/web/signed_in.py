"""Who is signed in at a browser: read together with their workspaces, which every page shows."""

from django.contrib.auth.backends import ModelBackend
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery

from runs import mail_server
from runs.lifecycle import Status
from runs.models import Delivery, Member, Run, User

LIVE = (Status.RUNNING.value, Status.STARTING.value, Status.FINALIZING.value)


class SignedIn(ModelBackend):
    """Finds the person of a session."""

    def get_user(self, user_id: int) -> User | None:
        """The person, with `memberships_read` where they have any: one query."""
        members = list(memberships().filter(user=user_id).select_related("user"))
        if not members:
            return super().get_user(user_id)
        user = members[0].user
        user.memberships_read = members
        return user if self.user_can_authenticate(user) else None


def memberships() -> QuerySet[Member]:
    """Memberships by workspace, each with `live`: how many of its runs go on now, children included; and with `unread`:
    how many messages of alerts the person has not read; and with `sends_mail`: whether the studio does."""
    running = Run.objects.filter(workspace=OuterRef("workspace"), status__in=LIVE, deleted_at=None).order_by()
    counted = running.values("workspace").annotate(n=Count("pk")).values("n")
    live = Subquery(counted, output_field=IntegerField())
    new = Delivery.objects.filter(user=OuterRef("user"), workspace=OuterRef("workspace"), read_at=None)
    told = new.exclude(subject="").order_by().values("workspace").annotate(n=Count("pk")).values("n")
    unread = Subquery(told, output_field=IntegerField())
    rows = Member.objects.select_related("workspace").annotate(live=live, unread=unread)
    rows = rows.annotate(sends_mail=mail_server.is_set_up())
    return rows.order_by("workspace__name")
