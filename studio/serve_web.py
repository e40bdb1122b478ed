"""The web server under `studio up`: granian with the WSGI application, `python -m studio.serve_web`."""

import argparse
import importlib
import os
import signal
from typing import Any

from django.conf import settings
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from studio.parent_death import die_with_parent

# Pages that wait for a log to grow are cut at a stop; they ask again.
STOP_TIMEOUT_S = 3


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    # Ctrl-C reaches all processes at once, and `studio up` passes it on as TERM: granian that hears both may hang, its
    # workers too, which inherit this.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    Server(
        "studio.wsgi:application",
        address=options.address,
        port=options.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=options.workers,
        blocking_threads=settings.WEB_THREADS,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_TIMEOUT_S,
    ).serve(target_loader=load)


def load(target: str, **_: Any) -> Any:
    """The application, in a worker of granian's: a process of its own, which must not outlive granian."""
    die_with_parent()
    module, name = target.split(":")
    return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    main()
