"""The icons of every page: one sprite, built from the lucide package and the studio's own shapes of status."""

import functools
from xml.etree import ElementTree

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

NAMES = {
    "compare": "columns-2",
    "tall": "move-vertical",
    "wide": "move-horizontal",
    "expand": "maximize-2",
    "more": "ellipsis",
    "grip": "grip-vertical",
    "experiment": "flask-conical",
    "model": "box",
    "runs": "list",
    "home": "house",
    "compute": "server",
    "settings": "settings",
    "help": "circle-question-mark",
    "keyboard": "keyboard",
    "enter": "corner-down-left",
    "undo": "undo-2",
    "restore": "archive-restore",
    "bolt": "zap",
    "rows": "rows-2",
    "rows-tight": "rows-4",
    "search": "search",
    "plus": "plus",
    "close": "x",
    "pen": "pencil",
    "stop": "circle-stop",
    "refresh": "rotate-cw",
    "columns": "columns-3",
    "group": "group",
    "filter": "list-filter",
    "down": "chevron-down",
    "right": "chevron-right",
    "left": "chevron-left",
    "sort-up": "arrow-up",
    "sort-down": "arrow-down",
    "lock": "lock",
    "file": "file",
    "log": "file-text",
    "image": "image",
    "folder": "folder",
    "download": "download",
    "copy": "copy",
    "check": "check",
    "info": "info",
    "warn": "triangle-alert",
    "user": "circle-user-round",
    "sun": "sun",
    "moon": "moon",
    "system": "monitor",
    "sign-out": "log-out",
    "fold": "panel-left-close",
    "unfold": "panel-left-open",
    "chart": "chart-line",
    "table": "table",
    "chart-box": "grid-3x3",
    "pulse": "activity",
    "tree": "corner-down-right",
    "created": "circle-plus",
    "started": "play",
    "tag": "tag",
    "text": "text-align-start",
    "archive": "archive",
    "clock": "clock",
    "star": "star",
    "bell": "bell",
    "users": "users",
    "key": "key-round",
    "mail": "mail",
    "share": "share-2",
    "trash": "trash-2",
    "pin": "pin",
    "up": "chevron-up",
}
# A shape for each group of statuses, so that colour is never alone. `--hole` is the colour behind them.
SHAPES = {
    "run": '<circle cx="7" cy="7" r="4.5" fill="currentColor"/>',
    "ok": '<circle cx="7" cy="7" r="6.2" fill="currentColor"/>'
    '<path d="M4.2 7.2l2 2 3.6-4" stroke="var(--hole)" stroke-width="1.6" fill="none"/>',
    "bad": '<path d="M7 .8 13.4 12.6H.6z" fill="currentColor"/>'
    '<path d="M7 5v3.6M7 10.4v.2" stroke="var(--hole)" stroke-width="1.5"/>',
    "off": '<circle cx="7" cy="7" r="5.6" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M3.4 10.6l7.2-7.2" stroke="currentColor" stroke-width="1.5"/>',
    "wait": '<circle cx="7" cy="7" r="5.6" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M7 4v3.2l2 1.4" stroke="currentColor" stroke-width="1.5" fill="none"/>',
    "lost": '<circle cx="7" cy="7" r="5.6" fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-dasharray="2.2 2.2"/><circle cx="7" cy="7" r="1.6" fill="currentColor"/>',
}


@functools.cache
def sprite() -> SafeString:
    """All icons as symbols, for the top of a page; `icon` draws one of them."""
    symbols = [_symbol(name, source) for name, source in NAMES.items()]
    symbols += [
        f'<symbol id="s-{name}" viewBox="0 0 14 14">{shape}</symbol>' for name, shape in SHAPES.items()
    ]
    # Only constants of this file and drawings of an installed package are in here.
    return mark_safe(f'<svg hidden aria-hidden="true">{"".join(symbols)}</svg>')  # noqa: S308


def icon(name: str) -> SafeString:
    """One icon, of no meaning of its own: words stand beside it or label its button."""
    return format_html('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>', name)


def _symbol(name: str, source: str) -> str:
    drawing = ElementTree.fromstring(str(lucide(source)))  # noqa: S314, a file of the package
    for child in drawing:
        child.tail = None
    inner = "".join(ElementTree.tostring(child, encoding="unicode") for child in drawing)
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{inner}</symbol>'
