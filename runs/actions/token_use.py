"""Whom a token speaks for."""

import hmac
import re

from runs.access import live_token
from runs.actions.secret import sha256_of
from runs.actions.workspace import note_token_use
from runs.models import ApiToken
from runs.prepared import Prepared

_BY_NUMBER = Prepared(
    lambda number: ApiToken.objects.select_related("user", "run", "workspace").filter(pk=number), int
)
_TOKEN = re.compile(r"studio_(\d{1,18})_([\w-]{1,100})", re.ASCII)


def looks_like_token(text: str) -> bool:
    """Whether it is written as tokens of a studio are."""
    return _TOKEN.fullmatch(text) is not None


def use_token(text: str) -> ApiToken | None:
    """The live token of that text, with its user and run; None whatever is wrong with it. Its use is noted."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    token = _BY_NUMBER.first(int(match[1]))
    # Compared also when there is no such token, so that time tells nothing.
    matches = hmac.compare_digest(sha256_of(match[2]), token.secret_sha256 if token else sha256_of(""))
    if token is None or not matches or not live_token(token):
        return None
    note_token_use(token)
    return token
