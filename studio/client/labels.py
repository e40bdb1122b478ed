"""Tags, properties and parameters of a run."""

from collections.abc import Iterable, Mapping
from typing import Any

from studio.client.notices import warn
from studio.client.operation import change
from studio.client.record import RunRecord
from studio.client.values import scalar, to_wire


class RunLabels(RunRecord):
    """The part of a run that describes it in keys and values."""

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags when they were last read; `get_tags` asks the studio."""
        return dict(self._known().get("tags", {}))

    def get_tags(self) -> dict[str, str | None]:
        """Return the tags now."""
        return dict(self._fetch().get("tags", {}))

    def tag(self, key: str, value: Any = None) -> None:
        """Set one tag, with or without a value; the others stay as they are."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set these tags and leave the others. Values that are not text become text, with a warning."""
        self._change_tags({str(key): tag_text(key, value) for key, value in tags.items()}, [])

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags with these keys; keys that are not there are no error."""
        self._change_tags({}, [tags] if isinstance(tags, str) else list(tags))

    def _change_tags(self, changed: dict[str, str | None], removed: list[str]) -> None:
        self._change(change(self._id, "tags", "tags/", {"set": changed, "remove": removed}))
        known = {**self._found.get("tags", {}), **changed}
        self._found["tags"] = {key: value for key, value in known.items() if key not in removed}

    @property
    def properties(self) -> dict[str, str]:
        """The properties when they were last read; `get_properties` asks the studio."""
        return dict(self._known().get("properties", {}))

    def get_properties(self) -> dict[str, str]:
        """Return the properties now."""
        return dict(self._fetch().get("properties", {}))

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties, for good: one that has a value keeps it.

        Raises ServiceException for another value.
        """
        if properties:
            texts = {
                str(key): value if isinstance(value, str) else str(value) for key, value in properties.items()
            }
            self._change(change(self._id, "properties", "properties/", {"set": texts}))

    def add_properties_later(self, properties: Mapping[str, str]) -> None:
        """Add properties in their turn: nobody waits, and a refusal is told, not raised."""
        self._recorder.submit(change(self._id, "properties", "properties/", {"set": dict(properties)})).kept()

    def log_param(self, name: str, value: Any) -> None:
        """Keep one parameter of the run: an input, such as a learning rate. It is written once."""
        self.log_params({name: value})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Keep parameters of the run. Raises ServiceException when one has another value already."""
        if params:
            self._change(change(self._id, "params", "params/", {"set": param_values(params)}))


def tag_text(key: str, value: Any) -> str | None:
    """Return the value as a tag holds it: text or None."""
    if value is None or isinstance(value, str):
        return value
    warn(f"Converting non-string tag to string: ({key}: {value})")
    return str(value)


def param_values(params: Mapping[str, Any]) -> dict[str, float | int | str]:
    """Return parameters as the wire has them: numbers stay numbers, everything else becomes text."""
    return {str(name): _param(value) for name, value in params.items()}


def _param(value: Any) -> float | int | str:
    if value is None or isinstance(value, bool | list | tuple | dict | range):
        return str(value)
    sent: float | int | str = to_wire(scalar(value))
    return sent


def has(found: Mapping[str, Any], wanted: str | Mapping[str, Any] | None) -> bool:
    """Whether these tags or properties hold a key, or keys with their values; None for a value asks for the key."""
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in found
    return all(key in found and (value is None or found[key] == str(value)) for key, value in wanted.items())


def filter_text(source: str, wanted: str | Mapping[str, Any] | None) -> list[str]:
    """Return what `has` asks for as conditions of the filter language; `source` is `tags` or `properties`."""
    if wanted is None:
        return []
    pairs = {wanted: None} if isinstance(wanted, str) else wanted
    return [_condition(f'{source}."{_doubled(key, chr(34))}"', value) for key, value in pairs.items()]


def _condition(field: str, value: Any) -> str:
    return f"{field} IS NOT NULL" if value is None else f"{field} = '{_doubled(value, chr(39))}'"


def _doubled(text: Any, quote: str) -> str:
    return str(text).replace(quote, quote * 2)
