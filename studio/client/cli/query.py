"""`--query`: a JMESPath expression, also as the cloud's article prints it, and over the cloud's names."""

import re
from functools import cached_property
from typing import Any

from studio.client.cli.parsing import UsageException
from studio.client.errors import UserErrorException
from studio.client.notices import warn

NOT_JMESPATH = (
    "The query is not JMESPath: {}. Put the whole query in double quotes, texts in it in single ones."
)
# What `az ml` calls the parts of a run, in its two spellings.
CLOUD_NAMES = {
    "id": ("run_id", "runId"),
    "number": ("run_number", "runNumber"),
    "display_name": ("displayName",),
    "experiment": ("_experiment_name", "experiment_name", "experimentName"),
    "type": ("run_type", "runType"),
    "parent": ("parent_run_id", "parentRunId"),
    "root": ("root_run_id", "rootRunId"),
    "created_at": ("created_utc", "createdUtc"),
    "started_at": ("start_time_utc", "startTimeUtc"),
    "ended_at": ("end_time_utc", "endTimeUtc"),
    "created_by": ("submittedBy",),
    "script": ("script_name", "scriptName"),
}
_NO_LITERAL = r"[^'\"`\s\[\](),&|=!<>@]"
_COMPARED = re.compile(rf"(==|!=)\s*({_NO_LITERAL}[^'\"`\[\]()&|=]*?)(?=\s*(?:\]|\)|&&|\|\||$))")
_SEARCHED = re.compile(rf"\b((?:starts_with|ends_with|contains)\([^,()]+,)\s*({_NO_LITERAL}[^'\"`()]*?)\s*\)")


class Query:
    """An expression that has been read. `of` applies it. Raises UsageException for what is no JMESPath."""

    def __init__(self, text: str, *, is_bare: bool = False) -> None:
        """`is_bare`: it stood on the command line without `--query`, and the shell may have taken its quotes."""
        self.text = text
        mended = without_shell(text)
        if is_bare and mended != text:
            self._tell(mended)
        try:
            self._read = _compiled(self.text)
        except UsageException:
            if mended == self.text:
                raise
            self._read = _compiled(mended)
            self._tell(mended)

    def _tell(self, mended: str) -> None:
        self.text = mended
        warn(f'the shell has taken the quotes off the query, which is read as "{mended}".')

    def of(self, found: Any) -> Any:
        """Return what it finds."""
        from jmespath.exceptions import JMESPathError

        try:
            return self._read.search(self._with_cloud_names(found))
        except JMESPathError as mistake:
            raise UserErrorException(f"The query does not fit the result: {_one_line(mistake)}") from None

    @cached_property
    def _wanted(self) -> dict[str, str]:
        """The cloud's names that it speaks of, with ours."""
        words = set(re.findall(r"\w+", self.text))
        return {name: ours for ours, names in CLOUD_NAMES.items() for name in names if name in words}

    def _with_cloud_names(self, found: Any) -> Any:
        if not self._wanted:
            return found
        if isinstance(found, list):
            return [self._with_cloud_names(one) for one in found]
        if not isinstance(found, dict) or "id" not in found or "experiment" not in found:
            return found
        return {**{name: found.get(ours) for name, ours in self._wanted.items()}, **found}


def query_of(option: str | None, words: list[str]) -> Query | None:
    """Return the query of `--query` or of bare words, as `az ml run list [?…]` has them in the article."""
    if not words:
        return Query(option) if option is not None else None
    text = " ".join(words)
    if not text.startswith("["):
        raise UsageException(f"{text!r} is neither an option nor a query, which begins with a bracket: [?…].")
    if option is not None:
        raise UsageException(f"There are two queries, {option!r} and {text!r}: give one.")
    return Query(text, is_bare=True)


def without_shell(text: str) -> str:
    """Return the query with the quotes back that a shell has taken off it; any other stays as it is."""
    if any(quote in text for quote in "'\"`"):
        return text
    return _SEARCHED.sub(r"\1 '\2')", _COMPARED.sub(r"\1'\2'", text))


def _compiled(text: str) -> Any:
    try:
        import jmespath
        from jmespath.exceptions import JMESPathError
    except ImportError:
        raise UserErrorException("--query needs jmespath: install it with `pip install jmespath`.") from None
    try:
        read = jmespath.compile(text)
    except JMESPathError as mistake:
        raise UsageException(NOT_JMESPATH.format(_one_line(mistake))) from None
    _check_functions(read.parsed)
    return read


def _check_functions(part: dict[str, Any]) -> None:
    """JMESPath itself would only notice when the command has done its work."""
    from jmespath.functions import Functions

    if part.get("type") == "function_expression" and part["value"] not in Functions.FUNCTION_TABLE:
        raise UsageException(
            f"The query is not JMESPath: there is no function {part['value']}; "
            f"there are {', '.join(sorted(Functions.FUNCTION_TABLE))}."
        )
    for child in part.get("children", ()):
        if isinstance(child, dict):
            _check_functions(child)


def _one_line(mistake: Exception) -> str:
    return " ".join(str(mistake).replace("^", "").split()).rstrip(".:")
