"""Words said at the bottom of the next page, with a way to undo what they tell of."""

import json
from collections.abc import Mapping

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def say(
    request: HttpRequest, words: str, *, undo_url: str = "", undo: Mapping[str, str] | None = None
) -> None:
    """Say the words on the next page; with `undo_url` beside a button that sends the pairs `undo` there."""
    tags = json.dumps({"url": undo_url, "pairs": dict(undo or {})}) if undo_url else ""
    messages.info(request, words, extra_tags=tags)


def said(request: HttpRequest, message: Message) -> SafeString:
    """The words, and their button."""
    words = format_html("<span>{}</span>", message.message)
    if not (message.extra_tags or "").startswith("{"):
        return words
    undo = json.loads(message.extra_tags)
    pairs = {"csrfmiddlewaretoken": get_token(request), **undo["pairs"]}
    fields = format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs.items())
    button = format_html('{}<button class="btn tiny" type="submit">Undo</button>', fields)
    return words + format_html('<form method="post" action="{}">{}</form>', undo["url"], button)
