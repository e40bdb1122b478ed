"""What is on screen is one address: the present one, with something changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, QueryDict
from django.utils.encoding import escape_uri_path

from runs.errors import Invalid
from runs.models import SavedView


@dataclass(frozen=True)
class Address:
    """A path and its parameters. What changes the list leads to its first page: `cursor` is dropped."""

    path: str
    query: QueryDict

    @classmethod
    def of(cls, request: HttpRequest) -> "Address":
        """The address of this request."""
        return cls(escape_uri_path(request.path), request.GET)

    @classmethod
    def at(cls, url: str) -> "Address":
        """The address that was written as one text. Raises Invalid when it holds too much."""
        path, _, text = url.partition("?")
        try:
            return cls(path, QueryDict(text))
        except (TooManyFieldsSent, UnicodeError):
            raise Invalid("This address could not be read.", field="at") from None

    def get(self, name: str) -> str:
        """The parameter, or nothing; several are joined by commas."""
        return ",".join(value for value in self.query.getlist(name) if value)

    def having(self, **changes: str | list[str] | None) -> str:
        """The address with these parameters instead; None or nothing takes one away, a list gives several values."""
        query = self._copy()
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query.setlist(name, value if isinstance(value, list) else [value])
        return self._text(query)

    def adding(self, name: str, value: str) -> str:
        """The address with one more value of the parameter."""
        query = self._copy()
        query.appendlist(name, value)
        return self._text(query)

    def dropping(self, name: str, value: str | None = None) -> str:
        """The address without the parameter, or without this one of its values."""
        query = self._copy()
        left = [each for each in query.pop(name, []) if value is not None and each != value]
        if left:
            query.setlist(name, left)
        return self._text(query)

    def dropping_all(self, *names: str) -> str:
        """The address without any of these parameters."""
        query = self._copy()
        for name in names:
            query.pop(name, None)
        return self._text(query)

    def opening(self, public_id: str, count: int) -> str:
        """The address with so many children of the run shown in place."""
        query = self._open_others(public_id)
        query.appendlist("open", f"{public_id}~{count}")
        return self._text(query)

    def toggling_open(self, public_id: str, *, is_open: bool) -> str:
        """The address with the children of the run shown in place, or hidden again."""
        query = self._open_others(public_id)
        if not is_open:
            query.appendlist("open", public_id)
        return self._text(query)

    def _open_others(self, public_id: str) -> QueryDict:
        """The parameters with this run closed; `cursor` stays, for the page is the same."""
        query = self.query.copy()
        opened = query.pop("open", [])
        query.setlist("open", [o for o in opened if o != public_id and o.rpartition("~")[0] != public_id])
        return query

    def toggling(self, name: str, value: str) -> str:
        """The address with the value if it is not there yet, else without."""
        present = value in self.query.getlist(name)
        return self.dropping(name, value) if present else self.adding(name, value)

    @property
    def cleared(self) -> str:
        """The address without any condition, in the same order, with the same columns."""
        query = self._copy()
        for name in SavedView.CONDITIONS:
            query.pop(name, None)
        if not query:
            query["view"] = "default"
        return self._text(query)

    def pairs(self, *without: str) -> Iterator[tuple[str, str]]:
        """The parameters, for the hidden fields of a form that sets those in `without`."""
        for name, values in self.query.lists():
            if name not in (*without, "cursor"):
                yield from ((name, value) for value in values if value)

    def _copy(self) -> QueryDict:
        query = self.query.copy()
        query.pop("cursor", None)
        return query

    def _text(self, query: QueryDict) -> str:
        text = query.urlencode(safe="=,:<>'()")
        return f"{self.path}?{text}" if text else self.path
