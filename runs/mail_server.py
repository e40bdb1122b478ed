"""Which SMTP server the studio uses: the environment's, else the one that Settings hold, else none."""

import os
from dataclasses import dataclass

from django.conf import settings
from django.db.models import BooleanField, Exists, Value

from runs.models import MailServer
from runs.smtp import Server

# The variable of each setting, in the order of the page.
VARIABLES = {
    "host": "STUDIO_SMTP_HOST",
    "port": "STUDIO_SMTP_PORT",
    "encryption": "STUDIO_SMTP_TLS",
    "username": "STUDIO_SMTP_USER",
    "password": "STUDIO_SMTP_PASSWORD",
    "sender": "STUDIO_MAIL_FROM",
}


@dataclass(frozen=True)
class InUse:
    """The server, and which of its settings variables give; with STUDIO_SMTP_HOST all are the environment's."""

    server: Server | None
    from_environment: bool
    variables: dict[str, str]


def server_in_use() -> Server | None:
    """The server that mail is handed to; None where none is set up.

    It is the environment's as a whole or that of Settings as a whole: no password of one goes to a host of the other.
    """
    if settings.EMAIL_HOST:
        return _of_environment()
    row = MailServer.objects.filter(pk=1).first()
    return server_of(row) if row is not None and row.host else None


def is_set_up() -> Exists | Value:
    """Whether there is one, for a query that is made in any case."""
    if settings.EMAIL_HOST:
        return Value(True, output_field=BooleanField())
    return Exists(MailServer.objects.filter(pk=1).exclude(host=""))


def server_of(row: MailServer) -> Server:
    """The server that the row describes. STUDIO_MAIL_FROM goes before its sender."""
    return Server(
        host=row.host,
        port=row.port,
        encryption=row.encryption,
        username=row.username,
        password=row.password,
        sender=settings.MAIL_FROM or row.sender or settings.DEFAULT_FROM_EMAIL,
        allows_private=row.allows_private,
    )


def in_use() -> InUse:
    """The same, with what is known of where it comes from."""
    server = server_in_use()
    is_environment = bool(settings.EMAIL_HOST)
    counted = VARIABLES if is_environment else {"sender": VARIABLES["sender"]}
    found = {name: variable for name, variable in counted.items() if os.environ.get(variable, "").strip()}
    return InUse(server, is_environment, found)


def _of_environment() -> Server:
    """Whoever sets the variables runs the machine: any address is theirs to choose."""
    return Server(
        host=settings.EMAIL_HOST,
        port=settings.EMAIL_PORT,
        encryption="ssl" if settings.EMAIL_USE_SSL else "starttls" if settings.EMAIL_USE_TLS else "none",
        username=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        sender=settings.DEFAULT_FROM_EMAIL,
        allows_private=True,
    )
