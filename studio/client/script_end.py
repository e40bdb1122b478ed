"""How the run of a script ends, by its exit code, its last words and what it noted of itself."""

import signal
from collections.abc import Sequence
from typing import Any

from studio.client.ending import COMPLETED, LONGEST_TRACE, Ending
from studio.client.script_process import Script


class Over(Exception):
    """The run is over. `ending` is how it is to end; None when somebody else has ended it already."""

    def __init__(self, ending: Ending | None) -> None:
        super().__init__()
        self.ending = ending


def ending_of(script: Script, noted: dict[str, Any] | None, left: Sequence[int] = ()) -> Ending:
    """By the exit code, and by what the script itself has noted of its failure. `left`: who could not be ended."""
    code = script.exit_code
    if noted is not None:
        noted["details"]["exit_code"] = str(code)
        return Ending("fail", f"failed ({noted['message']})", noted)
    if code == 0:
        return COMPLETED
    if code is None:
        return _failed("The guard of the script was killed, and the script with it.", "GuardKilled", script)
    if code < 0:
        name = _signal_name(-code)
        return _failed(f"The script was ended by {name}.", "Signal", script, exit_code=str(code), signal=name)
    trace = script.traceback()
    said = f"The script ended with exit code {code}.{_last_line(trace)}{could_not_end(left)}"
    return _failed(said, "ExitCode", script, exit_code=str(code), trace=trace)


def too_long(script: Script, longest_s: float) -> Ending:
    """It was stopped, as it took longer than it may."""
    return _failed(f"The script ran for longer than {longest_s:,.0f} s.", "TooLong", script)


def not_started(message: str) -> Ending:
    """There was nothing that could run."""
    body = {"message": message, "code": "NotStarted", "details": {}}
    return Ending("fail", f"failed ({message})", body)


def stopped(signal_name: str) -> Ending:
    """Something on this machine ended the supervisor: the engine, or a person by hand.

    The studio knows whether somebody had cancelled the run, and then takes this as the answer to that.
    """
    said = f"The supervisor of the script was stopped by {signal_name} on its machine, so the script was stopped."
    return Ending("fail", f"failed ({said})", {"message": said, "code": "SupervisorStopped", "details": {}})


def could_not_end(left: Sequence[int]) -> str:
    """A sentence on processes that withstood SIGKILL, which hang in the kernel; empty without any."""
    return f" Processes {', '.join(map(str, left))} could not be ended." if left else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name
        return f"signal {number}"


def _last_line(trace: str) -> str:
    """The last line of a traceback says what went wrong."""
    lines = [line for line in trace.splitlines() if line.strip()]
    return f" {lines[-1].strip()}" if lines else ""


def _failed(message: str, code: str, script: Script, *, trace: str = "", **details: str) -> Ending:
    if lines := script.last_lines():
        details["last_lines"] = lines
    if trace:
        details["debug_stack_trace"] = trace[-LONGEST_TRACE:]
    body = {"message": message, "code": code, "details": details}
    return Ending("fail", f"failed ({message})", body)
