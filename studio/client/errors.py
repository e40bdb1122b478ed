"""What the client may raise.

StudioException                   everything below; `message` is a sentence for the person
├── UserErrorException            the call cannot be right, whatever the server says
├── AuthenticationException       no token, or one that the server does not accept
└── ServiceException              the server refused; has `status_code`, `code`, `field` and `details`
    └── UnreachableException      the server did not answer, or asked to come back later

Names are the cloud's where the cloud has one; its AzureMLException is StudioException here.
"""

from typing import Any


class StudioException(Exception):
    """Anything that the client refuses or could not do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UserErrorException(StudioException):
    """The call cannot be right, whatever the server says: a wrong type, a missing file, no address."""


class AuthenticationException(StudioException):
    """There is no token for the server, or the server does not accept it."""

    status_code = 401
    code = "unauthenticated"


class ServiceException(StudioException):
    """The server refused, with its sentence. `field` names the part of the request, or is None."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        code: str = "",
        field: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.field = field
        self.details = details or {}


class UnreachableException(ServiceException):
    """The server did not answer, or asked to come back later; `retry_after_s` is its wish, or None."""

    def __init__(self, message: str, *, status_code: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(message, status_code=status_code, code="unavailable")
        self.retry_after_s = retry_after_s
