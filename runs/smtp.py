"""Speaks to an SMTP server: one address that was looked up once, TLS or nothing, and an end to every attempt. Pure."""

import base64
import contextlib
import smtplib
import socket
import ssl
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Timer

from django.core.mail.utils import DNS_NAME

from runs.guarded_http import NoAnswer, resolve

PORTS = {"starttls": 587, "ssl": 465, "none": 25}
_OK, _BYE = 250, 421


class TooLate(TimeoutError):
    """It was not over in time."""

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"no whole answer within {limit_s:g} seconds")


@dataclass(frozen=True)
class Server:
    """Where mail is handed over. The password is in no text that is made of this."""

    host: str
    port: int
    encryption: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    sender: str = ""
    allows_private: bool = False

    @property
    def place(self) -> str:
        """Host and port, as people write them."""
        return f"{self.host}:{self.port}"


class Line:
    """A connection to an SMTP server that carries one mail after another. Each is over within the limit, or fails."""

    def __init__(self, server: Server, limit_s: float) -> None:
        self.server, self._limit_s = server, limit_s
        self._client: _Pinned | None = None

    def say(self, hand_over: Callable[[smtplib.SMTP], None]) -> None:
        """Call it with a connection that is encrypted and signed in as the server wants it.

        Raises what smtplib raises, NoAnswer for an address that may not be asked, TooLate. What was refused for lack of
        a recipient leaves the connection as it was; after anything else it is not used again.
        """
        try:
            if not self._answers():
                self._begin(hand_over)
                return
            try:
                self._within(hand_over)
            except smtplib.SMTPSenderRefused as refusal:
                if refusal.smtp_code != _BYE:
                    raise
                # The server takes so many mails of a connection; nothing of this one was handed over.
                self._begin(hand_over)
        except smtplib.SMTPRecipientsRefused:
            raise
        except BaseException:
            self._drop()
            raise

    def close(self) -> None:
        """Say good-bye. What the server makes of it changes nothing."""
        if self._client is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._within(lambda client: client.quit())
        self._drop()

    def _answers(self) -> bool:
        """Whether the connection of the mail before is still there: a server may have closed it meanwhile."""
        if self._client is None:
            return False
        try:
            self._within(_ask)
        except (OSError, smtplib.SMTPException):
            return False
        return True

    def _begin(self, hand_over: Callable[[smtplib.SMTP], None]) -> None:
        self._drop()
        until = time.monotonic() + self._limit_s
        host, port = self.server.host, self.server.port
        address = resolve(host, port, allows_private=self.server.allows_private)
        self._client = _Pinned(self.server, address, timeout=self._limit_s)

        def all_of_it(client: smtplib.SMTP) -> None:
            _begin(client, self.server)
            hand_over(client)

        self._within(all_of_it, until)

    def _within(self, do: Callable[[smtplib.SMTP], object], until: float | None = None) -> None:
        client = self._client
        assert client is not None  # noqa: S101 - whoever calls has made one
        until = until or time.monotonic() + self._limit_s
        # A server that sends one byte now and then would never meet a timeout of the socket.
        stop = Timer(max(0.05, until - time.monotonic()), client.cut)
        stop.daemon = True
        stop.start()
        try:
            do(client)
        except (OSError, smtplib.SMTPException):
            if client.was_cut or time.monotonic() >= until:
                raise TooLate(self._limit_s) from None
            raise
        finally:
            stop.cancel()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


def _ask(client: smtplib.SMTP) -> None:
    code, words = client.noop()
    if code != _OK:
        raise smtplib.SMTPResponseException(code, words)


def _begin(client: smtplib.SMTP, server: Server) -> None:
    code, words = client.connect(server.host, server.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, words)
    if server.encryption == "starttls":
        client.ehlo_or_helo_if_needed()
        client.starttls(context=ssl.create_default_context())
    if server.username:
        try:
            client.login(server.username, server.password)
        except UnicodeError:
            raise smtplib.SMTPException("user name and password may hold ASCII letters only") from None


class _Pinned(smtplib.SMTP):
    """Connects to one address, under the name of the host, at once with TLS where that is wanted."""

    def __init__(self, server: Server, address: str, *, timeout: float) -> None:
        super().__init__(local_hostname=DNS_NAME.get_fqdn(), timeout=timeout)
        self.address, self.is_secure, self.was_cut = address, server.encryption == "ssl", False
        self._host = server.host  # the name that STARTTLS checks

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = socket.create_connection((self.address, port), timeout)
        if not self.is_secure:
            return plain
        try:
            return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def cut(self) -> None:
        """End it from another thread."""
        self.was_cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def one_line(text: str) -> str:
    """The text without what could begin another header, hide a part of itself or break its encoding."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(kept.split())


def sentence_of(error: Exception, server: Server) -> str:
    """What went wrong, in one sentence that holds no password, whatever the server says of it."""
    said = one_line(_words(error, server.place))[:400]
    for secret in _secrets(server):
        said = said.replace(secret, "…")
    return said


def _words(error: Exception, place: str) -> str:
    if isinstance(error, NoAnswer):
        return str(error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{place} refuses the user name or the password: {_answer(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        what = "TLS" if "STARTTLS" in str(error) else "what is asked of it"
        return f"{place} does not offer {what}: {error}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"{place} refuses the recipient: {_answer(*next(iter(error.recipients.values())))}"
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"{place} refuses the sender: {_answer(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{place} answers {_answer(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"{place} closed the connection."
    return _words_of_network(error, place)


def _words_of_network(error: Exception, place: str) -> str:
    if isinstance(error, TooLate):
        return f"{place} gave {error}."
    if isinstance(error, TimeoutError):
        return f"{place} did not answer in time: timed out."
    if isinstance(error, ConnectionRefusedError):
        return f"{place} refused the connection: are host and port right?"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS failed: the certificate of {place} is not to be trusted ({error.verify_message})."
    if isinstance(error, ssl.SSLError):
        return f"TLS failed at {place}: {error.reason or error}."
    return f"{place}: {error or type(error).__name__}"


def _answer(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"


def _secrets(server: Server) -> list[str]:
    """The password, and how it is sent: a server may repeat what it was told. Longest first."""
    if not server.password:
        return []
    plain = server.password
    sent = [plain, f"\0{server.username}\0{plain}"]
    coded = [base64.b64encode(each.encode()).decode() for each in sent]
    return sorted({plain, *coded, *(each.rstrip("=") for each in coded)}, key=len, reverse=True)
