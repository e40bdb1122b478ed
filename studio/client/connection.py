"""Keep-alive connections to one server, one for each thread, through the environment's proxy if any."""

import os
import threading
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

if TYPE_CHECKING:
    from http.client import HTTPConnection

CONNECT_TIMEOUT_S = 5.0
LOOPBACK = ("localhost", "127.", "::1", "[::1]")


class Connections:
    """Hands each thread its own connection to the server; a forked child gets new ones."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._proxy = proxy_for(self._target)
        self._own = threading.local()

    @property
    def prefix(self) -> str:
        """What comes before every path: the server's own prefix, or its whole address for a proxy."""
        if self._proxy and self._target.scheme == "http":
            return f"http://{self._target.netloc}{self._target.path}"
        return self._target.path

    def take(self, timeout_s: float) -> "HTTPConnection":
        """Return this thread's connection, opened, with this timeout for each read and write."""
        kept: HTTPConnection | None = getattr(self._own, "connection", None)
        if kept is not None and (self._own.pid != os.getpid() or _is_stale(kept)):
            # A forked child only lets go of its parent's socket: closing would end nothing but its own copy.
            self.drop()
            kept = None
        connection = kept or self._open(timeout_s)
        connection.sock.settimeout(timeout_s)
        return connection

    def drop(self) -> None:
        """Close this thread's connection, if there is one."""
        kept = getattr(self._own, "connection", None)
        self._own.connection = None
        if kept is not None:
            kept.close()

    def _open(self, timeout_s: float) -> "HTTPConnection":
        connection = self._make(min(timeout_s, CONNECT_TIMEOUT_S))
        connection.connect()
        self._own.connection, self._own.pid = connection, os.getpid()
        return connection

    def _make(self, timeout_s: float) -> "HTTPConnection":
        from http.client import HTTPConnection, HTTPSConnection

        secure = self._target.scheme == "https"
        kind = HTTPSConnection if secure else HTTPConnection
        host, port = self._target.hostname or "", self._target.port
        if not self._proxy:
            return kind(host, port, timeout=timeout_s, blocksize=1 << 18)
        connection = kind(self._proxy.hostname or "", self._proxy.port, timeout=timeout_s, blocksize=1 << 18)
        if secure:
            connection.set_tunnel(host, port, self.proxy_headers())
        return connection

    def proxy_headers(self) -> dict[str, str]:
        """What the proxy wants to see: its user and password, when its address holds them."""
        if not self._proxy or not self._proxy.username:
            return {}
        from base64 import b64encode

        login = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
        return {"Proxy-Authorization": "Basic " + b64encode(login.encode()).decode()}

    def headers(self) -> dict[str, str]:
        """Headers that every request through this connection carries."""
        return self.proxy_headers() if self._target.scheme == "http" else {}


def _is_stale(connection: "HTTPConnection") -> bool:
    """An idle connection with something to read has been closed by the server (or is out of step)."""
    if connection.sock is None:
        return True
    from select import select

    try:
        return bool(select([connection.sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def proxy_for(target: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment names for this address; never one for this machine itself."""
    host = (target.hostname or "").lower()
    if host.startswith(LOOPBACK) or _is_exempt(host):
        return None
    name = f"{target.scheme}_proxy"
    # HTTP_PROXY in capitals can be set by a caller of a CGI script, so only its small spelling counts (as in
    # curl).
    named = os.environ.get(name) or (os.environ.get(name.upper()) if target.scheme == "https" else None)
    named = named or os.environ.get("ALL_PROXY")
    return urlsplit(named if "://" in named else f"http://{named}") if named else None


def _is_exempt(host: str) -> bool:
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    names = [name.strip().lower().lstrip("*").lstrip(".") for name in listed.split(",") if name.strip()]
    return "*" in listed.split(",") or any(
        host == name or host.endswith(f".{name}") for name in names if name
    )
