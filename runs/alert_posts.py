"""Messages of alerts as JSON: for a webhook of one's own, signed; for Slack, Teams and Mattermost. Pure."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from runs.unlinked import for_markdown, for_slack, unlinked

MOST_LINES = 12


def webhook_body(message: Mapping[str, Any]) -> bytes:
    """All that is known, for programs."""
    return orjson.dumps(message)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What a receiver computes too: HMAC-SHA256 of the time, a dot and the body."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"


def slack_body(message: Mapping[str, Any]) -> bytes:
    """For an incoming webhook of Slack."""
    lines = [f"*{for_slack(message['subject'])}*"]
    lines += [f"• <{url}|{for_slack(head)}> {for_slack(rest)}" for url, head, rest in _lines(message)]
    lines += [f"<{message['url']}|All of it in the studio>"]
    text = {"type": "mrkdwn", "text": "\n".join(lines)[:2900], "verbatim": True}
    return orjson.dumps(
        {"text": for_slack(message["subject"]), "blocks": [{"type": "section", "text": text}]}
    )


def mattermost_body(message: Mapping[str, Any]) -> bytes:
    """For an incoming webhook of Mattermost."""
    lines = [f"**{for_markdown(message['subject'])}**"]
    lines += [f"- [{for_markdown(head)}]({url}) {for_markdown(rest)}" for url, head, rest in _lines(message)]
    lines += [f"[All of it in the studio]({message['url']})"]
    return orjson.dumps({"text": "\n".join(lines)})


def teams_body(message: Mapping[str, Any]) -> bytes:
    """For an incoming webhook of Teams: a card whose texts are text runs, which know no marks."""
    body: list[dict[str, Any]] = [_text(unlinked(message["subject"]), weight="Bolder")]
    for url, head, rest in _lines(message):
        opens = {"type": "Action.OpenUrl", "url": url}
        inlines = [
            {"type": "TextRun", "text": unlinked(head), "selectAction": opens},
            {"type": "TextRun", "text": f" {unlinked(rest)}"},
        ]
        body.append({"type": "RichTextBlock", "inlines": inlines})
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "Open in the studio", "url": message["url"]}],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return orjson.dumps({"type": "message", "attachments": [{"contentType": kind, "content": card}]})


def _text(text: str, **look: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _lines(message: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Of each run the address, what it is called, and what is said of it."""
    for run in message["runs"][:MOST_LINES]:
        said = ", ".join(part for part in (run["said"], run["reason"], run["duration"]) if part)
        yield run["url"], f"{run['experiment']} / run {run['number']}", said


BODIES: dict[str, Callable[[Mapping[str, Any]], bytes]] = {
    "webhook": webhook_body,
    "slack": slack_body,
    "teams": teams_body,
    "mattermost": mattermost_body,
}
