"""The charts above a table: each as a card whose every control is an address."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.urls import reverse

from runs.errors import Invalid
from runs.query.charts import HEIGHTS, Chart, chart_text, parse_charts
from runs.web.address import Address
from runs.web.scope import DEPTH, NARROWING, Scope

# What of a list's address its charts do not depend on.
UNRELATED = (
    "chart",
    "columns",
    "cursor",
    "view",
    "open",
    "pin",
    "only",
    "group",
    "in",
    "run",
    "base",
    "all",
    "rows",
    DEPTH,
)
# What a page looks for by itself, Compare among its rows: in the form `find` looks among names.
OWN_FIND = "c_find"


@dataclass(frozen=True)
class Card:
    """One chart and the addresses of what can be done with it; `refusal` instead where its text is wrong."""

    key: str
    title: str
    remove_url: str
    text: str = ""
    chart: Chart | None = None
    refusal: Invalid | None = None
    data_url: str = ""
    csv_url: str = ""
    table_url: str = ""
    edit_url: str = ""
    duplicate_url: str = ""
    size_url: str = ""
    left_url: str = ""
    right_url: str = ""
    heights: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class Panel:
    """All charts of a page."""

    cards: list[Card]
    add_url: str
    follows_selection: bool = True


@dataclass(frozen=True)
class ChartPlace:
    """Where the charts stand: the page's address, its charts' texts, and what their data is asked with."""

    address: Address
    workspace: str
    texts: Sequence[str]
    asked: Sequence[tuple[str, str]]

    def with_texts(self, texts: Sequence[str]) -> str:
        """The page with these charts. One empty text stays, so that a page's usual ones do not come back."""
        query = self.address.query.copy()
        query.pop("cursor", None)
        query.setlist("chart", list(texts) or [""])
        return Address(self.address.path, query).having()

    def form_url(self, place: int | None) -> str:
        """Where a chart is added, or the one at the place is changed."""
        query = self.address.query.copy()
        query.pop("cursor", None)
        query.setlist("chart", list(self.texts))
        query["at"] = self.address.path
        if own := query.pop("find", None):
            query.setlist(OWN_FIND, own)
        if place is not None:
            query["c_place"] = str(place)
        return f"{reverse('chart', args=[self.workspace])}?{query.urlencode()}"

    def data_url(self, text: str, name: str = "chart_data", **more: str) -> str:
        """Where the chart's content is read."""
        query = urlencode([("chart", text), *self.asked, *more.items()])
        return f"{reverse(name, args=[self.workspace])}?{query}"


def panel_of(address: Address, scope: Scope) -> Panel:
    """The charts of a list of runs."""
    asked = list(address.pairs(*UNRELATED))
    if scope.experiment is not None:
        asked.append(("in", scope.experiment.name))
    if scope.parent is not None:
        asked = [pair for pair in asked if pair[0] not in NARROWING] + [*scope.narrowing.items()]
    texts = [text for text in address.query.getlist("chart") if text]
    return draw_panel(ChartPlace(address, scope.workspace.name, texts, asked))


def draw_panel(place: ChartPlace, *, follows_selection: bool = True) -> Panel:
    """The cards of these charts; equal ones have keys of their own."""
    seen: dict[str, int] = {}
    cards = []
    for at, made in enumerate(parse_charts(place.texts)):
        # The same chart in another size is the same: a refresh resizes it and draws nothing anew.
        text = place.texts[at]
        if isinstance(made, Chart):
            text = chart_text(replace(made, is_wide=False, height="medium"))
        seen[text] = seen.get(text, 0) + 1
        cards.append(_card(place, at, made, f"{text} {seen[text]}"))
    return Panel(cards, place.form_url(None), follows_selection)


def _card(place: ChartPlace, at: int, made: Chart | Invalid, key: str) -> Card:
    texts = list(place.texts)
    remove = place.with_texts([text for n, text in enumerate(texts) if n != at])
    if isinstance(made, Invalid):
        return Card(key, texts[at][:80], remove, texts[at], refusal=made, edit_url=place.form_url(at))
    text = chart_text(made)

    def with_this(changed: Chart) -> str:
        return place.with_texts([*texts[:at], chart_text(changed), *texts[at + 1 :]])

    def moved(to: int) -> str:
        if not 0 <= to < len(texts):
            return ""
        others = [each for n, each in enumerate(texts) if n != at]
        return place.with_texts([*others[:to], texts[at], *others[to:]])

    return Card(
        key,
        made.title,
        remove,
        text,
        chart=made,
        data_url=place.data_url(text),
        csv_url=place.data_url(text, **{"as": "csv"}),
        table_url=place.data_url(text, "chart_table", at=place.address.having()),
        edit_url=place.form_url(at),
        duplicate_url=place.with_texts([*texts[: at + 1], text, *texts[at + 1 :]]),
        size_url=with_this(replace(made, is_wide=not made.is_wide)),
        left_url=moved(at - 1),
        right_url=moved(at + 1),
        heights=[(h, with_this(replace(made, height=h)), made.height == h) for h in HEIGHTS],
    )
