"""Who calls: `Authorization: Bearer studio_<id>_<secret>`, or the browser's session with its CSRF token."""

import hmac
import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from runs.access import live_token
from runs.actions.secret import sha256_of
from runs.actions.workspace import note_token_use
from runs.models import ApiToken, User

_TOKEN = re.compile(r"studio_(\d{1,18})_([\w-]{1,100})", re.ASCII)
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
        match = _TOKEN.fullmatch(text.strip())
        if scheme.lower() != "bearer" or match is None:
            raise AuthenticationFailed("Send 'Authorization: Bearer studio_…', a token of this studio.")
        token = ApiToken.objects.select_related("user", "run").filter(pk=int(match[1])).first()
        given = sha256_of(match[2])
        # Compared also when there is no such token, so that time tells nothing.
        matches = hmac.compare_digest(given, token.secret_sha256 if token else sha256_of(""))
        if token is None or not matches or not live_token(token):
            raise AuthenticationFailed(_REFUSED)
        note_token_use(token)
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
