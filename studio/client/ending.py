"""How a run ends: the call that says so, and the words for it, from whatever ended the program."""

from dataclasses import dataclass, field, replace
from typing import Any

from studio.client.operation import Operation, change, now_text

# The studio keeps whole traces up to some size; the end of one says more than its beginning.
LONGEST_TRACE = 20_000


@dataclass(frozen=True)
class Ending:
    """One of the three ends. `verb` is its address, `words` is for people."""

    verb: str
    words: str
    body: dict[str, Any] = field(default_factory=dict)

    def operation(self, run: str) -> Operation:
        """Return the call that ends the run this way; repeating it changes nothing."""
        return change(run, "end", f"{self.verb}/", {**self.body, "ended_at": now_text()})

    def with_more(self, words: str) -> "Ending":
        """The same end with a sentence added to its reason or message."""
        name = "reason" if "reason" in self.body else "message"
        return replace(self, body={**self.body, name: f"{self.body.get(name, '')}{words}"}) if words else self


COMPLETED = Ending("complete", "completed")


class Terminated(SystemExit):
    """Raised in the main thread by SIGTERM, so that blocks end, files are sent and the run says why it ended."""

    def __init__(self) -> None:
        super().__init__(143)  # 128 + SIGTERM, as a shell would say


def canceled(reason: str) -> Ending:
    """The program stopped because it was told to."""
    return Ending("canceled", f"was {reason}", {"reason": reason})


def failed(error_details: str | BaseException | None, error_code: str | None = None) -> Ending:
    """The program went wrong: by its own words, or by an exception, in the shape that the cloud gives it."""
    code = error_code or "UserError"
    if isinstance(error_details, BaseException):
        import traceback

        kind, text = type(error_details).__name__, str(error_details)
        lines = traceback.format_exception(error_details)
        details = {
            "debug_type": kind,
            "debug_message": text,
            "debug_stack_trace": "".join(lines)[-LONGEST_TRACE:],
        }
        message = f"User program failed with {kind}: {text}"
        return Ending(
            "fail", f"failed ({kind}: {text})", {"message": message, "code": code, "details": details}
        )
    message = error_details or "The run was marked as failed."
    return Ending("fail", f"failed ({message})", {"message": message, "code": code, "details": {}})


def ending_for(error: BaseException | None, cancelled_by: str | None) -> Ending:
    """Return the end that fits how the program left: normally, by an exception, by Ctrl-C, by `sys.exit`."""
    if cancelled_by is not None:
        return canceled(f"canceled by {cancelled_by}")
    if isinstance(error, KeyboardInterrupt):
        return canceled("interrupted by Ctrl-C")
    if isinstance(error, Terminated):
        return canceled("terminated by SIGTERM")
    if isinstance(error, SystemExit):
        return COMPLETED if error.code in (None, 0, False) else failed(exit_text(error.code), "ExitCode")
    return COMPLETED if error is None else failed(error)


def exit_text(code: object) -> str:
    """Say how the program left; `sys.exit("text")` prints the text and leaves with 1."""
    return f"exit code {code}" if isinstance(code, int) else f"exit code 1: {code}"
