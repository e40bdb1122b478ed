"""To whom an alert may write now: who lost access, or muted it, gets nothing."""

from django.db.models.functions import Lower

from runs.models import Alert, Member, User


def addresses_of(alert: Alert) -> list[str]:
    """The addresses of the channel that may have a message at this moment."""
    if alert.channel == Alert.EMAIL:
        wanted = [alert.owner.email] if alert.owner.email else []
    else:
        wanted = list(alert.addresses) if alert.channel == Alert.LIST else []
    muted = {*alert.muted}
    lost = _without_access(alert, [address.lower() for address in wanted])
    return [address for address in wanted if address.lower() not in muted | lost]


def _without_access(alert: Alert, addresses: list[str]) -> set[str]:
    """Those that belong to people of this studio none of whom is in the workspace, or may sign in."""
    people = User.objects.annotate(lower=Lower("email")).filter(lower__in=addresses)
    known = dict.fromkeys(people.values_list("lower", flat=True), False)
    members = Member.objects.filter(workspace=alert.workspace_id, user__in=people.filter(is_active=True))
    for address in members.values_list("user__email", flat=True):
        known[address.lower()] = True
    return {address for address, is_in in known.items() if not is_in}
