"""Dates, relative dates and durations as they are written in filters and addresses. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*(ms|[smhdw])\s*", re.IGNORECASE)
_PLAIN_SECONDS = re.compile(r"\d{1,12}(\.\d{1,9})?")
_DATE = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d{1,6})?\s?(Z|[+-]\d\d:\d\d)?)?", re.IGNORECASE
)
_MILLISECONDS = re.compile(r"-?\d{1,15}")
# As a program writes the product of two numbers.
_PRECISE_MILLISECONDS = re.compile(r"\d{1,15}(?=[.e])(?:\.\d{0,20})?(?:e\+?\d\d?)?")
_DAY, _TICK = timedelta(days=1), timedelta(microseconds=1)
_WORDS = {"now", "today", "yesterday"}
# Beyond a thousand years, arithmetic with dates fails; nobody means it.
_LONGEST_S = 1000 * 366 * 86_400


@dataclass(frozen=True)
class Span:
    """A length of time."""

    seconds: float

    def __str__(self) -> str:
        if not self.seconds or self.seconds % 1:
            return f"{self.seconds:.9f}".rstrip("0").rstrip(".") + "s"
        rest, parts = int(self.seconds), []
        for unit in "dhms":
            amount, rest = divmod(rest, int(_SECONDS[unit]))
            parts.append(f"{amount}{unit}" if amount else "")
        return "".join(parts)


@dataclass(frozen=True)
class Moment:
    """A time as it was written: a date, with or without a time; `-7d`; `today`; milliseconds since 1970."""

    text: str

    def interval(self, now: datetime, zone: tzinfo = UTC) -> tuple[datetime, datetime]:
        """The first instant meant and the first after it: a date is a day, `10:30` a minute, `-7d` a point.

        Dates without an offset are read in `zone`. Raises ValueError for what is no date.
        """
        text = self.text.strip().lower()
        if text in _WORDS:
            return _named_day(text, now, zone)
        if text.startswith("-") and not _MILLISECONDS.fullmatch(text):
            start = now - timedelta(seconds=parse_span(text[1:]).seconds)
            return start, start + _TICK
        if _MILLISECONDS.fullmatch(text):
            start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
            return start, start + timedelta(milliseconds=1)
        if _PRECISE_MILLISECONDS.fullmatch(text):
            return _precisely(float(text))
        return _written_date(text, zone)


def parse_span(text: str) -> Span:
    """`1h30m`, `90s`, `2d`, `1h 04m`; a bare number is seconds. Raises ValueError."""
    text = text.strip()
    if _PLAIN_SECONDS.fullmatch(text):
        return _checked(float(text))
    total, place = 0.0, 0
    while place < len(text):
        amount = _AMOUNT.match(text, place)
        if amount is None:
            raise ValueError(text)
        total += float(amount[1]) * _SECONDS[amount[2].lower()]
        place = amount.end()
    if not place:
        raise ValueError(text)
    return _checked(round(total, 9))


def parse_moment(text: str) -> Moment:
    """The moment, or ValueError when the text is no date, relative date or number of milliseconds."""
    moment = Moment(text.strip())
    try:
        moment.interval(datetime(2026, 1, 1, tzinfo=UTC))
    except OverflowError:
        raise ValueError(text) from None
    return moment


def _precisely(milliseconds: float) -> tuple[datetime, datetime]:
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return start, start + (timedelta(milliseconds=1) if milliseconds.is_integer() else _TICK)


def _checked(seconds: float) -> Span:
    if seconds > _LONGEST_S:
        raise ValueError(f"{seconds} seconds")
    return Span(seconds)


def _named_day(word: str, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    if word == "now":
        return now, now + _TICK
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight if word == "today" else midnight - _DAY
    return start, start + _DAY


def _written_date(text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    day, minutes, seconds, fraction, offset = found.groups()
    if (seconds is None and fraction is not None) or not "0001-01-02" <= day <= "9999-12-29":
        raise ValueError(text)
    fraction = f".{fraction[1:]:0<6}" if fraction else ""
    start = datetime.fromisoformat(f"{day}T{minutes or '00:00'}{seconds or ':00'}{fraction}")
    if offset:
        offset = "+00:00" if offset.upper() == "Z" else offset
        start = datetime.fromisoformat(start.isoformat() + offset)
    else:
        start = start.replace(tzinfo=zone)
    start = start.astimezone(UTC)
    width = _DAY if minutes is None else timedelta(minutes=1) if seconds is None else timedelta(seconds=1)
    return start, start + (_TICK if fraction else width)
