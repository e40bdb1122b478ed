"""What every endpoint shares: who calls, the limit of bodies, and reading what was sent."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from runs.access import Caller, Need, get_run
from runs.actions.reported import real_moment
from runs.api.parameters import check_parameters
from runs.errors import Invalid, TooLarge
from runs.limits import BODY_BYTES, MIB, clean_text
from runs.models import Run

MOST_DIGITS = 14  # of milliseconds, up to the year 5138


def caller_of(request: Request | HttpRequest) -> Caller:
    """The person behind the request, and their token when a script speaks."""
    return Caller(request.user, getattr(request, "auth", None))  # type: ignore[arg-type]


class Endpoint(APIView):
    """An APIView that refuses bodies over its limit before it reads them."""

    body_limit = BODY_BYTES

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Look at the announced size, sign in, and refuse parameters that nobody would read."""
        check_body(request, self.body_limit)
        super().initial(request, *args, **kwargs)
        check_parameters(self, request)

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return caller_of(self.request)

    def run(self, run_id: str, need: Need = "read") -> Run:
        """The run of the address, when the caller may do this to it."""
        return get_run(self.caller, run_id, need)

    def read(self, shape: type[Serializer]) -> dict[str, Any]:
        """The body in that shape. Raises DRF's ValidationError, which names the field."""
        if not isinstance(self.request.data, dict):
            raise Invalid("Send a JSON object.")
        sent = shape(data=self.request.data)
        sent.is_valid(raise_exception=True)
        return sent.validated_data


def real_time(request: Request, reported: datetime | None) -> datetime | None:
    """When something happened that is told only now: see `runs.actions.reported`. None where that is now.

    The header Studio-Sent-At holds milliseconds since 1970 by the clock of the sender.
    """
    sent = request.headers.get("Studio-Sent-At", "")
    known = sent.isdecimal() and len(sent) <= MOST_DIGITS
    sent_at = datetime.fromtimestamp(int(sent) / 1000, UTC) if known else None
    return real_moment(reported, sent_at=sent_at, now=timezone.now())


def idempotency_key(request: Request) -> str:
    """The key of a call that may be sent twice; empty without one."""
    return clean_text(request.headers.get("Idempotency-Key", ""), "Idempotency-Key", length=200, empty=True)


def check_body(request: Request | HttpRequest, limit: int) -> None:
    """Raise TooLarge, naming the limit, when the announced body is over it."""
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise Invalid("The Content-Length header is not a number.") from None
    if size > limit:
        raise TooLarge(f"The body has {size:,} bytes; this address takes at most {limit // MIB} MiB at once.")


def flag(text: str | None) -> bool:
    """Whether a query parameter says yes."""
    return (text or "").lower() in ("1", "true", "yes", "on")
