"""`studio run download-snapshot`: the sources that a run was started from, in a folder."""

import argparse
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from studio.client.cli.output import show
from studio.client.cli.parsing import Noun, add_run
from studio.client.cli.run_files import run_of
from studio.client.unpack import unpack

COLUMNS = ("run_id", "snapshot_id", "folder", "files", "command")


def add(noun: Noun) -> None:
    """Add the command."""
    found = noun.add(
        "download-snapshot",
        download_snapshot,
        "download the sources that a run was started from",
        "-r digits/12 -d again",
    )
    add_run(found)
    found.add_argument(
        "-d",
        "--output-dir",
        metavar="DIR",
        type=Path,
        help="the folder, new or empty (default: snapshot-ID of the run)",
    )
    found.add_argument("--zip", action="store_true", help="keep it as a zip in the folder, not unpacked")
    found.add_argument("--overwrite", action="store_true", help="write into a folder that is not empty")


def download_snapshot(arguments: argparse.Namespace) -> int:
    """Download, unpack, and print where it is and how the run was started."""
    run = run_of(arguments)
    folder = arguments.output_dir or Path(f"snapshot-{Path(run.id).name}")
    if arguments.zip:
        path = run.restore_snapshot(path=folder)
        return show({"run_id": run.id, "path": path}, arguments, ("run_id", "path"))
    with TemporaryDirectory() as place:
        path = run.restore_snapshot(path=place)
        names = unpack(path, folder, overwrite=arguments.overwrite)
    found: dict[str, Any] = {
        "run_id": run.id,
        "snapshot_id": Path(path).stem,
        "folder": str(folder),
        "files": len(names),
        "command": command_of(run.get_details()["runDefinition"]),
    }
    return show(found, arguments, COLUMNS)


def command_of(definition: dict[str, Any]) -> str | None:
    """Return how the script was started, ready for a shell; None when the run has no script."""
    script = definition.get("script")
    if not script:
        return None
    return shlex.join(["python", script, *map(str, definition.get("arguments") or ())])
