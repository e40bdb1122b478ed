"""The headers every answer carries."""

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

from runs.web.errors import bad_request

# No inline script and no eval anywhere. plotly sets style attributes, hence 'unsafe-inline' for styles alone;
# charts are downloaded as pictures through data: and blob: addresses.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
# What users uploaded: nothing in it may run, wherever a browser opens it.
SANDBOX = "sandbox; default-src 'none'"

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SafeHeaders:
    """Adds the headers to every answer, errors included; one that a view has set stays."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the headers."""
        response = self.answer(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """The answer, or a refusal of a host name that is not ours.

        A page of another site may have its name rebound to this address; for its browser it would then be this
        studio's own. Looking at the name here covers every route, also those that never build an address.
        """
        try:
            request.get_host()
        except DisallowedHost:
            return bad_request(request)
        return self.get_response(request)
