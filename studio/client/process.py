"""What one process has: its recorders and open runs, and what happens to them when it ends or forks."""

import atexit
import os
import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from studio.client.ending import Terminated, failed
from studio.client.http import Client
from studio.client.notices import warn
from studio.client.recorder import Recorder

if TYPE_CHECKING:
    from studio.client.run import Run

EXIT_FLUSH_S = 5.0

_recorders: dict[tuple[str, str], Recorder] = {}
_open_runs: list["Run"] = []
_making = threading.Lock()
_last_error: BaseException | None = None
_is_watching = False


def recorder_for(client: Client) -> Recorder:
    """Return this process's recorder for a studio and a user; everything it logs there shares it."""
    recorder = _recorders.get(client.identity)
    if recorder is None:
        with _making:
            recorder = _recorders.setdefault(client.identity, Recorder(client, _watch_worker))
    return recorder


def open_runs() -> list["Run"]:
    """Return the runs that this process began and has not ended, oldest first."""
    return list(_open_runs)


def add_open(run: "Run") -> None:
    """End this run when the process ends, if nobody does so before."""
    _open_runs.append(run)
    watch_the_end()


def remove_open(run: "Run") -> None:
    """It has ended."""
    if run in _open_runs:
        _open_runs.remove(run)


def watch_the_end() -> None:
    """Learn how the process ends: hooks in front of those that are there, which are still called."""
    global _is_watching
    if not _is_watching:
        _is_watching = True
        atexit.register(_at_exit)
        _chain_excepthook()
        _chain_exit()
        _hear_terminate()


def _hear_terminate() -> None:
    """SIGTERM would end Python without a word. A program that handles it itself is left alone."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        try:
            signal.signal(signal.SIGTERM, _terminate)
        except ValueError:  # only the main thread may
            pass


def _terminate(_number: int, _frame: FrameType | None) -> None:
    global _last_error
    _last_error = Terminated()
    raise _last_error


def _chain_excepthook() -> None:
    earlier = sys.excepthook

    def excepthook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        global _last_error
        _last_error = error
        if isinstance(error, KeyboardInterrupt) and was_cancelled():
            return  # the line that says who cancelled it is all there is to say
        earlier(kind, error, trace)

    sys.excepthook = excepthook


def _chain_exit() -> None:
    """`sys.exit(3)` passes no hook, and without it a run would be called Completed whose script gave up."""
    earlier = sys.exit

    def exit(status: Any = None, /) -> Any:
        global _last_error
        _last_error = SystemExit(status)
        earlier(status)

    sys.exit = exit


_cancelled = False


def note_cancelled() -> None:
    """A run of this process ends because somebody cancelled it."""
    global _cancelled
    _cancelled = True


def was_cancelled() -> bool:
    """Whether a run of this process was or is being cancelled from the studio."""
    return _cancelled or any(run.cancel_requested for run in _open_runs)


def _at_exit() -> None:
    if isinstance(_last_error, Exception) and os.environ.get("STUDIO_RUN_ID"):
        from studio.client.context import note_error

        note_error(failed(_last_error))
    for run in reversed(open_runs()):
        run.end_at_exit(_last_error)
    left = [recorder.close(EXIT_FLUSH_S) for recorder in _recorders.values()]
    if any(left):
        warn(f"{sum(left)} batches stay on this machine: `studio sync` sends them.")


_worker_pid = 0


def _watch_worker() -> None:
    """When a recorder starts: workers of multiprocessing leave without `atexit`, but run their finalizers."""
    global _worker_pid
    module = sys.modules.get("multiprocessing.util")
    parent = getattr(sys.modules.get("multiprocessing.process"), "parent_process", lambda: None)
    if module is not None and parent() is not None and _worker_pid != os.getpid():
        _worker_pid = os.getpid()
        module.Finalize(None, _at_exit, exitpriority=0)
    elif not _is_watching:
        watch_the_end()


def _before_fork() -> None:
    for recorder in list(_recorders.values()):
        recorder.before_fork()


def _after_fork_in_parent() -> None:
    for recorder in list(_recorders.values()):
        recorder.after_fork_in_parent()


def _after_fork_in_child() -> None:
    global _making, _last_error
    _making, _last_error = threading.Lock(), None
    _open_runs.clear()
    if signal.getsignal(signal.SIGTERM) is _terminate:  # a pool ends its workers by it: at once, as ever
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for recorder in list(_recorders.values()):
        recorder.after_fork_in_child()


os.register_at_fork(
    before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
)
