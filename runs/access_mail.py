"""Who may set up the studio's mail: the owner of the installation, speaking for the whole account."""

from runs.access import Caller
from runs.access_people import check_own_account
from runs.errors import NotAllowed
from runs.models import MailServer


def may_set_up_mail(caller: Caller) -> bool:
    """Whether the page is theirs: all mail of the studio goes where it says, links that set passwords among it."""
    return caller.user.is_superuser


def get_mail_server(caller: Caller) -> MailServer:
    """What Settings hold of the SMTP server, not saved yet where they hold nothing. Raises NotAllowed."""
    if not may_set_up_mail(caller):
        raise NotAllowed("Only the owner of this installation sets up its mail.")
    check_own_account(caller)
    return MailServer.objects.select_related("updated_by").filter(pk=1).first() or MailServer()
