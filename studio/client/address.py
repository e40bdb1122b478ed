"""Where the studio is: finds address, token and workspace, and keeps the login of this user."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.client.errors import AuthenticationException, UserErrorException

NOT_FOUND = (
    "No studio is known here: start one on this machine with `studio up`, or log in to one with "
    "`studio login URL`."
)

RUN_ID = "STUDIO_RUN_ID"


@dataclass(frozen=True)
class Address:
    """A studio to talk to; `source` says where it was found, for people.

    `offline`: nothing is to be sent by this program; the address may then be empty.
    """

    url: str
    token: str = field(repr=False)
    workspace: str
    source: str
    offline: bool = False


@dataclass(frozen=True)
class _Source:
    """One place that may name a studio. A project's file may come from a stranger, so `trusted` is False."""

    name: str
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    workspace: str | None = None
    trusted: bool = True


def find_address(
    url: str | None = None,
    token: str | None = None,
    workspace: str | None = None,
    *,
    folder: Path | str | None = None,
) -> Address:
    """Return the studio that the argument, environment, project, login or local server names, in this order.

    `folder`: where the search for `.studio/config.json` begins, going upwards; the working folder by default.
    Raises UserErrorException when none is named, AuthenticationException when no token belongs to it.
    """
    sources = [
        _Source("the arguments", _clean(url), token, workspace),
        _from_environment(),
        _from_project(Path(folder) if folder else None),
        *_from_logins(),
        _from_local_server(),
    ]
    named = next((source for source in sources if source.url), None)
    if named is None or named.url is None:
        if is_offline():
            return _nowhere(sources)
        raise UserErrorException(NOT_FOUND)
    found = _token_for(named, sources)
    if not found and not is_offline():
        raise AuthenticationException(
            f"No token is known for {named.url}, found in {named.name}: log in with `studio login {named.url}`."
        )
    fitting = (s.workspace for s in sources if s.workspace and s.url in (None, named.url))
    return Address(named.url, found or "", next(fitting, "default"), named.name, is_offline())


def own_run() -> str:
    """Return the id of the submitted run that this program belongs to, whose token it has; empty for any other."""
    return os.environ.get(RUN_ID, "")


def is_offline() -> bool:
    """Whether this program was told to send nothing: STUDIO_MODE=offline."""
    return os.environ.get("STUDIO_MODE", "").strip().lower() == "offline"


def _nowhere(sources: list[_Source]) -> Address:
    """Where no studio is known and none is needed: `studio sync` finds one later."""
    workspace = next((source.workspace for source in sources if source.workspace), "default")
    return Address("", "", workspace, "STUDIO_MODE=offline", True)


def _token_for(named: _Source, sources: list[_Source]) -> str | None:
    """A token goes only where it belongs: to its own address; without one, to an address this user chose."""
    vouched = named.trusted or any(s.trusted and s.url == named.url for s in sources)
    for source in sources:
        if source.token and (source.url == named.url or (source.url is None and vouched)):
            return source.token
    return None


def _clean(url: str | None) -> str | None:
    """Addresses are compared as text, so all lose their last slash; `host:port` alone means http."""
    if not url:
        return None
    return (url if "://" in url else f"http://{url}").rstrip("/")


def _from_environment() -> _Source:
    env = os.environ.get
    return _Source("the environment", _clean(env("STUDIO_URL")), env("STUDIO_TOKEN"), env("STUDIO_WORKSPACE"))


def find_project_file(folder: Path | None = None) -> Path | None:
    """Return the nearest `.studio/config.json` in the folder or above it, or the file itself; None if none."""
    start = (folder or Path.cwd()).absolute()
    if start.is_file():
        return start
    for place in (start, *start.parents):
        candidate = place / ".studio" / "config.json"
        if candidate.is_file():
            return candidate
    return None


def _from_project(folder: Path | None) -> _Source:
    path = find_project_file(folder)
    if path is None:
        return _Source("no project")
    found = _read(path)
    workspace = found.get("workspace") or found.get("workspace_name")
    return _Source(str(path), _clean(found.get("url")), found.get("token"), workspace, trusted=False)


def attached_experiment(folder: Path | None, url: str, workspace: str) -> str | None:
    """Return the experiment that `studio folder attach` has noted in the folder or above it.

    None without one, and where another studio or workspace than that of the folder is meant.
    """
    path = find_project_file(folder)
    found = _read(path) if path else {}
    name = found.get("experiment")
    fits = _clean(found.get("url")) == url and (found.get("workspace") or "default") == workspace
    return name if fits and isinstance(name, str) and name else None


def config_folder() -> Path:
    """Return the folder of this user's settings (XDG_CONFIG_HOME is honoured)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "run-studio"


def state_folder() -> Path:
    """Return the folder in which unsent logging waits (XDG_STATE_HOME is honoured)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "run-studio"


def _login_file() -> Path:
    return config_folder() / "login.json"


def _from_logins() -> list[_Source]:
    kept = _read(_login_file())
    servers: dict[str, dict[str, str]] = kept.get("servers", {})
    current = kept.get("current")
    newest_first = sorted(servers.items(), key=lambda item: item[0] != current)
    return [
        _Source("the login", url, login.get("token"), login.get("workspace")) for url, login in newest_first
    ]


def _from_local_server() -> _Source:
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    folder = Path(os.environ.get("STUDIO_DATA") or Path(home) / "run-studio")
    found = _read(folder / "server.json")
    return _Source("the local server", _clean(found.get("url")), found.get("token"), found.get("workspace"))


def save_login(url: str, token: str, workspace: str) -> Path:
    """Remember a login for this user, readable by nobody else, and make it the current one."""
    kept = _read(_login_file())
    servers = kept.get("servers", {})
    servers[_clean(url)] = {"token": token, "workspace": workspace}
    return _write_login({"current": _clean(url), "servers": servers})


def forget_login(url: str | None = None) -> str | None:
    """Forget one login (the current one by default); return its address, or None when there was none."""
    kept = _read(_login_file())
    servers = kept.get("servers", {})
    gone = _clean(url) or kept.get("current")
    if gone not in servers:
        return None
    del servers[gone]
    _write_login({"current": next(iter(servers), None), "servers": servers})
    return str(gone)


def _write_login(kept: dict[str, Any]) -> Path:
    path = _login_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(kept, stream, indent=2)
    fresh.replace(path)
    return path


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except ValueError as error:
        raise UserErrorException(f"{path} is not valid JSON: {error}.") from None
    if not isinstance(found, dict):
        raise UserErrorException(f"{path} should hold a JSON object.")
    return found
