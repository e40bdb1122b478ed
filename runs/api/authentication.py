"""Who calls: `Authorization: Bearer studio_<id>_<secret>`, or the browser's session with its CSRF token."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from runs.actions.token_use import looks_like_token, use_token
from runs.models import ApiToken, User

_REFUSED = "This token is wrong, has expired or was revoked."


class TokenOrSession(BaseAuthentication):
    """A token when one is sent, else the session."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken | None] | None:
        """The person and their token, or None for a stranger."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if header:
            return self.by_token(header)
        found: Any = SessionAuthentication().authenticate(request)
        return found

    def by_token(self, header: str) -> tuple[User, ApiToken]:
        """The person whose token it is; refused in the same words whatever is wrong with it."""
        scheme, _, text = header.partition(" ")
        if scheme.lower() != "bearer" or not looks_like_token(text.strip()):
            raise AuthenticationFailed("Send 'Authorization: Bearer studio_…', a token of this studio.")
        token = use_token(text.strip())
        if token is None:
            raise AuthenticationFailed(_REFUSED)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document tells of the token."""

    target_class = TokenOrSession
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "studio_<id>_<secret>"}
