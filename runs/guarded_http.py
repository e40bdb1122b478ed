"""Asks at an address that a person typed, without becoming their hands inside the network.

The name is looked up once, every address it has must be public unless private ones are allowed, and the connection goes
to that very address. Redirects are answers, not orders. An attempt lasts at most ten seconds, and little is read.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Timer
from urllib.parse import urlsplit

from runs.errors import Invalid

LIMIT_S = 10.0
ANSWER_BYTES = 2000


class NoAnswer(Exception):
    """There was no whole answer, or the address may not be asked; the sentence says why."""


@dataclass(frozen=True)
class Answer:
    """What the receiver said: its status, and the beginning of the body."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The first words, in one line."""
        return " ".join(self.body[:ANSWER_BYTES].decode("utf-8", "replace").split())[:300]

    @property
    def is_taken(self) -> bool:
        """Whether the message has arrived."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        if 300 <= self.status < 400:
            return f"{self.status}: it leads to another address, which is not followed"
        return f"{self.status} {self.text}".strip()


def check_url(text: str) -> None:
    """Raise Invalid unless the text is an address that messages may be posted to, as far as the text alone tells."""
    wrong = Invalid("This is not an address such as https://example.org/hook.", field="url")
    try:
        parts = urlsplit(text)
        is_right = parts.port is None or parts.port > 0  # which raises beyond 65,535
    except ValueError:
        raise wrong from None
    if not (is_right and parts.hostname and text.isascii()) or " " in text:
        raise wrong
    if parts.scheme not in ("http", "https"):
        raise Invalid("The address begins with https:// or http://.", field="url")
    if parts.username is not None or parts.password is not None:
        raise Invalid("The address may not hold a user name or password.", field="url")


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allows_private: bool = False,
    limit_s: float = LIMIT_S,
) -> Answer:
    """Post the body. Raises NoAnswer when there was no whole answer in time, or the address may not be asked."""
    return ask("POST", url, body, headers, allows_private=allows_private, limit_s=limit_s)


def ask(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    allows_private: bool = False,
    limit_s: float = LIMIT_S,
    most_bytes: int = ANSWER_BYTES,
) -> Answer:
    """Send a request of any method, read so much of the answer. Raises NoAnswer as `post` does."""
    until = time.monotonic() + limit_s
    parts = urlsplit(url)
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    address = resolve(host, port, allows_private=allows_private)
    connection = _Pinned(host, port, address, is_secure=is_secure, timeout=max(0.1, until - time.monotonic()))
    # A receiver that sends one byte now and then would never meet a timeout of the socket.
    stop = Timer(max(0.1, until - time.monotonic()), connection.cut)
    stop.daemon = True
    stop.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        found = answer.read(most_bytes)
        if connection.was_cut:  # what came until then looks like a whole answer
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(_words(error, is_late=time.monotonic() >= until, limit_s=limit_s)) from None
    finally:
        stop.cancel()
        connection.close()
    return Answer(answer.status, found)


def resolve(host: str, port: int, *, allows_private: bool) -> str:
    """One address of the host. Raises NoAnswer when there is none, or one of them is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NoAnswer(f"There is no host {host!r}.") from None
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    if not allows_private:
        for address in addresses:
            if not is_public(address):
                raise NoAnswer(
                    f"{host} lies in a private network ({address}), where the studio asks only if the owner of the"
                    " installation allows it."
                )
    return addresses[0]


def is_public(text: str) -> bool:
    """Whether the address is one of the whole internet; addresses that stand for others count as those."""
    address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return address.is_global and not address.is_multicast and not address.is_reserved


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under the name of the host."""

    def __init__(self, host: str, port: int, address: str, *, is_secure: bool, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self.address, self.is_secure, self.was_cut = address, is_secure, False
        self.default_port = 443 if is_secure else 80

    def connect(self) -> None:
        """Connect, and with TLS check that the certificate is the host's."""
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.is_secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """End it from another thread."""
        self.was_cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _words(error: Exception, *, is_late: bool, limit_s: float) -> str:
    if is_late or isinstance(error, TimeoutError):
        return f"No whole answer within {limit_s:g} seconds."
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or 'the connection is not safe'}."
    if isinstance(error, ConnectionRefusedError):
        return "The connection was refused."
    if isinstance(error, http.client.RemoteDisconnected):
        return "The connection was closed without an answer."
    return f"It failed: {str(error)[:200] or type(error).__name__}."
