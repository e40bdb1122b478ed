"""Renders one mail, as text and as HTML, and sends it. Only the worker sends; without SMTP there is none."""

import unicodedata
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

SUBJECT_LENGTH = 150
TIMEOUT_S = 20


@dataclass(frozen=True)
class Letter:
    """One mail: `template` names mail/<template>.txt and .html, which get `facts`."""

    to: str
    subject: str
    template: str
    facts: dict[str, Any] = field(default_factory=dict)
    # Equal for a mail that is sent a second time, so that mailboxes can tell.
    key: str = ""


def can_send() -> bool:
    """Whether an SMTP server is set up (STUDIO_SMTP_HOST)."""
    return bool(settings.EMAIL_HOST)


def send(letter: Letter) -> None:
    """Hand the mail over to the SMTP server. Raises what smtplib raises; never goes on in clear when TLS fails."""
    message = compose(letter)
    with get_connection(
        "django.core.mail.backends.smtp.EmailBackend", timeout=TIMEOUT_S, fail_silently=False
    ) as connection:
        connection.send_messages([message])


def compose(letter: Letter) -> EmailMultiAlternatives:
    """The message as it leaves."""
    facts = {**letter.facts, "studio": settings.PUBLIC_URL}
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if letter.key:
        headers["Message-ID"] = (
            f"<{one_line(letter.key)}@{urlsplit(settings.PUBLIC_URL).hostname or 'studio'}>"
        )
    message = EmailMultiAlternatives(
        subject=one_line(letter.subject)[:SUBJECT_LENGTH] or "Run Studio",
        body=render_to_string(f"mail/{letter.template}.txt", facts).strip() + "\n",
        from_email=_sender(),
        to=[one_line(letter.to)],
        headers=headers,
    )
    message.attach_alternative(render_to_string(f"mail/{letter.template}.html", facts), "text/html")
    return message


def one_line(text: str) -> str:
    """The text without what could begin another header, hide a part of itself or break its encoding."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(kept.split())


def _sender() -> str:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((name or "Run Studio", address))
