"""What a message of an alert says: its subject, and facts that mail, chat, webhook and page show alike.

Facts are plain JSON. Texts of runs are in them as they are, without control characters; whoever shows them escapes.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from runs.lifecycle import Status
from runs.models import Alert, AlertMoment, Artifact, Metric, Run
from runs.query.log_lines import TextFile
from runs.query.run_metrics import own_metrics

MOST_RUNS, MOST_DETAILED, MOST_METRICS, LOG_LINES = 25, 3, 8, 20
LINE_LENGTH, TEXT_LENGTH, NAME_LENGTH = 300, 600, 80
# A token of this studio, should a script have printed one.
_TOKEN = re.compile(r"studio_\d+_[A-Za-z0-9_-]{20,}")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# How a watched word is said of one run.
SAID = {
    Alert.SILENT: "is not responding",
    Alert.QUEUED: "is queued too long",
    Alert.ALL_ENDED: "was the last to end",
}
SAID_SHORT = {Alert.SILENT: "not responding", Alert.QUEUED: "queued too long", Alert.ALL_ENDED: "all ended"}


def facts_of_message(
    alert: Alert, moments: Sequence[AlertMoment], now: datetime
) -> tuple[str, dict[str, Any]]:
    """The subject and the facts. Runs that lie in the trash by now are left out, as everywhere."""
    told = [moment for moment in moments if moment.run is not None and moment.run.deleted_at is None]
    latest = {(moment.run_id, moment.watch): moment for moment in told}
    shown = list(latest.values())[-MOST_RUNS:][::-1]
    detailed = len({moment.run_id for moment in latest.values()}) <= MOST_DETAILED
    counts = Counter(moment.watch for moment in told if moment.watch != Alert.ALL_ENDED)
    facts = {
        "workspace": alert.workspace.name,
        "alert": plain(alert.name, NAME_LENGTH),
        "alert_id": alert.pk,
        "counts": dict(counts),
        "total": len(latest),
        "all_ended": any(moment.watch == Alert.ALL_ENDED for moment in told),
        "runs": [_run_facts(moment, alert, now, detailed=detailed) for moment in shown],
    }
    return _subject(alert, told, counts, all_ended=bool(facts["all_ended"])), facts


def facts_of_test(alert: Alert) -> tuple[str, dict[str, Any]]:
    """The same for a message that somebody asked for to see whether it arrives."""
    facts = {
        "workspace": alert.workspace.name,
        "alert": plain(alert.name, NAME_LENGTH),
        "alert_id": alert.pk,
        "is_test": True,
        "counts": {},
        "total": 0,
        "all_ended": False,
        "runs": [],
    }
    return f"[{alert.workspace.name}] A test of the alert {plain(alert.name, NAME_LENGTH)}", facts


def plain(text: str, length: int) -> str:
    """The text on one line, without what hides, turns around or breaks it, and without tokens of this studio."""
    text = _TOKEN.sub("studio_…", _ANSI.sub("", text[: length * 4]))
    kept = "".join(" " if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in text)
    kept = " ".join(kept.split())
    return kept if len(kept) <= length else kept[: length - 1] + "…"


def said_of(watch: str, metric: str = "", value: float | None = None) -> str:
    """How the watched word is said of one run."""
    if watch == Alert.METRIC:
        return f"has {plain(metric, NAME_LENGTH)} = {value:g}" if value is not None else "crossed its bound"
    return SAID.get(watch, watch)


def _subject(alert: Alert, told: Sequence[AlertMoment], counts: Counter[str], *, all_ended: bool) -> str:
    head = f"[{alert.workspace.name}]"
    runs = {moment.run_id: moment.run for moment in told}
    if not runs:
        return f"{head} {plain(alert.name, NAME_LENGTH)}"
    last = told[-1]
    if all_ended and not (len(runs) == 1 and alert.run_id):
        ends = sum(counts[word] for word in (Alert.COMPLETED, Alert.FAILED, Alert.CANCELED, Alert.ENDED))
        words = _counted(counts) if ends else ""
        return f"{head} {plain(alert.name, NAME_LENGTH)}: all runs have ended{f' ({words})' if words else ''}"
    if len(runs) == 1 and last.run is not None:
        run = last.run
        place = f"{plain(run.experiment.name, NAME_LENGTH)} / run {run.number}"
        said = " and ".join(dict.fromkeys(said_of(m.watch, alert.metric, m.value) for m in told))
        return f"{head} {place} {said}"
    places = {run.experiment.name for run in runs.values() if run is not None}
    place = plain(next(iter(places)), NAME_LENGTH) if len(places) == 1 else f"{len(places):,} experiments"
    return f"{head} {place}: {_counted(counts)}"


def _counted(counts: Counter[str]) -> str:
    words = {Alert.METRIC: "past the bound", **SAID_SHORT}
    return ", ".join(f"{count:,} {words.get(word, word)}" for word, count in counts.most_common())


def _run_facts(moment: AlertMoment, alert: Alert, now: datetime, *, detailed: bool) -> dict[str, Any]:
    run = moment.run
    assert run is not None  # noqa: S101 - left out above
    facts: dict[str, Any] = {
        "id": run.public_id,
        "number": run.number,
        "name": plain(run.display_name, NAME_LENGTH),
        "experiment": plain(run.experiment.name, NAME_LENGTH),
        "watch": moment.watch,
        "said": said_of(moment.watch, alert.metric, moment.value),
        "status": run.status,
        "reason": plain(run.status_reason, TEXT_LENGTH),
        "seconds": run.seconds(now),
        "by": run.created_by.username if run.created_by else "",
        "at": moment.at.isoformat(),
    }
    return facts | _details(run, alert) if detailed else facts


def _details(run: Run, alert: Alert) -> dict[str, Any]:
    return {
        "error": plain(run.error_message, TEXT_LENGTH),
        "parent": _named(run.parent) if run.parent and run.parent.deleted_at is None else None,
        "children": _children(run),
        "metrics": list(_metrics(run, alert)),
        "log": _last_lines(run) if run.status == Status.FAILED else [],
    }


def _named(run: Run) -> dict[str, Any]:
    return {
        "id": run.public_id,
        "number": run.number,
        "name": plain(run.display_name, NAME_LENGTH),
        "status": run.status,
    }


def _children(run: Run) -> dict[str, int]:
    """How many children have which status."""
    rows = (
        Run.objects.filter(parent=run, deleted_at=None).order_by() if run.child_count else Run.objects.none()
    )
    return dict(Counter(rows.values_list("status", flat=True)))


def _metrics(run: Run, alert: Alert) -> Iterable[dict[str, Any]]:
    """Last values with those of the run before: the watched metric first, then by name."""
    rows = own_metrics(run).filter(kind=Metric.SCALAR, last__isnull=False).order_by("name__text")
    found = list(rows[:MOST_METRICS])
    if alert.metric and all(metric.name.text != alert.metric for metric in found):
        found = [*rows.filter(name__text=alert.metric)[:1], *found][:MOST_METRICS]
    found.sort(key=lambda metric: (metric.name.text != alert.metric, metric.name.text))
    before = _values_before(run, found)
    for metric in found:
        old = before.get(metric.name_id)
        change = None if old is None or metric.last is None else metric.last - old
        yield {
            "name": plain(metric.name.text, NAME_LENGTH),
            "value": metric.last,
            "before": old,
            "change": change,
        }


def _values_before(run: Run, metrics: Sequence[Metric]) -> dict[int, float | None]:
    """The last values of the run that completed last before this one in its experiment, on the same floor."""
    rows = Run.objects.filter(experiment=run.experiment_id, number__lt=run.number, deleted_at=None)
    rows = rows.filter(status=Status.COMPLETED.value, parent=run.parent_id)
    previous = rows.order_by("-number").values_list("pk", flat=True).first()
    if previous is None:
        return {}
    values = Metric.objects.filter(run=previous, name__in=[metric.name_id for metric in metrics])
    return dict(values.values_list("name_id", "last"))


def _last_lines(run: Run) -> list[str]:
    """The end of the log that was written last."""
    file = Artifact.objects.filter(run=run, is_log=True, size__gt=0).order_by("-updated_at", "path").first()
    if file is None:
        return []
    text = TextFile(file)
    try:
        window = text.end()
    except OSError:
        return []
    lines = [line.head.decode(text.encoding, "replace") for line in window.lines[-LOG_LINES:]]
    return [plain_line(line) for line in lines]


def plain_line(line: str) -> str:
    """A line of a log as it was last seen on a screen: after its last carriage return, indented as it was."""
    last = line.rstrip("\r\n").rsplit("\r", 1)[-1]
    indent = len(last) - len(last.lstrip(" "))
    return " " * min(indent, 40) + plain(last, LINE_LENGTH)
