"""Requests to a studio: token, retries of what may be repeated, pages, and refusals as exceptions."""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

from studio import VERSION
from studio.client.connection import Connections
from studio.client.errors import AuthenticationException, ServiceException, UnreachableException
from studio.client.notices import warn

if TYPE_CHECKING:
    from http.client import HTTPResponse

API = "/api/v1/"
BACKOFF_S = 0.3
LONGEST_BACKOFF_S = 8.0
COME_BACK_LATER = (429, 502, 503, 504)
OFFLINE = "STUDIO_MODE=offline: nothing is asked of a studio here. `studio sync` sends what is logged."


@dataclass
class Request:
    """One request; `body` is made anew for each attempt.

    `repeatable`: sending it twice changes nothing more.
    """

    method: str
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Callable[[], bytes | Iterable[bytes]] | None = None
    size_bytes: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    timeout_s: float | None = None
    may_repeat: bool = False

    @property
    def repeatable(self) -> bool:
        """GET and PUT by nature; a POST with an Idempotency-Key, or whose caller knows it to be harmless."""
        return self.may_repeat or self.method in ("GET", "HEAD", "PUT") or self.key is not None


class Client:
    """Speaks to one studio with one token. Any thread may use it; each has its own connection."""

    # Whether each request is told on stderr, for `studio … --debug`.
    is_traced: ClassVar[bool] = False

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 30.0, attempts: int = 4, offline: bool = False
    ) -> None:
        self.url = url.rstrip("/")
        self.offline = offline
        self._token = token
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._connections = Connections(self.url)

    @property
    def identity(self) -> tuple[str, str]:
        """Clients with the same identity speak to the same studio as the same user."""
        return self.url, self._token

    def twin(self) -> "Client":
        """Return another client of the same identity, with connections of its own."""
        return Client(
            self.url, self._token, timeout_s=self._timeout_s, attempts=self._attempts, offline=self.offline
        )

    def get(self, path: str, **query: Any) -> Any:
        """Read JSON."""
        return self.json(Request("GET", path, query=query))

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Send JSON, read JSON. Repeated after a lost answer only with an Idempotency-Key."""
        return self.json(with_json(Request("POST", path, key=key), body if body is not None else {}))

    def patch(self, path: str, body: Any) -> Any:
        """Change parts of a thing."""
        return self.json(with_json(Request("PATCH", path), body))

    def put(self, path: str, body: Any) -> Any:
        """Have a thing be like this; the same the second time."""
        return self.json(with_json(Request("PUT", path), body))

    def delete(self, path: str) -> Any:
        """Take a thing away."""
        return self.json(Request("DELETE", path))

    def pages(self, path: str, under: str = "results", **query: Any) -> Iterator[dict[str, Any]]:
        """Yield what stands under a name on every page, asking for the next page only when it is wanted."""
        page = self.get(path, **query)
        while True:
            yield from page[under]
            if not page.get("next"):
                return
            page = self.get(self._own_path(page["next"]))

    def _own_path(self, address: str) -> str:
        """The server may name its pages by full address; only path and query count, so we never leave it."""
        parts = urlsplit(address)
        path = parts.path[parts.path.index(API) + len(API) :] if API in parts.path else parts.path
        return f"{path}?{parts.query}" if parts.query else path

    def json(self, request: Request, *, attempts: int | None = None) -> Any:
        """Send, and return the JSON of the answer. An answer that is not JSON counts as no answer."""
        response = self.open(request, attempts=attempts)
        text = self._read(response)
        try:
            return json.loads(text) if text or response.status != 204 else None
        except ValueError:
            # A login page of a network in between answers 200 to anything: nothing was acknowledged.
            raise UnreachableException(f"What answers at {self.url} is not a Run Studio.") from None

    def open(self, request: Request, *, attempts: int | None = None) -> "HTTPResponse":
        """Send, and return the answer with its body still to be read. Raises for any refusal."""
        if self.offline:
            raise UnreachableException(OFFLINE)
        tries = (attempts or self._attempts) if request.repeatable else 1
        for attempt in range(1, tries + 1):
            try:
                return self._once(request)
            except UnreachableException as failure:
                if attempt == tries:
                    raise
                time.sleep(backoff_s(attempt, failure.retry_after_s))
        raise AssertionError("unreachable")  # pragma: no cover

    def _once(self, request: Request) -> "HTTPResponse":
        from http.client import HTTPException

        try:
            response = self._exchange(request)
        except (OSError, HTTPException) as failure:
            self._connections.drop()
            raise UnreachableException(
                f"The studio at {self.url} does not answer ({_reason(failure)})."
            ) from failure
        except BaseException:  # a Ctrl-C in between: half an exchange must not be taken for the next one's
            self._connections.drop()
            raise
        if self.is_traced:
            warn(f"{request.method} {request.path} {request.query or ''} answered {response.status}")
        if response.status < 300:
            return response
        text = self._read(response)
        raise refusal(response, text, self.url)

    def _exchange(self, request: Request) -> "HTTPResponse":
        connection = self._connections.take(request.timeout_s or self._timeout_s)
        query = {name: value for name, value in request.query.items() if value is not None}
        target = f"{self._connections.prefix}{API}{request.path}"
        if query:
            target += f"?{urlencode(query, doseq=True)}"
        try:
            body = request.body() if request.body else None
            connection.request(request.method, target, body=body, headers=self._headers(request))
        except (BrokenPipeError, ConnectionResetError):
            # The server may refuse before it has read everything (413), and say why: read that first.
            return connection.getresponse()
        return connection.getresponse()

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "User-Agent": f"run-studio/{VERSION}",
            "Studio-Sent-At": str(int(time.time() * 1000)),
            **self._connections.headers(),
            **request.headers,
        }
        if request.key:
            headers["Idempotency-Key"] = request.key
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = str(request.size_bytes)
        return headers

    def _read(self, response: "HTTPResponse") -> bytes:
        from http.client import HTTPException

        try:
            return response.read()
        except (OSError, HTTPException) as failure:
            self._connections.drop()
            raise UnreachableException(
                f"The answer of {self.url} broke off ({_reason(failure)})."
            ) from failure


def with_json(request: Request, body: Any) -> Request:
    """Return the request with this body as JSON. Bytes are taken as JSON that is ready."""
    ready = body if isinstance(body, bytes) else json.dumps(body, allow_nan=False).encode()
    request.body, request.size_bytes = (lambda: ready), len(ready)
    request.headers["Content-Type"] = "application/json"
    return request


def segment(text: str) -> str:
    """Quote one part of a path, slashes included."""
    return quote(text, safe="")


def backoff_s(attempt: int, asked_s: float | None = None) -> float:
    """Return how long to wait before the next attempt: doubling, with jitter, at least what was asked for."""
    planned: float = min(BACKOFF_S * 2 ** (attempt - 1), LONGEST_BACKOFF_S)
    jitter = 0.5 + random.random()  # noqa: S311 - spreads clients, guards nothing
    return max(planned * jitter, min(asked_s or 0.0, 60.0))


def refusal(response: "HTTPResponse", text: bytes, url: str) -> AuthenticationException | ServiceException:
    """Return the exception for an answer that is not a success, with the server's own sentence if any."""
    status = response.status
    error, details = _error_of(text)
    message = error.get("message") or f"The studio at {url} answered {status} {response.reason}."
    if status in COME_BACK_LATER:
        asked = response.headers.get("Retry-After", "")
        return UnreachableException(
            message, status_code=status, retry_after_s=float(asked) if asked.isdigit() else None
        )
    if status == 401:
        return AuthenticationException(f"{message} Log in with `studio login {url}`.")
    if 300 <= status < 400:
        message = f"{url} points to {response.headers.get('Location')}: use the studio's own address."
    return ServiceException(
        message, status_code=status, code=error.get("code", ""), field=error.get("field"), details=details
    )


def _error_of(text: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (what stands under "error", what stands beside it)."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}, {}
    if not isinstance(found, dict) or not isinstance(found.get("error"), dict):
        return {}, {}
    return found.pop("error"), found


def _reason(failure: Exception) -> str:
    if isinstance(failure, TimeoutError):
        return "it took too long"
    if isinstance(failure, ConnectionRefusedError):
        return "nothing listens there"
    text = getattr(failure, "strerror", None) or str(failure)
    return text or type(failure).__name__
