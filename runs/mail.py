"""Renders one mail, as text and as HTML, and sends it. Only the worker sends; without an SMTP server there is none."""

import smtplib
from dataclasses import dataclass, field
from email.utils import formataddr, parseaddr
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.template.loader import render_to_string

from runs.guarded_http import NoAnswer
from runs.mail_server import server_in_use
from runs.smtp import Line, Server, one_line, sentence_of

SUBJECT_LENGTH = 150
LIMIT_S = 30.0


class NotMailed(Exception):
    """It was not handed over; the sentence says why. `is_refused`: this recipient gets no mail there, ever."""

    def __init__(self, sentence: str, *, is_refused: bool = False) -> None:
        super().__init__(sentence)
        self.is_refused = is_refused


@dataclass(frozen=True)
class Letter:
    """One mail: `template` names mail/<template>.txt and .html, which get `facts`."""

    to: str
    subject: str
    template: str
    facts: dict[str, Any] = field(default_factory=dict)
    # Equal for a mail that is sent a second time, so that mailboxes can tell.
    key: str = ""
    # Where its reader gets no more of the kind; empty for a mail that comes once.
    unsubscribe: str = ""


def can_send() -> bool:
    """Whether an SMTP server is set up, by the environment or in Settings."""
    return server_in_use() is not None


def send(letter: Letter, server: Server | None = None, limit_s: float | None = None) -> None:
    """Hand one mail over to the SMTP server, within the limit. Raises NotMailed."""
    with Series() as series:
        series.send(letter, server, limit_s)


class Series:
    """Mails that follow each other and share a connection, as long as the server stays the same and keeps it."""

    def __init__(self) -> None:
        self._line: Line | None = None

    def __enter__(self) -> "Series":
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.close()

    def send(self, letter: Letter, server: Server | None = None, limit_s: float | None = None) -> None:
        """Hand one mail over, within the limit. Raises NotMailed.

        Never goes on in clear when TLS fails. What is raised holds no password, nor what led to it.
        """
        server = server or server_in_use()
        if server is None:
            raise NotMailed("No SMTP server is set up.")
        message = compose(letter, server.sender)
        try:
            self._line_to(server, LIMIT_S if limit_s is None else limit_s).say(partial(_hand_over, message))
        except smtplib.SMTPRecipientsRefused as error:
            is_refused = all(code >= 500 for code, _ in error.recipients.values())
            raise NotMailed(sentence_of(error, server), is_refused=is_refused) from None
        except (OSError, smtplib.SMTPException, NoAnswer) as error:
            raise NotMailed(sentence_of(error, server)) from None

    def _line_to(self, server: Server, limit_s: float) -> Line:
        if self._line is None or self._line.server != server:
            self.__exit__()
            self._line = Line(server, limit_s)
        return self._line


def _hand_over(message: EmailMultiAlternatives, client: smtplib.SMTP) -> None:
    backend = EmailBackend(fail_silently=False)
    backend.connection = client
    backend.send_messages([message])


def compose(letter: Letter, sender: str = "") -> EmailMultiAlternatives:
    """The message as it leaves."""
    facts = {**letter.facts, "studio": settings.PUBLIC_URL}
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if letter.key:
        headers["Message-ID"] = (
            f"<{one_line(letter.key)}@{urlsplit(settings.PUBLIC_URL).hostname or 'studio'}>"
        )
    if letter.unsubscribe:
        headers["List-Unsubscribe"] = f"<{one_line(letter.unsubscribe)}>"
        if letter.unsubscribe.startswith("https://"):  # RFC 8058 offers one click over TLS alone
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(
        subject=one_line(letter.subject)[:SUBJECT_LENGTH] or "Run Studio",
        body=render_to_string(f"mail/{letter.template}.txt", facts).strip() + "\n",
        from_email=_with_name(sender or settings.DEFAULT_FROM_EMAIL),
        to=[one_line(letter.to)],
        headers=headers,
    )
    message.attach_alternative(render_to_string(f"mail/{letter.template}.html", facts), "text/html")
    return message


def _with_name(sender: str) -> str:
    name, address = parseaddr(sender)
    return formataddr((name or "Run Studio", address))
