"""What an alert may hold: each field as it was sent, cleaned, or a refusal that names it."""

import math
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from runs.errors import Invalid
from runs.guarded_http import check_url
from runs.limits import NAME_LENGTH, clean_text
from runs.models import Alert

MOST_ADDRESSES = 20
FILTER_LENGTH = 8000
URL_LENGTH = 2000
DAY_MINUTES = 24 * 60
LONGEST_QUEUED_S = 30 * 24 * 3600


def clean_fields(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that were sent, each cleaned by itself. Raises Invalid for one that is unknown or wrong."""
    strange = [name for name in sent if name not in _CLEAN]
    if strange:
        raise Invalid(f"An alert has no {strange[0]!r}.", field=strange[0])
    return {name: _CLEAN[name](value) for name, value in sent.items()}


def check_whole(alert: Alert) -> None:
    """Raise Invalid unless the fields make sense together."""
    if not (alert.statuses or alert.metric):
        raise Invalid("Choose at least one thing to be told of.", field="statuses")
    if alert.metric and alert.bound is None:
        raise Invalid(f"Say which bound {alert.metric!r} crosses.", field="bound")
    if sum(each is not None for each in (alert.run_id, alert.experiment_id, alert.view_id)) > 1:
        raise Invalid("An alert watches one run, one experiment or one view.", field="subject")
    if alert.filter and (alert.run_id or alert.view_id):
        raise Invalid(
            "A filter narrows an experiment or the workspace; a run and a view need none.", field="filter"
        )
    if (alert.quiet_from is None) != (alert.quiet_until is None):
        raise Invalid("Quiet hours have a beginning and an end.", field="quiet_from")
    if alert.channel == Alert.LIST and not alert.addresses:
        raise Invalid("Name at least one address.", field="addresses")
    if alert.channel in Alert.POSTED and not alert.url:
        raise Invalid("Say which address the messages are posted to.", field="url")


def clean_url(url: Any) -> str:
    """An address that may be posted to, as far as its text tells; empty for none."""
    text = clean_text(url, "The address", length=URL_LENGTH, empty=True, lines=False, exact=True).strip()
    if not text:
        return ""
    check_url(text)
    return text


def _clean_name(name: Any) -> str:
    return clean_text(name, "name", length=NAME_LENGTH, lines=False, empty=True).strip()


def _clean_statuses(words: Any) -> list[str]:
    if not isinstance(words, list | tuple):
        raise Invalid("statuses is a list of texts.", field="statuses")
    for word in words:
        if word not in Alert.WATCHES:
            known = ", ".join(Alert.WATCHES)
            raise Invalid(f"{str(word)[:40]!r} cannot be watched; take {known}.", field="statuses")
    return [word for word in Alert.WATCHES if word in words]


def _clean_queued(seconds: Any) -> int:
    number = _whole(seconds, "queued_s")
    if not 60 <= number <= LONGEST_QUEUED_S:
        raise Invalid("A run is queued too long after 1 minute to 30 days.", field="queued_s")
    return number


def _clean_bound(bound: Any) -> float | None:
    if bound in (None, ""):
        return None
    try:
        number = float(bound)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(bound, bool) or not math.isfinite(number):
        raise Invalid("The bound is a number such as 0.5.", field="bound")
    return number


def _clean_minutes(value: Any) -> int | None:
    """Minutes after midnight, also written 22:00."""
    if value in (None, ""):
        return None
    if isinstance(value, str) and value.count(":") == 1:
        hours, minutes = value.split(":")
        if hours.isdecimal() and minutes.isdecimal() and int(minutes) < 60 and len(value) <= 5:
            value = int(hours) * 60 + int(minutes)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < DAY_MINUTES:
        raise Invalid("A time of day is written 22:00.", field="quiet_from")
    return value


def _clean_addresses(addresses: Any) -> list[str]:
    if not isinstance(addresses, list | tuple):
        raise Invalid("addresses is a list of texts.", field="addresses")
    found = []
    for address in addresses:
        text = clean_text(address, "addresses", length=254, empty=True, lines=False).strip()
        if text:
            _check_address(text)
            found.append(text)
    if len(found) > MOST_ADDRESSES:
        raise Invalid(
            f"An alert goes to at most {MOST_ADDRESSES} addresses; take one of a mailing list.",
            field="addresses",
        )
    return list({text.lower(): text for text in reversed(found)}.values())[::-1]


def _check_address(text: str) -> None:
    try:
        validate_email(text)
    except ValidationError:
        raise Invalid(f"{text[:80]!r} is not an e-mail address.", field="addresses") from None
    if not text.isascii():
        raise Invalid(f"{text[:80]!r} holds letters that mail servers refuse.", field="addresses")


def _one_of(name: str, known: tuple[str, ...]) -> Any:
    def clean(value: Any) -> str:
        if value not in known:
            raise Invalid(f"{name} is one of {', '.join(known)}, not {str(value)[:40]!r}.", field=name)
        return str(value)

    return clean


def _flag(name: str) -> Any:
    def clean(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Invalid(f"{name} is true or false.", field=name)
        return value

    return clean


def _whole(value: Any, name: str) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"{name} is a whole number of seconds.", field=name)
    return value


_CLEAN: dict[str, Any] = {
    "name": _clean_name,
    "filter": lambda text: clean_text(text, "The filter", length=FILTER_LENGTH, empty=True).strip(),
    "include_children": _flag("include_children"),
    "statuses": _clean_statuses,
    "queued_s": _clean_queued,
    "metric": lambda text: clean_text(text, "The metric", length=NAME_LENGTH, empty=True, lines=False),
    "bound": _clean_bound,
    "is_above": _flag("is_above"),
    "timing": _one_of("timing", Alert.TIMINGS),
    "quiet_from": _clean_minutes,
    "quiet_until": _clean_minutes,
    "channel": _one_of("channel", Alert.CHANNELS),
    "addresses": _clean_addresses,
    "url": clean_url,
    "allows_private": _flag("allows_private"),
}
