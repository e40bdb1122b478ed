"""What an owner sets on a compute target, by its kind. Knows no database.

Each setting has a default or is needed, so that a stored target always has every key of its kind.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from runs.errors import Invalid
from runs.guarded_http import check_url
from runs.limits import check_mapping, clean_text

LOCAL, RAY, SLURM = "local", "ray", "slurm"
# The kinds that can be attached, and what they are called.
KINDS = {LOCAL: "this server", RAY: "Ray", SLURM: "Slurm"}
# Whose scripts run as the user of the studio's server.
AS_THE_SERVER = frozenset({LOCAL, SLURM})
# The name by which the SDK calls the machine that submits; no target may take it.
SUBMITTER = "local"
MOST_SLOTS = 256
# What runs on the server's own machine ask for together, counted where the owner says how much there is of it.
COUNTED = {"cpus": "CPUs", "gpus": "GPUs", "memory_mb": "MB of memory"}
MOST_TOKEN = 4000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,-]{0,255}")


@dataclass(frozen=True)
class Setting:
    """One setting: its key, how people call it, what it means, and what it is when nothing is said."""

    key: str
    label: str
    help: str
    default: str | int | bool = ""
    placeholder: str = ""
    needed: bool = False

    @property
    def is_switch(self) -> bool:
        """Whether it is yes or no."""
        return isinstance(self.default, bool)


_PYTHON = Setting(
    "python",
    "Python",
    "The Python that starts each run, with run-studio installed. Scripts use it, too, unless they name another.",
    placeholder="the server's own",
)
_URL = Setting(
    "url",
    "Address of the studio",
    "How the machines of this target reach the studio.",
    placeholder="its public address",
)
SETTINGS: dict[str, tuple[Setting, ...]] = {
    LOCAL: (
        Setting("slots", "Runs at once", "Further runs wait in the queue.", 2),
        Setting(
            "cpus",
            "CPUs for runs",
            "A run that asks for some waits until they are free. 0: they are not counted.",
            default=0,
        ),
        Setting("gpus", "GPUs for runs", "The same for GPUs.", default=0),
        Setting("memory_mb", "Memory for runs, in MB", "The same for memory.", default=0),
        _PYTHON,
        _URL,
    ),
    RAY: (
        Setting(
            "address",
            "Address of Ray",
            "Where its dashboard answers.",
            placeholder="https://ray.example.org:8265",
            needed=True,
        ),
        Setting(
            "private",
            "In the private network",
            "The address may lie in the private network of the studio's server.",
            default=False,
        ),
        replace(_PYTHON, placeholder="python3"),
        _URL,
    ),
    SLURM: (
        Setting(
            "partition", "Partition", "For runs that name no queue.", placeholder="the cluster's default"
        ),
        Setting("account", "Account", "Which jobs are charged to.", placeholder="the user's default"),
        Setting(
            "folder",
            "Folder of the cluster",
            "A folder that server and nodes share; jobs work there and leave the output of their start.",
            placeholder="the studio's data folder",
        ),
        _PYTHON,
        _URL,
    ),
}


def clean_target_name(text: Any) -> str:
    """1 to 64 letters, digits, `.`, `_`, `-`; `local` is the machine that submits. Raises Invalid."""
    name = clean_text(text, "The name", length=256, lines=False)
    if not _NAME.fullmatch(name):
        raise Invalid(
            "The name of a compute target has up to 64 letters, digits, '.', '_' and '-', and begins with a letter or "
            "digit.",
            field="name",
        )
    if name.lower() == SUBMITTER:
        raise Invalid(
            "'local' is the machine that submits a script; give the target another name.", field="name"
        )
    return name


def clean_kind(kind: Any) -> str:
    """The kind, or Invalid."""
    if not isinstance(kind, str) or kind not in KINDS:
        raise Invalid(f"kind is one of {', '.join(KINDS)}.", field="kind")
    return kind


def clean_settings(kind: str, given: Any) -> dict[str, str | int | bool]:
    """Every setting of the kind, with its default where nothing or nothing but spaces is given. Raises Invalid."""
    sent: Mapping[str, Any] = check_mapping(given, "settings")
    known = [setting.key for setting in SETTINGS[kind]]
    unknown = next((key for key in sent if key not in known), None)
    if unknown is not None:
        raise Invalid(
            f"A target of the kind {kind} has no setting {str(unknown)[:40]!r}; it has {', '.join(known)}.",
            field="settings",
        )
    return {setting.key: _clean(setting, sent.get(setting.key)) for setting in SETTINGS[kind]}


def clean_token(kind: str, token: Any, settings: Mapping[str, Any]) -> str:
    """The token that the studio shows to the engine, empty for none; `settings` are clean. Raises Invalid.

    A Ray that asks nobody for a token runs what anybody sends it: none is taken, unless only this machine reaches it.
    """
    text = clean_text(token, "The token", length=MOST_TOKEN, empty=True, exact=True).strip()
    if text and kind != RAY:
        raise Invalid(f"A target of the kind {kind} takes no token.", field="token")
    if not all("!" <= letter <= "~" for letter in text):
        raise Invalid("The token is one word of letters, digits and signs.", field="token")
    if kind == RAY and not text and not _is_this_machine(str(settings["address"])):
        raise Invalid(
            "Ray needs a token, as it would run whatever anybody sends it. Start it with RAY_AUTH_MODE=token, and give "
            "its token here.",
            field="token",
        )
    return text


def is_in_private_network(kind: str, settings: Mapping[str, Any]) -> bool:
    """Whether the engine may be asked for in the private network of the server. Raises Invalid as settings do."""
    return kind == RAY and _switch(settings.get("private") or False, "settings.private")


def _is_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _clean(setting: Setting, given: Any) -> str | int | bool:
    name = f"settings.{setting.key}"
    if given is None or (isinstance(given, str) and not given.strip()):
        if setting.needed:
            raise Invalid(f"{name} is needed, such as {setting.placeholder}.", field=name)
        return setting.default
    if setting.is_switch:
        return _switch(given, name)
    if isinstance(setting.default, int):
        return _number(given, name) if setting.key == "slots" else _count(given, name)
    text = clean_text(given, name, length=1000, lines=False).strip()
    return _CHECKS[setting.key](text, name)


def _number(given: Any, name: str) -> int:
    text = str(given).strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
    if isinstance(given, bool) or not 1 <= number <= MOST_SLOTS:
        raise Invalid(f"{name} is a whole number from 1 to {MOST_SLOTS}.", field=name)
    return number


def _count(given: Any, name: str) -> int:
    text = str(given).strip()
    if isinstance(given, bool) or not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise Invalid(
            f"{name} is a whole number below 100,000,000, or 0 for what is not counted.", field=name
        )
    return int(text)


def _switch(given: Any, name: str) -> bool:
    word = given.strip().lower() if isinstance(given, str) else given
    if isinstance(word, bool) or word in ("yes", "true", "no", "false"):
        return word is True or word in ("yes", "true")
    raise Invalid(f"{name} is true or false.", field=name)


def _path(text: str, name: str) -> str:
    if not text.startswith("/"):
        raise Invalid(f"{name} is a whole path that begins with '/'.", field=name)
    return text


def _word(text: str, name: str) -> str:
    if not _WORD.fullmatch(text):
        raise Invalid(f"{name} holds letters, digits, '_', '.', '-' and ',' only.", field=name)
    return text


def _address(text: str, name: str) -> str:
    try:
        found = urlsplit(text)
        is_right = found.scheme in ("http", "https") and bool(found.hostname) and found.username is None
    except ValueError:
        is_right = False
    if not is_right:
        raise Invalid(f"{name} is an address such as https://studio.example.org.", field=name)
    return text.rstrip("/")


def _engine_address(text: str, name: str) -> str:
    try:
        check_url(text)
    except Invalid:
        text = "?"
    if "?" in text or "#" in text:
        said = "such as https://ray.example.org:8265, without a user name, '?' or '#'"
        raise Invalid(f"{name} is an address {said}.", field=name)
    return text.rstrip("/")


_CHECKS = {
    "address": _engine_address,
    "partition": _word,
    "account": _word,
    "folder": _path,
    "python": _path,
    "url": _address,
}
