"""`studio up`, `studio link`, `studio password`: the studio on this machine.

They need the server's packages.
"""

from importlib import import_module
from importlib.util import find_spec

from studio.client.cli.parsing import Commands
from studio.client.errors import UserErrorException

COMMANDS = {
    "up": "start a studio on this machine",
    "link": "print a new one-time login link of the studio on this machine",
    "password": "set the password of a user of the studio on this machine",
}
FUNCTIONS = {"up": "main", "link": "link", "password": "password"}
PACKAGES = ("django", "rest_framework", "granian")
CLIENT_ONLY = (
    "This is the client alone; a studio needs the server's packages: pip install 'run-studio[server]'"
)


def add(nouns: Commands) -> None:
    """List the commands; what follows them is read by the server."""
    for name, text in COMMANDS.items():
        nouns.add_parser(name, help=text, add_help=False)


def call(name: str, arguments: list[str]) -> int:
    """Hand the rest of the line to the server's own command."""
    missing = [package for package in PACKAGES if not is_installed(package)]
    if missing:
        raise UserErrorException(f"{CLIENT_ONLY} (missing: {', '.join(missing)})")
    code = getattr(import_module("studio.serve"), FUNCTIONS[name])(arguments)
    return int(code or 0)


def is_installed(package: str) -> bool:
    """Whether the package could be imported."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False
