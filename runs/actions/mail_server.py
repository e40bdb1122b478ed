"""The SMTP server in Settings: changed, forgotten, tried."""

import ipaddress
import re
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from runs import mail
from runs.actions.invitations import clean_email
from runs.actions.jobs import enqueue
from runs.actions.passwords import check_own_password
from runs.errors import Conflict, Invalid
from runs.limits import clean_text
from runs.models import MailServer, User
from runs.smtp import PORTS
from runs.transaction import write

JOB = "mail test"
# A test that nobody answered for so long is on its way no longer.
TEST_TAKES = timedelta(minutes=1)
_HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?"
)
# A change of one of these would hand the password that is kept to somebody else, or in clear.
_PLACE = ("host", "port", "encryption", "username")
_TEST = ("test_to", "test_asked_at", "test_answered_at", "test_answer", "test_arrived")


def change_mail_server(
    row: MailServer, sent: Mapping[str, Any], *, by: User, own_password: str
) -> MailServer:
    """Put what was sent in place of what is there, all of it or nothing; no `password` keeps the one there is.

    Every link that sets a password goes through this server: who has a password of their own gives it.
    Raises Conflict where the environment names the server.
    """
    if settings.EMAIL_HOST:
        raise Conflict(
            "The environment of the server names the SMTP server (STUDIO_SMTP_HOST). Change it there."
        )
    before = {name: getattr(row, name) for name in _PLACE}
    for name, value in sent.items():
        setattr(row, name, _clean(name, value))
    if not row.username:
        row.password = ""
    if row.password and not sent.get("password") and any(getattr(row, n) != v for n, v in before.items()):
        raise Invalid(
            f"Type the password of the server again: the one that is kept here was for {before['username']} at "
            f"{before['host']}:{before['port']}.",
            field="password",
        )
    _check_own(by, own_password)
    _forget_test(row)
    row.updated_at, row.updated_by = timezone.now(), by
    with write():
        row.save()
    return row


def forget_mail_server(row: MailServer, *, by: User, own_password: str) -> None:
    """Send no mail any more, unless the environment names a server. Twice is not an error."""
    _check_own(by, own_password)
    with write():
        MailServer.objects.filter(pk=row.pk).delete()


def ask_test(row: MailServer, to: str) -> MailServer:
    """Have the worker send one mail now and keep the server's answer. Raises Conflict where that goes on or cannot."""
    address = clean_email(to)
    if not address:
        raise Invalid("Say to which address the test goes.", field="to")
    if not mail.can_send():
        raise Conflict("No SMTP server is set up.")
    if is_on_its_way(row):
        raise Conflict("A test is on its way already. Look at its answer first.")
    _forget_test(row)
    row.test_to, row.test_asked_at = address, timezone.now()
    with write():
        if not MailServer.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in _TEST}):
            row.save(force_insert=True)
        enqueue(JOB, {}, dedupe=JOB, priority=1)
    return row


def is_on_its_way(row: MailServer) -> bool:
    """Whether a test was asked for and may still be answered."""
    asked = row.test_asked_at
    return asked is not None and row.test_answered_at is None and timezone.now() - asked < TEST_TAKES


def tested_now() -> str:
    """To whom the worker sends the test that was asked for; empty where none is wanted any more."""
    row = MailServer.objects.filter(pk=1, test_answered_at=None).exclude(test_asked_at=None).first()
    return row.test_to if row is not None else ""


def note_test(to: str, answer: str, *, arrived: bool) -> None:
    """What came of the test."""
    rows = MailServer.objects.filter(pk=1, test_to=to, test_answered_at=None)
    rows.update(test_answer=answer[:500], test_arrived=arrived, test_answered_at=timezone.now())


def _check_own(by: User, password: str) -> None:
    if by.has_usable_password():
        check_own_password(by, password)


def _forget_test(row: MailServer) -> None:
    row.test_to, row.test_answer, row.test_arrived = "", "", False
    row.test_asked_at = row.test_answered_at = None


def _clean(name: str, value: Any) -> Any:
    if name not in _CLEAN:
        raise Invalid(f"The SMTP server has no {name!r}.", field=name)
    return _CLEAN[name](value)


def _clean_host(value: Any) -> str:
    text = clean_text(value, "The host", length=253, lines=False).strip()
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        pass
    if not _HOST.fullmatch(text):
        raise Invalid("The host is a name such as smtp.example.org, without port or path.", field="host")
    return text.lower()


def _clean_port(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.strip().isdecimal() and len(value.strip()) < 6:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise Invalid(f"The port is a number from 1 to 65535; {PORTS['starttls']} is usual.", field="port")
    return value


def _clean_encryption(value: Any) -> str:
    if value not in MailServer.ENCRYPTIONS:
        raise Invalid(f"encryption is one of {', '.join(MailServer.ENCRYPTIONS)}.", field="encryption")
    return str(value)


def _clean_secret(name: str, words: str, length: int) -> Any:
    def clean(value: Any) -> str:
        text = clean_text(value, words, length=length, empty=True, lines=False, exact=True)
        if not text.isascii():
            raise Invalid(f"{words} holds letters that SMTP cannot carry: ASCII only.", field=name)
        return text

    return clean


def _clean_sender(value: Any) -> str:
    text = clean_text(value, "The sender", length=320, empty=True, lines=False).strip()
    if not text:
        return ""
    name, address = parseaddr(text)
    try:
        validate_email(address)
        if not address.isascii():
            raise ValidationError("not ASCII")
    except ValidationError:
        raise Invalid(
            "The sender is an address, or a name with one: Run Studio <studio@example.org>.", field="sender"
        ) from None
    if name and set(name) & set('",<>@()[]:;\\'):
        raise Invalid("The sender's name may not hold any of \",<>@()[]:;\\.", field="sender")
    return f"{name} <{address}>" if name else address


def _clean_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid("allows_private is true or false.", field="allows_private")
    return value


_CLEAN: dict[str, Any] = {
    "host": _clean_host,
    "port": _clean_port,
    "encryption": _clean_encryption,
    "username": _clean_secret("username", "The user name", 256),
    "password": _clean_secret("password", "The password", 1000),
    "sender": _clean_sender,
    "allows_private": _clean_flag,
}
