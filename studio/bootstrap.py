"""Makes .venv beside manage.py on a fresh machine and starts over inside it. Standard library only."""

import fcntl
import hashlib
import importlib.metadata
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from studio import bootstrap_install

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "run-studio.json"
INSTALLING = VENV / "run-studio.installing"
# Counted across restarts inside .venv, so that a broken one ends in a sentence and never in a loop.
RESTARTS = "_RUN_STUDIO_RESTARTS"
SELF_REFERENCE = re.compile(r"run-studio\[([^\]]*)\]")


def sets_for(command: str, arguments: list[str]) -> list[str]:
    """Which extras and groups of pyproject.toml a command of manage.py needs."""
    if command == "test":
        return ["dev"]
    sets = ["server"]
    if command == "up":
        sets.append("monitor")
    if "--demo" in arguments:
        sets.append("demo")
    if os.environ.get("DATABASE_URL", "").strip():
        sets.append("postgres")
    return sets


def enter(sets: list[str]) -> None:
    """Return inside an environment that holds these sets; otherwise prepare .venv and start over there."""
    restarts = int(os.environ.pop(RESTARTS, "0"))
    needed = requirements(read_project(), sets)
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    # Asked with the version inside only: outside, the Python of .venv may well be another than this one.
    version = sys.version_info[:2] if inside else None
    if inside and is_stamped(needed, version):
        return
    if not inside and sys.prefix != sys.base_prefix and has_all(needed):
        return
    if restarts > 1:
        sys.exit(
            f"{VENV} does not hold what this command needs. Delete that folder and run the command again."
        )
    if not is_stamped(needed, version):
        with locked() as lock:
            # Another call may have done it while this one waited for the lock.
            if not is_stamped(needed, version):
                prepare(needed, lock)
    restart(restarts + 1)


def restart(restarts: int) -> NoReturn:
    """Run the same command line with the Python of .venv, in place of this process."""
    python = bootstrap_install.python_of(VENV)
    os.environ[RESTARTS] = str(restarts)
    sys.stdout.flush()
    try:
        os.execv(python, [str(python), *sys.argv])  # noqa: S606
    except OSError as error:
        sys.exit(f"{python} does not start ({error.strerror}). Delete {VENV} and run the command again.")


def read_project() -> dict[str, Any]:
    """pyproject.toml of this checkout."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def requirements(project: dict[str, Any], sets: list[str]) -> list[str]:
    """Every requirement of these extras and groups, sorted, with the project's own extras expanded."""
    extras: dict[str, list[str]] = project["project"].get("optional-dependencies", {})
    groups: dict[str, list[Any]] = project.get("dependency-groups", {})
    found = set(project["project"].get("dependencies", []))
    waiting, seen = list(sets), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for entry in extras.get(name) or groups[name]:
            if isinstance(entry, dict):
                waiting.append(entry["include-group"])
            elif own := SELF_REFERENCE.fullmatch(entry):
                waiting.extend(extra.strip() for extra in own[1].split(","))
            else:
                found.add(entry)
    return sorted(found)


def read_stamp() -> dict[str, Any]:
    """What the last finished installation recorded; empty where none finished."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    # A copied or moved checkout brings along an environment that points to the old place.
    return stamp if isinstance(stamp, dict) and stamp.get("root") == str(ROOT) else {}


def is_stamped(needed: list[str], version: tuple[int, ...] | None = None) -> bool:
    """Whether the last finished installation holds these requirements (and was made for that Python)."""
    stamp = read_stamp()
    return (
        stamp.get("project") == project_hash()
        and set(needed) <= set(stamp["requirements"])
        and bootstrap_install.python_of(VENV).exists()
        and (version is None or stamp["python"] == list(version))
    )


def project_hash() -> str:
    """What of pyproject.toml the project's own installation depends on: its name, commands, build."""
    project = read_project()
    about = project["project"]
    parts = [about["name"], about.get("scripts"), about.get("requires-python"), project["build-system"]]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def has_all(needed: list[str]) -> bool:
    """Whether the running environment has a distribution for each requirement, whatever its version."""
    for requirement in needed:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        try:
            importlib.metadata.distribution(name[0] if name else requirement)
        except importlib.metadata.PackageNotFoundError:
            return False
    return True


@contextmanager
def locked() -> Iterator[int]:
    """One call at a time prepares .venv. The lock is on the checkout's folder."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            bootstrap_install.say(f"Another call is preparing {VENV}; waiting for it.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def prepare(needed: list[str], lock: int) -> None:
    """Make or complete .venv. Interrupted at any point, the next call starts it afresh."""
    if VENV.is_symlink():  # to an environment of somebody else's, which is left alone
        VENV.unlink()
    previous = installed_before()
    bootstrap_install.make_environment(VENV, afresh=previous is None)
    # A killed installer leaves packages that look installed and lack files: nothing is built upon this mark.
    INSTALLING.touch()
    STAMP.unlink(missing_ok=True)
    wanted = sorted({*needed, *(previous or [])})
    bootstrap_install.install(VENV, ROOT, wanted, lock=lock)
    write_stamp(wanted)
    INSTALLING.unlink()


def installed_before() -> list[str] | None:
    """What is installed and still asked for by pyproject.toml; None where there is nothing to build upon."""
    stamp = read_stamp()
    settings = VENV / "pyvenv.cfg"
    if (
        INSTALLING.exists()
        or not settings.exists()
        or not bootstrap_install.starts(VENV, stamp.get("python"))
    ):
        return None
    if not stamp:
        # uv makes an environment of the same name, without our stamp.
        return [] if "uv = " in settings.read_text() else None
    everything = requirements(read_project(), ["dev"])
    return [line for line in stamp["requirements"] if line in everything]


def write_stamp(wanted: list[str]) -> None:
    """Record the finished installation, whole or not at all."""
    version = bootstrap_install.version_of(VENV)
    stamp = {"root": str(ROOT), "project": project_hash(), "python": version, "requirements": wanted}
    draft = STAMP.with_suffix(".draft")
    draft.write_text(json.dumps(stamp, indent=1))
    draft.replace(STAMP)
