"""How values look on screen: statuses, numbers, sizes, times, durations, tags."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import unescape

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from runs.figures import duration, exactly, shortened
from runs.lifecycle import ACTIVE, Status
from runs.web.filled import escaped, filled

_BLOCKS = re.compile(r"</?(?:p|li|h\d|tr|td|th|br|hr|pre|ul|ol|div|table|blockquote|img)\b[^>]*>")
_TAGS = re.compile(r"<[^>]*>")
NOTHING = mark_safe('<span class="dim">–</span>')
SHAPE: dict[str, str] = {
    Status.RUNNING: "run",
    Status.STARTING: "run",
    Status.FINALIZING: "run",
    Status.COMPLETED: "ok",
    Status.FAILED: "bad",
    Status.CANCELED: "off",
    Status.NOT_RESPONDING: "lost",
}
WORDS: dict[str, str] = {
    Status.NOT_STARTED: "Not started",
    Status.CANCEL_REQUESTED: "Cancel requested",
    Status.NOT_RESPONDING: "Not responding",
}
# Of models, whose statuses are runs.models.LoggedModel.STATUSES.
MODEL_SHAPE = {"READY": "ok", "UPLOAD_FAILED": "bad"}
MODEL_WORDS = {"PENDING": "Pending", "READY": "Ready", "UPLOAD_FAILED": "Upload failed"}


def shape_of(status: str) -> str:
    """The group of the status: run, ok, bad, off, wait or lost; a class and the name of a shape."""
    return SHAPE.get(status, "wait")


def word_of(status: str) -> str:
    """The status in words."""
    return WORDS.get(status, status)


def is_active(status: str) -> bool:
    """Whether something can still change."""
    return status in ACTIVE


def status(value: str, count: int | None = None) -> SafeString:
    """Shape, colour and word; with a count behind it."""
    counted = "" if count is None else filled(" <b>{}</b>", grouped(count))
    return _drawn(shape_of(value), word_of(value), counted)


def model_status(value: str) -> SafeString:
    """The same of a model."""
    return _drawn(MODEL_SHAPE.get(value, "wait"), MODEL_WORDS.get(value, value))


def _drawn(shape: str, word: str, counted: str = "") -> SafeString:
    return filled('<span class="st {0}"><svg><use href="#s-{0}"/></svg>{1}{2}</span>', shape, word, counted)


def grouped(number: int) -> str:
    """A whole number with thousands separated."""
    return f"{number:,}"


def number(value: float | str | None) -> SafeString:
    """Four significant digits, the exact value on hover; text and nothing as they are."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return escaped(value)
    short, exact = shortened(value), exactly(value)
    return filled("{}", short) if short == exact else filled('<span title="{}">{}</span>', exact, short)


def size(count: int) -> str:
    """Bytes as people say them: 3.2 MB."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5:
            return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{value:.0f} PB"


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that says enough."""
    passed = now - at
    seconds = passed.total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))} min ago"
    if seconds < 22 * 3600:
        return f"{round(seconds / 3600)} h ago"
    if passed < timedelta(hours=44):
        return "yesterday"
    if passed < timedelta(days=30):
        return f"{round(seconds / 86400)} days ago"
    return f"{at:%-d %b %Y}" if at.year != now.year else f"{at:%-d %b}"


def moment(at: datetime | None, now: datetime | None = None) -> SafeString:
    """Relative, the exact time in the person's time zone on hover; a script puts in the local one and keeps it true."""
    if at is None:
        return NOTHING
    at = at.astimezone(UTC)
    return filled(
        '<time datetime="{}" title="{}">{}</time>',
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S %Z}",
        ago(at, now or timezone.now()),
    )


def lasting(started: datetime | None, ended: datetime | None, now: datetime) -> SafeString:
    """How long it took, or takes so far: a script lets the seconds pass."""
    if started is None:
        return mark_safe("")
    seconds = max(0.0, ((ended or now) - started).total_seconds())
    if ended is not None:
        return filled("{}", duration(seconds))
    return filled(
        '<span data-since="{}">{}</span>', int(started.timestamp() * 1000), duration(max(1.0, round(seconds)))
    )


def tag(key: str, value: str | None) -> SafeString:
    """A tag, as key or as key and value; the whole text on hover where it is long."""
    return filled('<span class="tag"{}>{}</span>', *tag_parts(key, value))


def tag_parts(key: str, value: str | None) -> tuple[SafeString, SafeString]:
    """What makes an element a tag: its title, where the text is long, and its content."""
    if value in (None, ""):
        return _title(key, 24), filled("<span>{}</span>", key)
    content = filled("<span>{}</span><b>{}</b>", key, clipped(value or "", 200))
    return _title(f"{key}: {value}", 24), content


def tags(pairs: Mapping[str, str | None], most: int = 1000) -> SafeString:
    """Tags one after the other, at most so many; the rest is counted."""
    drawn = [tag(key, value) for key, value in list(pairs.items())[:most]]
    if len(pairs) > most:
        drawn.append(filled('<span class="dim">+{}</span>', len(pairs) - most))
    return mark_safe(" ".join(drawn))  # noqa: S308, each part is escaped


def excerpt(html: str, length: int) -> str:
    """The first words of a drawn description, without what made them bold or a link."""
    begun = html[: length * 40]
    text = _TAGS.sub("", _BLOCKS.sub(" ", begun[: begun.rfind("<")] if len(html) > len(begun) else begun))
    return clipped(" ".join(unescape(text).split()), length)


def clipped(text: str, length: int) -> str:
    """The first line of the text, cut at a length."""
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= length else line[: length - 1] + "…"


def _title(text: str, longer_than: int) -> SafeString:
    return filled(' title="{}"', clipped(text, 300)) if len(text) > longer_than else mark_safe("")


def from_ms(milliseconds: int) -> SafeString:
    """A point's time, to the millisecond, in UTC; the local time on hover."""
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return NOTHING
    return filled(
        '<time data-exact datetime="{}">{}</time>',
        f"{at:%Y-%m-%dT%H:%M:%SZ}",
        f"{at:%Y-%m-%d %H:%M:%S}.{milliseconds % 1000:03}",
    )
