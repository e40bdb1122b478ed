"""`studio up`, `studio link` and `studio password`: the whole studio on one machine, in one process group."""

import argparse
import fcntl
import http.client
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from studio import VERSION, serve_address
from studio.serve_address import Refusal
from studio.serve_up import Up


def main(arguments: list[str]) -> int:
    """Run the studio until Ctrl-C; give the exit code."""
    options = parse_up(arguments)
    try:
        folder = make_data_folder(options.data)
        lock = lock_folder(folder)
        address = serve_address.choose(options.host, options.port)
        note_address(lock, address.local_url)
        return Up(options, folder, address).run()
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1


def default_workers() -> int:
    """As many as there are processors to use, up to four: each takes some 100 MB, and does one thing at a time."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 4)


def parse_up(arguments: list[str]) -> argparse.Namespace:
    """The options of `studio up`."""
    parser = argparse.ArgumentParser(
        prog="studio up", description="Run the studio on this machine until Ctrl-C."
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (127.0.0.1: this machine only)"
    )
    parser.add_argument(
        "--port", type=port_number, default=8080, help="port to listen at; 0 takes a free one (8080)"
    )
    add_data(parser)
    parser.add_argument(
        "--workers",
        type=positive,
        default=default_workers(),
        metavar="N",
        help="processes of the web server (one for each processor, at most 4)",
    )
    parser.add_argument("--demo", action="store_true", help="run the example trainings in the background")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    return parser.parse_args(arguments)


def add_data(parser: argparse.ArgumentParser) -> None:
    """The option --data, the same for all three commands."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of everything the studio keeps (your user's data folder)",
    )


def port_number(text: str) -> int:
    """A port from 0 to 65535."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; take a number from 0 to 65535")
    return int(text)


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 on")
    return int(text)


def make_data_folder(chosen: Path | None) -> Path:
    """The data folder, there and closed to other users; every process from here on uses it."""
    os.umask(0o077)
    if chosen is not None:
        os.environ["STUDIO_DATA"] = str(chosen.expanduser().resolve())
    try:
        # Reads the environment once, when it is first imported: only now is it complete.
        from studio.settings import DATA
    except ValueError as error:
        raise Refusal(str(error)) from None
    except OSError as error:
        raise Refusal(f"The data folder cannot be used: {error}.") from None
    os.environ["STUDIO_DATA"] = str(DATA)
    DATA.mkdir(parents=True, exist_ok=True)
    DATA.chmod(0o700)
    return DATA


def lock_folder(folder: Path) -> int:
    """Keep every other `studio up` out of this data folder for as long as this process lives."""
    handle = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        where = os.read(handle, 200).decode(errors="replace").strip()
        raise Refusal(
            f"A studio already runs with the data in {folder}{f' ({where})' if where else ''}. "
            "Stop it first, or give this one another folder: studio up --data DIR"
        ) from None
    return handle


def note_address(lock: int, url: str) -> None:
    """Leave word in the lock file of who holds it."""
    os.ftruncate(lock, 0)
    os.write(lock, f"{url}, process {os.getpid()}\n".encode())


def link(arguments: list[str]) -> int:
    """Print a new link that signs a person in once."""
    parser = argparse.ArgumentParser(prog="studio link", description="Print a link that signs you in once.")
    parser.add_argument("user", nargs="?", help="whom it signs in (the first user)")
    add_data(parser)
    options = parser.parse_args(arguments)
    try:
        folder = make_data_folder(options.data)
        from studio import serve_people

        token = serve_people.new_link(options.user)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    url = known_url(folder)
    print(f"{url}/login/link/{token}/")
    if not answers(url):
        print(f"No studio answers at {url} now; start it with: studio up", file=sys.stderr)
    return 0


def known_url(folder: Path) -> str:
    """Where the studio of this folder was last served."""
    try:
        found: dict[str, Any] = json.loads((folder / "server.json").read_text())
    except (OSError, ValueError):
        found = {}
    return os.environ.get("STUDIO_PUBLIC_URL", "").rstrip("/") or str(
        found.get("url", "http://127.0.0.1:8080")
    )


def answers(url: str) -> bool:
    """Whether a studio answers there."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=3)
    try:
        connection.request("GET", "/healthz", headers={"User-Agent": f"run-studio/{VERSION}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def password(arguments: list[str]) -> int:
    """Set a person's password, asked for twice without showing it."""
    parser = argparse.ArgumentParser(prog="studio password", description="Set the password to sign in with.")
    parser.add_argument("user", nargs="?", help="whose password (the first user's)")
    parser.add_argument("--stdin", action="store_true", help="read it from the first line of standard input")
    add_data(parser)
    options = parser.parse_args(arguments)
    try:
        make_data_folder(options.data)
        from studio import serve_people

        name = serve_people.set_password(options.user, from_stdin=options.stdin)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(f"The password of {name} is set.")
    return 0
