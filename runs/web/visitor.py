"""Who visits: from where, in which browser, in which time zone, and where they were last."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from runs.actions.sign_in import device_of, remember_place
from runs.client_address import client_address
from runs.models import User

DEVICE_COOKIE = "__Host-studio-device" if settings.HTTPS else "studio-device"
DEVICE_LIVES_S = 365 * 24 * 3600
_signer = TimestampSigner(salt="runs.device")
# Pages whose address lets somebody in tell no other request where it came from: only the origin, which forms need.
NO_TRACE = {"Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex"}


def address_of(request: HttpRequest) -> str:
    """The visitor's address, for counting who tries too often."""
    return client_address(request.META, behind_proxy=settings.BEHIND_PROXY)


def known_device(request: HttpRequest) -> str:
    """What this browser remembers of who signed in here before; nothing where it remembers nothing of ours."""
    try:
        return _signer.unsign(request.COOKIES.get(DEVICE_COOKIE, ""), max_age=DEVICE_LIVES_S)
    except BadSignature:
        return ""


def remember_device(response: HttpResponseBase, user: User) -> HttpResponseBase:
    """Let the browser remember, so that a stranger's guesses cannot keep this person out."""
    response.set_cookie(
        DEVICE_COOKIE,
        _signer.sign(device_of(user)),
        max_age=DEVICE_LIVES_S,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


class Visits:
    """Shows times in the person's time zone, and remembers the workspace they looked at last."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer; then note the visit of a page that the person was let into."""
        if request.path.startswith("/api/"):
            return self.get_response(request)
        with timezone.override(zone_of(request)):
            response = self.get_response(request)
        match = request.resolver_match
        name = match.kwargs.get("workspace") if match else None
        is_page = request.method == "GET" and response.status_code == 200
        if name and is_page and request.user.is_authenticated and not getattr(request, "htmx", False):
            try:
                remember_place(request.user, name)
            except DatabaseError:  # the page is more important than the memory of it
                pass
        return response


def zone_of(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
    """The person's time zone; None is the server's, which is UTC."""
    name = getattr(request.user, "time_zone", "")
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):  # a newer system knows zones that this one does not
        return None
