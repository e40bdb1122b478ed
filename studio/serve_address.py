"""Where `studio up` listens, and the addresses that lead there. Standard library only."""

import errno
import ipaddress
import socket
from dataclasses import dataclass, field


class Refusal(Exception):
    """`studio up` does not start; the sentence says why and what to do."""


@dataclass(frozen=True)
class Address:
    """One chosen place to listen at."""

    host: str  # as the person gave it
    ip: str
    port: int
    family: socket.AddressFamily = field(default=socket.AF_INET)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.ip).is_loopback

    @property
    def is_everywhere(self) -> bool:
        """Whether it means all addresses of the machine (0.0.0.0 or ::)."""
        return ipaddress.ip_address(self.ip).is_unspecified

    @property
    def local_url(self) -> str:
        """The address for programs on this machine."""
        if self.is_everywhere:
            return f"http://{'127.0.0.1' if self.family == socket.AF_INET else '[::1]'}:{self.port}"
        return f"http://{in_url(self.host)}:{self.port}"

    @property
    def public_url(self) -> str:
        """The address for people, also on other machines where it can be reached from there."""
        return f"http://{socket.gethostname()}:{self.port}" if self.is_everywhere else self.local_url

    def allowed_hosts(self) -> list[str]:
        """The names of this machine by which it may be called when it listens everywhere."""
        if not self.is_everywhere:
            return [in_url(self.host), in_url(self.ip)]
        name = socket.gethostname()
        try:
            found = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
        except OSError:
            found = set()
        return sorted({name, socket.getfqdn(), outward_ip(self.family), *map(in_url, found)} - {""})


def in_url(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets, without its zone."""
    return f"[{host.partition('%')[0]}]" if ":" in host else host


def outward_ip(family: socket.AddressFamily) -> str:
    """This machine's address towards others, by the routing table; nothing is sent. Empty where it has none."""
    elsewhere = "192.0.2.1" if family == socket.AF_INET else "2001:db8::1"
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((elsewhere, 9))
        except OSError:
            return ""
        return in_url(str(probe.getsockname()[0]))


def choose(host: str, port: int) -> Address:
    """The place to listen at, seen to be free. Port 0 takes any free one. Raises Refusal with what to do."""
    try:
        family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise Refusal(f"'{host}' is no address that this machine knows. Try --host 127.0.0.1") from None
    error, bound = try_port(family, str(target[0]), port)
    if error == 0:
        return Address(host, str(target[0]), bound, family)
    if error == errno.EADDRINUSE:
        raise Refusal(
            f"Port {port} on {host} is taken by another program. "
            f"Try another one: studio up --port {next_free(family, str(target[0]), port)}"
        )
    if error == errno.EADDRNOTAVAIL:
        raise Refusal(f"{host} is no address of this machine. Try --host 127.0.0.1")
    if error == errno.EACCES:
        raise Refusal(f"Port {port} is open to the administrator only. Try: studio up --port 8080")
    raise Refusal(f"Cannot listen on {host}, port {port}: {errno.errorcode.get(error, error)}.")


def try_port(family: socket.AddressFamily, ip: str, port: int) -> tuple[int, int]:
    """Bind and let go: the error number (0 for none) and the port it was."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the server does: a port whose last connections are fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, port))
            probe.listen(1)
        except OSError as error:
            return error.errno or errno.EINVAL, port
        return 0, int(probe.getsockname()[1])


def next_free(family: socket.AddressFamily, ip: str, port: int) -> int:
    """The next port that could be had."""
    for candidate in range(port + 1, min(port + 50, 65536)):
        if try_port(family, ip, candidate)[0] == 0:
            return candidate
    return try_port(family, ip, 0)[1]
